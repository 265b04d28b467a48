"""The ranking of the optimizers, each start judged at the learning rate that the other starts choose."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from reportgen.analysis.cells import Array
from reportgen.analysis.cross_fitting import LEAST_FREEDOM, ORIGINAL, SEED, CrossFit, Resamples, cross_fit
from reportgen.analysis.score_intervals import ResampledScores, Stratum
from reportgen.analysis.scores import DECIMALS, loss_scores, loss_weights, mean_ranks, profile_areas, profile_score

if TYPE_CHECKING:
    import pandas as pd

    from reportgen.analysis.run_table import RunTable


TRIAL_GROUPS = 8
"""Groups of trials that are left out in turn, to see how much the scores depend on the trials that were drawn."""


@dataclass(frozen=True)
class Rank:
    """An optimizer's place in the ranking."""

    place: int
    optimizer: str
    tied: bool
    """Whether another optimizer has exactly the same score."""
    score: float
    """Cross-fitted hit rate, averaged over the losses."""
    leads: tuple[str, ...]
    """The losses on which no other optimizer has a higher hit rate."""


@dataclass(frozen=True)
class Leaderboard:
    """Some optimizers and their cross-fitted runtimes on every problem: a (loss, start, seed, target)."""

    names: tuple[str, ...]
    fits: tuple[CrossFit, ...]
    """One per loss."""
    tuned: bool = False
    """Whether the learning rates belong to trials of tuning, which could have been others."""

    @property
    def loss_count(self) -> int:
        """Number of losses."""
        return len(self.fits)

    @property
    def draws(self) -> int:
        """The largest number of random draws on one loss. With 0 or 1 nothing varies."""
        return max(fit.trials.draws for fit in self.fits)

    @property
    def draw_noun(self) -> str:
        """What is drawn: ``random start``, or ``noise seed`` if no two starts of any loss are random."""
        nouns = {fit.trials.noun for fit in self.fits if fit.trials.random_units}
        return "noise seed" if nouns == {"noise seed"} else "random start"

    @property
    def optimistic_losses(self) -> list[str]:
        """Labels of the losses with a single start, which the learning rate is both chosen and judged on."""
        return [fit.trials.loss for fit in self.fits if fit.trials.units == 1]

    @property
    def free_hits(self) -> float:
        """The share of problems that some run hit at its start, averaged over the losses."""
        return float(np.mean([(np.concatenate(fit.trials.times) == 0).any(axis=0).mean() for fit in self.fits]))

    @cached_property
    def loss(self) -> Array:
        """Label of each problem's loss, str [problems]."""
        return np.repeat([fit.trials.loss for fit in self.fits], [len(fit.trials.unit) for fit in self.fits])

    @cached_property
    def runtimes(self) -> Array:
        """Gradient evaluations, infinite if a target was not hit, float [problems, optimizers]."""
        return np.concatenate([fit.times for fit in self.fits])

    @property
    def hit_rates(self) -> Array:
        """Hit rate of each optimizer, averaged over the losses, float [optimizers]."""
        mean: Array = self.hit_rates_by_loss.mean(axis=0)
        return mean

    @property
    def hit_rates_by_loss(self) -> Array:
        """Hit rate on each loss, float [losses, optimizers]."""
        return np.stack([np.isfinite(fit.times).mean(axis=0) for fit in self.fits])

    @property
    def speed(self) -> Array:
        """Speed score of each optimizer, see ``scores.profile_score``, float [optimizers]."""
        return profile_score(self.runtimes, weights=loss_weights(self.loss))

    @property
    def speed_by_loss(self) -> Array:
        """Speed score on each loss, float [losses, optimizers]."""
        return loss_scores(self.runtimes, self.loss)

    @property
    def mean_ranks(self) -> Array:
        """Mean over the losses of the rank by speed score, float [optimizers]."""
        return mean_ranks(self.speed_by_loss)

    @cached_property
    def clusters(self) -> list[list[CrossFit]]:
        """The losses with random draws, those with the same draws together."""
        found: dict[str, list[CrossFit]] = {}
        for fit in self.fits:
            if fit.trials.random_units:
                found.setdefault(fit.trials.cluster, []).append(fit)
        return list(found.values())

    @property
    def freedom(self) -> int:
        """Degrees of freedom: independent random draws minus one, summed over the clusters."""
        return sum(max(fit.trials.random_units for fit in fits) - 1 for fits in self.clusters)

    @property
    def has_intervals(self) -> bool:
        """Whether there are enough random draws for intervals."""
        return self.freedom >= LEAST_FREEDOM

    @cached_property
    def resampled_hit_rates(self) -> ResampledScores | None:
        """Hit rates under other random draws; None if too little varies."""
        return self.resampled(CrossFit.hit_rates, lambda times: np.isfinite(times).astype(float))

    @cached_property
    def resampled_speed(self) -> ResampledScores | None:
        """Speed scores under other random draws; None if too little varies."""
        return self.resampled(CrossFit.speeds, profile_areas)

    def hit_balance(self, first: int, second: int) -> float:
        """As ``speed_balance``, but by hits alone."""
        return self._balance(first, second, np.where(np.isfinite(self.runtimes), 1.0, np.inf))

    def speed_balance(self, first: int, second: int) -> float:
        """Share of random draws on which the first optimizer does better minus the share on which it does worse.

        Better means earlier on more of the targets; every loss counts the same. ``first`` and ``second`` are columns.
        """
        return self._balance(first, second, self.runtimes)

    def _balance(self, first: int, second: int, t: Array) -> float:
        balances = []
        for fit in self.fits:
            here = fit.trials.is_drawn
            if here.any():
                a, b = t[self.loss == fit.trials.loss][here][:, [first, second]].T
                draw = np.unique(fit.trials.draw[here], return_inverse=True)[1]
                balances.append(np.sign(np.bincount(draw, (a < b).astype(float) - (a > b))).mean())
        return float(np.mean(balances)) if balances else 0.0

    def resampled(
        self, resample: Callable[[CrossFit], Array], score: Callable[[Array], Array]
    ) -> ResampledScores | None:
        """Scores under other random draws; None if too little varies.

        Args:
            resample: returns the scores on one loss, the first of the original starts, float [distinct resamples,
                optimizers].
            score: returns the score of each problem from runtimes, both float [problems, optimizers].
        """
        if not self.has_intervals:
            return None
        means, original = np.zeros((len(self.fits[0].drawn.of_each), len(self.names))), np.zeros(len(self.names))
        for fit in self.fits:
            distinct = resample(fit) / len(self.fits)
            means += distinct[fit.drawn.of_each]
            original += distinct[ORIGINAL]
        if self.tuned:
            noise = np.random.default_rng([SEED, len(means)]).standard_normal(means.shape)
            means += noise * self._spread_over_trials(resample)
        return ResampledScores(original, means, self.freedom, self.strata(score))

    def _spread_over_trials(self, resample: Callable[[CrossFit], Array]) -> Array:
        """The standard error of the scores if other trials had been drawn, float [optimizers].

        By a jackknife: every ``TRIAL_GROUPS``-th trial is left out in turn, on all losses. ``resample`` is as above.
        """
        groups = min(TRIAL_GROUPS, max(len(rates) for fit in self.fits for rates in fit.trials.rates))
        scores = np.zeros((groups, len(self.names)))
        for group in range(groups):
            for fit in self.fits:
                only = Resamples(fit.drawn.weights[:1], np.zeros(1, int))
                left = resample(cross_fit(fit.trials.without_rates(group, groups), only))
                scores[group] += left[ORIGINAL] / len(self.fits)
        spread: Array = np.sqrt((groups - 1) * scores.var(axis=0))
        return spread

    def strata(self, score: Callable[[Array], Array]) -> tuple[Stratum, ...]:
        """The random draws of each cluster.

        Args:
            score: returns the score of each problem, float [problems, columns], from runtimes [problems, optimizers].
        """
        return tuple(self._stratum(fits, score) for fits in self.clusters)

    def _stratum(self, fits: Sequence[CrossFit], score: Callable[[Array], Array]) -> Stratum:
        """The random draws of losses that have the same ones."""
        shares = [fit.trials.is_drawn.mean() / len(self.fits) for fit in fits]
        means = [_mean_by_draw(fit, score(fit.times)) for fit in fits]
        scores = sum(share * mean for share, mean in zip(shares, means, strict=True)) / sum(shares)
        return Stratum(float(sum(shares)), np.asarray(scores))


def _mean_by_draw(fit: CrossFit, values: Array) -> Array:
    """The mean of ``values`` [problems, optimizers] over the problems of each random draw, [draws, optimizers]."""
    here = fit.trials.is_drawn
    draw = np.unique(fit.trials.draw[here], return_inverse=True)[1]
    return np.stack([np.bincount(draw, column) / np.bincount(draw) for column in values[here].T], axis=1)


def leaderboard(
    table: RunTable, best: pd.DataFrame, names: Sequence[str], *, tuned: bool = False
) -> Leaderboard | None:
    """The leaderboard of those of ``names`` that are in ``best``; None if there are none.

    Args:
        table: the runs.
        best: rows of the (loss, optimizer) that take part.
        names: labels of optimizers.
        tuned: whether their learning rates belong to trials of tuning.
    """
    chosen = best[best["optimizer"].isin(list(names))]
    solvers = tuple(name for name in names if (chosen["optimizer"] == name).any())
    if not solvers:
        return None
    losses = sorted(chosen["loss"].unique())
    fits = (cross_fit(table.trials[label].on(solvers), table.resamples[label]) for label in losses)
    return Leaderboard(solvers, tuple(fits), tuned)


def ranking(board: Leaderboard | None) -> list[Rank]:
    """All optimizers, the best hit rate first; equal hit rates share a place."""
    if board is None:
        return []
    by_loss, scores = board.hit_rates_by_loss.round(DECIMALS), board.hit_rates.round(DECIMALS)
    most = by_loss.max(axis=1, keepdims=True)
    ahead = (by_loss == most) & (most > 0)
    ranks = [
        Rank(
            place=1 + int((scores > score).sum()),
            optimizer=name,
            tied=int((scores == score).sum()) > 1,
            score=float(score),
            leads=tuple(fit.trials.loss for fit, leads in zip(board.fits, ahead[:, column], strict=True) if leads),
        )
        for column, (name, score) in enumerate(zip(board.names, scores, strict=True))
    ]
    return sorted(ranks, key=lambda rank: -rank.score)
