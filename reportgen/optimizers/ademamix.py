"""AdEMAMix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import tensorflow as tf

from reportgen.optimizer import Problem, hyperparameter
from reportgen.optimizers.moments import Moments


@dataclass(frozen=True)
class AdEMAMix(Moments):
    """Adam with a second, slow running mean of the gradient added to the first."""

    name: ClassVar[str] = "ademamix"
    title: ClassVar[str] = "AdEMAMix"
    formula: ClassVar[str] = (
        r"m_t = \beta_1 m_{t-1} + (1-\beta_1)\, g_t \\ s_t = \beta_3 s_{t-1} + (1-\beta_3)\, g_t \\ "
        r"v_t = \beta_2 v_{t-1} + (1-\beta_2)\, g_t^2 \\ "
        r"x_t = x_{t-1} - \eta\, \frac{m_t / (1-\beta_1^t) + \alpha\, s_t}{\sqrt{v_t / (1-\beta_2^t)} + \epsilon}"
    )
    source: ClassVar[str] = "Pagliardini, Ablin and Grangier 2024"
    verified: ClassVar[str] = "optax 0.2.8, pytorch_optimizer 4.1"
    note: ClassVar[str] = (
        "Without the paper's optional warm-up of alpha and beta_3, as optax and pytorch_optimizer do by default. "
        "The slow mean is not corrected for its start at zero."
    )

    beta_3: float = hyperparameter(0.9999, low=0, high=1, symbol=r"\beta_3", doc="decay of the slow running mean")
    alpha: float = hyperparameter(5.0, low=0, symbol=r"\alpha", doc="weight of the slow mean")

    def init(self, x: Any) -> Any:
        """Fast and slow running means of the gradient, and that of its square, each of shape [dim]."""
        zeros = tf.zeros_like(x)
        return zeros, zeros, zeros

    def step(self, x: Any, state: Any, problem: Problem) -> tuple[Any, Any]:
        """One step along the sum of both means."""
        fast, slow, square = state
        _, gradient = problem.value_and_gradient(x)
        fast, square = self.mean(fast, gradient), self.square(square, gradient)
        slow = self.beta_3 * slow + (1 - self.beta_3) * gradient
        of_fast, of_square = self.corrections(problem)
        mixed = fast / of_fast + self.alpha * slow
        return x - problem.learning_rate * mixed / (tf.sqrt(square / of_square) + self.epsilon), (fast, slow, square)
