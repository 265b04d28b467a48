"""The rule of the best learning rate, as criteria that add up over runs.

Best is, in this order: the highest hit rate; the most runs that hit the tightest target; the smallest mean log10 of the
final gap of the runs that missed it; the smallest mean log10 of the gradient evaluations of the runs that hit it; the
smallest learning rate. Means over runs, instead of medians, make the choice without one start a subtraction, so that it
can be made again in each of many resamples.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reportgen.analysis.outcomes import is_lost
from reportgen.engine.result import Array

if TYPE_CHECKING:
    import pandas as pd

RULE = ("rule_hits", "rule_gap", "rule_evaluations")
"""The criteria, the first decides first; each is larger for the better learning rate."""
MOST_DECADES = 308.0
"""The gap of a lost run counts as ten to this power, the largest in float64."""
_HITS = 2.0**20
"""Weight of a hit of any target relative to one hit of the tightest target."""
_STEPS_PER_DECADE = 1e6
"""Logarithms are rounded to whole multiples of this, so that sums are exact and ties are ties."""


def rule_values(hits: Array, evaluations: Array, gap: Array) -> Array:
    """What each run adds to each criterion, float [criteria, ...]: whole numbers, larger is better.

    Args:
        hits: number of targets that each run hit, int [...].
        evaluations: gradient evaluations until each run hit the tightest target, infinite without a hit, float [...].
        gap: final gap of each run, infinite if it is lost, float [...].
    """
    hit = np.isfinite(evaluations)
    with np.errstate(divide="ignore"):
        decades = np.clip(np.log10(np.maximum(gap, 0)), -MOST_DECADES, MOST_DECADES)
    spent = np.log10(np.maximum(np.where(hit, evaluations, 1), 1))
    return np.stack(
        [
            _HITS * hits + hit,
            -np.rint(_STEPS_PER_DECADE * np.where(hit, 0, decades)),
            -np.rint(_STEPS_PER_DECADE * spent),
        ]
    )


def final_gaps(runs: pd.DataFrame) -> Array:
    """The final gap of each run, float [runs]; infinite if the run is lost, or if no minimum is known."""
    gap = runs["gap"].to_numpy(float, na_value=np.nan)
    return np.where(is_lost(runs) | np.isnan(gap), np.inf, gap)


def contenders(rule: Array) -> Array:
    """The places of the learning rates that can be the best ones of some weighted starts, int [places], ascending.

    A rate is left out if a smaller one is at least as good from every start, or any other is better from every start.

    Args:
        rule: by learning rate and start, float [criteria, rates, starts].
    """
    one, other = rule[:, :, np.newaxis], rule[:, np.newaxis]
    above = _is_above(one, other)
    equal = (one == other).all(axis=0)
    places = np.arange(rule.shape[1])
    beaten = above.all(axis=-1) | ((above | equal).all(axis=-1) & (places[:, np.newaxis] < places))
    return np.flatnonzero(~beaten.any(axis=0))


def best_places(rule: Array, weights: Array) -> Array:
    """The place of the best learning rate under each set of weights, int [sets].

    Args:
        rule: by learning rate and start, float [criteria, rates, starts].
        weights: how often each start counts, float [sets, starts].
    """
    kept = contenders(rule)
    return kept[best_of_sums(_weighted(rule[:, kept], weights))]


def places_without_each(rule: Array, weights: Array) -> Array:
    """The place of the best learning rate without each start in turn, int [sets, starts].

    If no other start is left, the original other starts choose. A single start chooses for itself.

    Args:
        rule: by learning rate and start, float [criteria, rates, starts].
        weights: how often each start counts, float [sets, starts]; the first set is the original one, all ones.
    """
    if weights.shape[1] == 1:
        return best_places(rule, weights)[:, np.newaxis]
    kept = contenders(rule)
    if len(kept) == 1:
        return np.full(weights.shape, kept[0])
    rule = rule[:, kept]
    sums = _weighted(rule, weights)[..., np.newaxis]
    place = np.zeros(weights.shape, int)
    top = sums[:, 0] - weights * rule[:, 0, np.newaxis]
    for rate in range(1, len(kept)):
        left = sums[:, rate] - weights * rule[:, rate, np.newaxis]
        better = _is_above(left, top)
        place[better] = rate
        np.copyto(top, left, where=better)
    alone = weights == weights.sum(axis=1, keepdims=True)
    return kept[np.where(alone, place[0], place)]


def order_without_each(rule: Array) -> Array:
    """The places of the learning rates from worst to best, chosen without each start in turn, int [starts, rates].

    Args:
        rule: by learning rate and start, float [criteria, rates, starts].
    """
    left = rule.sum(axis=2, keepdims=True) - (rule if rule.shape[2] > 1 else 0)
    hits, gap, evaluations = np.moveaxis(left, 1, -1)
    smaller_first = np.broadcast_to(-np.arange(rule.shape[1]), hits.shape)
    order: Array = np.lexsort((smaller_first, evaluations, gap, hits), axis=-1)
    return order


def _weighted(rule: Array, weights: Array) -> Array:
    """Weighted sums over the starts, float [criteria, rates, sets]."""
    # Not a matrix product: its threads cost more than they save.
    sums: Array = np.einsum("cru,pu->crp", rule, weights)
    return sums


def best_of_sums(sums: Array) -> Array:
    """The place of the best learning rate, int [...], from sums [criteria, rates, ...]; the first of equals."""
    place, top = np.zeros(sums.shape[2:], int), sums[:, 0].copy()
    for rate in range(1, sums.shape[1]):
        better = _is_above(sums[:, rate], top)
        place[better] = rate
        np.copyto(top, sums[:, rate], where=better)
    return place


def _is_above(one: Array, other: Array) -> Array:
    """Whether ``one`` is better by the first criterion that differs, bool [...], of arrays [criteria, ...]."""
    above: Array = one[-1] > other[-1]
    for criterion in range(len(one) - 2, -1, -1):
        a, b = one[criterion], other[criterion]
        above = (a > b) | ((a == b) & above)
    return above
