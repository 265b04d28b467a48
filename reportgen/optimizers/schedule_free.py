"""The schedule-free methods: gradients at a point between the iterate and the average of all iterates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import tensorflow as tf

from reportgen.optimizer import Optimizer, Problem, hyperparameter

_DOC = "place of the gradient between the iterate (0) and the average (1)"
_NOTE = (
    "The position is the average, which is the method's result (which the authors' code shows in evaluation mode); "
    "gradients are taken at y. The weights of the average are the squared rates: equal where the rate is constant."
)


@dataclass(frozen=True)
class ScheduleFreeAdamW(Optimizer):
    """RMSprop's steps, averaged over the whole run in place of a decaying rate."""

    name: ClassVar[str] = "schedule_free_adamw"
    title: ClassVar[str] = "Schedule-free AdamW"
    formula: ClassVar[str] = (
        r"y_t = (1-\beta_1)\, z_{t-1} + \beta_1 x_{t-1} \\ v_t = \beta_2 v_{t-1} + (1-\beta_2)\, g(y_t)^2 \\ "
        r"z_t = z_{t-1} - \eta_t \left( \frac{g(y_t)}{\sqrt{v_t / (1-\beta_2^t)} + \epsilon} + \lambda y_t \right) \\ "
        r"x_t = (1-c_t)\, x_{t-1} + c_t z_t \\ c_t = \eta_t^2 / \sum_{i=1}^{t} \eta_i^2"
    )
    source: ClassVar[str] = "Defazio et al. 2024, Algorithm 1; defaults: optax"
    verified: ClassVar[str] = "optax 0.2.8"
    note: ClassVar[str] = _NOTE

    beta_1: float = hyperparameter(0.9, low=0, high=1, symbol=r"\beta_1", doc=_DOC)
    beta_2: float = hyperparameter(0.999, low=0, high=1, symbol=r"\beta_2", doc="decay of the square's running mean")
    epsilon: float = hyperparameter(1e-8, low=0, symbol=r"\epsilon", doc="keeps the quotient finite")
    weight_decay: float = hyperparameter(0.0, low=0, symbol=r"\lambda", doc="share of the position taken off")

    def init(self, x: Any) -> Any:
        """The iterate and the running mean of the squared gradient, each of shape [dim], and the sum of weights."""
        return x, tf.zeros_like(x), 0.0

    def step(self, x: Any, state: Any, problem: Problem) -> tuple[Any, Any]:
        """One step of the iterate, and the average with it."""
        iterate, square, weights = state
        between = (1 - self.beta_1) * iterate + self.beta_1 * x
        _, gradient = problem.value_and_gradient(between)
        square = self.beta_2 * square + (1 - self.beta_2) * (gradient * gradient)
        square_hat = square / (1 - self.beta_2**problem.step)
        direction = gradient / (tf.sqrt(square_hat) + self.epsilon) + self.weight_decay * between
        iterate = iterate - problem.learning_rate * direction
        x, weights = _averaged(x, iterate, weights, problem)
        return x, (iterate, square, weights)


@dataclass(frozen=True)
class ScheduleFreeSGD(Optimizer):
    """Gradient descent, averaged over the whole run in place of a decaying rate."""

    name: ClassVar[str] = "schedule_free_sgd"
    title: ClassVar[str] = "Schedule-free gradient descent"
    formula: ClassVar[str] = (
        r"y_t = (1-\beta)\, z_{t-1} + \beta\, x_{t-1} \\ z_t = z_{t-1} - \eta_t\, g(y_t) \\ "
        r"x_t = (1-c_t)\, x_{t-1} + c_t z_t \\ c_t = \eta_t^2 / \sum_{i=1}^{t} \eta_i^2"
    )
    source: ClassVar[str] = "Defazio et al. 2024; defaults: optax"
    verified: ClassVar[str] = "optax 0.2.8"
    note: ClassVar[str] = _NOTE

    beta: float = hyperparameter(0.9, low=0, high=1, symbol=r"\beta", doc=_DOC)

    def init(self, x: Any) -> Any:
        """The iterate, shape [dim], and the sum of weights."""
        return x, 0.0

    def step(self, x: Any, state: Any, problem: Problem) -> tuple[Any, Any]:
        """One step of the iterate, and the average with it."""
        iterate, weights = state
        _, gradient = problem.value_and_gradient((1 - self.beta) * iterate + self.beta * x)
        iterate = iterate - problem.learning_rate * gradient
        x, weights = _averaged(x, iterate, weights, problem)
        return x, (iterate, weights)


def _averaged(x: Any, iterate: Any, weights: Any, problem: Problem) -> tuple[Any, Any]:
    """The average with one iterate more, and the new sum of weights."""
    weight = problem.learning_rate * problem.learning_rate
    weights = weights + weight
    share = weight / weights
    return (1 - share) * x + share * iterate, weights
