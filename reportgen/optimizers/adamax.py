"""AdaMax."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import tensorflow as tf

from reportgen.optimizer import Problem, hyperparameter
from reportgen.optimizers.moments import Moments


@dataclass(frozen=True)
class Adamax(Moments):
    """Adam with a decaying maximum of the gradient's size in place of the root of its mean square."""

    title: ClassVar[str] = "AdaMax"
    formula: ClassVar[str] = (
        r"m_t = \beta_1 m_{t-1} + (1-\beta_1)\, g_t \\ u_t = \max(\beta_2 u_{t-1}, |g_t| + \epsilon) \\ "
        r"x_t = x_{t-1} - \frac{\eta}{1-\beta_1^t}\, \frac{m_t}{u_t}"
    )
    source: ClassVar[str] = "Kingma and Ba 2015, Algorithm 2; epsilon: PyTorch"
    verified: ClassVar[str] = "PyTorch 2.13, optax 0.2.8, Keras 3.15, TensorFlow's kernel"
    note: ClassVar[str] = "Keras and TensorFlow's kernel add epsilon to the maximum: epsilon_inside = false."

    epsilon_inside: bool = hyperparameter(
        True, doc="add epsilon to the gradient's size, inside the maximum", source="PyTorch, optax"
    )

    def step(self, x: Any, state: Any, problem: Problem) -> tuple[Any, Any]:
        """One step scaled by the decaying maximum."""
        _, gradient = problem.value_and_gradient(x)
        mean = self.mean(state[0], gradient)
        inside, outside = (self.epsilon, 0.0) if self.epsilon_inside else (0.0, self.epsilon)
        largest = tf.maximum(self.beta_2 * state[1], tf.abs(gradient) + inside)
        first, _ = self.corrections(problem)
        return x - (problem.learning_rate / first) * mean / (largest + outside), (mean, largest)
