"""Minibatches: which samples of its data a loss is the mean over at each step.

As a data loader does, all samples are shuffled and dealt out, and shuffled again when there are not enough left for
another minibatch. The order depends on the seeds alone, so that every optimizer sees the same minibatches.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from reportgen.engine.result import Array

EPOCHS = 64
"""After so many passes over the data their order begins anew."""


def order(samples: int, size: int, seed: int, seeds: int) -> Array:
    """The samples of each minibatch, int32 [minibatches, size, seeds], for each of ``seeds`` seeds of runs."""
    each = samples // size
    draws = [np.random.default_rng([seed, run_seed]) for run_seed in range(seeds)]
    epochs = [[draw.permutation(samples)[: each * size] for _ in range(EPOCHS)] for draw in draws]
    dealt: Array = np.array(epochs, np.int32).reshape(seeds, EPOCHS * each, size)
    return np.moveaxis(dealt, 0, -1)


def minibatches(noise: Mapping[str, float], samples: int, seed: int, seeds: int, run_seed: Any) -> Minibatches | None:
    """Those that a loss of ``samples`` samples with this ``noise`` is seen in; None where it is no matter of them."""
    size = noise.get("batch_size")
    return Minibatches(order(samples, int(size), seed, seeds), run_seed) if size else None


@dataclass(frozen=True)
class Minibatches:
    """The minibatches of all runs of a batch."""

    order: Array
    """What ``order`` gives."""
    seed: Any
    """That of each run, uint32 [batch]."""

    def at(self, step: Any) -> Any:
        """The samples that each run sees at a step, int32 []: int32 [size, batch]."""
        now = tf.gather(tf.constant(self.order), (step - 1) % len(self.order))
        return tf.gather(now, tf.cast(self.seed, tf.int32), axis=-1)
