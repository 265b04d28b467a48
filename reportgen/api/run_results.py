"""Results as a user of the Python interface sees them: tables of pandas, figures of matplotlib, and a summary."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.analysis.report_analysis import ReportAnalysis
from reportgen.api.plots import Plots
from reportgen.report.ranking_table import ranking_rows
from reportgen.results.result_tables import Results as ResultTables

if TYPE_CHECKING:
    import pandas as pd

    from reportgen.analysis.ranking import Leaderboard

MOST_PICTURES = 6
"""Losses with a picture in the summary of a notebook."""


class Results:
    """The results of a matrix."""

    def __init__(self, folder: Path, page: Path | None = None) -> None:
        """Load the results.

        Args:
            folder: the results folder.
            page: the first page of the report, if there is one.

        Raises:
            NotResultsError: there are no results, or they are damaged.
        """
        self.folder = folder
        """The folder with the tables, for ``reportgen render`` and ``reportgen compare``."""
        self.page = page
        """The first page of the report; None without one."""
        self._tables = ResultTables.load(folder)
        self._analysis = ReportAnalysis(self._tables)

    @property
    def runs(self) -> pd.DataFrame:
        """One row per run; docs/results.md describes the columns."""
        return self._tables.runs

    @property
    def traces(self) -> pd.DataFrame:
        """The stored trajectories, one row per sampled step."""
        return self._tables.traces

    @property
    def cells(self) -> pd.DataFrame:
        """One row per configuration: a loss, an optimizer with its hyperparameters, and a learning rate."""
        return self._analysis.cells

    @cached_property
    def ranking(self) -> pd.DataFrame:
        """One row per optimizer, the best first; each start is judged at the learning rate that the others choose.

        Columns: place, optimizer; ``hit_rate``, the share of targets hit, averaged over the losses, with the ends of
        its 95 % interval, ``low`` and ``high``; ``speed``, the speed score from 0 to 1; ``mean_rank``, its rank by
        speed.
        """
        import pandas as pd

        rows = ranking_rows(self._analysis.ranking, self._analysis.leaderboard)
        return pd.DataFrame(
            [
                (
                    row.rank.place,
                    row.rank.optimizer,
                    row.rank.score,
                    *(row.interval or (None, None)),
                    row.speed,
                    row.mean_rank,
                )
                for row in rows
            ],
            columns=["place", "optimizer", "hit_rate", "low", "high", "speed", "mean_rank"],
        )

    @cached_property
    def best(self) -> pd.DataFrame:
        """The rows of ``cells`` with the best learning rate of each optimizer on each loss."""
        return self._analysis.best

    @property
    def optimizers(self) -> tuple[str, ...]:
        """The labels of all optimizers."""
        return self._tables.manifest.optimizer_labels

    @property
    def losses(self) -> tuple[str, ...]:
        """The labels of all losses."""
        return self._tables.manifest.loss_labels

    @property
    def failures(self) -> dict[str, str]:
        """The reason of each program that failed, by its name."""
        return {program.id: program.reason for program in self._tables.manifest.programs if program.reason}

    @property
    def leaderboard(self) -> Leaderboard | None:
        """The optimizers that can be compared, for further statistics; None if nothing can."""
        return self._analysis.leaderboard

    @property
    def plot(self) -> Plots:
        """Figures of matplotlib."""
        return Plots(self._analysis)

    def __repr__(self) -> str:
        return f"{self._heading}\n{self.ranking.to_string(index=False)}"

    def _repr_html_(self) -> str:
        """The summary that a notebook shows: the ranking, and for each loss the paths of the best optimizers."""
        ranking = self.ranking.to_html(index=False, float_format=lambda value: f"{value:.3g}", na_rep="")
        pictures = "".join(self._pictures())
        return f"<p>{escape(self._heading)}</p>{ranking}<div>{pictures}</div>"

    @property
    def _heading(self) -> str:
        manifest = self._tables.manifest
        return f"{len(self.runs):,} runs of {manifest.steps:,} steps on {', '.join(manifest.loss_labels)}"

    def _pictures(self) -> Iterator[str]:
        from reportgen.figures.registry import loss_figures

        for view in list(self._analysis.views.values())[:MOST_PICTURES]:
            for spec in loss_figures(view):
                if spec.kind == "thumbnail":
                    data = base64.b64encode(spec.draw().encode()).decode()
                    image = f'<img src="data:image/svg+xml;base64,{data}" alt="{escape(spec.alt(), quote=True)}">'
                    caption = f"<figcaption>{escape(view.label)}</figcaption>"
                    yield f"<figure style='display:inline-block'>{caption}{image}</figure>"
