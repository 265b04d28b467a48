"""Adam, and AdamW, which lets the position decay beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import tensorflow as tf

from reportgen.optimizer import Problem, hyperparameter
from reportgen.optimizers.moments import Moments

_MEANS = r"m_t = \beta_1 m_{t-1} + (1-\beta_1)\, g_t \\ v_t = \beta_2 v_{t-1} + (1-\beta_2)\, g_t^2 \\ "
_QUOTIENT = r"\eta\, \frac{m_t / (1-\beta_1^t)}{\sqrt{v_t / (1-\beta_2^t)} + \epsilon}"
_NOTE = (
    "Keras and TensorFlow's kernel move the correction of v out of the root, which makes their epsilon larger in early "
    "steps: epsilon_corrected does the same."
)


@dataclass(frozen=True)
class Adam(Moments):
    """Running mean of the gradient over the root of that of its square, both corrected for their start at zero."""

    title: ClassVar[str] = "Adam"
    formula: ClassVar[str] = _MEANS + r"x_t = x_{t-1} - " + _QUOTIENT
    source: ClassVar[str] = "Kingma and Ba 2015, Algorithm 1"
    verified: ClassVar[str] = "PyTorch 2.13, optax 0.2.8, Keras 3.15, TensorFlow's kernel"
    note: ClassVar[str] = _NOTE

    epsilon_corrected: bool = hyperparameter(
        False,
        doc="divide epsilon, too, by the root of the second correction (Kingma and Ba, end of section 2)",
        source="Algorithm 1",
    )

    def step(self, x: Any, state: Any, problem: Problem) -> tuple[Any, Any]:
        """One step along the corrected means."""
        _, gradient = problem.value_and_gradient(x)
        mean, square = self.mean(state[0], gradient), self.square(state[1], gradient)
        first, second = self.corrections(problem)
        root = tf.sqrt(square / second) + self.floor(second)
        return x - problem.learning_rate * (mean / first) / root, (mean, square)

    def floor(self, second: Any) -> Any:
        """What is added to the corrected root."""
        return self.epsilon / tf.sqrt(second) if self.epsilon_corrected else self.epsilon


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam, with a decay of the position that is not scaled by the gradient's size."""

    name: ClassVar[str] = "adamw"
    title: ClassVar[str] = "AdamW"
    formula: ClassVar[str] = _MEANS + r"x_t = (1 - \eta \lambda)\, x_{t-1} - " + _QUOTIENT
    source: ClassVar[str] = "Loshchilov and Hutter 2019, as in PyTorch"
    verified: ClassVar[str] = "PyTorch 2.13, optax 0.2.8, Keras 3.15"
    note: ClassVar[str] = (
        "PyTorch's Adam(weight_decay) is another rule: it adds the decay to the gradient. The decay is multiplied by "
        "the learning rate, as in all libraries; the paper leaves that to a schedule. " + _NOTE
    )

    weight_decay: float = hyperparameter(
        0.01, low=0, symbol=r"\lambda", doc="share of the position that is taken away, times the rate", source="PyTorch"
    )

    def step(self, x: Any, state: Any, problem: Problem) -> tuple[Any, Any]:
        """One step of Adam, and the decay of where it began."""
        moved, state = super().step(x, state, problem)
        return moved - (problem.learning_rate * self.weight_decay) * x, state
