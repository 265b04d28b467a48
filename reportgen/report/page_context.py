"""What the templates are given: plain values, each computed once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

import pandas as pd

from reportgen.analysis.findings import findings
from reportgen.analysis.leaderboard import comparable_cells, leaderboard
from reportgen.analysis.loss_view import LossView, compared_optimizers
from reportgen.analysis.number_format import and_list, count, number, rate, shorten
from reportgen.analysis.outcomes import outcome_counts
from reportgen.analysis.ranking import best_cells, ranking
from reportgen.analysis.runtime_profile import RuntimeProfile, runtime_profile
from reportgen.analysis.sensitivity import Sensitivity, sensitivity
from reportgen.analysis.tuning_curve import mean_over_losses, tuning_curves
from reportgen.figures.registry import MOST_PANELS, FigureSpec, overview_figures, slug
from reportgen.figures.style import SeriesStyle, series_style
from reportgen.report import csv_export
from reportgen.report.best_rate_table import best_rate_rows
from reportgen.report.budget_table import budget_rows
from reportgen.report.cell_table import MOST_ROWS, cell_rows, failure_reasons
from reportgen.report.config_toml import config_toml
from reportgen.report.csv_export import data_files
from reportgen.report.headings import curve_heading, loss_heading, paths_heading, profile_heading, rates_heading
from reportgen.report.heatmap import heatmap_by_loss, heatmap_by_optimizer
from reportgen.report.player import player
from reportgen.report.ranking_table import ranking_limitations, ranking_rows
from reportgen.results.result_tables import Results

Page = tuple[str, str, dict[str, Any]]
"""File name, template, context."""

MOST_CARDS, MOST_BRIEF = 12, 12
"""Losses whose learning rates are on the first page, and optimizers in each: more would bury what follows."""

_CAPTIONS = {
    "rates": "Median final gap over the learning rate, with quartiles; grey: the others.",
    "paths": "Paths at the best rate; strong: from the first start.",
    "convergence": "Median gap over the steps, each optimizer at its best rate.",
}
"""What an optimizer's page shows of each loss."""


class PageContexts:
    """The pages of one set of results."""

    def __init__(
        self, results: Results, views: list[LossView], drawn: Mapping[str, list[FigureSpec]], *, has_data: bool
    ) -> None:
        self._results = results
        self._manifest = results.manifest
        self._views = views
        self._drawn = drawn
        self._has_data = has_data

    def pages(self) -> Iterator[Page]:
        """Every page, the first one first."""
        yield "index.html", "index.html", self._shared("") | self._index()
        for view in self._views:
            context = self._shared("../") | self._loss(view)
            yield f"losses/{slug(view.label)}.html", "loss.html", context
        for fact in self._manifest["optimizers"]:
            context = self._shared("../") | self._optimizer(fact)
            yield f"optimizers/{slug(fact['label'])}.html", "optimizer.html", context

    def about(self) -> dict[str, str | None]:
        """What a list of reports says of this one."""
        first = [rank.optimizer for rank in ranking(self._among) if rank.place == 1 and rank.score > 0]
        return {
            "title": self._title,
            "commit": self._manifest["git_commit"],
            "leader": and_list(first) or "nobody",
        }

    @property
    def _title(self) -> str:
        return self._manifest["title"] or "Which optimizer gets where, and at which learning rate"

    def _shared(self, root: str) -> dict[str, Any]:
        """What every page needs; ``root`` leads from the page to the site's top."""
        return {
            "root": root,
            "title": self._title,
            "manifest": self._manifest,
            "looks": self._looks,
            "rates": self._manifest["learning_rates"],
            "data": csv_export,
        }

    @cached_property
    def _looks(self) -> dict[str, SeriesStyle]:
        return {fact["label"]: series_style(place) for place, fact in enumerate(self._manifest["optimizers"])}

    @cached_property
    def _cells(self) -> pd.DataFrame:
        return pd.concat([view.cells for view in self._views], ignore_index=True)

    @cached_property
    def _sensitivity(self) -> list[Sensitivity]:
        return sensitivity(self._results)

    @cached_property
    def _top(self) -> pd.DataFrame:
        """The best cell of each optimizer on each loss."""
        return best_cells(self._cells)

    @cached_property
    def _among(self) -> pd.DataFrame:
        """Those that can be compared."""
        among = comparable_cells(self._results, self._top)
        return among[among["optimizer"].isin(compared_optimizers(self._manifest))]

    @cached_property
    def _profile(self) -> RuntimeProfile | None:
        return runtime_profile(self._results, self._among, compared_optimizers(self._manifest))

    @cached_property
    def overview(self) -> list[FigureSpec]:
        """The figures of the first page that are of no single loss."""
        if self._profile is None or self._tuning is None:
            return []
        return overview_figures(self._profile, self._tuning, list(self._looks))

    @cached_property
    def _tuning(self) -> pd.DataFrame | None:
        """What to expect of trying some of the rates, of those that can be compared; None without any."""
        if self._among.empty:
            return None
        runs, among = self._results.runs, self._among
        mine = runs["loss"].isin(among["loss"].unique()) & runs["optimizer"].isin(among["optimizer"].unique())
        return mean_over_losses(tuning_curves(replace(self._results, runs=runs[mine]), "gradient_evaluations"))

    def data(self) -> Iterator[tuple[str, str]]:
        """Name and text of the files with the numbers behind the figures."""
        return data_files(self._cells, self._views, self._profile, self._tuning)

    def _index(self) -> dict[str, Any]:
        top, among = self._top, self._among
        held = leaderboard(self._results, among, compared_optimizers(self._manifest))
        aside = top[~top["optimizer"].isin(among["optimizer"])]
        return {
            "setup": self._setup(),
            "findings": [
                {
                    "pieces": [self._brief(piece) for piece in found.pieces],
                    "href": _address(found.evidence),
                    "strength": found.strength,
                }
                for found in findings(self._results, self._cells, top, held, self._sensitivity)
            ],
            "counts": outcome_counts(self._results.runs),
            "total": len(self._results.runs),
            "cell_count": len(self._cells),
            "standings": [*ranking_rows(ranking(among), held), *ranking_rows(ranking(aside), None)],
            "profile_heading": self._brief(profile_heading(self._profile)),
            "overview": {picture.kind: _shown(picture) for picture in self.overview},
            "fairness": budget_rows(self._results, self._cells[self._cells["loss"].isin(self._among["loss"])]),
            "left_out": [label for label in top["loss"].unique() if label not in set(among["loss"])],
            "caveats": ranking_limitations(held),
            "losses": [
                {
                    "facts": view.facts,
                    "heading": self._brief(loss_heading(view)),
                    "rows": heatmap_by_optimizer(view, MOST_BRIEF) if place < MOST_CARDS else [],
                    "thumbnail": self._picture(view, "thumbnail"),
                    "shown": self._thumbnail_names(view),
                    "from_start": view.from_start,
                }
                for place, view in enumerate(self._views)
            ],
            "hidden_rows": max(0, len(self._manifest["optimizers"]) - MOST_BRIEF),
            "plugins": self._plugins(),
            "config": config_toml(self._manifest["config"]),
            "has_data": self._has_data,
        }

    def _loss(self, view: LossView) -> dict[str, Any]:
        panels = view.optimizers[:MOST_PANELS]
        table = view.cells.head(MOST_ROWS)
        return {
            "facts": view.facts,
            "from_start": view.from_start,
            "heading": self._brief(loss_heading(view)),
            "counts": outcome_counts(view.results.runs),
            "total": len(view.results.runs),
            "rows": heatmap_by_optimizer(view),
            "rates_heading": self._brief(rates_heading(view, self._sensitivity)),
            "rates_pictures": [self._panel(view, "rates", name) for name in panels],
            "has_paths": any(map(view.drawn_runs, view.optimizers)),
            "paths_heading": self._brief(paths_heading(view)),
            "plane": view.plane,
            "paths_pictures": [self._panel(view, "paths", name) for name in panels],
            "player": player(view),
            "ground": self._picture(view, "ground"),
            "curve_heading": self._brief(curve_heading(view)),
            "curve": self._picture(view, "convergence"),
            "runtimes": self._picture(view, "runtimes"),
            "thinned": any(0 < len(view.best_runs(name)) < cell["runs"] for name, cell in view.best.items()),
            "best": best_rate_rows(view, {(each.loss, each.optimizer): each for each in self._sensitivity}),
            "cells": cell_rows(table, self._manifest),
            "left_out": len(view.cells) - len(table),
            "undrawn": len(view.optimizers) - len(panels),
            "reasons": failure_reasons(view.results.runs),
        }

    def _optimizer(self, fact: dict[str, Any]) -> dict[str, Any]:
        label = fact["label"]
        runs = self._results.runs
        mine = runs[runs["optimizer"] == label]
        cells = self._cells[self._cells["optimizer"] == label]
        table = cells.head(MOST_ROWS)
        return {
            "fact": fact,
            "counts": outcome_counts(mine),
            "total": len(mine),
            "rows": heatmap_by_loss(self._views, label),
            "sections": [
                {
                    "facts": view.facts,
                    "best": view.best.get(label),
                    "pictures": [
                        self._picture(view, kind, None if kind == "convergence" else label) | {"caption": caption}
                        for kind, caption in _CAPTIONS.items()
                    ],
                }
                for view in self._views
            ],
            "cells": cell_rows(table, self._manifest),
            "left_out": len(cells) - len(table),
            "reasons": failure_reasons(mine),
            "notes": self._notes(label),
        }

    def _notes(self, label: str) -> list[tuple[str, str]]:
        """How its programs were run, where that was not in one batch, and on which losses."""
        losses: dict[str, list[str]] = {}
        for program in self._manifest["programs"]:
            if label in program["optimizers"] and program.get("note"):
                losses.setdefault(program["note"], []).append(program["loss"])
        return [(note, and_list(names)) for note, names in losses.items()]

    def _plugins(self) -> list[str]:
        """The files of losses and optimizers that are nobody's but the user's."""
        entries = [*self._manifest["config"]["losses"], *self._manifest["config"]["optimizers"]]
        files = (entry["name"].partition(".py:") for entry in entries if ".py:" in entry["name"])
        return sorted({f"{file}.py" for file, *_ in files})

    def _setup(self) -> str:
        told, rates = self._manifest, self._manifest["learning_rates"]
        starts = {len(points) for points in told["starts"].values()} or {0}
        each = count(min(starts), "start") if len(starts) == 1 else f"{min(starts)} to {max(starts)} starts"
        seeds = told["config"].get("seeds", 1)
        if seeds > 1 and any(loss.get("noise") for loss in told["losses"]):
            each += f", each with {count(seeds, 'seed')} where there is noise"
        span = f" from {rate(min(rates))} to {rate(max(rates))}" if len(rates) > 1 else f" of {rate(rates[0])}"
        device = told["device"]["description"] or told["device"]["name"] or "an unknown device"
        matrix = (
            f"{count(len(told['optimizers']), 'optimizer')} × {count(len(rates), 'learning rate')}{span}"
            f" × {_losses(len(told['losses']))} × {each}"
        )
        runs = count(len(self._results.runs), "run")
        return f"{matrix}: {runs} of {number(told['steps'], 9)} steps in {told['dtype']} on {device}."

    def _brief(self, sentence: str) -> str:
        """A sentence with its long labels shortened."""
        for label in self._long_labels:
            sentence = sentence.replace(label, shorten(label))
        return sentence

    @cached_property
    def _long_labels(self) -> list[str]:
        labels = [fact["label"] for kind in ("losses", "optimizers") for fact in self._manifest[kind]]
        return sorted((label for label in labels if shorten(label) != label), key=len, reverse=True)

    def _panel(self, view: LossView, kind: str, optimizer: str) -> dict[str, Any]:
        return {"optimizer": optimizer, "best": view.best.get(optimizer), **self._picture(view, kind, optimizer)}

    def _picture(self, view: LossView, kind: str, optimizer: str | None = None) -> dict[str, Any]:
        """The file, size and alternative text of a figure; a ``file`` of None where it was not drawn."""
        for picture in self._drawn[view.label]:
            if (picture.kind, picture.optimizer) == (kind, optimizer):
                return _shown(picture)
        return {"file": None, "size": None, "alt": None}

    def _thumbnail_names(self, view: LossView) -> str:
        from reportgen.figures.paths import thumbnail_optimizers

        return self._brief(and_list(thumbnail_optimizers(view)))


def _shown(picture: FigureSpec) -> dict[str, Any]:
    return {"file": picture.file, "size": picture.size, "alt": picture.alt()}


def _losses(how_many: int) -> str:
    return "1 loss" if how_many == 1 else f"{how_many} losses"


def _address(evidence: str) -> str:
    kind, _, label = evidence.partition(":")
    return f"losses/{slug(label)}.html" if kind == "loss" else evidence
