"""An optimizer that couples the coordinates of a position, for tests of batches and of shared loops."""

from dataclasses import dataclass

import tensorflow as tf

from reportgen.optimizer import Optimizer, hyperparameter


@dataclass(frozen=True)
class Clipped(Optimizer):
    """Couples the coordinates through a norm, a dot product and a scalar in its state."""

    limit: float = hyperparameter(0.5)

    def init(self, x):
        return tf.zeros_like(x), 1.0

    def step(self, x, state, problem):
        last, shrink = state
        _, gradient = problem.value_and_gradient(x)
        gradient = tf.minimum(self.limit / tf.norm(gradient), 1.0) * gradient
        turned = tf.tensordot(gradient, last, 1) < 0.0
        shrink = tf.where(turned, shrink * 0.5, shrink)
        return x - problem.learning_rate * shrink * gradient, (gradient, shrink)
