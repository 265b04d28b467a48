"""TensorFlow's own update kernels, run live: ``rule`` is the name of one in tf.raw_ops, without ``ResourceApply``."""

from __future__ import annotations

import inspect
from itertools import pairwise
from typing import Any

import tensorflow as tf
from optimizer_cases import Oracle

from oracles.gradients import Run

SLOTS = ("accum", "accum_update", "linear", "m", "v", "mg", "ms", "mom")
"""The kernels' names for what they carry; ``arguments`` may give its initial value, which else is 0."""


def trajectories(oracle: Oracle, rate: float, runs: list[Run], steps: int) -> list[list[list[float]]]:
    """The positions of each run after each step; one kernel steps all coordinates of all runs."""
    ends = [0]
    for run in runs:
        ends.append(ends[-1] + len(run.start))
    point = [x for run in runs for x in run.start]
    kernel = _Kernel(oracle, rate, point)
    positions: list[list[list[float]]] = [[] for _ in runs]
    for step in range(1, steps + 1):
        parts = [point[begin:end] for begin, end in pairwise(ends)]
        slopes = [slope for run, part in zip(runs, parts, strict=True) for slope in run.gradient(part)]
        point = kernel(slopes, step)
        for seen, (begin, end) in zip(positions, pairwise(ends), strict=True):
            seen.append(point[begin:end])
    return positions


class _Kernel:
    def __init__(self, oracle: Oracle, rate: float, start: list[float]) -> None:
        self._apply = getattr(tf.raw_ops, f"ResourceApply{oracle.rule}")
        self._x = tf.Variable(start, dtype=tf.float64)
        wanted = set(inspect.signature(self._apply).parameters) - {"use_locking", "name"}
        initial = {name: oracle.arguments.get(name, 0.0) for name in SLOTS if name in wanted}
        slots = {name: tf.Variable(tf.fill(self._x.shape, tf.constant(x, tf.float64))) for name, x in initial.items()}
        self._fixed: dict[str, Any] = {"var": self._x.handle} | {name: slot.handle for name, slot in slots.items()}
        self._slots = slots  # a variable that nothing holds is freed, handle or not
        numbers = {name: x for name, x in oracle.arguments.items() if name not in slots}
        self._fixed |= {name: x if isinstance(x, bool) else tf.constant(x, tf.float64) for name, x in numbers.items()}
        self._fixed["alpha" if "alpha" in wanted else "lr"] = tf.constant(rate, tf.float64)
        self._gradient = "delta" if "delta" in wanted else "grad"
        self._decays = {name: oracle.arguments[name] for name in ("beta1", "beta2") if f"{name}_power" in wanted}

    def __call__(self, slopes: list[float], step: int) -> list[float]:
        """The position after one step along ``slopes``."""
        powers = {f"{name}_power": tf.constant(decay**step, tf.float64) for name, decay in self._decays.items()}
        self._apply(**self._fixed, **powers, **{self._gradient: tf.constant(slopes, tf.float64)})
        return self._x.numpy().tolist()
