"""What Adam and its relatives share: running means of the gradient and of its square, and their corrections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from reportgen.optimizer import Optimizer, Problem, hyperparameter


@dataclass(frozen=True)
class Moments(Optimizer):
    """Base of the rules that divide one running mean by the root of another."""

    beta_1: float = hyperparameter(0.9, low=0, high=1, symbol=r"\beta_1", doc="decay of the gradient's running mean")
    beta_2: float = hyperparameter(0.999, low=0, high=1, symbol=r"\beta_2", doc="decay of the square's running mean")
    epsilon: float = hyperparameter(1e-8, low=0, symbol=r"\epsilon", doc="keeps the quotient finite")

    def init(self, x: Any) -> Any:
        """Running means of the gradient and of its square, each of shape [dim]."""
        return tf.zeros_like(x), tf.zeros_like(x)

    def mean(self, before: Any, gradient: Any) -> Any:
        """The gradient's running mean with a new gradient in it."""
        return self.beta_1 * before + (1 - self.beta_1) * gradient

    def square(self, before: Any, gradient: Any) -> Any:
        """The running mean of the square with a new gradient in it."""
        return self.beta_2 * before + (1 - self.beta_2) * (gradient * gradient)

    def corrections(self, problem: Problem) -> tuple[Any, Any]:
        """What each running mean, begun at zero, has to be divided by."""
        return 1 - self.beta_1**problem.step, 1 - self.beta_2**problem.step
