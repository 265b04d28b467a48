"""The anytime score: the area under the runtime profile over the logarithm of the budget."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from reportgen.analysis.cells import Array
from reportgen.analysis.ranking import Leaderboard
from reportgen.analysis.scores import loss_weights


@dataclass(frozen=True)
class AnytimeScores:
    """The anytime scores of the optimizers of a leaderboard."""

    scores: Array
    """float [optimizers], 0 to 1."""
    intervals: Array | None
    """95 % intervals, float [optimizers, 2]; None if too little varies."""


def anytime_areas(t: Array, budget: float) -> Array:
    """What each problem adds to the area, float of the shape of ``t``, 0 to 1.

    It is 1 - log(t + 1) / log(budget + 1): 1 if the target was hit at the start, 0 if not within ``budget``.

    Args:
        t: gradient evaluations, infinite if a target was not hit.
        budget: where the area ends, larger than 0.
    """
    area: Array = np.clip(1 - np.log1p(t) / np.log1p(budget), 0.0, 1.0)
    return area


def anytime_scores(board: Leaderboard, budget: float) -> AnytimeScores:
    """The normalised area under the runtime profile of each optimizer over log(b + 1), for b from 0 to ``budget``.

    With F(b) the share of problems that were solved within b gradient evaluations, the score is the integral of F(b)
    d log(b + 1) divided by log(budget + 1). F is a step function, so this is the mean of ``anytime_areas``. One minus
    the score is the mean logarithmic runtime in units of log(budget + 1), with unsolved problems counted as
    ``budget``. Hansen et al. 2022, "Anytime Performance Assessment in Blackbox Optimization Benchmarking", IEEE
    Transactions on Evolutionary Computation 26.

    Args:
        board: the leaderboard.
        budget: the right end of the profile, in gradient evaluations.
    """
    areas = partial(anytime_areas, budget=budget)
    resampled = board.resampled(lambda fit: fit.means(areas), areas)
    scores = np.average(areas(board.runtimes), axis=0, weights=loss_weights(board.loss))
    return AnytimeScores(scores, resampled.intervals() if resampled else None)
