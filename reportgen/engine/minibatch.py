"""Minibatches: which samples of its data a loss is the mean over at each step.

As a data loader does, all samples are shuffled and dealt out, and shuffled again when there are not enough left for
another minibatch. The order depends on the seeds alone, so that every optimizer sees the same minibatches.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from reportgen.engine.result import Array
from reportgen.plan import Program
from reportgen.tensor import Tensor

EPOCHS = 64
"""After so many passes over the data their order begins anew."""


def order(samples: int, size: int, seed: int, seeds: int, steps: int) -> Array:
    """The samples of each minibatch, int32 [minibatches, size, seeds], for each of ``seeds`` seeds of runs.

    There are as many minibatches as ``steps`` need, or those of all passes.
    """
    each = samples // size
    epochs = min(EPOCHS, -(-steps // each))
    draws = [np.random.default_rng([seed, run_seed]) for run_seed in range(seeds)]
    passes = [[draw.permutation(samples)[: each * size] for _ in range(epochs)] for draw in draws]
    dealt: Array = np.array(passes, np.int32).reshape(seeds, epochs * each, size)
    return np.moveaxis(dealt, 0, -1)


def order_of(program: Program, samples: int) -> Array | None:
    """The order in which a program sees the ``samples`` of its loss; None where it sees all at each step."""
    size, settings = program.noise.batch_size if program.noise else None, program.settings
    return order(samples, int(size), settings.seed, program.seeds, settings.steps) if size else None


@dataclass(frozen=True)
class Minibatches:
    """The minibatches of all runs of a loop."""

    order: Tensor
    """What ``order`` gives, as a tensor."""
    seed: Tensor
    """That of each run, uint32 [runs]."""

    def at(self, step: Tensor) -> Tensor:
        """Return the samples that each run sees at a step, int32 []: int32 [runs, size]."""
        now = tf.gather(self.order, (step - 1) % self.order.shape[0])
        return tf.transpose(tf.gather(now, tf.cast(self.seed, tf.int32), axis=-1))
