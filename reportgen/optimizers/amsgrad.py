"""AMSGrad."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import tensorflow as tf

from reportgen.optimizer import Problem, hyperparameter
from reportgen.optimizers.adam import Adam


@dataclass(frozen=True)
class AMSGrad(Adam):
    """Adam divided by the largest of its second moments so far, so that no coordinate's rate grows again."""

    name: ClassVar[str] = "amsgrad"
    title: ClassVar[str] = "AMSGrad"
    formula: ClassVar[str] = (
        r"m_t = \beta_1 m_{t-1} + (1-\beta_1)\, g_t \\ v_t = \beta_2 v_{t-1} + (1-\beta_2)\, g_t^2 \\ "
        r"u_t = \max(u_{t-1}, v_t) \\ "
        r"x_t = x_{t-1} - \eta\, \frac{m_t / (1-\beta_1^t)}{\sqrt{u_t / (1-\beta_2^t)} + \epsilon}"
    )
    source: ClassVar[str] = "Reddi, Kale and Kumar 2018; the correction and the defaults: PyTorch"
    verified: ClassVar[str] = "PyTorch 2.13, optax 0.2.8, Keras 3.15"
    note: ClassVar[str] = (
        "PyTorch corrects the maximum (after), optax takes the maximum of corrected moments (before), the paper "
        "corrects nothing (none), and Keras is PyTorch's with epsilon_corrected: four trajectories."
    )

    correction: str = hyperparameter(
        "after",
        choices=("after", "before", "none"),
        doc="whether the second moment is corrected after or before its maximum is taken, or neither moment is",
        source="PyTorch",
    )

    def init(self, x: Any) -> Any:
        """Running means of the gradient and of its square, and the largest of the latter, each of shape [dim]."""
        return tf.zeros_like(x), tf.zeros_like(x), tf.zeros_like(x)

    def step(self, x: Any, state: Any, problem: Problem) -> tuple[Any, Any]:
        """One step scaled by the largest second moment."""
        _, gradient = problem.value_and_gradient(x)
        mean, square, largest = self.mean(state[0], gradient), self.square(state[1], gradient), state[2]
        first, second = (1.0, 1.0) if self.correction == "none" else self.corrections(problem)
        largest = tf.maximum(largest, square / second if self.correction == "before" else square)
        root = tf.sqrt(largest / second if self.correction == "after" else largest) + self.floor(second)
        return x - problem.learning_rate * (mean / first) / root, (mean, square, largest)
