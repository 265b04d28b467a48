"""Adan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import tensorflow as tf

from reportgen.optimizer import Optimizer, Problem, hyperparameter


@dataclass(frozen=True)
class Adan(Optimizer):
    """Adam with Nesterov's look ahead, made from the running mean of the gradient's change."""

    title: ClassVar[str] = "Adan"
    formula: ClassVar[str] = (
        r"d_t = g_t - g_{t-1} \\ m_t = \beta_1 m_{t-1} + (1-\beta_1)\, g_t \\ "
        r"v_t = \beta_2 v_{t-1} + (1-\beta_2)\, d_t \\ "
        r"n_t = \beta_3 n_{t-1} + (1-\beta_3)\, (g_t + \beta_2 d_t)^2 \\ "
        r"u_t = \frac{m_t / (1-\beta_1^t) + \beta_2 v_t / (1-\beta_2^t)}{\sqrt{n_t / (1-\beta_3^t)} + \epsilon} \\ "
        r"x_t = \frac{x_{t-1} - \eta\, u_t}{1 + \eta\, \lambda}"
    )
    source: ClassVar[str] = "Xie et al. 2024, Algorithm 1; the authors' code"
    verified: ClassVar[str] = "pytorch_optimizer 4.1"
    note: ClassVar[str] = (
        "The paper writes 1 - beta for each beta here. optax weighs the change by 1 - beta_2, "
        "where the paper and its code weigh it by beta_2. The first change is zero."
    )

    beta_1: float = hyperparameter(0.98, low=0, high=1, symbol=r"\beta_1", doc="decay of the gradient's running mean")
    beta_2: float = hyperparameter(0.92, low=0, high=1, symbol=r"\beta_2", doc="decay of the change's running mean")
    beta_3: float = hyperparameter(0.99, low=0, high=1, symbol=r"\beta_3", doc="decay of the square's running mean")
    epsilon: float = hyperparameter(1e-8, low=0, symbol=r"\epsilon", doc="keeps the quotient finite")
    weight_decay: float = hyperparameter(0.0, low=0, symbol=r"\lambda", doc="proximal weight decay")

    def init(self, x: Any) -> Any:
        """Running means of gradient, change and square, and the last gradient, each of shape [dim]."""
        zeros = tf.zeros_like(x)
        return zeros, zeros, zeros, zeros

    def step(self, x: Any, state: Any, problem: Problem) -> tuple[Any, Any]:
        """One step along the corrected means."""
        mean, trend, square, last = state
        _, gradient = problem.value_and_gradient(x)
        change = tf.where(problem.step > 1, gradient - last, 0.0)
        ahead = gradient + self.beta_2 * change
        mean = self.beta_1 * mean + (1 - self.beta_1) * gradient
        trend = self.beta_2 * trend + (1 - self.beta_2) * change
        square = self.beta_3 * square + (1 - self.beta_3) * (ahead * ahead)
        mean_hat = mean / (1 - self.beta_1**problem.step)
        trend_hat = self.beta_2 * trend / (1 - self.beta_2**problem.step)
        square_hat = square / (1 - self.beta_3**problem.step)
        direction = (mean_hat + trend_hat) / (tf.sqrt(square_hat) + self.epsilon)
        x = (x - problem.learning_rate * direction) / (1 + problem.learning_rate * self.weight_decay)
        return x, (mean, trend, square, gradient)
