"""Learning-rate schedules: the share of the given rate that each step of a run is made with."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import tensorflow as tf

WARMUP = 0.05
"""Share of the steps over which ``warmup_cosine`` rises."""


def share(schedule: str, step: Any, steps: int) -> Any:
    """The factor, float64 [], of a schedule that is not constant, at ``step`` (1 to ``steps``, a float64 tensor)."""
    return _SHARES[schedule](step - 1.0, float(steps))


def _cosine(done: Any, steps: float) -> Any:
    """Half a cosine from 1 to 0 (Loshchilov and Hutter 2017)."""
    return 0.5 * (1.0 + tf.cos(math.pi * done / steps))


def _linear(done: Any, steps: float) -> Any:
    return 1.0 - done / steps


def _step(done: Any, steps: float) -> Any:
    """A tenth from half of the steps on, and a hundredth from three quarters on (He et al. 2016)."""
    late = tf.where(done < 0.75 * steps, tf.constant(0.1, tf.float64), 0.01)
    return tf.where(done < 0.5 * steps, tf.constant(1.0, tf.float64), late)


def _warmup_cosine(done: Any, steps: float) -> Any:
    """A line up to 1 over the first steps, then half a cosine down to 0 (Goyal et al. 2017)."""
    rising = max(math.ceil(WARMUP * steps), 1)
    return tf.where(done < rising, (done + 1.0) / rising, _cosine(done - rising, max(steps - rising, 1.0)))


_SHARES: dict[str, Callable[[Any, float], Any]] = {
    "cosine": _cosine,
    "linear": _linear,
    "step": _step,
    "warmup_cosine": _warmup_cosine,
}
