"""A custom optimizer: gradient descent with fading noise, from the step number and seeded random numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from reportgen.optimizer import Optimizer, Problem, hyperparameter


@dataclass(frozen=True)
class NoisyDescent(Optimizer):
    """Gradient descent with noise that decreases from step to step."""

    formula: ClassVar[str] = (
        r"\sigma_t = \sigma\, (1 + t)^{-\gamma / 2} \\ x_t = x_{t-1} - \eta\, (g_t + \sigma_t\, \xi_t), \quad "
        r"\xi_t \sim N(0, I)"
    )
    source: ClassVar[str] = "Neelakantan et al. 2015"

    sigma: float = hyperparameter(
        0.1, low=0, symbol=r"\sigma", doc="initial standard deviation of the noise", source="own choice"
    )
    decay: float = hyperparameter(0.55, low=0, symbol=r"\gamma", doc="decay exponent of the noise variance")

    def step(self, x: Any, state: Any, problem: Problem) -> tuple[Any, Any]:
        """Make one step; there is no state."""
        _, gradient = problem.value_and_gradient(x)
        size = self.sigma * (1 + problem.step) ** (-self.decay / 2)
        return x - problem.learning_rate * (gradient + size * problem.random.normal()), state
