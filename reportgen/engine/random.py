"""Seeded random numbers without state: each depends on seed, start, step and number of the call, never on the batch.

The generator is Threefry-2x32 with 20 rounds (Salmon et al. 2011): additions, rotations and exclusive or, so that every
number of the batch is computed from its own counter.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import tensorflow as tf

from reportgen.tensor import Tensor

_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_PARITY = 0x1BD11BDA


def threefry(key: tuple[Any, Any], counter: tuple[Any, Any]) -> tuple[Any, Any]:
    """Two uint32 tensors of random bits from a key and a counter, each two uint32 tensors that broadcast."""
    keys = (*key, tf.bitwise.bitwise_xor(tf.bitwise.bitwise_xor(*key), tf.constant(_PARITY, tf.uint32)))
    x, y = counter[0] + keys[0], counter[1] + keys[1]
    for group in range(5):
        for rotation in _ROTATIONS[group % 2]:
            x = x + y
            y = tf.bitwise.bitwise_xor(x, _rotated(y, rotation))
        x, y = x + keys[(group + 1) % 3], y + keys[(group + 2) % 3] + tf.constant(group + 1, tf.uint32)
    return x, y


def _rotated(x: Any, by: int) -> Any:
    left = tf.bitwise.left_shift(x, tf.constant(by, tf.uint32))
    return tf.bitwise.bitwise_or(left, tf.bitwise.right_shift(x, tf.constant(32 - by, tf.uint32)))


def key_of(seed: int, start: Any, run_seed: Any) -> tuple[Any, Any]:
    """The key of each run's random numbers, from the matrix's seed, its start and its own seed, uint32 [batch]."""
    return threefry((tf.constant(seed, tf.uint32), tf.zeros_like(start)), (start, run_seed))


class RunRandom:
    """The ``Random`` of one step of one run: draws shaped like the position."""

    def __init__(
        self, key: tuple[Tensor, Tensor], step: Tensor, like: Tensor, stream: int = 0, earlier: Tensor | None = None
    ) -> None:
        """Start the random numbers of a step.

        Args:
            key: the key of the run from ``key_of``, two uint32 [].
            step: the number of the step, int32 [].
            like: a position [dim].
            stream: 0 or 1; each stream has other numbers.
            earlier: draws of this step that were made before, int32 []; None: none.
        """
        self._key = key
        self._step = tf.cast(step, tf.uint32)
        self._dim = like.shape[0]
        self._dtype = like.dtype
        self._calls = stream << 7
        # The number of a draw has 8 bits: after 256 draws in one step, the numbers repeat.
        self._skipped = None if earlier is None else tf.bitwise.left_shift(tf.cast(earlier, tf.uint32), 24)

    def uniform(self) -> Tensor:
        """Return draws from [0, 1): 24 bits in float32, 32 in float64."""
        bits = 24 if self._dtype == tf.float32 else 32
        return tf.cast(self._bits(bits), self._dtype) * tf.constant(2.0**-bits, self._dtype)

    def normal(self) -> Tensor:
        """Return draws from the standard normal distribution, by the inverse of its distribution function."""
        bits = 23 if self._dtype == tf.float32 else 32
        # The middle of its interval, so that neither -1 nor 1 comes, where the inverse is infinite.
        centred = (tf.cast(self._bits(bits), self._dtype) + 0.5) * tf.constant(2.0 ** (1 - bits), self._dtype) - 1.0
        return tf.constant(math.sqrt(2.0), self._dtype) * tf.math.erfinv(centred)

    def signs(self) -> Tensor:
        """Return draws of -1 and 1."""
        return tf.cast(self._bits(1), self._dtype) * 2.0 - 1.0

    def _bits(self, bits: int) -> Tensor:
        """The upper ``bits`` of 32 random ones for each coordinate; the counter holds step, call and coordinate.

        int64 [dim], which converts to floating point on each device.
        """
        self._calls += 1
        call = self._calls << 24  # the coordinate takes the lower 24 bits
        counter = tf.constant(np.arange(self._dim, dtype=np.uint32) + np.uint32(call))
        if self._skipped is not None:
            counter = counter + self._skipped
        word, _ = threefry(self._key, (self._step, counter))
        return tf.cast(tf.bitwise.right_shift(word, tf.constant(32 - bits, tf.uint32)), tf.int64)
