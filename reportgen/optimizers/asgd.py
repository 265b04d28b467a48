"""Averaged gradient descent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import tensorflow as tf

from reportgen.optimizer import Optimizer, Problem, Search, hyperparameter
from reportgen.optimizers.search_ranges import AROUND_DEFAULT, GRADIENT_RATE
from reportgen.tensor import Tensor


class ASGDState(NamedTuple):
    """State of averaged gradient descent."""

    z: Tensor  # shape=[dim], dtype of x: the iterate, at which gradients are taken


@dataclass(frozen=True)
class ASGD(Optimizer):
    """Gradient descent with a decaying learning rate; the result is the average of all iterates."""

    name: ClassVar[str] = "asgd"
    title: ClassVar[str] = "Averaged gradient descent"
    formula: ClassVar[str] = (
        r"\eta_t = \frac{\eta}{(1 + \lambda\, \eta\, (t-1))^{\alpha}} \\ "
        r"z_t = (1 - \lambda\, \eta_t)\, z_{t-1} - \eta_t\, g(z_{t-1}) \\ "
        r"x_t = x_{t-1} + \frac{z_t - x_{t-1}}{\max(1, t-1-t_0)}"
    )
    source: ClassVar[str] = "Polyak and Juditsky 1992; rates and defaults: PyTorch"
    verified: ClassVar[str] = "PyTorch 2.13"
    learning_rate_search: ClassVar[Search] = GRADIENT_RATE
    note: ClassVar[str] = (
        "The position is the average, which PyTorch stores as ax next to its parameters. Gradients are taken at the "
        "iterate z. Up to step t_0 + 2 both are equal."
    )
    default_learning_rate: ClassVar[float | None] = 0.01

    decay: float = hyperparameter(
        1e-4,
        low=0,
        symbol=r"\lambda",
        doc="weight decay, and how soon the learning rate decays",
        search=Search(1e-6, 0.01, source=AROUND_DEFAULT),
    )
    power: float = hyperparameter(
        0.75,
        low=0,
        symbol=r"\alpha",
        doc="how fast the learning rate decays",
        search=Search(0.5, 1.0, "linear", source="Polyak and Juditsky 1992: between 1/2 and 1"),
    )
    average_from: float = hyperparameter(
        0.0,
        low=0,
        symbol="t_0",
        doc="steps before averaging begins",
        source="Polyak and Juditsky 1992; PyTorch waits for a million steps",
        search=Search(0.0, 1000.0, "linear", source="from the start to half of the default number of steps"),
    )

    def init(self, x: Tensor) -> ASGDState:
        """The iterate starts at ``x``."""
        return ASGDState(x)

    def step(self, x: Tensor, state: ASGDState, problem: Problem) -> tuple[Tensor, ASGDState]:
        """One step of the iterate, and the new average."""
        _, grad = problem.value_and_gradient(state.z)
        count = problem.step - 1
        learning_rate = problem.learning_rate / (1 + self.decay * problem.learning_rate * count) ** self.power
        z = (1 - self.decay * learning_rate) * state.z - learning_rate * grad
        return x + (z - x) / tf.maximum(count - self.average_from, 1.0), ASGDState(z)
