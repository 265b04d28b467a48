"""AdaHessian."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import tensorflow as tf

from reportgen.optimizer import Problem, hyperparameter
from reportgen.optimizers.moments import Moments


@dataclass(frozen=True)
class AdaHessian(Moments):
    """Adam with the Hessian's diagonal where Adam has the gradient in the second moment."""

    name: ClassVar[str] = "adahessian"
    title: ClassVar[str] = "AdaHessian"
    formula: ClassVar[str] = (
        r"m_t = \beta_1 m_{t-1} + (1-\beta_1)\, g_t \\ "
        r"v_t = \beta_2 v_{t-1} + (1-\beta_2) \operatorname{diag}(\nabla^2 f(x_{t-1}))^2 \\ "
        r"x_t = x_{t-1} - \eta\, \frac{m_t / (1-\beta_1^t)}{\sqrt{v_t / (1-\beta_2^t)} + \epsilon}"
    )
    source: ClassVar[str] = "Yao et al. 2021, Algorithm 2; defaults: the authors' code"
    verified: ClassVar[str] = "pytorch_optimizer 4.1"
    note: ClassVar[str] = (
        "The diagonal is exact where the paper estimates it from random vectors; the Hessian power is 1, and nothing "
        "is averaged over neighbouring coordinates."
    )

    epsilon: float = hyperparameter(1e-4, low=0, symbol=r"\epsilon", doc="keeps the quotient finite")

    def step(self, x: Any, state: Any, problem: Problem) -> tuple[Any, Any]:
        """One step along the corrected means."""
        mean, square = state
        _, gradient = problem.value_and_gradient(x)
        diagonal = tf.linalg.diag_part(problem.hessian(x))
        mean, square = self.mean(mean, gradient), self.square(square, diagonal)
        of_mean, of_square = self.corrections(problem)
        return x - problem.learning_rate * (mean / of_mean) / (tf.sqrt(square / of_square) + self.epsilon), (
            mean,
            square,
        )
