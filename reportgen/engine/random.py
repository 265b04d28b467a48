"""Seeded random numbers without state: each depends on seed, start, step and number of the call, never on the batch.

The generator is Threefry-2x32 with 20 rounds (Salmon et al. 2011): additions, rotations and exclusive or, so that every
number of the batch is computed from its own counter.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import tensorflow as tf

from reportgen.engine.batch import Vector

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


class BatchRandom:
    """The ``Random`` of one step: draws shaped like the position."""

    def __init__(self, key: tuple[Any, Any], step: Any, like: Vector, stream: int = 0) -> None:
        """``key`` is ``key_of`` each run, ``step`` int32 []; another ``stream``, 0 or 1, has other numbers."""
        self._key = key
        self._step = tf.cast(step, tf.uint32)
        self._like = like
        self._calls = stream << 7

    def uniform(self) -> Vector:
        """Draws from [0, 1): 24 bits in float32, 32 in float64."""
        bits = 24 if self._like.dtype == tf.float32 else 32
        scale = tf.constant(2.0**-bits, self._like.dtype)
        return self._drawn(lambda word: tf.cast(_top(word, bits), self._like.dtype) * scale)

    def normal(self) -> Vector:
        """Draws of the standard normal distribution, by the inverse of its distribution function."""
        bits = 23 if self._like.dtype == tf.float32 else 32
        scale = tf.constant(2.0 ** (1 - bits), self._like.dtype)
        root = tf.constant(math.sqrt(2.0), self._like.dtype)

        def draw(word: Any) -> Any:
            # The middle of its interval, so that neither -1 nor 1 comes, where the inverse is infinite.
            centred = (tf.cast(_top(word, bits), self._like.dtype) + 0.5) * scale - 1.0
            return root * tf.math.erfinv(centred)

        return self._drawn(draw)

    def signs(self) -> Vector:
        """Draws of -1 and 1."""
        return self._drawn(lambda word: tf.cast(_top(word, 1), self._like.dtype) * 2.0 - 1.0)

    def _drawn(self, draw: Any) -> Vector:
        """``draw`` of 32 random bits for each coordinate; the counter holds step, call and coordinate."""
        self._calls += 1
        call = self._calls << 24  # the coordinate takes the lower 24 bits
        if self._like.block:
            index = np.arange(len(self._like), dtype=np.uint32)[:, np.newaxis] + np.uint32(call)
            return Vector((draw(self._bits(tf.constant(index))),))
        return Vector(tuple(draw(self._bits(tf.constant(call + i, tf.uint32))) for i in range(len(self._like))))

    def _bits(self, counter: Any) -> Any:
        return threefry(self._key, (self._step, counter))[0]


def _top(word: Any, bits: int) -> Any:
    """The upper ``bits`` of 32, as int64, which converts to floating point everywhere."""
    return tf.cast(tf.bitwise.right_shift(word, tf.constant(32 - bits, tf.uint32)), tf.int64)
