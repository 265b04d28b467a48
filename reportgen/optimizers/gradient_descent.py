"""Gradient descent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from reportgen.optimizer import Optimizer, Problem, Search
from reportgen.optimizers.search_ranges import GRADIENT_RATE
from reportgen.tensor import Tensor


@dataclass(frozen=True)
class GradientDescent(Optimizer):
    """Steps against the gradient."""

    title: ClassVar[str] = "Gradient descent"
    formula: ClassVar[str] = r"x_t = x_{t-1} - \eta\, g_t"
    source: ClassVar[str] = "Cauchy 1847"
    verified: ClassVar[str] = "PyTorch 2.13, optax 0.2.8, Keras 3.15, TensorFlow's kernel"
    learning_rate_search: ClassVar[Search] = GRADIENT_RATE

    def step(self, x: Tensor, state: tuple[()], problem: Problem) -> tuple[Tensor, tuple[()]]:
        """One step; there is no state."""
        _, grad = problem.value_and_gradient(x)
        return x - problem.learning_rate * grad, state
