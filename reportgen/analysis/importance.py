"""How much of the result of tuning each hyperparameter explains, and which of its values are best."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from reportgen.analysis.cells import Array
from reportgen.search import Choice, Search

MOST_GROUPS = 8
"""Groups of values of a hyperparameter."""
LEAST_IN_GROUP = 5
"""Trials of a group."""


@dataclass(frozen=True)
class Importance:
    """What tuning says about one hyperparameter of an optimizer."""

    name: str
    search: Search
    explained: float | None
    """Share of the variance of the rank of a trial that its value explains, averaged over the losses, 0 to 1.

    None with too few trials.
    """
    best: tuple[Choice, ...]
    """The smallest and the largest value of the best tenth of the trials, or the choices in it, most frequent first."""


def importances(
    space: Mapping[str, Search], values: Mapping[str, Sequence[Choice]], ranks: Array, best: Sequence[int]
) -> list[Importance]:
    """One entry for each hyperparameter, the most important first.

    Args:
        space: what was searched, by name.
        values: by name, of each trial.
        ranks: of the trials on each loss, equal ones with their mean, float [losses, trials].
        best: the places of the best tenth of the trials.
    """
    found = [
        Importance(
            name, search, explained_variance(_groups(search, values[name]), ranks), _best(search, values[name], best)
        )
        for name, search in space.items()
    ]
    return sorted(found, key=lambda each: -(each.explained or 0.0))


def explained_variance(group: Array, ranks: Array) -> float | None:
    """The share of the variance of ``ranks`` between groups of trials, averaged over the losses, 0 to 1.

    It is the adjusted R² of an analysis of variance with one factor, so it does not grow with the number of groups.
    Interactions of hyperparameters count for none of them.

    Args:
        group: of each trial, int [trials].
        ranks: float [losses, trials].

    Returns:
        None if there are fewer than two groups, a group is too small, or all trials are equally good on every loss.
    """
    size = np.bincount(group)
    groups, trials = len(size), len(group)
    varied = ranks[ranks.std(axis=1) > 0]
    if groups < 2 or size.min() < LEAST_IN_GROUP or not len(varied):
        return None
    means = np.stack([np.bincount(group, row) / size for row in varied])
    within = ((varied - means[:, group]) ** 2).sum(axis=1) / (trials - groups)
    shares = 1 - within / varied.var(axis=1, ddof=1)
    return float(max(shares.mean(), 0.0))


def _groups(search: Search, values: Sequence[Choice]) -> Array:
    """The group of each trial: by choice, or groups of equal size by value, int [trials]."""
    if search.choices:
        found = np.array([search.choices.index(value) for value in values])
        return np.unique(found, return_inverse=True)[1]
    number = max(min(len(values) // LEAST_IN_GROUP, MOST_GROUPS), 1)
    order = np.argsort(np.argsort(np.array(values, float), kind="stable"), kind="stable")
    return order * number // len(values)


def _best(search: Search, values: Sequence[Choice], best: Sequence[int]) -> tuple[Choice, ...]:
    chosen = [values[place] for place in best]
    if search.choices:
        return tuple(sorted(dict.fromkeys(chosen), key=lambda value: -chosen.count(value)))
    return (min(chosen), max(chosen)) if chosen else ()


Item = TypeVar("Item")


def best_tenth(order: Sequence[Item]) -> list[Item]:
    """The best tenth of the trials, three at least, from their order, the best first."""
    return list(order[: max(3, math.ceil(len(order) / 10))])
