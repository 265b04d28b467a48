"""Adafactor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import tensorflow as tf

from reportgen.optimizer import Optimizer, Problem, Search, hyperparameter
from reportgen.optimizers.euclidean_norm import euclidean_norm
from reportgen.optimizers.search_ranges import AROUND_DEFAULT
from reportgen.tensor import Tensor


class AdafactorState(NamedTuple):
    """State of Adafactor."""

    v: Tensor  # shape=[dim], dtype of x: running mean of the squared gradient, with a decay that grows towards 1


@dataclass(frozen=True)
class Adafactor(Optimizer):
    """Steps proportional to the size of the position and clipped, with a second-moment decay that grows to 1."""

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
        "This is the form for vectors, which stores the full second moment; only matrices are factored. As in Keras "
        "and PyTorch, the learning rate is the upper limit of the paper's relative step."
    )
    default_learning_rate: ClassVar[float | None] = 0.01

    decay: float = hyperparameter(
        0.8,
        low=0,
        high=1,
        symbol="c",
        doc="how fast the memory of the second moment grows",
        search=Search(0.5, 1.0, "linear", source=AROUND_DEFAULT),
    )
    epsilon_1: float = hyperparameter(1e-30, low=0, symbol=r"\epsilon_1", doc="keeps the second moment above zero")
    epsilon_2: float = hyperparameter(
        1e-3,
        low=0,
        symbol=r"\epsilon_2",
        doc="lower bound of the root mean square of the position",
        search=Search(1e-6, 0.1, source=AROUND_DEFAULT),
    )
    clip: float = hyperparameter(
        1.0,
        low=0,
        symbol="d",
        doc="largest root mean square of the updates",
        search=Search(0.1, 10.0, source=AROUND_DEFAULT),
    )

    def init(self, x: Tensor) -> AdafactorState:
        """The second moment is zero."""
        return AdafactorState(tf.zeros_like(x))

    def step(self, x: Tensor, state: AdafactorState, problem: Problem) -> tuple[Tensor, AdafactorState]:
        """One step along the scaled and clipped gradient."""
        _, grad = problem.value_and_gradient(x)
        grad_weight = problem.step ** (-self.decay)
        v = (1 - grad_weight) * state.v + grad_weight * (grad * grad + self.epsilon_1)
        updates = grad / tf.sqrt(v)
        clipped = updates / tf.maximum(_rms(updates) / self.clip, 1.0)
        relative_step = tf.minimum(problem.learning_rate, 1 / problem.step**0.5)
        return x - tf.maximum(self.epsilon_2, _rms(x)) * relative_step * clipped, AdafactorState(v)


def _rms(vector: Tensor) -> Tensor:
    """Root mean square over the coordinates."""
    return euclidean_norm(vector) / vector.shape[0] ** 0.5
