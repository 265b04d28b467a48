"""Fills in what each page of a report shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from reportgen.analysis.claim import Claim
from reportgen.analysis.findings import findings
from reportgen.analysis.kinds import kind_scores
from reportgen.analysis.loss_view import LossView
from reportgen.analysis.number_format import and_list, count, names, number, rate
from reportgen.analysis.outcomes import outcome_counts
from reportgen.analysis.profile_bands import ProfileBands, profile_bands
from reportgen.analysis.report_analysis import ReportAnalysis
from reportgen.analysis.tuning_curve import shared_rates
from reportgen.figures.contour_background import gap_range
from reportgen.figures.paths import thumbnail_optimizers
from reportgen.figures.registry import MOST_PANELS, FigureSpec, overview_figures, tuning_figures
from reportgen.figures.runtime_profiles import banded_optimizers
from reportgen.figures.style import SeriesStyle, series_style
from reportgen.report import csv_export
from reportgen.report.basins import basin_section
from reportgen.report.best_rate_table import best_rate_rows
from reportgen.report.budget_table import budget_rows
from reportgen.report.cell_table import MOST_ROWS, cell_table_rows, failure_reasons
from reportgen.report.config_toml import config_toml
from reportgen.report.display_labels import display_labels
from reportgen.report.expected_time_table import ExpectedTimeBlock, expected_time_blocks
from reportgen.report.fixed_budget_table import fixed_budget_table
from reportgen.report.headings import curve_heading, loss_heading, paths_heading, profile_heading, rates_heading
from reportgen.report.heatmap import heatmap_by_loss, heatmap_by_optimizer
from reportgen.report.hyperparameter_table import filled_columns, schedule_choices
from reportgen.report.kind_table import kind_table
from reportgen.report.links import INDEX, loss_page, optimizer_page
from reportgen.report.optimizer_tags import optimizer_tags
from reportgen.report.page_types import (
    FindingItem,
    IndexPage,
    LossCard,
    LossPage,
    OptimizerFigure,
    OptimizerPage,
    OptimizerSection,
    OverviewFigures,
    PageFigure,
    ReportInfo,
)
from reportgen.report.player import player
from reportgen.report.profile_section import anytime_rows, band_note
from reportgen.report.ranked_rates import RankedRates, ranked_rates
from reportgen.report.ranking_table import pair_rows, ranking_limitations, ranking_rows
from reportgen.report.site_record import SiteSummary
from reportgen.report.step_cost import cost_sentence, step_times
from reportgen.report.step_heatmap import shown_steps, step_heatmaps
from reportgen.report.sweeps import sweeps
from reportgen.report.tuning_section import OptimizerTuning, optimizer_tuning, tuning_section
from reportgen.results.manifest import Manifest, OptimizerInfo, ProgramEntry

MOST_CARDS, MOST_BRIEF = 12, 12
"""Losses with learning rates on the first page, and optimizers in each: more would hide what follows."""

_CAPTIONS = {
    "rates": "Median final gap by learning rate, with quartiles. Grey: the other optimizers.",
    "paths": "Paths at the best learning rate. Strong line: from the first start.",
    "convergence": "Median gap by step, each optimizer at its best learning rate.",
}
"""The figures of each loss on the page of an optimizer."""


class PageContexts:
    """The pages of one report."""

    def __init__(
        self,
        analysis: ReportAnalysis,
        drawn: Mapping[str, Sequence[FigureSpec]],
        *,
        has_data: bool,
        stored: Manifest,
    ) -> None:
        """The pages of ``analysis``.

        Args:
            analysis: what the pages show, with the display labels of optimizers.
            drawn: the figures of each loss, by its label.
            has_data: whether the results folder is next to the pages.
            stored: the manifest with the full labels.
        """
        self._stored = stored
        self._analysis = analysis
        self._drawn = drawn
        self._has_data = has_data

    @property
    def _manifest(self) -> Manifest:
        return self._analysis.manifest

    def summary(self) -> SiteSummary:
        """What a list of reports shows of this one."""
        first = [rank.optimizer for rank in self._analysis.ranking if rank.place == 1 and rank.score > 0]
        return SiteSummary(title=self._title, commit=self._manifest.git_commit or "", leader=and_list(first) or "none")

    @property
    def _title(self) -> str:
        return self._manifest.title or "Optimizer comparison"

    @cached_property
    def _series(self) -> dict[str, SeriesStyle]:
        return {label: series_style(place) for place, label in enumerate(self._manifest.optimizer_labels)}

    @cached_property
    def _order(self) -> list[str]:
        """The labels in the order of the ranking."""
        ranks = [*self._analysis.ranking, *self._analysis.excluded_ranking]
        return list(dict.fromkeys([*(rank.optimizer for rank in ranks), *self._manifest.optimizer_labels]))

    @cached_property
    def overview(self) -> list[FigureSpec]:
        """The figures that show all losses at once."""
        profile, tuning = self._analysis.profile, self._analysis.tuning
        if profile is None or tuning is None:
            return []
        names, noun = list(self._series), "trial" if self._manifest.is_tuned else "learning rate"
        figures = overview_figures(profile, self._bands, tuning, names, noun)
        return [*figures, *tuning_figures(self._analysis.tuning_study, names)]

    @cached_property
    def _bands(self) -> ProfileBands | None:
        """The bands of the runtime profile of all losses."""
        board, profile = self._analysis.leaderboard, self._analysis.profile
        return profile_bands(board, banded_optimizers(profile), profile.budget) if board and profile else None

    def index(self) -> IndexPage:
        """The first page."""
        analysis, manifest = self._analysis, self._manifest
        board, cells = analysis.leaderboard, analysis.cells
        matrix = self._matrix()
        device = manifest.device.description if manifest.device else "an unknown device"
        runs = f"{count(len(analysis.results.runs), 'run')} of {number(manifest.steps, 9)} steps"
        views = list(analysis.views.values())
        ranking = [*ranking_rows(analysis.ranking, board), *ranking_rows(analysis.excluded_ranking, None)]
        return IndexPage(
            path=INDEX,
            report=self._report,
            matrix=matrix,
            setup=f"{matrix}: {runs} in {manifest.dtype} on {device}.{self._shared_settings()}",
            findings=[_finding(claim) for claim in findings(analysis)],
            counts=outcome_counts(analysis.results.runs),
            total=len(analysis.results.runs),
            configurations=len(cells),
            ranking=ranking,
            rates=self._ranked_rates(),
            step_times=step_times(manifest.programs, manifest.optimizer_labels, analysis.results.runs),
            pairs=pair_rows(board),
            head_to_head=analysis.head_to_head,
            limitations=ranking_limitations(board, tuned=manifest.is_tuned),
            excluded_losses=analysis.excluded_losses,
            tuning=tuning_section(analysis.tuning_study, self._order, self._tuning_figures),
            kinds=kind_table(kind_scores(board), self._order),
            sweeps=sweeps(() if manifest.is_tuned else manifest.optimizers, ranking),
            losses=[self._card(view, has_rows=place < MOST_CARDS) for place, view in enumerate(views)],
            hidden_optimizers=max(0, len(manifest.optimizers) - MOST_BRIEF),
            profile_heading=profile_heading(analysis.profile),
            overview=self._overview_figures(),
            band_note=band_note(board, self._bands.names if self._bands else ()),
            anytime=anytime_rows(board.names if board else (), analysis.anytime),
            expected_times=self._expected_times(),
            budgets=budget_rows(analysis.results, analysis.compared_trials),
            plugins=self._plugins(),
            config=config_toml(self._stored.config),
            has_data=self._has_data,
        )

    def losses(self) -> Iterator[LossPage]:
        """The page of each loss."""
        for view in self._analysis.views.values():
            yield self._loss(view)
            view.release()

    def optimizers(self) -> Iterator[OptimizerPage]:
        """The page of each optimizer."""
        return map(self._optimizer, self._manifest.optimizers)

    @cached_property
    def _report(self) -> ReportInfo:
        return ReportInfo(
            title=self._title,
            version=self._manifest.reportgen,
            site_url=self._manifest.config.site_url,
            series=self._series,
            references=[optimizer.label for optimizer in self._manifest.optimizers if optimizer.reference],
            tags=optimizer_tags(self._manifest.optimizers, self._manifest.baseline),
            manifest=self._manifest,
        )

    def _overview_figures(self) -> OverviewFigures | None:
        if not self.overview:
            return None
        files = {"runtimes": csv_export.RUNTIMES, "performance": csv_export.PERFORMANCE, "tuning": csv_export.TUNING}
        shared = [spec for spec in self.overview if spec.optimizer is None]
        return OverviewFigures(**{spec.kind: _page_figure(spec, files[spec.kind]) for spec in shared})

    @cached_property
    def _tuning_figures(self) -> dict[tuple[str, str], PageFigure]:
        """By kind and optimizer."""
        return {
            (spec.kind, spec.optimizer): _page_figure(spec, csv_export.TRIALS)
            for spec in self.overview
            if spec.optimizer
        }

    def _ranked_rates(self) -> Mapping[str, RankedRates]:
        analysis = self._analysis
        losses = set(analysis.comparable["loss"]) or set(analysis.best["loss"])
        shared = shared_rates(analysis.compared_trials, self._manifest.optimizer_labels)
        return ranked_rates(analysis.sensitivity, shared, losses)

    def _expected_times(self) -> list[ExpectedTimeBlock]:
        manifest = self._manifest
        known = [loss.label for loss in manifest.losses if loss.minimum is not None]
        times = self._analysis.expected_times
        return expected_time_blocks(times, known, manifest.optimizer_labels, manifest.compared_optimizers)

    def _card(self, view: LossView, *, has_rows: bool) -> LossCard:
        return LossCard(
            info=view.info,
            heading=loss_heading(view),
            rows=heatmap_by_optimizer(view, self._order, MOST_BRIEF) if has_rows else [],
            thumbnail=self._figure(view, "thumbnail"),
            optimizers=names(thumbnail_optimizers(view)),
            from_start=view.from_start,
        )

    def _loss(self, view: LossView) -> LossPage:
        panels = view.optimizers[:MOST_PANELS]
        rows = view.rows[:MOST_ROWS]
        return LossPage(
            path=loss_page(view.label),
            report=self._report,
            info=view.info,
            heading=loss_heading(view),
            from_start=view.from_start,
            counts=outcome_counts(view.results.runs),
            total=len(view.results.runs),
            reasons=failure_reasons(view.results.runs),
            rows=heatmap_by_optimizer(view, self._order),
            rates_heading=rates_heading(view, self._analysis.sensitivity),
            rates_figures=[self._panel(view, "rates", name) for name in panels],
            undrawn_optimizers=len(view.optimizers) - len(panels),
            heatmap_steps=shown_steps(view.manifest.steps),
            step_heatmaps=step_heatmaps(view),
            curve_heading=curve_heading(view),
            curve=self._figure(view, "convergence", data=csv_export.curves_file(view.label)),
            is_thinned=any(0 < len(view.best_runs(name)) < cell.runs for name, cell in view.best.items()),
            runtimes=self._figure(view, "runtimes"),
            best=best_rate_rows(view, self._analysis.sensitivity_by_pair),
            fixed_budgets=fixed_budget_table(view),
            paths_heading=paths_heading(view),
            contours=gap_range(view.grid.gap) if view.grid else None,
            plane=view.plane,
            player=player(view),
            background=self._figure(view, "background"),
            paths_figures=[self._panel(view, "paths", name) for name in panels],
            paths_data=csv_export.paths_file(view.label) if any(map(view.drawn_runs, view.optimizers)) else "",
            basins=basin_section(self._analysis.results.basins, view.info, self._manifest),
            cells=cell_table_rows(rows, self._manifest),
            hidden_cells=len(view.rows) - len(rows),
        )

    def _optimizer(self, info: OptimizerInfo) -> OptimizerPage:
        runs = self._analysis.results.runs
        runs = runs[runs["optimizer"] == info.label]
        cells = [row for view in self._analysis.views.values() for row in view.rows if row.optimizer == info.label]
        return OptimizerPage(
            path=optimizer_page(info.label),
            report=self._report,
            info=info,
            notes=self._notes(info.label),
            counts=outcome_counts(runs),
            total=len(runs),
            reasons=failure_reasons(runs),
            hyperparameter_columns=filled_columns(info),
            schedules=schedule_choices(info),
            tuning=self._optimizer_tuning(info),
            rows=heatmap_by_loss(self._analysis.views.values(), info.label),
            sections=[self._section(view, info.label) for view in self._analysis.views.values()],
            cells=cell_table_rows(cells[:MOST_ROWS], self._manifest),
            hidden_cells=max(len(cells) - MOST_ROWS, 0),
        )

    def _optimizer_tuning(self, info: OptimizerInfo) -> OptimizerTuning | None:
        study = {each.optimizer: each for each in self._analysis.tuning_study}
        tuned = study.get(info.label)
        return optimizer_tuning(tuned, info, self._tuning_figures) if tuned else None

    def _section(self, view: LossView, label: str) -> OptimizerSection:
        found = (
            (self._figure(view, kind, None if kind == "convergence" else label), caption)
            for kind, caption in _CAPTIONS.items()
        )
        return OptimizerSection(
            view.info, view.best.get(label), [(figure, caption) for figure, caption in found if figure]
        )

    def _notes(self, label: str) -> list[tuple[str, str]]:
        """How the programs of an optimizer were run, if not as one batch, and on which losses."""
        programs: dict[str, list[ProgramEntry]] = {}
        for program in self._manifest.programs:
            if label in program.optimizers and program.note:
                programs.setdefault(program.note, []).append(program)
        runs = self._analysis.results.runs
        return [
            (
                f"{note} {cost_sentence(of_note, runs)}".rstrip(),
                names(list(dict.fromkeys(each.loss for each in of_note))),
            )
            for note, of_note in programs.items()
        ]

    def _plugins(self) -> list[str]:
        """The plug-in files of losses and optimizers."""
        config = self._manifest.config
        entries = [*(entry.name for entry in config.losses), *(entry.name for entry in config.optimizers)]
        files = (entry.partition(".py:")[0] for entry in entries if ".py:" in entry)
        return sorted({f"{file}.py" for file in files})

    def _shared_settings(self) -> str:
        shared = display_labels(self._stored.optimizers).shared
        return f" All optimizers: {shared}." if shared else ""

    def _matrix(self) -> str:
        manifest, rates = self._manifest, self._manifest.learning_rates
        numbers = {loss.starts for loss in manifest.losses} or {0}
        starts = count(min(numbers), "start") if len(numbers) == 1 else f"{min(numbers)} to {max(numbers)} starts"
        if manifest.config.seeds > 1 and manifest.noisy_losses:
            starts += f", each with {count(manifest.config.seeds, 'seed')} if there is noise"
        span = f"{rate(min(rates))} to {rate(max(rates))}" if len(rates) > 1 else rate(rates[0])
        span = f" (learning rates {span})" if manifest.is_tuned else f" ({span})"
        tried = sorted({len(info.learning_rates) for info in manifest.optimizers}) or [0]
        noun = "trial" if manifest.is_tuned else "learning rate"
        number_of_rates = count(tried[-1], noun) if len(tried) == 1 else f"{tried[0]} to {tried[-1]} {noun}s"
        return (
            f"{count(len(manifest.optimizers), 'optimizer')} × {number_of_rates}{span}"
            f" × {count(len(manifest.losses), 'loss')} × {starts}"
        )

    def _panel(self, view: LossView, kind: str, optimizer: str) -> OptimizerFigure:
        return OptimizerFigure(optimizer, view.best.get(optimizer), self._figure(view, kind, optimizer))

    def _figure(self, view: LossView, kind: str, optimizer: str | None = None, data: str = "") -> PageFigure | None:
        """A figure of a loss, or None if it was not drawn."""
        for spec in self._drawn[view.label]:
            if (spec.kind, spec.optimizer) == (kind, optimizer):
                return _page_figure(spec, data)
        return None


def _page_figure(spec: FigureSpec, data: str = "") -> PageFigure:
    omission = spec.kind if spec.kind in ("rates", "paths") else "figures"
    return PageFigure(spec.file, spec.size, spec.alt(), data, omission)


def _finding(claim: Claim) -> FindingItem:
    kind, _, label = claim.evidence.partition(":")
    page, anchor = (loss_page(label), "") if kind == "loss" else (INDEX, claim.evidence.removeprefix("#"))
    return FindingItem(claim.pieces, page, anchor, claim.strength)
