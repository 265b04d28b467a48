"""Adafactor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import tensorflow as tf

from reportgen.optimizer import Optimizer, Problem, hyperparameter


@dataclass(frozen=True)
class Adafactor(Optimizer):
    """Steps in proportion to the position, limited in length, with a second moment that forgets ever less."""

    title: ClassVar[str] = "Adafactor"
    formula: ClassVar[str] = (
        r"\beta_t = 1 - t^{-c} \\ v_t = \beta_t v_{t-1} + (1-\beta_t)\, (g_t^2 + \epsilon_1) \\ "
        r"u_t = \frac{g_t}{\sqrt{v_t}} \\ "
        r"\alpha_t = \max(\epsilon_2, \operatorname{rms}(x_{t-1}))\, \min(\eta, 1/\sqrt{t}) \\ "
        r"x_t = x_{t-1} - \alpha_t\, \frac{u_t}{\max(1, \operatorname{rms}(u_t) / d)}"
    )
    source: ClassVar[str] = "Shazeer and Stern 2018, Algorithm 5; Keras"
    verified: ClassVar[str] = "Keras 3.15, PyTorch 2.13"
    note: ClassVar[str] = (
        "The form for vectors, which keeps all of the second moment: only matrices are factored. As in Keras and "
        "PyTorch, the learning rate is the upper limit of the paper's relative step."
    )

    decay: float = hyperparameter(0.8, low=0, high=1, symbol="c", doc="how fast the second moment's memory grows")
    epsilon_1: float = hyperparameter(1e-30, low=0, symbol=r"\epsilon_1", doc="keeps the second moment above zero")
    epsilon_2: float = hyperparameter(1e-3, low=0, symbol=r"\epsilon_2", doc="smallest size of a position to step by")
    clip: float = hyperparameter(1.0, low=0, symbol="d", doc="largest root mean square of the scaled gradient")

    def init(self, x: Any) -> Any:
        """The second moment, shape [dim]."""
        return tf.zeros_like(x)

    def step(self, x: Any, square: Any, problem: Problem) -> tuple[Any, Any]:
        """One step along the scaled gradient."""
        _, gradient = problem.value_and_gradient(x)
        fresh = problem.step ** (-self.decay)
        square = (1 - fresh) * square + fresh * (gradient * gradient + self.epsilon_1)
        scaled = gradient / tf.sqrt(square)
        limited = scaled / tf.maximum(1.0, _rms(scaled) / self.clip)
        rate = tf.minimum(problem.learning_rate, 1 / problem.step**0.5)
        return x - tf.maximum(self.epsilon_2, _rms(x)) * rate * limited, square


def _rms(vector: Any) -> Any:
    """Root mean square over the coordinates."""
    return tf.norm(vector) / len(vector) ** 0.5
