"""All optimizers at their best rates on the same problems: what they reached, how fast, and how sure that is."""

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

    from reportgen.results.result_tables import Results


@dataclass(frozen=True)
class Leaderboard:
    """Some optimizers, and their runtimes to every target from every start; see ``contest``."""

    names: tuple[str, ...]
    t: Array
    """Gradient evaluations, infinite where a target was not reached, [problems, optimizers]."""
    loss: Array
    """Label of each problem's loss, [problems]."""
    cluster: Array
    """What losses with the same random starts have in common, [problems]."""
    unit: Array
    """What was drawn at random for it, the number of its start or of its seed, [problems]."""
    drawn: Array
    """Whether that was random, bool [problems]."""
    unit_noun: str
    """What is drawn: ``random start``, or ``noise seed`` where no two starts are random."""

    @property
    def losses(self) -> int:
        """How many losses there are."""
        return len(np.unique(self.loss))

    @property
    def random(self) -> int:
        """The most random starts (or seeds) on one loss; 0 or 1: nothing varies."""
        drawn = [self.unit[(self.loss == one) & self.drawn] for one in np.unique(self.loss)]
        return max((len(np.unique(units)) for units in drawn), default=0)

    @property
    def reached(self) -> Array:
        """The share of (start, target) pairs that each reached, every loss counting the same, [optimizers]."""
        return profile_score(self._arrived, weights=loss_weights(self.loss))

    @property
    def speed(self) -> Array:
        """The AlgoPerf-style score of each, see ``aggregate.profile_score``, [optimizers]."""
        return profile_score(self.t, weights=loss_weights(self.loss))

    @property
    def speed_by_loss(self) -> Array:
        """The same on each loss, [losses, optimizers]."""
        return loss_scores(self.t, self.loss)

    @property
    def mean_ranks(self) -> Array:
        """The mean over the losses of each one's place by that score, [optimizers]."""
        return mean_ranks(self.speed_by_loss)

    @cached_property
    def other_reached(self) -> ResampledScores | None:
        """``reached``, had other starts been drawn; None where too little varies."""
        return resampled_scores(self._arrived, self.loss, self.unit, self.drawn, self.cluster)

    @cached_property
    def other_speed(self) -> ResampledScores | None:
        """So for ``speed``."""
        return resampled_scores(self.t, self.loss, self.unit, self.drawn, self.cluster)

    def balance_reached(self, first: int, second: int) -> float:
        """``balance_speed`` by what was reached alone."""
        return self._balance(first, second, self._arrived)

    def balance_speed(self, first: int, second: int) -> float:
        """The share of random starts from which the first did better minus the share from which it did worse.

        Better is to have arrived earlier at more of the targets; every loss counts the same.
        """
        return self._balance(first, second, self.t)

    def _balance(self, first: int, second: int, t: Array) -> float:
        here = self.drawn
        if not here.any():
            return 0.0
        ahead = (t[here, first] < t[here, second]).astype(float) - (t[here, first] > t[here, second])
        keys = np.stack([self.loss[here], self.unit[here].astype(str)])
        pairs, of = np.unique(keys, axis=1, return_inverse=True)
        better = np.sign(np.bincount(of.ravel(), ahead))
        return float(np.mean([better[pairs[0] == loss].mean() for loss in np.unique(pairs[0])]))

    @property
    def _arrived(self) -> Array:
        return np.where(np.isfinite(self.t), 1.0, np.inf)


def comparable_cells(results: Results, top: pd.DataFrame) -> pd.DataFrame:
    """The rows of ``top``, made by ``ranking.best``, that can be compared.

    A loss without a known minimum has no targets, and one on which every run failed was not run: neither says anything
    of an optimizer. An optimizer all of whose runs on one of the other losses failed could not take part.
    """
    unknown = {fact["label"] for fact in results.manifest["losses"] if fact["minimum"] is None}
    lost = top["failed"] == top["runs"]
    ran = ~lost.groupby(top["loss"]).transform("all") & ~top["loss"].isin(unknown)
    broken = top.loc[ran & lost, "optimizer"].unique()
    return top[ran & ~top["optimizer"].isin(broken)]


def leaderboard(results: Results, top: pd.DataFrame, names: Sequence[str]) -> Leaderboard | None:
    """The contest of ``names`` at the cells that ``ranking.best`` chose for them; None without any.

    Every ratio is to the best of those in it: who is left out of ``names`` does not count (Gould and Scott 2016).
    Random are the starts that were drawn from the domain; where there are none, the seeds of losses with noise.
    """
    wide = best_cell_runtimes(results, top, names)
    if not len(wide.columns):
        return None
    keys = wide.index.to_frame(index=False)
    facts = {fact["label"]: fact for fact in results.manifest["losses"]}
    start, seed, loss = keys["start"].to_numpy(int), keys["seed"].to_numpy(int), keys["loss"].to_numpy(str)
    cluster = np.array([f"{facts[label].get('name', label)}/{facts[label].get('dim')}" for label in loss])
    unit, drawn, noun = start, (start >= 1) & (start <= results.manifest["config"]["starts"]["random"]), "random start"
    noisy = np.array([bool(facts[label].get("noise")) for label in loss])
    if len(np.unique(start[drawn])) < 2 and noisy.any():
        unit, drawn, noun = seed, noisy, "noise seed"
    return Leaderboard(tuple(wide.columns), wide.to_numpy(float), loss, cluster, unit, drawn, noun)
