"""LARS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import tensorflow as tf

from reportgen.optimizer import Optimizer, Problem, hyperparameter


@dataclass(frozen=True)
class Lars(Optimizer):
    """Momentum whose rate follows the quotient of the norms of position and gradient."""

    title: ClassVar[str] = "LARS"
    formula: ClassVar[str] = (
        r"r_t = \tau\, \frac{\|x_{t-1}\|}{\|g_t\| + \lambda \|x_{t-1}\|} \\ "
        r"v_t = \mu v_{t-1} + \eta\, r_t\, (g_t + \lambda\, x_{t-1}) \\ x_t = x_{t-1} - v_t"
    )
    source: ClassVar[str] = "You, Gitman and Ginsburg 2017, Algorithm 1; defaults: optax"
    verified: ClassVar[str] = "pytorch_optimizer 4.1, optax 0.2.8"
    note: ClassVar[str] = (
        "The whole position is one layer. optax divides by the norm of the sum of gradient and decay, the paper by the "
        "sum of their norms, as here. Where position or gradient is zero, the quotient is taken as 1."
    )

    momentum: float = hyperparameter(0.9, low=0, high=1, symbol=r"\mu", doc="share of the last step that is kept")
    trust: float = hyperparameter(0.001, low=0, symbol=r"\tau", doc="step's length as a share of the position's")
    weight_decay: float = hyperparameter(0.0, low=0, symbol=r"\lambda", doc="share of the position in the gradient")

    def init(self, x: Any) -> Any:
        """The last step, shape [dim]."""
        return tf.zeros_like(x)

    def step(self, x: Any, velocity: Any, problem: Problem) -> tuple[Any, Any]:
        """One step along the velocity, which holds the rate."""
        _, gradient = problem.value_and_gradient(x)
        far = tf.norm(x)
        steep = tf.norm(gradient) + self.weight_decay * far
        ratio = tf.where((far > 0) & (steep > 0), self.trust * far / steep, 1.0)
        velocity = self.momentum * velocity + problem.learning_rate * ratio * (gradient + self.weight_decay * x)
        return x - velocity, velocity
