"""All optimizers at their best rates on the same problems: what they reached, how fast, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from reportgen.analysis.aggregate import (
    Resampled,
    loss_scores,
    loss_weights,
    mean_ranks,
    profile_score,
    resampled_scores,
)
from reportgen.analysis.cells import Array
from reportgen.analysis.runtimes import matrix_of, only_cells, runtimes

if TYPE_CHECKING:
    import pandas as pd

    from reportgen.results.read import Results


@dataclass(frozen=True)
class Contest:
    """Some optimizers, and their runtimes to every target from every start; see ``contest``."""

    names: tuple[str, ...]
    t: Array
    """Gradient evaluations, infinite where a target was not reached, [problems, optimizers]."""
    loss: Array
    """Label of each problem's loss, [problems]."""
    unit: Array
    """What was drawn at random for it, the number of its start or of its seed, [problems]."""
    drawn: Array
    """Whether that was random, bool [problems]."""

    @property
    def losses(self) -> int:
        """How many losses there are."""
        return len(np.unique(self.loss))

    @property
    def random(self) -> int:
        """The most random starts (or seeds) on one loss; 0 or 1: nothing varies."""
        return max(
            (len(np.unique(self.unit[(self.loss == one) & self.drawn])) for one in np.unique(self.loss)), default=0
        )

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
    def other_reached(self) -> Resampled | None:
        """``reached``, had other starts been drawn; None where nothing random varies."""
        return resampled_scores(self._arrived, self.loss, self.unit, self.drawn)

    @cached_property
    def other_speed(self) -> Resampled | None:
        """So for ``speed``."""
        return resampled_scores(self.t, self.loss, self.unit, self.drawn)

    def balance(self, first: int, second: int, t: Array) -> float:
        """The share of starts on which the first did better by ``t`` minus the share on which it did worse.

        Of a start, better is to have arrived earlier at more of its targets than the other.
        """
        ahead = (t[:, first] < t[:, second]).astype(float) - (t[:, first] > t[:, second])
        pairs = np.unique(np.stack([self.loss, self.unit.astype(str)]), axis=1, return_inverse=True)[1]
        return float(np.sign(np.bincount(pairs, ahead)).mean())

    @property
    def _arrived(self) -> Array:
        return np.where(np.isfinite(self.t), 1.0, np.inf)

    def balance_reached(self, first: int, second: int) -> float:
        """``balance`` by what was reached alone."""
        return self.balance(first, second, self._arrived)

    def balance_speed(self, first: int, second: int) -> float:
        """``balance`` by runtimes."""
        return self.balance(first, second, self.t)


def contest(results: Results, top: pd.DataFrame, names: Sequence[str]) -> Contest | None:
    """The contest of ``names`` at the cells that ``ranking.best`` chose for them; None without any.

    Every ratio is to the best of those in it: who is left out of ``names`` does not count (Gould and Scott 2016).
    Random are the starts that were drawn from the domain; where there are none, the seeds of losses with noise.
    """
    if not len(names) or top.empty:
        return None
    mine = top[top["optimizer"].isin(list(names))]
    wide = matrix_of(runtimes(only_cells(results, mine), "gradient_evaluations"), names)
    keys = wide.index.to_frame(index=False)
    start, seed = keys["start"].to_numpy(int), keys["seed"].to_numpy(int)
    drawn = (start >= 1) & (start <= results.manifest["config"]["starts"]["random"])
    if not drawn.any():
        noisy = [fact["label"] for fact in results.manifest["losses"] if fact.get("noise")]
        start, drawn = seed, keys["loss"].isin(noisy).to_numpy(bool)
    return Contest(tuple(names), wide.to_numpy(float), keys["loss"].to_numpy(str), start, drawn)
