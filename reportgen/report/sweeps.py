"""Sweeps of hyperparameters on the first page: optimizers of one rule that differ only in numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, pvariance
from typing import TYPE_CHECKING

from reportgen.analysis.number_format import number, shorten
from reportgen.optimizer_specs import format_value
from reportgen.report.sweep_lines import ParallelCoordinates, level, parallel_coordinates
from reportgen.report.sweep_words import answer, summary

if TYPE_CHECKING:
    from reportgen.report.ranking_table import RankingRow
    from reportgen.results.manifest import HyperparameterInfo, OptimizerInfo

LEAST = 3
"""Combinations of a sweep: the ranking alone shows fewer well enough."""

_DIGITS = 15
"""Of values: as the config gives them, so that 0.9999999 is not 1."""

Combination = tuple[float, ...]
"""The values of the hyperparameters that vary."""


@dataclass(frozen=True)
class SweepValue:
    """One value of a hyperparameter."""

    value: float
    text: str
    is_default: bool
    combinations: int
    """Number of compared optimizers with this value."""
    mean: float
    """Of their scores."""


@dataclass(frozen=True)
class SweepAxis:
    """A hyperparameter that varies."""

    name: str
    values: Sequence[SweepValue]
    """Ascending."""
    effect: float | None
    """Main effect: the share of the variance of all scores that the means of the values explain; None if combinations
    are missing or all scores are equal."""


@dataclass(frozen=True)
class SweepCell:
    """One combination of values."""

    row: RankingRow
    """Its row of the ranking, with the score."""
    level: int
    """0 for the lowest score of the sweep, 7 for the highest."""
    best: bool
    is_default: bool
    """Whether all hyperparameters that vary have their default."""


@dataclass(frozen=True)
class Sweep:
    """Three or more optimizers of one rule."""

    heading: str
    """Which combination is best."""
    summary: str
    """How much each hyperparameter matters."""
    axes: Sequence[SweepAxis]
    cells: Sequence[Sequence[SweepCell | None]]
    """A row for each value of the first axis, a column for each of the second, if any; None: a combination that was
    not compared. Empty with more than two axes."""
    lines: ParallelCoordinates | None
    """None with at most two axes."""
    lowest: float
    """The lowest score."""
    highest: float


def sweeps(optimizers: Sequence[OptimizerInfo], ranking: Sequence[RankingRow]) -> list[Sweep]:
    """The sweeps of a report, in the order of their first optimizers.

    Args:
        optimizers: all optimizers.
        ranking: the rows of the ranking, the best first. Only optimizers with a place count.
    """
    rows = {row.rank.optimizer: row for row in ranking if row.compared}
    rules: dict[object, list[OptimizerInfo]] = {}
    for each in optimizers:
        if each.label in rows:
            rules.setdefault(_rule(each), []).append(each)
    grids = (_grid(some, rows) for some in rules.values())
    return [_sweep(grid) for grid in grids if len(grid.rows) >= LEAST]


@dataclass(frozen=True)
class _Grid:
    """The compared optimizers of one rule."""

    name: str
    varying: Sequence[HyperparameterInfo]
    rows: Mapping[Combination, RankingRow]

    @property
    def scores(self) -> dict[Combination, float]:
        return {combination: row.rank.score for combination, row in self.rows.items()}

    def values(self, at: int) -> list[float]:
        """The distinct values of a hyperparameter, ascending."""
        return sorted({combination[at] for combination in self.rows})

    def is_default(self, combination: Combination) -> bool:
        return all(value == item.default for value, item in zip(combination, self.varying, strict=True))


def _rule(info: OptimizerInfo) -> object:
    """What the optimizers of a sweep have in common: all but the values of numeric hyperparameters."""
    settings = (
        (item.name, _is_number(item), None if _is_number(item) else item.value) for item in info.hyperparameters
    )
    return info.family, tuple(settings)


def _is_number(item: HyperparameterInfo) -> bool:
    return isinstance(item.value, int | float) and not isinstance(item.value, bool) and not math.isnan(item.value)


def _grid(some: Sequence[OptimizerInfo], rows: Mapping[str, RankingRow]) -> _Grid:
    columns = list(zip(*(each.hyperparameters for each in some), strict=True))
    choices = [len({item.value for item in column}) for column in columns]
    # A table with few columns fits a narrow screen. The order of more than two axes is that of the declaration.
    varying = [at for at, many in enumerate(choices) if many > 1]
    varying.sort(key=lambda at: -choices[at] if sum(many > 1 for many in choices) == 2 else at)
    combinations: dict[Combination, RankingRow] = {}
    for each in some:
        combination = tuple(float(each.hyperparameters[at].value) for at in varying)  # type: ignore[arg-type]
        combinations.setdefault(combination, rows[each.label])
    return _Grid(_name(some[0], varying), [some[0].hyperparameters[at] for at in varying], combinations)


def _name(info: OptimizerInfo, varying: Sequence[int]) -> str:
    """The rule, with the settings that all its optimizers have and that differ from the defaults."""
    settings = [
        f"{item.name}={format_value(item.value)}"
        for at, item in enumerate(info.hyperparameters)
        if at not in varying and (item.wraps or item.value != item.default)
    ]
    return shorten(f"{info.family}[{','.join(settings)}]" if settings else info.family)


def _sweep(grid: _Grid) -> Sweep:
    axes = [_axis(grid, at) for at in range(len(grid.varying))]
    scores = grid.scores
    best = [combination for combination, score in scores.items() if score == max(scores.values())]
    return Sweep(
        heading=f"{grid.name}: {answer(axes, best, len(scores), max(scores.values()))}",
        summary=summary(axes, scores, grid.rows[best[0]].interval),
        axes=axes,
        cells=_cells(grid) if len(axes) <= 2 else [],
        lines=parallel_coordinates(axes, scores) if len(axes) > 2 else None,
        lowest=min(scores.values()),
        highest=max(scores.values()),
    )


def _axis(grid: _Grid, at: int) -> SweepAxis:
    values, scores = grid.values(at), grid.scores
    of_value = {each: [score for found, score in scores.items() if found[at] == each] for each in values}
    means = {each: fmean(found) for each, found in of_value.items()}
    complete = math.prod(len(grid.values(other)) for other in range(len(grid.varying))) == len(scores)
    total = pvariance(scores.values())
    item = grid.varying[at]
    shown = [
        SweepValue(each, number(each, _DIGITS), each == item.default, len(of_value[each]), means[each])
        for each in values
    ]
    return SweepAxis(item.name, shown, pvariance(means.values()) / total if complete and total > 0 else None)


def _cells(grid: _Grid) -> list[list[SweepCell | None]]:
    columns: list[Combination] = [(each,) for each in grid.values(1)] if len(grid.varying) == 2 else [()]
    return [[_cell(grid, (value, *column)) for column in columns] for value in grid.values(0)]


def _cell(grid: _Grid, combination: Combination) -> SweepCell | None:
    if combination not in grid.rows:
        return None
    row, scores = grid.rows[combination], grid.scores.values()
    best = row.rank.score == max(scores) > 0
    return SweepCell(row, level(row.rank.score, min(scores), max(scores)), best, grid.is_default(combination))
