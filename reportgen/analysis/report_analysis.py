"""Everything that a report says about its results, each computed once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from reportgen.analysis.anytime import AnytimeScores, anytime_scores
from reportgen.analysis.best_cells import best_cells, comparable_cells, shown_cells
from reportgen.analysis.expected_times import expected_times
from reportgen.analysis.head_to_head import HeadToHead, head_to_head
from reportgen.analysis.loss_view import LossView, loss_view
from reportgen.analysis.ranking import Leaderboard, Rank, leaderboard, ranking
from reportgen.analysis.run_table import RunTable, run_table
from reportgen.analysis.runtime_profile import RuntimeProfile, cross_fitted_profile
from reportgen.analysis.sensitivity import Sensitivity, sensitivity
from reportgen.analysis.trials import Trials
from reportgen.analysis.tuning_curve import mean_over_losses, tuning_curves
from reportgen.analysis.tuning_study import TunedOptimizer, tuning_study

if TYPE_CHECKING:
    import pandas as pd

    from reportgen.results.manifest import Manifest
    from reportgen.results.result_tables import Results


class ReportAnalysis:
    """The analysis of one set of results."""

    def __init__(self, results: Results) -> None:
        self.results = results.without_rate_only()
        self.with_rate_only = results

    @property
    def manifest(self) -> Manifest:
        """The manifest of the results."""
        return self.results.manifest

    @cached_property
    def table(self) -> RunTable:
        """All runs."""
        return run_table(self.results)

    @property
    def cells(self) -> pd.DataFrame:
        """The table of configurations."""
        return self.table.cells

    @cached_property
    def views(self) -> dict[str, LossView]:
        """The view of each loss, by label."""
        by_loss = {str(label): cells for label, cells in self.cells.groupby("loss", sort=False)}
        return {
            label: loss_view(self.results, label, by_loss[label].reset_index(drop=True))
            for label in self.manifest.loss_labels
        }

    @cached_property
    def best(self) -> pd.DataFrame:
        """The best configuration of each optimizer on each loss, rows of ``cells``."""
        return best_cells(self.cells)

    @cached_property
    def comparable(self) -> pd.DataFrame:
        """The rows of ``best`` that can be compared, without reference optimizers."""
        unknown = [loss.label for loss in self.manifest.losses if loss.minimum is None]
        among = comparable_cells(self.best, unknown)
        return among[among["optimizer"].isin(self.manifest.compared_optimizers)]

    @cached_property
    def compared_trials(self) -> list[Trials]:
        """The trials on the losses that can be compared."""
        compared = set(self.comparable["loss"])
        return [each for label, each in self.table.trials.items() if label in compared]

    @property
    def excluded(self) -> list[str]:
        """Labels of the optimizers that take no part in the ranking."""
        compared = set(self.comparable["optimizer"])
        return [name for name in self.best["optimizer"].unique() if name not in compared]

    @property
    def excluded_losses(self) -> list[str]:
        """Labels of the losses that do not count in the ranking."""
        compared = set(self.comparable["loss"])
        return [label for label in self.best["loss"].unique() if label not in compared]

    @cached_property
    def leaderboard(self) -> Leaderboard | None:
        """The leaderboard of all that can be compared; None if nothing can."""
        compared, tuned = self.manifest.compared_optimizers, self.manifest.is_tuned
        return leaderboard(self.table, self.comparable, compared, tuned=tuned)

    @cached_property
    def ranking(self) -> list[Rank]:
        """The ranking of all that can be compared, the best first."""
        return ranking(self.leaderboard)

    @cached_property
    def head_to_head(self) -> list[HeadToHead]:
        """Every other optimizer of the ranking against the baseline of the config; empty without one."""
        return head_to_head(self.leaderboard, self.manifest.baseline)

    @cached_property
    def excluded_ranking(self) -> list[Rank]:
        """Hit rates of the optimizers without a place."""
        losses = self.comparable["loss"] if len(self.comparable) else self.best["loss"]
        others = self.best[self.best["loss"].isin(losses) & self.best["optimizer"].isin(self.excluded)]
        return ranking(leaderboard(self.table, others, self.excluded))

    @cached_property
    def sensitivity(self) -> list[Sensitivity]:
        """The sensitivity of each optimizer on each loss."""
        return sensitivity(self.table.select(shown_cells(self.cells, self.manifest)))

    @cached_property
    def sensitivity_by_pair(self) -> Mapping[tuple[str, str], Sensitivity]:
        """The same by (loss, optimizer)."""
        return {(each.loss, each.optimizer): each for each in self.sensitivity}

    @cached_property
    def profile(self) -> RuntimeProfile | None:
        """The runtime profile of all that can be compared; None if nothing can."""
        return cross_fitted_profile(self.table, self.leaderboard) if self.leaderboard else None

    @cached_property
    def anytime(self) -> AnytimeScores | None:
        """The anytime scores of all that can be compared; None if nothing can."""
        return anytime_scores(self.leaderboard, self.profile.budget) if self.leaderboard and self.profile else None

    @cached_property
    def expected_times(self) -> pd.DataFrame:
        """The expected running times of ``best`` to the tightest target, see ``expected_times``."""
        known = {loss.label for loss in self.manifest.losses if loss.minimum is not None}
        return expected_times(self.table, self.best[self.best["loss"].isin(known)])

    @cached_property
    def tuning_study(self) -> list[TunedOptimizer]:
        """What tuning achieved for each optimizer that can be compared; empty without tuning."""
        if not self.manifest.is_tuned:
            return []
        losses = [loss.label for loss in self.manifest.losses if (self.comparable["loss"] == loss.label).any()]
        compared = self.comparable["optimizer"].unique()
        optimizers = self.with_rate_only.manifest.optimizers
        chosen = [info for info in optimizers if (info.rate_only_of or info.label) in compared]
        table = run_table(self.with_rate_only).on(losses, [info.label for info in chosen])
        return tuning_study(table, chosen, losses) if losses else []

    @cached_property
    def tuning(self) -> pd.DataFrame | None:
        """The tuning curves of all that can be compared, see ``mean_over_losses``; None if nothing can."""
        among = self.comparable
        if among.empty:
            return None
        table = self.table.on(among["loss"].unique().tolist(), among["optimizer"].unique().tolist())
        return mean_over_losses(tuning_curves(table, "gradient_evaluations"))
