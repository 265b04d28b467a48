"""Sharpness-aware minimisation, around any optimizer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import tensorflow as tf

from reportgen.optimizer import AlteredProblem, Optimizer, Problem, base_optimizer, hyperparameter


@dataclass(frozen=True)
class SAM(Optimizer):
    """Steps its base with the gradient found a short way uphill."""

    name: ClassVar[str] = "sam"
    title: ClassVar[str] = "SAM"
    formula: ClassVar[str] = (
        r"\hat{g}_t = g\left( x_{t-1} + \rho\, \frac{g(x_{t-1})}{\|g(x_{t-1})\|} \right) \\ "
        r"x_t = \operatorname{base}(x_{t-1}, \hat{g}_t)"
    )
    source: ClassVar[str] = "Foret et al. 2021"
    verified: ClassVar[str] = "optax 0.2.8"
    note: ClassVar[str] = (
        "Two gradient evaluations for each of its base. Where the gradient is zero, it looks nowhere else; "
        "optax would divide by zero there."
    )

    base: Any = base_optimizer("gradient_descent")
    rho: float = hyperparameter(0.05, low=0, symbol=r"\rho", doc="how far uphill it looks")

    def init(self, x: Any) -> Any:
        """The base's state."""
        return self.base.init(x)

    def step(self, x: Any, state: Any, problem: Problem) -> tuple[Any, Any]:
        """One step of the base."""

        def uphill(x: Any) -> tuple[Any, Any]:
            _, gradient = problem.value_and_gradient(x)
            steep = tf.norm(gradient)
            return problem.value_and_gradient(x + self.rho * gradient / tf.where(steep > 0, steep, 1.0))

        stepped: tuple[Any, Any] = self.base.step(x, state, AlteredProblem(problem, uphill))
        return stepped
