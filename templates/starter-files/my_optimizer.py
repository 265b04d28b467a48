"""An example optimizer: momentum that restarts if its velocity points uphill."""

from dataclasses import dataclass
from typing import NamedTuple

import tensorflow as tf

from reportgen.optimizer import Optimizer, Search, hyperparameter
from reportgen.tensor import Tensor


class RestartedMomentumState(NamedTuple):
    """What the optimizer carries from one step to the next."""

    trace: Tensor  # shape=[dim], dtype of x: the velocity, a decaying sum of the gradients


@dataclass(frozen=True)  # the fields below are the hyperparameters; self must not store anything else
class RestartedMomentum(Optimizer):
    """Momentum that drops its velocity if the velocity points uphill."""

    # The report prints the docstring and these two; \\ starts a new line of the formula.
    formula = r"v_t = g_t + [v_{t-1} \cdot g_t \ge 0]\, \mu v_{t-1} \\ x_t = x_{t-1} - \eta\, v_t"
    source = "O'Donoghue and Candès 2015, their gradient scheme"

    # A float can differ between runs of one batch, so it must not steer an "if". A bool, int or str may.
    mu: float = hyperparameter(
        0.9,
        low=0,
        high=1,
        symbol=r"\mu",
        doc="fraction of the velocity that each step keeps",
        search=Search(0.5, 0.99, "1 - log"),  # what "reportgen build --trials 64" tries
    )

    def init(self, x):
        """The state before the first step; x has shape [dim]."""
        return RestartedMomentumState(trace=tf.zeros_like(x))

    def step(self, x, state, problem):
        """The new position and the new state, with the shapes and dtypes of the old ones."""
        _, grad = problem.value_and_gradient(x)  # at any point and as often as needed; each call is counted
        downhill = tf.tensordot(state.trace, grad, 1) >= 0  # one truth value per run, so use tf.where instead of "if"
        trace = grad + tf.where(downhill, self.mu * state.trace, tf.zeros_like(state.trace))
        return x - problem.learning_rate * trace, RestartedMomentumState(trace)
