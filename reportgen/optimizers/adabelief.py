"""AdaBelief."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import tensorflow as tf

from reportgen.optimizer import Problem, hyperparameter
from reportgen.optimizers.moments import Moments


@dataclass(frozen=True)
class AdaBelief(Moments):
    """Adam that measures how far gradients are from their mean: where they are as expected, steps are long."""

    name: ClassVar[str] = "adabelief"
    title: ClassVar[str] = "AdaBelief"
    formula: ClassVar[str] = (
        r"m_t = \beta_1 m_{t-1} + (1-\beta_1)\, g_t \\ "
        r"s_t = \beta_2 s_{t-1} + (1-\beta_2)\, (g_t - m_t)^2 + \epsilon_s \\ "
        r"x_t = x_{t-1} - \eta\, \frac{m_t / (1-\beta_1^t)}{\sqrt{s_t / (1-\beta_2^t)} + \epsilon}"
    )
    source: ClassVar[str] = "Zhuang et al. 2020; defaults: optax"
    verified: ClassVar[str] = "optax 0.2.8, pytorch_optimizer 4.1"
    note: ClassVar[str] = "The paper has one epsilon in both places, and so has pytorch_optimizer; optax has two."

    epsilon: float = hyperparameter(1e-16, low=0, symbol=r"\epsilon", doc="keeps the quotient finite")
    epsilon_root: float = hyperparameter(
        1e-16, low=0, symbol=r"\epsilon_s", doc="added to the second moment at every step, and so carried on in it"
    )

    def step(self, x: Any, state: Any, problem: Problem) -> tuple[Any, Any]:
        """One step scaled by how far the gradient is from its mean."""
        _, gradient = problem.value_and_gradient(x)
        mean = self.mean(state[0], gradient)
        spread = self.square(state[1], gradient - mean) + self.epsilon_root
        first, second = self.corrections(problem)
        return x - problem.learning_rate * (mean / first) / (tf.sqrt(spread / second) + self.epsilon), (mean, spread)
