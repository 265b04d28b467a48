"""Nadam."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import tensorflow as tf

from reportgen.optimizer import Problem, hyperparameter
from reportgen.optimizers.moments import Moments


@dataclass(frozen=True)
class Nadam(Moments):
    """Adam with Nesterov's momentum: the step to come is taken with the momentum that it will have."""

    title: ClassVar[str] = "Nadam"
    formula: ClassVar[str] = (
        r"m_t = \beta_1 m_{t-1} + (1-\beta_1)\, g_t \\ v_t = \beta_2 v_{t-1} + (1-\beta_2)\, g_t^2 \\ "
        r"\mu_t = \beta_1 (1 - \tfrac{1}{2}\, 0.96^{t \psi}) \\ "
        r"\hat{m}_t = \frac{\mu_{t+1} m_t}{1 - \prod_{i=1}^{t+1} \mu_i}"
        r" + \frac{(1 - \mu_t)\, g_t}{1 - \prod_{i=1}^{t} \mu_i} \\ "
        r"x_t = x_{t-1} - \eta\, \frac{\hat{m}_t}{\sqrt{v_t / (1-\beta_2^t)} + \epsilon}"
    )
    source: ClassVar[str] = "Dozat 2016; defaults: PyTorch"
    verified: ClassVar[str] = "PyTorch 2.13, Keras 3.15, optax 0.2.8"
    note: ClassVar[str] = (
        "The momentum grows to its full value: with momentum_decay = 0.004 in PyTorch and 1 in Keras. optax keeps it "
        "constant: warmed = false."
    )

    momentum_decay: float = hyperparameter(
        0.004,
        low=0,
        symbol=r"\psi",
        doc="how fast the momentum grows from half its value to the whole",
        source="PyTorch",
    )
    warmed: bool = hyperparameter(True, doc="let the momentum grow; false: it is beta_1 from the first step")

    def init(self, x: Any) -> Any:
        """Running means of the gradient and of its square, each of shape [dim], and the product of all momenta."""
        return *super().init(x), 1.0

    def step(self, x: Any, state: Any, problem: Problem) -> tuple[Any, Any]:
        """One step along the mean to come."""
        _, gradient = problem.value_and_gradient(x)
        mean, square = self.mean(state[0], gradient), self.square(state[1], gradient)
        now, to_come = self._momentum(problem.step), self._momentum(problem.step + 1)
        product = state[2] * now
        ahead = to_come / (1 - product * to_come) * mean + (1 - now) / (1 - product) * gradient
        _, second = self.corrections(problem)
        return x - problem.learning_rate * ahead / (tf.sqrt(square / second) + self.epsilon), (mean, square, product)

    def _momentum(self, step: Any) -> Any:
        return self.beta_1 * (1 - 0.5 * 0.96 ** (step * self.momentum_decay)) if self.warmed else self.beta_1
