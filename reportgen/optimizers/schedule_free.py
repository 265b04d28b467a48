"""The schedule-free methods, which take gradients between the iterate and the average of all iterates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import tensorflow as tf

from reportgen.optimizer import Optimizer, Problem, Search, hyperparameter
from reportgen.optimizers.search_ranges import BETA_2, EPSILON, GRADIENT_RATE
from reportgen.tensor import Tensor

_BETA = Search(0.8, 0.98, "1 - log", source="around 0.9 to 0.98, the values of the authors' code")
_DOC = "where the gradient is taken, between the iterate (0) and the average (1)"
_NOTE = (
    "The position is the average, which is the result of the method (the authors' code shows it in evaluation mode). "
    "Gradients are taken at y. The weights of the average are the squared learning rates, so they are equal if the "
    "learning rate is constant."
)


class ScheduleFreeAdamWState(NamedTuple):
    """State of schedule-free AdamW."""

    z: Tensor  # shape=[dim], dtype of x: the iterate
    nu: Tensor  # shape=[dim], dtype of x: running mean of the squared gradient
    weight_sum: Tensor  # shape=(), float64: sum of the weights of the average


class ScheduleFreeSGDState(NamedTuple):
    """State of schedule-free gradient descent."""

    z: Tensor  # shape=[dim], dtype of x: the iterate
    weight_sum: Tensor  # shape=(), float64: sum of the weights of the average


@dataclass(frozen=True)
class ScheduleFreeAdamW(Optimizer):
    """RMSprop with an average over the whole run instead of a decaying learning rate."""

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
    default_learning_rate: ClassVar[float | None] = 0.0025

    beta_1: float = hyperparameter(0.9, low=0, high=1, symbol=r"\beta_1", doc=_DOC, search=_BETA)
    beta_2: float = hyperparameter(
        0.999, low=0, high=1, symbol=r"\beta_2", doc="decay of the square's running mean", search=BETA_2
    )
    epsilon: float = hyperparameter(1e-8, low=0, symbol=r"\epsilon", doc="avoids division by zero", search=EPSILON)
    weight_decay: float = hyperparameter(
        0.0,
        low=0,
        symbol=r"\lambda",
        doc="fraction of the position that each step subtracts, times the learning rate",
    )

    def init(self, x: Tensor) -> ScheduleFreeAdamWState:
        """The iterate starts at ``x``; the rest is zero."""
        return ScheduleFreeAdamWState(x, tf.zeros_like(x), 0.0)

    def step(self, x: Tensor, state: ScheduleFreeAdamWState, problem: Problem) -> tuple[Tensor, ScheduleFreeAdamWState]:
        """One step of the iterate, and the new average."""
        y = (1 - self.beta_1) * state.z + self.beta_1 * x
        _, grad = problem.value_and_gradient(y)
        nu = self.beta_2 * state.nu + (1 - self.beta_2) * (grad * grad)
        nu_hat = nu / (1 - self.beta_2**problem.step)
        updates = grad / (tf.sqrt(nu_hat) + self.epsilon) + self.weight_decay * y
        z = state.z - problem.learning_rate * updates
        x, weight_sum = _average(x, z, state.weight_sum, problem)
        return x, ScheduleFreeAdamWState(z, nu, weight_sum)


@dataclass(frozen=True)
class ScheduleFreeSGD(Optimizer):
    """Gradient descent with an average over the whole run instead of a decaying learning rate."""

    name: ClassVar[str] = "schedule_free_sgd"
    title: ClassVar[str] = "Schedule-free gradient descent"
    formula: ClassVar[str] = (
        r"y_t = (1-\beta)\, z_{t-1} + \beta\, x_{t-1} \\ z_t = z_{t-1} - \eta_t\, g(y_t) \\ "
        r"x_t = (1-c_t)\, x_{t-1} + c_t z_t \\ c_t = \eta_t^2 / \sum_{i=1}^{t} \eta_i^2"
    )
    source: ClassVar[str] = "Defazio et al. 2024; defaults: optax"
    verified: ClassVar[str] = "optax 0.2.8"
    learning_rate_search: ClassVar[Search] = GRADIENT_RATE
    note: ClassVar[str] = _NOTE
    default_learning_rate: ClassVar[float | None] = 1.0

    beta: float = hyperparameter(0.9, low=0, high=1, symbol=r"\beta", doc=_DOC, search=_BETA)

    def init(self, x: Tensor) -> ScheduleFreeSGDState:
        """The iterate starts at ``x``; the sum of weights is zero."""
        return ScheduleFreeSGDState(x, 0.0)

    def step(self, x: Tensor, state: ScheduleFreeSGDState, problem: Problem) -> tuple[Tensor, ScheduleFreeSGDState]:
        """One step of the iterate, and the new average."""
        y = (1 - self.beta) * state.z + self.beta * x
        _, grad = problem.value_and_gradient(y)
        z = state.z - problem.learning_rate * grad
        x, weight_sum = _average(x, z, state.weight_sum, problem)
        return x, ScheduleFreeSGDState(z, weight_sum)


def _average(x: Tensor, z: Tensor, weight_sum: Tensor, problem: Problem) -> tuple[Tensor, Tensor]:
    """The average after one more iterate, shape [dim], and the new sum of weights, a scalar."""
    weight = problem.learning_rate * problem.learning_rate
    weight_sum = weight_sum + weight
    ck = weight / weight_sum
    return (1 - ck) * x + ck * z, weight_sum
