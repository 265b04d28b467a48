"""Momentum as in TensorFlow's guide "Optimizers with Core APIs"; reportgen runs the class unchanged."""

from __future__ import annotations

from typing import Any

import tensorflow as tf


class GuideMomentum(tf.Module):
    """Momentum with the learning rate in its velocity; updates one variable after another."""

    def __init__(self, learning_rate: float = 1e-3, momentum: float = 0.7) -> None:
        super().__init__()
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.change: Any = 0.0

    def apply_gradients(self, grads: Any, variables: Any) -> None:
        """Update the variables in place."""
        for grad, variable in zip(grads, variables, strict=True):
            step = self.learning_rate * grad + self.momentum * self.change
            self.change = step
            variable.assign_sub(step)
