"""An optimizer of my own: momentum that begins anew where it would climb."""

from dataclasses import dataclass

import tensorflow as tf

from reportgen.optimizer import Optimizer, hyperparameter


@dataclass(frozen=True)  # the fields below are the hyperparameters, and nothing else may be kept on self
class RestartedMomentum(Optimizer):
    """Momentum that forgets its velocity where that leads uphill."""

    # The report prints the docstring and these; \\ begins a new line of the formula.
    formula = r"v_t = g_t + [v_{t-1} \cdot g_t \ge 0]\, \mu v_{t-1} \\ x_t = x_{t-1} - \eta\, v_t"
    source = "O'Donoghue and Candès 2015, their gradient scheme"

    # A float may have other values in other runs of the same batch; a bool, int or str may not, and may steer an "if".
    mu: float = hyperparameter(0.9, low=0, high=1, symbol=r"\mu", doc="share of the velocity that is kept")

    def init(self, x):
        """What has to be remembered before the first step: here the velocity. x has shape [dim]."""
        return tf.zeros_like(x)

    def step(self, x, velocity, problem):
        """One step: the new position and what has to be remembered, with the shapes of the old ones."""
        _, gradient = problem.value_and_gradient(x)  # at any point, as often as you like: each call is counted
        downhill = tf.tensordot(velocity, gradient, 1) >= 0  # one truth value a run, so tf.where and not "if"
        velocity = gradient + tf.where(downhill, self.mu * velocity, tf.zeros_like(velocity))
        return x - problem.learning_rate * velocity, velocity
