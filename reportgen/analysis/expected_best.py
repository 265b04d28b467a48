"""The hit rate to expect of the best of k trials, with intervals that include the choice of the trials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reportgen.analysis.cells import Array
from reportgen.analysis.cross_fitting import LEAST_FREEDOM, hits_by_unit
from reportgen.analysis.intervals import student_quantile
from reportgen.analysis.score_intervals import Stratum, stratified_interval
from reportgen.analysis.trials import Trials
from reportgen.analysis.tuning_curve import expected_hits


@dataclass(frozen=True)
class Score:
    """A hit rate, averaged over the losses."""

    value: float
    interval: tuple[float, float] | None
    """95 %; None if too little varies."""


@dataclass(frozen=True)
class TuningCurve:
    """The expected hit rate at the best of k trials, each start judged at the trial that the other starts choose."""

    expected: Array
    """By k from 1, float [trials]."""
    interval: Array | None
    """95 % intervals over other starts and the same trials, float [trials, 2]; None if too little varies."""

    @property
    def shown(self) -> list[int]:
        """1, 2, 4, ... and all trials."""
        last = len(self.expected)
        return [*(2**power for power in range(last.bit_length()) if 2**power < last), last]

    def at(self, trials: int) -> Score:
        """The score at the best of this number of trials."""
        interval = (
            None
            if self.interval is None
            else (float(self.interval[trials - 1, 0]), float(self.interval[trials - 1, 1]))
        )
        return Score(float(self.expected[trials - 1]), interval)

    def trials_for(self, share: float) -> int | None:
        """The fewest trials that are expected to hit this share of the targets; None if all are not enough."""
        enough = np.flatnonzero(self.expected >= share - 1e-9)
        return int(enough[0]) + 1 if len(enough) else None


def score_of_trial(trials: Sequence[Trials], name: str, place: int) -> Score:
    """The hit rate of one trial, which nothing chose.

    Args:
        trials: on each loss.
        name: of the optimizer.
        place: of the trial.
    """
    hits = [hits_by_unit(each)[each.names.index(name)][[place]] for each in trials]
    return TuningCurve(*_scores(trials, [_Tried(part, np.zeros((3, *part.shape))) for part in hits])).at(1)


def tuning_curve(trials: Sequence[Trials], name: str) -> TuningCurve:
    """The curve of one optimizer, from its trials on each loss."""
    columns = [each.names.index(name) for each in trials]
    tried = [_Tried(hits_by_unit(each)[at], each.rule[at]) for each, at in zip(trials, columns, strict=True)]
    return TuningCurve(*_scores(trials, tried))


@dataclass(frozen=True)
class _Tried:
    """The trials of one optimizer on one loss."""

    hits: Array
    """Problems hit, float [trials, units]."""
    rule: Array
    """The criteria of ``rate_rule``, float [criteria, trials, units]."""

    def without(self, unit: int) -> _Tried:
        return _Tried(np.delete(self.hits, unit, axis=1), np.delete(self.rule, unit, axis=2))

    @property
    def expected(self) -> Array:
        """Expected hits from each unit at the best of k trials, float [units, trials]."""
        return expected_hits(self.hits, self.rule)


def _scores(trials: Sequence[Trials], tried: Sequence[_Tried]) -> tuple[Array, Array | None]:
    """Hit rates at the best of k trials, averaged over the losses, float [trials]; intervals, float [trials, 2].

    The interval is Student's, from the jackknife over the random draws: each is left out in turn, also where it chooses
    trials. Near 0 and 1 that is too narrow, so the interval of ``stratified_interval`` is added.
    """
    hits = [each.expected for each in tried]
    pairs = zip(hits, trials, strict=True)
    # Sums of equal numbers differ in the last digit.
    estimate = np.mean([part.sum(axis=0) / len(each.unit) for part, each in pairs], axis=0).round(12)
    clusters: dict[str, list[int]] = {}
    for at, each in enumerate(trials):
        if each.random_units:
            clusters.setdefault(each.cluster, []).append(at)
    freedom = sum(trials[places[0]].random_units - 1 for places in clusters.values())
    if freedom < LEAST_FREEDOM:
        return estimate, None
    groups = list(clusters.values())
    variance = sum(_variance([trials[at] for at in places], [tried[at] for at in places]) for places in groups)
    strata = [_stratum([trials[at] for at in places], [hits[at] for at in places], len(trials)) for places in groups]
    margin = student_quantile(freedom) * np.sqrt(variance) / len(trials)
    ends = stratified_interval(estimate, strata)
    low, high = np.minimum(estimate - margin, ends[:, 0]), np.maximum(estimate + margin, ends[:, 1])
    return estimate, np.stack([np.maximum(low, 0), np.minimum(high, 1)], axis=1)


def _variance(trials: Sequence[Trials], tried: Sequence[_Tried]) -> Array:
    """The jackknife variance of the sum of the hit rates on losses with the same random draws, float [trials]."""
    draws = trials[0].random_units
    left = np.array(
        [
            sum(_mean_without(each, runs, unit) for each, runs in zip(trials, tried, strict=True))
            for unit in range(draws)
        ]
    )
    variance: Array = (draws - 1) / draws * ((left - left.mean(axis=0)) ** 2).sum(axis=0)
    return variance


def _mean_without(each: Trials, tried: _Tried, unit: int) -> Array:
    """The hit rates on one loss without one of its units, float [trials]."""
    mean: Array = tried.without(unit).expected.sum(axis=0) / (each.unit != unit).sum()
    return mean


def _stratum(trials: Sequence[Trials], hits: Sequence[Array], losses: int) -> Stratum:
    """The random draws of losses with the same ones: their means by draw.

    Args:
        trials: on these losses.
        hits: expected hits, float [units, trials] for each loss.
        losses: number of all losses.
    """
    shares = [each.is_drawn.mean() / losses for each in trials]
    means = [
        part[: each.random_units] / np.bincount(each.unit)[: each.random_units, np.newaxis]
        for part, each in zip(hits, trials, strict=True)
    ]
    scores = sum(share * mean for share, mean in zip(shares, means, strict=True)) / sum(shares)
    return Stratum(float(sum(shares)), np.asarray(scores))
