"""What is tested: one difference for each start (or seed) of an optimizer on a loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from reportgen.analysis.cells import Array

UnitNoun = Literal["start", "seed"]


@dataclass(frozen=True)
class PairUnits:
    """The differences between base and head on one loss, one of each kind per unit."""

    cluster: str
    """Equal for losses that may have the same starts: their units are flipped together."""
    noun: UnitNoun
    """What a unit is."""
    number: Array
    """Number of the start or seed, int [units]."""
    effect: Array
    """Mean over the runs of the log2 ratio at equal learning rates, float [units]; positive if head is better."""
    solved: Array
    """Solved runs of head minus those of base, float [units]."""
    most_solved: int
    """Solved runs of the side that has more of them."""

    @property
    def size(self) -> float:
        """The effect: the mean over the units."""
        return float(self.effect.mean())

    @property
    def solved_share(self) -> float:
        """The change in solved runs, as a share of those of the better side: -0.1 if head solves a tenth less."""
        return float(self.solved.sum()) / max(self.most_solved, 1)


def unit_noun(starts: Array, seeds: Array, *, noisy: bool, minibatches: bool) -> UnitNoun:
    """Whether the starts or the seeds of some runs are independent draws.

    Minibatches depend on the seed alone, so all starts share them: then seeds are the units if there are several.

    Args:
        starts: number of each run's start, int [runs].
        seeds: number of each run's seed, int [runs].
        noisy: whether gradients are random.
        minibatches: whether they are those of minibatches.
    """
    several_starts, several_seeds = (len(np.unique(each)) > 1 for each in (starts, seeds))
    return "seed" if several_seeds and (minibatches or (noisy and not several_starts)) else "start"


def mean_by(number: Array, values: Array) -> Array:
    """The mean of the known values of each unit, float [units] in the order of their numbers; 0 if none is known.

    Args:
        number: of the unit that each run belongs to, int [runs].
        values: float [runs]; NaN if not known.
    """
    _, unit = np.unique(number, return_inverse=True)
    known = ~np.isnan(values)
    total, runs = np.bincount(unit, np.where(known, values, 0.0)), np.bincount(unit, known)
    means: Array = total / np.maximum(runs, 1)
    return means
