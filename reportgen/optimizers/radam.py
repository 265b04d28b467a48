"""Rectified Adam."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import tensorflow as tf

from reportgen.optimizer import Problem
from reportgen.optimizers.adam import Adam


@dataclass(frozen=True)
class RAdam(Adam):
    """Adam that does not divide while it has seen too few gradients, and shortens its steps while they are few."""

    name: ClassVar[str] = "radam"
    title: ClassVar[str] = "RAdam"
    formula: ClassVar[str] = (
        r"m_t = \beta_1 m_{t-1} + (1-\beta_1)\, g_t \\ v_t = \beta_2 v_{t-1} + (1-\beta_2)\, g_t^2 \\ "
        r"\rho_\infty = \frac{2}{1-\beta_2} - 1 \\ \rho_t = \rho_\infty - \frac{2 t \beta_2^t}{1-\beta_2^t} \\ "
        r"r_t = \sqrt{\frac{(\rho_t-4)(\rho_t-2)\,\rho_\infty}{(\rho_\infty-4)(\rho_\infty-2)\,\rho_t}} \\ "
        r"x_t = x_{t-1} - \eta\, r_t\, \frac{m_t / (1-\beta_1^t)}{\sqrt{v_t / (1-\beta_2^t)} + \epsilon}"
        r" \quad (\rho_t > 5) \\ "
        r"x_t = x_{t-1} - \eta\, \frac{m_t}{1-\beta_1^t} \quad (\rho_t \le 5)"
    )
    source: ClassVar[str] = "Liu et al. 2020; the bound of 5 and the defaults: PyTorch, optax"
    verified: ClassVar[str] = "PyTorch 2.13, optax 0.2.8"
    note: ClassVar[str] = (
        "The paper's bound is 4. PyTorch adds epsilon before the second moment is corrected: so does epsilon_corrected."
    )

    def step(self, x: Any, state: Any, problem: Problem) -> tuple[Any, Any]:
        """One step, rectified where enough gradients have been seen."""
        _, gradient = problem.value_and_gradient(x)
        mean, square = self.mean(state[0], gradient), self.square(state[1], gradient)
        first, second = self.corrections(problem)
        whole = 2 / (1 - self.beta_2) - 1
        seen = whole - 2 * problem.step * (1 - second) / second
        enough = seen > 5
        # Where too few were seen the root would be that of a negative number.
        safe = tf.where(enough, seen, whole)
        rectifier = tf.sqrt((safe - 4) * (safe - 2) * whole / ((whole - 4) * (whole - 2) * safe))
        scale = tf.where(enough, rectifier / (tf.sqrt(square / second) + self.floor(second)), 1.0)
        return x - problem.learning_rate * (mean / first) * scale, (mean, square)
