"""What tuning achieved by number of trials: with the defaults, with the learning rate tuned, with everything tuned."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reportgen.analysis.cells import Array
from reportgen.analysis.expected_best import Score, TuningCurve, score_of_trial, tuning_curve
from reportgen.analysis.importance import Importance, best_tenth, importances
from reportgen.analysis.trials import Trials
from reportgen.search import Choice, Search
from reportgen.trials import LEARNING_RATE

if TYPE_CHECKING:
    import pandas as pd

    from reportgen.analysis.run_table import RunTable
    from reportgen.results.manifest import OptimizerInfo

SHARES = (0.25, 0.5, 0.75, 0.9)
"""Shares of targets for which the number of trials is given."""


@dataclass(frozen=True)
class TriedConfiguration:
    """One trial."""

    number: int
    """0 for the defaults."""
    learning_rate: float
    values: Mapping[str, Choice | None]
    """All hyperparameters."""
    hit_rate: float
    """Averaged over the losses, or on one."""


@dataclass(frozen=True)
class TunedOptimizer:
    """What tuning achieved for one optimizer."""

    optimizer: str
    default: Score
    """Of trial 0."""
    rate_only: TuningCurve
    """With the default of every hyperparameter except the learning rate."""
    everything: TuningCurve
    importances: Sequence[Importance]
    """With the learning rate, the most important first."""
    configurations: Sequence[TriedConfiguration]
    """The trials, the best over all losses first; with hit rates averaged over the losses."""
    best: Mapping[str, TriedConfiguration]
    """By the label of the loss, the best one there."""

    @property
    def defaults(self) -> TriedConfiguration:
        """Trial 0."""
        return next(each for each in self.configurations if each.number == 0)

    @property
    def best_tenth(self) -> list[TriedConfiguration]:
        """The best tenth of the drawn trials, the best first."""
        return best_tenth([each for each in self.configurations if each.number])

    @property
    def tunes_more(self) -> bool:
        """Whether it has more to tune than its learning rate."""
        return len(self.importances) > 1

    @property
    def space(self) -> dict[str, Search]:
        """What was searched, by name, the most important first."""
        return {each.name: each.search for each in self.importances}


def tuning_study(table: RunTable, optimizers: Sequence[OptimizerInfo], losses: Sequence[str]) -> list[TunedOptimizer]:
    """One entry for each tuned optimizer, in the order of ``optimizers``.

    Args:
        table: all runs, with those that tune only the learning rate, and with the column ``hyperparameters``.
        optimizers: of the manifest.
        losses: labels of the losses that count.
    """
    alone = {info.rate_only_of: info.label for info in optimizers if info.rate_only_of}
    trials = [table.trials[label] for label in losses]
    found = []
    for info in optimizers:
        if info.learning_rate_search and not info.rate_only_of and all(info.label in each.names for each in trials):
            found.append(_tuned(table, trials, info, alone.get(info.label, info.label)))
    return found


def _tuned(table: RunTable, trials: Sequence[Trials], info: OptimizerInfo, alone: str) -> TunedOptimizer:
    tried = _tried(table.runs[table.runs["optimizer"] == info.label])
    rates = trials[0].rates[trials[0].names.index(info.label)]
    numbers, values = zip(*(tried[float(rate)] for rate in rates), strict=True)
    # Means, so that every loss counts the same; float [criteria, losses, trials].
    rule = np.stack([_of(each, info.label).sum(axis=2) / len(each.unit) for each in trials], axis=1)
    hits = np.stack([_hit_rates(each, info.label) for each in trials])
    order = _best_first(rule.mean(axis=1))
    space = {LEARNING_RATE: info.learning_rate_search or Search(choices=(0.0,))}
    space |= {item.name: item.search for item in info.hyperparameters if item.search}
    columns = {name: [each[name] for each in values] for name in space if name != LEARNING_RATE}
    drawn = [place for place in range(len(rates)) if numbers[place]]  # trial 0 was not drawn
    ranks = np.stack([_mean_ranks(rule[:, place][:, drawn]) for place in range(len(trials))])
    within = {place: at for at, place in enumerate(drawn)}
    best = [within[place] for place in best_tenth([place for place in order if place in within])]
    of_drawn = {name: [column[place] for place in drawn] for name, column in columns.items()}

    def configuration(place: int, hit_rate: float) -> TriedConfiguration:
        return TriedConfiguration(numbers[place], float(rates[place]), values[place], hit_rate)

    return TunedOptimizer(
        optimizer=info.label,
        default=score_of_trial(trials, info.label, numbers.index(0)),
        rate_only=tuning_curve(trials, alone),
        everything=tuning_curve(trials, info.label),
        importances=importances(
            space, {LEARNING_RATE: [float(rates[place]) for place in drawn], **of_drawn}, ranks, best
        ),
        configurations=[configuration(place, float(hits[:, place].mean())) for place in order],
        best={
            each.loss: configuration(top, float(hits[at, top]))
            for at, each in enumerate(trials)
            for top in _best_first(rule[:, at])[:1]
        },
    )


def _of(each: Trials, name: str) -> Array:
    return each.rule[each.names.index(name)]


def _tried(runs: pd.DataFrame) -> dict[float, tuple[int, dict[str, Choice | None]]]:
    """Number and hyperparameters of each trial, by its learning rate."""
    first = runs.drop_duplicates("learning_rate")
    columns = (first[name] for name in ("learning_rate", "cell_id", "hyperparameters"))
    return {
        float(rate): (int(str(cell).rpartition("=")[2]), json.loads(values))
        for rate, cell, values in zip(*columns, strict=True)
    }


def _hit_rates(each: Trials, name: str) -> Array:
    """Hit rate of each trial, float [trials]."""
    rates: Array = np.isfinite(each.times[each.names.index(name)]).mean(axis=1)
    return rates


def _best_first(rule: Array) -> list[int]:
    """The places of the trials, the best first, from the criteria of ``rate_rule``, float [criteria, trials]."""
    smaller_first = -np.arange(rule.shape[1])
    order = np.lexsort((smaller_first, *reversed(rule.round(5))))
    return [int(place) for place in order[::-1]]


def _mean_ranks(rule: Array) -> Array:
    """The rank of each trial, 1 for the worst, equal ones with their mean, float [trials]."""
    _, place, size = np.unique(rule.round(5).T, axis=0, return_inverse=True, return_counts=True)
    ends = np.cumsum(size)  # np.unique sorts by the first criterion, then by the next
    ranks: Array = (ends - (size - 1) / 2)[place.ravel()]
    return ranks
