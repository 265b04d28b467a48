"""What each template is given. ``docs/templates.md`` lists these fields for authors of templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from markupsafe import Markup

    from reportgen.analysis.cells import CellRow
    from reportgen.analysis.head_to_head import HeadToHead
    from reportgen.engine.result import Plane
    from reportgen.figures.style import SeriesStyle
    from reportgen.loss import Loss
    from reportgen.report.basins import BasinSection
    from reportgen.report.best_rate_table import BestRateRow
    from reportgen.report.budget_table import BudgetRow
    from reportgen.report.cell_table import CellTableRow, FailureReason
    from reportgen.report.expected_time_table import ExpectedTimeBlock
    from reportgen.report.fixed_budget_table import FixedBudgetTable
    from reportgen.report.heatmap import HeatRow
    from reportgen.report.kind_table import KindTable
    from reportgen.report.optimizer_tags import Tag
    from reportgen.report.player import Player
    from reportgen.report.profile_section import AnytimeRow
    from reportgen.report.ranked_rates import RankedRates
    from reportgen.report.ranking_table import PairRow, RankingRow
    from reportgen.report.step_heatmap import StepHeatmap
    from reportgen.report.sweeps import Sweep
    from reportgen.report.tuning_section import OptimizerTuning, TuningSection
    from reportgen.results.manifest import LossInfo, Manifest, OptimizerInfo


@dataclass(frozen=True)
class PageFigure:
    """A figure on a page."""

    file: str
    """Name in ``assets``."""
    size: tuple[int, int]
    """Width and height, CSS pixels."""
    alt: str
    """What it shows, in words."""
    data: str = ""
    """Path of the CSV file with its numbers; empty without such a file."""
    omission: str = "figures"
    """The step in which the single file omits it, see ``single_file.STEPS``."""


@dataclass(frozen=True)
class OptimizerFigure:
    """A figure of one optimizer among others of its kind."""

    optimizer: str
    best: CellRow | None
    figure: PageFigure | None
    """None if there is nothing to draw."""


@dataclass(frozen=True)
class FindingItem:
    """A finding as the first page shows it."""

    pieces: Sequence[str]
    """The sentence; every second piece is emphasised."""
    page: str
    """Path of the page with the evidence."""
    anchor: str
    """Element on that page; empty for the page itself."""
    strength: str | None
    """``strong``, ``moderate``, ``none``; None for a statement about these runs alone."""


@dataclass(frozen=True)
class LossCard:
    """A loss on the first page."""

    info: LossInfo
    heading: str
    rows: Sequence[HeatRow]
    """Empty for losses that are shown as a picture only."""
    thumbnail: PageFigure | None
    optimizers: str
    """Those in the thumbnail, in words."""
    from_start: str


@dataclass(frozen=True)
class OverviewFigures:
    """The figures of the first page that show all losses."""

    runtimes: PageFigure
    performance: PageFigure
    tuning: PageFigure


@dataclass(frozen=True, kw_only=True)
class ReportInfo:
    """The facts that all pages of a report share."""

    title: str
    version: str
    """Of reportgen."""
    site_url: str
    """Where the report will be published; empty if not known."""
    series: Mapping[str, SeriesStyle]
    """Colour, dash and marker by optimizer label."""
    references: Sequence[str]
    """Labels of the reference optimizers."""
    tags: Mapping[str, Sequence[Tag]]
    """What marks an optimizer as reference, baseline or custom, by label."""
    manifest: Manifest | None
    """None for a comparison, which has two."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """The fields of every page of a report."""

    path: str
    """Path in the site."""
    report: ReportInfo


@dataclass(frozen=True, kw_only=True)
class IndexPage(Page):
    """``index.html``: the first page."""

    matrix: str
    """``6 optimizers × 9 learning rates ...``"""
    setup: str
    """The matrix, runs, precision and device, in one sentence."""
    findings: Sequence[FindingItem]
    counts: Mapping[str, int]
    """Runs by outcome."""
    total: int
    """All runs."""
    configurations: int
    ranking: Sequence[RankingRow]
    rates: Mapping[str, RankedRates]
    """The best learning rates and usable ranges over the losses, by optimizer."""
    step_times: Mapping[str, str]
    """Wall time per step and run in words, by optimizer, as far as it was measured."""
    pairs: Sequence[PairRow]
    """Tests of pairs of optimizers over the losses; empty with too few losses."""
    head_to_head: Sequence[HeadToHead]
    """The other optimizers against the baseline of the config; empty without one, or if it has no place."""
    limitations: Sequence[str]
    """What the ranking cannot show, in sentences."""
    excluded_losses: Sequence[str]
    tuning: TuningSection | None
    """What tuning achieved; None without tuning."""
    kinds: KindTable | None
    """Kinds of losses of the suite ``contest``; None without them."""
    sweeps: Sequence[Sweep]
    """Optimizers of one rule that differ only in numbers, three or more."""
    losses: Sequence[LossCard]
    hidden_optimizers: int
    """Optimizers that the cards leave to the pages of the losses."""
    profile_heading: str
    overview: OverviewFigures | None
    band_note: str
    """What the bands of the runtime profile are, or why there are none, in one sentence."""
    anytime: Sequence[AnytimeRow]
    """Areas under the runtime profile, the largest first."""
    expected_times: Sequence[ExpectedTimeBlock]
    """Expected running times by optimizer and loss."""
    budgets: Sequence[BudgetRow]
    plugins: Sequence[str]
    """Files that a reader needs to reproduce the report."""
    config: str
    """The text of reportgen.toml."""
    has_data: bool
    """Whether the results folder is next to the page."""


@dataclass(frozen=True, kw_only=True)
class LossPage(Page):
    """``loss.html``: one loss."""

    info: LossInfo
    heading: str
    from_start: str
    counts: Mapping[str, int]
    total: int
    reasons: Sequence[FailureReason]
    rows: Sequence[HeatRow]
    rates_heading: str
    rates_figures: Sequence[OptimizerFigure]
    undrawn_optimizers: int
    """Optimizers without figures of their own."""
    heatmap_steps: Sequence[int]
    """The columns of ``step_heatmaps``."""
    step_heatmaps: Sequence[StepHeatmap]
    """Empty without a minimum, or without stored trajectories."""
    curve_heading: str
    curve: PageFigure | None
    is_thinned: bool
    """Whether the curve shows one run instead of the median of all."""
    runtimes: PageFigure | None
    best: Sequence[BestRateRow]
    fixed_budgets: FixedBudgetTable | None
    """None without a minimum or without the trajectories of all runs."""
    paths_heading: str
    contours: tuple[float, float] | None
    """The gaps at which the background of the paths is lightest and darkest; None without a background."""
    plane: Plane | None
    """The plane that paths are projected onto; None in up to two dimensions, or if no plane is available."""
    player: Player | None
    background: PageFigure | None
    """Under the paths of the player."""
    paths_figures: Sequence[OptimizerFigure]
    paths_data: str
    """Path of the CSV file with the paths; empty if there are none."""
    basins: BasinSection | None
    """None without maps."""
    cells: Sequence[CellTableRow]
    hidden_cells: int


@dataclass(frozen=True)
class OptimizerSection:
    """One loss on the page of an optimizer."""

    info: LossInfo
    best: CellRow | None
    figures: Sequence[tuple[PageFigure, str]]
    """With their captions."""


@dataclass(frozen=True, kw_only=True)
class OptimizerPage(Page):
    """``optimizer.html``: one optimizer."""

    info: OptimizerInfo
    notes: Sequence[tuple[str, str]]
    """How its programs were run, if not as one batch, and on which losses."""
    counts: Mapping[str, int]
    total: int
    reasons: Sequence[FailureReason]
    hyperparameter_columns: Sequence[str]
    """Those of Symbol, Range and Meaning that are not empty."""
    schedules: Sequence[str]
    """The learning-rate schedules, if the table of hyperparameters does not show them."""
    tuning: OptimizerTuning | None
    """What tuning achieved; None without tuning."""
    rows: Sequence[HeatRow]
    sections: Sequence[OptimizerSection]
    cells: Sequence[CellTableRow]
    hidden_cells: int


@dataclass(frozen=True)
class ContentsEntry:
    """A section in the table of contents of the single file."""

    id: str
    name: str


@dataclass(frozen=True)
class SingleFilePart:
    """A page inside the single file."""

    path: str
    id: str
    is_first: bool
    name: str
    """In the table of contents."""
    kind: str
    """``Losses`` or ``Optimizers``; empty for the first page."""
    sections: Sequence[ContentsEntry]
    content: Markup


@dataclass(frozen=True, kw_only=True)
class SingleFilePage(Page):
    """``single.html``: the frame of the whole site in one file."""

    setup: str
    bodies: Sequence[SingleFilePart]
    images: Markup
    """The figures, each once."""
    style: Markup
    scripts: Sequence[Markup]
    omissions: Sequence[str]
    """What is omitted, in words."""
    limit: float
    """MiB."""
    is_too_large: bool


@dataclass(frozen=True)
class GalleryItem:
    """A loss in the gallery."""

    id: str
    loss: Loss
    picture: PageFigure | None
    """With its data as the file."""
    note: str
    """What the picture shows if it is not the plain loss, or why the picture is missing."""


@dataclass(frozen=True, kw_only=True)
class GalleryPage:
    """``gallery.html``: every loss with its picture."""

    style: Markup
    version: str
    losses: Sequence[GalleryItem]
    """By title."""
    letters: Sequence[tuple[str, str]]
    """The first letters of the titles, each with the id of the first loss that it begins."""


class ListedReport(Protocol):
    """A report in a list; unknown facts are empty."""

    @property
    def title(self) -> str:
        """Its title."""

    @property
    def leader(self) -> str:
        """The optimizer that leads its ranking."""

    @property
    def commit(self) -> str:
        """The git commit that it was built from."""

    @property
    def date(self) -> str:
        """When it last changed, in UTC: ``2023-11-14T22:13:20Z``."""


@dataclass(frozen=True, kw_only=True)
class ReportsPage:
    """``reports.html``: the list of the reports in one target."""

    style: Markup
    version: str
    reports: Sequence[tuple[str, ListedReport]]
    """Prefix and facts of each, the most recent first."""


def template_fields(page: DataclassInstance) -> dict[str, object]:
    """The fields of a page by name, as a template sees them."""
    return {field.name: getattr(page, field.name) for field in fields(page)}
