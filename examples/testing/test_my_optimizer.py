"""Tests of an optimizer, for a test suite with pytest."""

from dataclasses import dataclass
from typing import NamedTuple

import tensorflow as tf

from reportgen.optimizer import Optimizer, hyperparameter
from reportgen.testing import assert_converges, assert_not_worse, assert_same_steps


class Velocity(NamedTuple):
    """The state of ``HeavyBall``."""

    velocity: tf.Tensor


@dataclass(frozen=True)
class HeavyBall(Optimizer):
    """The optimizer under test."""

    decay: float = hyperparameter(0.9)

    def init(self, x):
        return Velocity(tf.zeros_like(x))

    def step(self, x, state, problem):
        _, gradient = problem.value_and_gradient(x)
        velocity = self.decay * state.velocity + gradient
        return x - problem.learning_rate * velocity, Velocity(velocity)


def test_it_converges():
    assert_converges(HeavyBall, losses=["quartic", "rosenbrock"])


def test_it_is_not_worse_than_gradient_descent():
    assert_not_worse(HeavyBall, than="gradient_descent")


def test_it_makes_the_steps_of_momentum():
    assert_same_steps(HeavyBall(decay=0.9), "momentum")
