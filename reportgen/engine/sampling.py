"""The steps at which a run is sampled: the same for every run, dense early, geometric later, the last always."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def trace_steps(steps: int, points: int) -> npt.NDArray[np.int32]:
    """At most ``points`` increasing steps from 1 to ``steps``; step 0, the start, is sampled besides.

    The first quarter of the points is every step from 1; the rest grows by a constant factor up to ``steps``.
    """
    if steps <= points:
        return np.arange(1, steps + 1, dtype=np.int32)
    dense = max(points // 4, 1)
    later = np.geomspace(dense + 1, steps, points - dense)
    # Rounding makes neighbours equal where the factor is small: push them apart, one step at least.
    chosen = np.concatenate([np.arange(1, dense + 1), np.rint(later)])
    chosen = np.maximum.accumulate(chosen - np.arange(points)) + np.arange(points)
    sampled: npt.NDArray[np.int32] = np.minimum(chosen, steps - np.arange(points)[::-1]).astype(np.int32)
    return sampled
