"""The tables of a report for papers: those of its pages, as plain texts."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reportgen.analysis.number_format import count, number, rate, share, share_span, span
from reportgen.figures.registry import slug

if TYPE_CHECKING:
    from reportgen.analysis.expected_best import Score
    from reportgen.analysis.head_to_head import Difference
    from reportgen.report.best_rate_table import BestRateRow
    from reportgen.report.budget_table import BudgetRow
    from reportgen.report.expected_time_table import ExpectedTime
    from reportgen.report.kind_table import KindCell
    from reportgen.report.page_types import IndexPage, LossPage
    from reportgen.report.tuning_section import TuningSection

NONE = "–"
"""A value that does not exist."""
_Span = tuple[float, float]


class Strong(str):
    """A cell in bold type."""


@dataclass(frozen=True)
class PaperTable:
    """A table with one header row."""

    name: str
    """``ranking``, or of one loss ``beale/best-rates``."""
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    texts: frozenset[int] = frozenset({0})
    """Places of the left-aligned columns."""


def index_tables(page: IndexPage) -> Iterator[PaperTable]:
    """The tables of the first page."""
    yield _ranking(page)
    if page.head_to_head:
        rows = [
            [row.optimizer, _difference(row.hits), _difference(row.speed), f"{row.faster} : {row.slower}"]
            for row in page.head_to_head
        ]
        baseline = page.head_to_head[0].baseline
        header = [f"Difference from {baseline}", "Targets hit, points", "Speed, points", "Losses faster : slower"]
        yield PaperTable("baseline", header, rows)
    if page.tuning:
        yield _tuning(page.tuning)
    if page.kinds:
        rows = [[row.optimizer, *map(_kind, row.cells), f"{row.passed}/{len(row.cells)}"] for row in page.kinds.rows]
        yield PaperTable("kinds", ["Optimizer", *(column.name for column in page.kinds.columns), "Passed"], rows)
    if page.anytime:
        scores = [[row.optimizer, number(100 * row.score), _percent_span(row.interval)] for row in page.anytime]
        yield PaperTable("anytime", ["Optimizer", "Anytime score", "95 % interval"], scores)
    for place, block in enumerate(page.expected_times, 1):
        name = "expected-times" if len(page.expected_times) == 1 else f"expected-times-{place}"
        times = [[label, *map(_expected_time, row)] for label, row in block.rows]
        yield PaperTable(name, ["Optimizer", *block.losses], times)
    yield _budgets(page)


def loss_tables(page: LossPage) -> Iterator[PaperTable]:
    """The tables of the page of a loss, without those that have one row per configuration."""
    folder = slug(page.info.label)
    if page.best:
        header = ["Optimizer", "Best learning rate", "95 % interval", "Usable range", "Successes"]
        header += ["Median gap", "Steps", "ERT"]
        has_gap = page.info.minimum is not None
        yield PaperTable(f"{folder}/best-rates", header, [_best_rate(row, has_gap=has_gap) for row in page.best])
    manifest = page.report.manifest
    if manifest is not None:
        header = ["Optimizer", *map(rate, manifest.rate_columns)]
        cells = [
            [row.label, *(Strong(cell.word) if cell.best else cell.word for cell in row.cells)] for row in page.rows
        ]
        yield PaperTable(f"{folder}/sensitivity", header, cells)
    table = page.fixed_budgets
    if table:
        header = ["Optimizer", *(count(budget, "gradient") for budget in table.budgets)]
        gaps = [
            [name, *(f"{number(gap.median)}{_in_brackets(gap.interval)}" for gap in row)] for name, row in table.rows
        ]
        yield PaperTable(f"{folder}/fixed-budgets", header, gaps)


def _tuning(section: TuningSection) -> PaperTable:
    header = ["Optimizer", "Defaults", "Learning rate tuned", "95 % interval", "Everything tuned", "95 % interval"]
    header += [f"Trials for {share(part)}" for part in section.shares]
    rows = [
        [row.optimizer, share(row.default.value), *_score(row.rate_only), *_score(row.everything)]
        + [NONE if trials is None else str(trials) for trials in row.needed]
        for row in section.rows
    ]
    return PaperTable("tuned", header, rows)


def _score(score: Score) -> list[str]:
    return [share(score.value), share_span(score.interval) if score.interval else NONE]


def _kind(cell: KindCell) -> str:
    words = share(cell.hit_rate)
    return Strong(words) if cell.passed else words


def _ranking(page: IndexPage) -> PaperTable:
    rows = [
        [
            f"{row.rank.place}{'=' if row.rank.tied else ''}" if row.compared else NONE,
            row.rank.optimizer,
            share(row.rank.score),
            share_span(row.interval) if row.interval else NONE,
            NONE if row.speed is None else number(100 * row.speed, 2),
            _percent_span(row.speed_interval),
        ]
        for row in page.ranking
    ]
    header = ["Place", "Optimizer", "Targets hit", "95 % interval", "Speed", "95 % interval"]
    return PaperTable("ranking", header, rows, frozenset({0, 1}))


def _budgets(page: IndexPage) -> PaperTable:
    header = ["Optimizer", "Learning rates", "Runs", "Gradients per step", "Gradients in total"]
    header += ["Targets hit, tuned", "Targets hit, shared rate", "Shared rate"]
    return PaperTable("budgets", header, list(map(_budget, page.budgets)))


def _budget(row: BudgetRow) -> list[str]:
    per_step = [] if row.per_step is None else list(dict.fromkeys(map(number, row.per_step)))
    shared = row.shared
    return [
        row.optimizer,
        f"{row.rates} ({rate(row.span[0])} to {rate(row.span[1])})",
        number(row.runs, 9),
        " to ".join(per_step) or NONE,
        number(row.spent),
        *((share(shared.tuned), share(shared.hit_rate), rate(shared.learning_rate)) if shared else (NONE, NONE, NONE)),
    ]


def _best_rate(row: BestRateRow, *, has_gap: bool) -> list[str]:
    cell, found, target = row.cell, row.sensitivity, row.target
    known = cell.hit_rate > 0 or math.isfinite(cell.gap_median)
    usable = found.usable if found and found.solves else None
    interval = found.interval if known and found and row.has_intervals else None
    return [
        cell.optimizer,
        rate(cell.learning_rate) if known else NONE,
        _rates(interval),
        _rates(usable),
        f"{target.successes}/{cell.runs}",
        number(cell.gap_median) if has_gap else "n/a",
        number(cell.steps_to_target, 9) if math.isfinite(cell.steps_to_target) else NONE,
        number(target.ert) if math.isfinite(target.ert) else NONE,
    ]


def _rates(ends: _Span | None) -> str:
    return " to ".join(dict.fromkeys(map(rate, ends))) if ends else NONE


def _percent_span(ends: _Span | None) -> str:
    return span([100 * end for end in ends]) if ends else NONE


def _in_brackets(ends: _Span | None) -> str:
    return f" ({span(ends)})" if ends and ends[0] != ends[1] else ""


def _difference(difference: Difference) -> str:
    return Strong(difference) if difference.significant else str(difference)


def _expected_time(time: ExpectedTime | None) -> str:
    if time is None:
        return NONE
    words = f"{number(time.ert)} ({time.successes}/{time.runs})"
    return Strong(words) if time.is_best else words
