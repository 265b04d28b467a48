"""FTRL-Proximal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import tensorflow as tf

from reportgen.optimizer import Optimizer, Problem, Search, hyperparameter
from reportgen.optimizers.search_ranges import ACCUMULATOR, AROUND_DEFAULT
from reportgen.tensor import Tensor


class FtrlState(NamedTuple):
    """State of FTRL-Proximal."""

    sum_of_squares: Tensor  # shape=[dim], dtype of x: sum of the squared gradients
    linear: Tensor  # shape=[dim], dtype of x: coefficients of the linear term


@dataclass(frozen=True)
class Ftrl(Optimizer):
    """Minimizes the sum of all losses so far, linearized, plus proximal terms that make x sparse."""

    title: ClassVar[str] = "FTRL-Proximal"
    formula: ClassVar[str] = (
        r"a_t = a_{t-1} + g_t^2 \\ z_t = z_{t-1} + g_t - \frac{a_t^{-p} - a_{t-1}^{-p}}{\eta}\, x_{t-1} \\ "
        r"x_t = \frac{\mathrm{clip}(z_t, -\lambda_1, \lambda_1) - z_t}{(a_t^{-p} + \beta) / \eta + 2 \lambda_2}"
    )
    source: ClassVar[str] = "McMahan et al. 2013; the initial accumulator: Keras"
    verified: ClassVar[str] = "Keras 3.15, TensorFlow's kernel"
    note: ClassVar[str] = (
        "It forgets the start: the first step pulls x towards the origin, and more strongly if the first gradient is "
        "small. As in Keras, the quadratic term is twice lambda_2."
    )
    default_learning_rate: ClassVar[float | None] = 0.001  # Keras

    learning_rate_power: float = hyperparameter(
        -0.5,
        high=0,
        symbol="p",
        doc="exponent of the accumulator in the effective learning rate",
        search=Search(-0.9, -0.1, "linear", source=AROUND_DEFAULT),
    )
    initial_accumulator: float = hyperparameter(
        0.1, low=0, symbol="a_0", doc="initial sum of squared gradients", search=ACCUMULATOR
    )
    l1: float = hyperparameter(0.0, low=0, symbol=r"\lambda_1", doc="weight of the L1 penalty, which makes x sparse")
    l2: float = hyperparameter(0.0, low=0, symbol=r"\lambda_2", doc="weight of the L2 penalty")
    beta: float = hyperparameter(
        0.0,
        low=0,
        symbol=r"\beta",
        doc="added to the accumulator's power",
        source="Keras",
        search=Search(0.0, 1.0, "linear", source="from 0, as in Keras, to 1, as in McMahan et al. 2013"),
    )

    def init(self, x: Tensor) -> FtrlState:
        """The sum starts at ``initial_accumulator``, the linear term at zero."""
        return FtrlState(tf.zeros_like(x) + self.initial_accumulator, tf.zeros_like(x))

    def step(self, x: Tensor, state: FtrlState, problem: Problem) -> tuple[Tensor, FtrlState]:
        """The minimizer of the linear term plus the proximal terms."""
        _, grad = problem.value_and_gradient(x)
        power, before = -self.learning_rate_power, state.sum_of_squares
        sum_of_squares = before + grad * grad
        linear = state.linear + grad - (sum_of_squares**power - before**power) / problem.learning_rate * x
        quadratic = (sum_of_squares**power + self.beta) / problem.learning_rate + 2 * self.l2
        clipped = tf.minimum(tf.maximum(linear, -self.l1), self.l1)
        return (clipped - linear) / quadratic, FtrlState(sum_of_squares, linear)
