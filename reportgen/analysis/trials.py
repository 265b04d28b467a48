"""What the optimizers achieved on one loss, by learning rate and start, and what of it was drawn at random."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from reportgen.analysis.cells import Array, factorize
from reportgen.analysis.rate_rule import final_gaps, rule_values

if TYPE_CHECKING:
    from reportgen.analysis.run_table import RunTable

MOST_UNITS = 64
"""Random draws on one loss that are resampled one by one. More are put into this many groups."""


@dataclass(frozen=True)
class Trials:
    """The runs on one loss.

    A problem is a (start, seed, target). A unit is what is drawn and left out together: a start with all its seeds;
    if no two starts are random and the loss has noise, a seed with all its starts; a group of these if there are more
    than ``MOST_UNITS``; or a fixed start.
    """

    loss: str
    """Label."""
    cluster: str
    """Equal for losses with the same random draws."""
    names: tuple[str, ...]
    """The optimizers."""
    rates: tuple[Array, ...]
    """The learning rates of each optimizer, ascending, float [rates]; one, not a number, without runs."""
    times: tuple[Array, ...]
    """Gradient evaluations of each optimizer, infinite if a target was not hit, float [rates, problems]."""
    rule: tuple[Array, ...]
    """The criteria of ``rate_rule`` of each optimizer, float [criteria, rates, units]."""
    complete: tuple[bool, ...]
    """Whether each optimizer has a run for every learning rate, start and seed."""
    draw: Array
    """Number of each problem's random draw, int [problems]."""
    is_drawn: Array
    """Whether the problem belongs to a random draw, bool [problems]."""
    unit: Array
    """Unit of each problem, int [problems]; the random ones come first."""
    random_units: int
    """How many units are random: 0, or 2 and more."""
    noun: str
    """What is drawn: ``random start`` or ``noise seed``."""

    @property
    def units(self) -> int:
        """Number of units."""
        return int(self.unit.max()) + 1

    @property
    def draws(self) -> int:
        """Number of random draws."""
        return len(np.unique(self.draw[self.is_drawn]))

    def without_rates(self, group: int, groups: int) -> Trials:
        """The trials without every ``groups``-th learning rate, from the place ``group`` on; a single rate stays."""
        kept = [
            np.flatnonzero(np.arange(len(rates)) % groups != group) if len(rates) > 1 else np.array([0])
            for rates in self.rates
        ]
        rates, times = (
            tuple(each[at] for each, at in zip(arrays, kept, strict=True)) for arrays in (self.rates, self.times)
        )
        rule = tuple(each[:, at] for each, at in zip(self.rule, kept, strict=True))
        return replace(self, rates=rates, times=times, rule=rule)

    def on(self, names: Sequence[str]) -> Trials:
        """The trials of some optimizers. One without runs hits nothing."""
        blank = (
            np.array([np.nan]),
            np.full((1, len(self.unit)), np.inf),
            np.zeros((len(self.rule[0]), 1, self.units)),
            False,
        )
        known = dict(zip(self.names, zip(self.rates, self.times, self.rule, self.complete, strict=True), strict=True))
        rates, times, rule, complete = zip(*(known.get(name, blank) for name in names), strict=True)
        return replace(self, names=tuple(names), rates=rates, times=times, rule=rule, complete=complete)


def trials(table: RunTable) -> dict[str, Trials]:
    """The trials on each loss by its label, in the order of ``table.cells``."""
    cells = table.cells
    code, labels = factorize(cells["loss"])
    run_loss = code[table.run_cells]
    times = table.runtimes("gradient_evaluations")[0]
    tightest = times[:, int(np.argmin(table.targets))]
    rule = rule_values(np.isfinite(times).sum(axis=1), tightest, final_gaps(table.runs))
    # The last row is that of a missing run: nothing hit, as bad as can be.
    times, rule = np.vstack([times, np.full(times.shape[1], np.inf)]), np.hstack([rule, _worst(rule)])
    start, seed = (table.runs[name].to_numpy(int) for name in ("start", "seed"))
    order = np.argsort(run_loss, kind="stable")
    ends = np.searchsorted(run_loss[order], np.arange(len(labels) + 1))
    return {
        label: _loss_trials(table, label, order[ends[place] : ends[place + 1]], (start, seed), times, rule)
        for place, label in enumerate(labels)
    }


def _loss_trials(
    table: RunTable, label: str, runs: Array, start_seed: tuple[Array, Array], times: Array, rule: Array
) -> Trials:
    """The trials on the loss ``label``, from the rows of its ``runs``."""
    start, seed = (each[runs] for each in start_seed)
    key = start * (seed.max() + 1) + seed
    _, first, position = np.unique(key, return_index=True, return_inverse=True)
    cell = table.run_cells[runs]
    here = np.unique(cell)
    rows = np.full((len(here), len(first)), -1)
    rows[np.searchsorted(here, cell), position] = runs
    draw, is_drawn, noun = _draws(table, label, start[first], seed[first])
    unit = _units(draw, is_drawn, start[first])
    code, names = factorize(table.cells["optimizer"].iloc[here])
    of_each = [np.flatnonzero(code == place) for place in range(len(names))]
    rates = table.cells["learning_rate"].to_numpy(float)[here]
    targets = times.shape[1]
    info = next(info for info in table.losses if info.label == label)
    return Trials(
        loss=label,
        cluster=f"{info.name}/{info.dim}",
        names=tuple(names),
        rates=tuple(rates[of_this] for of_this in of_each),
        times=tuple(times[rows[of_this]].reshape(len(of_this), -1) for of_this in of_each),
        rule=tuple(_by_unit(rule[:, rows[of_this]], unit) for of_this in of_each),
        complete=tuple(bool((rows[of_this] >= 0).all()) for of_this in of_each),
        draw=np.repeat(draw, targets),
        is_drawn=np.repeat(is_drawn, targets),
        unit=np.repeat(unit, targets),
        random_units=len(np.unique(unit[is_drawn])),
        noun=noun,
    )


def _draws(table: RunTable, label: str, start: Array, seed: Array) -> tuple[Array, Array, str]:
    """Number of the random draw, int [positions], whether it is one, bool [positions], and what is drawn."""
    random = (start >= 1) & (start <= table.random_starts)
    if len(np.unique(start[random])) > 1:
        return start, random, "random start"
    has_noise = next(info.noise for info in table.losses if info.label == label) is not None
    if has_noise and len(np.unique(seed)) > 1:
        return seed, np.ones(len(seed), bool), "noise seed"
    return start, np.zeros(len(start), bool), "random start"


def _units(draw: Array, is_drawn: Array, start: Array) -> Array:
    """The unit of each position, int [positions]: random ones first, then the fixed starts."""
    unit = np.empty(len(draw), int)
    drawn = np.unique(draw[is_drawn], return_inverse=True)[1] % MOST_UNITS
    unit[is_drawn] = drawn
    unit[~is_drawn] = drawn.max(initial=-1) + 1 + np.unique(start[~is_drawn], return_inverse=True)[1]
    return unit


def _by_unit(rule: Array, unit: Array) -> Array:
    """Sums over each unit, float [criteria, rates, units], of ``rule`` [criteria, rates, positions]."""
    order = np.argsort(unit, kind="stable")
    begin = np.searchsorted(unit[order], np.arange(unit.max() + 1))
    sums: Array = np.add.reduceat(rule[:, :, order], begin, axis=2)
    return sums


def _worst(rule: Array) -> Array:
    """The smallest value of each criterion, float [criteria, 1]."""
    worst: Array = rule.min(axis=1, keepdims=True, initial=0)
    return worst


def chosen_times(each: Trials, choices: Sequence[Array]) -> Array:
    """Gradient evaluations at the chosen learning rates, float [problems, optimizers].

    Args:
        each: the trials.
        choices: for each optimizer, the place of the learning rate that each unit is judged at, int [units].
    """
    problems = np.arange(len(each.unit))
    pairs: Iterator[tuple[Array, Array]] = zip(each.times, choices, strict=True)
    return np.stack([times[place[each.unit], problems] for times, place in pairs], axis=1)
