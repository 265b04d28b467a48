"""Sharpness-aware minimization, around any optimizer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import tensorflow as tf

from reportgen.optimizer import AlteredProblem, Optimizer, Problem, Search, base_optimizer, hyperparameter
from reportgen.optimizers.euclidean_norm import euclidean_norm
from reportgen.optimizers.search_ranges import AROUND_DEFAULT
from reportgen.tensor import Tensor


class SAMState(NamedTuple):
    """State of the base optimizer; SAM has none."""

    base_state: SAMState  # what ``base.init`` returns


@dataclass(frozen=True)
class SAM(Optimizer):
    """Runs the base optimizer on the gradient at a point a short distance uphill."""

    name: ClassVar[str] = "sam"
    title: ClassVar[str] = "SAM"
    formula: ClassVar[str] = (
        r"\hat{g}_t = g\left( x_{t-1} + \rho\, \frac{g(x_{t-1})}{\|g(x_{t-1})\|} \right) \\ "
        r"x_t = \operatorname{base}(x_{t-1}, \hat{g}_t)"
    )
    source: ClassVar[str] = "Foret et al. 2021"
    verified: ClassVar[str] = "optax 0.2.8"
    note: ClassVar[str] = (
        "It needs two gradient evaluations for each one of its base. If the gradient is zero, it is evaluated at x; "
        "optax would divide by zero."
    )

    base: Any = base_optimizer("gradient_descent")  # a name in a config, an optimizer in init and step
    rho: float = hyperparameter(
        0.05,
        low=0,
        symbol=r"\rho",
        doc="distance uphill at which the gradient is evaluated",
        search=Search(0.01, 0.5, source=AROUND_DEFAULT),
    )

    def init(self, x: Tensor) -> SAMState:
        """The initial state of the base."""
        return SAMState(self.base.init(x))

    def step(self, x: Tensor, state: SAMState, problem: Problem) -> tuple[Tensor, SAMState]:
        """One step of the base on the gradient uphill."""

        def value_and_gradient_uphill(x: Tensor) -> tuple[Tensor, Tensor]:
            _, grad = problem.value_and_gradient(x)
            norm = euclidean_norm(grad)
            return problem.value_and_gradient(x + self.rho * grad / tf.where(norm > 0, norm, 1.0))

        altered = AlteredProblem(problem, value_and_gradient_uphill)
        x, base_state = self.base.step(x, state.base_state, altered)
        return x, SAMState(base_state)
