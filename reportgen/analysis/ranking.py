"""The ranking of the optimizers at their best learning rates, and their scores with intervals on the same problems."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from reportgen.analysis.cells import Array
from reportgen.analysis.runtimes import best_cell_runtimes
from reportgen.analysis.scores import (
    ResampledScores,
    loss_scores,
    loss_weights,
    mean_ranks,
    profile_score,
    resampled_scores,
)

if TYPE_CHECKING:
    import pandas as pd

    from reportgen.analysis.run_table import RunTable


@dataclass(frozen=True)
class Rank:
    """An optimizer's place in the ranking."""

    place: int
    optimizer: str
    tied: bool
    """Whether another optimizer has exactly the same score."""
    score: float
    """Hit rate at its best learning rate on each loss, averaged over the losses."""
    leads: tuple[str, ...]
    """The losses on which no other optimizer has a higher hit rate."""


@dataclass(frozen=True)
class Leaderboard:
    """Some optimizers and their runtimes on every problem: a (loss, start, seed, target)."""

    names: tuple[str, ...]
    runtimes: Array
    """Gradient evaluations, infinite if a target was not hit, float [problems, optimizers]."""
    loss: Array
    """Label of each problem's loss, str [problems]."""
    cluster: Array
    """Equal for losses with the same random starts, str [problems]."""
    draw: Array
    """Number of the random draw of each problem: its start, or its seed, int [problems]."""
    is_random: Array
    """Whether that draw was random, bool [problems]."""
    draw_noun: str
    """What is drawn: ``random start``, or ``noise seed`` if no two starts are random."""

    @property
    def loss_count(self) -> int:
        """Number of losses."""
        return len(np.unique(self.loss))

    @property
    def draws(self) -> int:
        """The largest number of random draws on one loss. With 0 or 1 nothing varies."""
        numbers = [self.draw[(self.loss == one) & self.is_random] for one in np.unique(self.loss)]
        return max((len(np.unique(each)) for each in numbers), default=0)

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
    def resampled_hit_rates(self) -> ResampledScores | None:
        """Hit rates under other random draws; None if too little varies."""
        return resampled_scores(self._hit, self.loss, self.draw, self.is_random, self.cluster)

    @cached_property
    def resampled_speed(self) -> ResampledScores | None:
        """Speed scores under other random draws; None if too little varies."""
        return resampled_scores(self.runtimes, self.loss, self.draw, self.is_random, self.cluster)

    def hit_balance(self, first: int, second: int) -> float:
        """As ``speed_balance``, but by hits alone."""
        return self._balance(first, second, self._hit)

    def speed_balance(self, first: int, second: int) -> float:
        """Share of random draws on which the first optimizer does better minus the share on which it does worse.

        Better means earlier on more of the targets; every loss counts the same. ``first`` and ``second`` are columns.
        """
        return self._balance(first, second, self.runtimes)

    def _balance(self, first: int, second: int, t: Array) -> float:
        here = self.is_random
        if not here.any():
            return 0.0
        ahead = (t[here, first] < t[here, second]).astype(float) - (t[here, first] > t[here, second])
        keys = np.stack([self.loss[here], self.draw[here].astype(str)])
        pairs, pair = np.unique(keys, axis=1, return_inverse=True)
        better = np.sign(np.bincount(pair.ravel(), ahead))
        return float(np.mean([better[pairs[0] == loss].mean() for loss in np.unique(pairs[0])]))

    @property
    def _hit(self) -> Array:
        return np.where(np.isfinite(self.runtimes), 1.0, np.inf)


def leaderboard(table: RunTable, best: pd.DataFrame, names: Sequence[str]) -> Leaderboard | None:
    """The leaderboard of ``names`` at their best configurations; None if none of them has one.

    Every ratio is to the best of those that take part (Gould and Scott 2016). The random draws are the starts drawn
    from the domain; if there are none, the seeds of losses with noise.
    """
    wide = best_cell_runtimes(table, best, names)
    if not len(wide.columns):
        return None
    keys = wide.index.to_frame(index=False)
    start, seed, loss = keys["start"].to_numpy(int), keys["seed"].to_numpy(int), keys["loss"].to_numpy(str)
    infos = {info.label: info for info in table.losses}
    cluster = np.array([f"{infos[label].name}/{infos[label].dim}" for label in loss])
    draw, is_random, noun = start, (start >= 1) & (start <= table.random_starts), "random start"
    noisy = np.array([infos[label].noise is not None for label in loss])
    if len(np.unique(start[is_random])) < 2 and noisy.any():
        draw, is_random, noun = seed, noisy, "noise seed"
    return Leaderboard(tuple(wide.columns), wide.to_numpy(float), loss, cluster, draw, is_random, noun)


def ranking(best: pd.DataFrame) -> list[Rank]:
    """All optimizers, the best score first, from a table made by ``best_cells``; equal scores share a place."""
    most = best.groupby("loss")["hit_rate"].transform("max")
    leads = best[(best["hit_rate"] == most) & (most > 0)].groupby("optimizer")["loss"].agg(tuple)
    groups = {str(name): group for name, group in best.groupby("optimizer", sort=False)}
    scores = {name: round(float(group["hit_rate"].mean()), 12) for name, group in groups.items()}
    ranks = [
        Rank(
            place=1 + sum(other > score for other in scores.values()),
            optimizer=name,
            tied=list(scores.values()).count(score) > 1,
            score=score,
            leads=tuple(leads.get(name, ())),
        )
        for name, score in scores.items()
    ]
    return sorted(ranks, key=lambda rank: -rank.score)
