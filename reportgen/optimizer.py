"""The contract of an optimizer: named hyperparameters and two pure functions, written for one run.

    @dataclass(frozen=True)
    class Momentum(Optimizer):
        '''Gradient descent with a heavy ball.'''

        momentum: float = hyperparameter(0.9, low=0, high=1, symbol=r"\\mu", doc="share of the velocity that is kept")

        def init(self, x):
            return tf.zeros_like(x)

        def step(self, x, velocity, problem):
            _, gradient = problem.value_and_gradient(x)
            velocity = self.momentum * velocity + gradient
            return x - problem.learning_rate * velocity, velocity

``x`` is the position of one run, shape [dim]; the engine runs the same two functions over thousands of learning rates,
hyperparameter values and starts at once. Hyperparameters of type ``float`` may differ from run to run, so they must not
steer Python's ``if``; those of type ``bool``, ``int`` and ``str`` are the structure of the rule and may.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from reportgen.hyperparameter import Hyperparameter, base_optimizer, hyperparameter, hyperparameters

__all__ = [
    "AlteredProblem",
    "Hyperparameter",
    "Optimizer",
    "Problem",
    "base_optimizer",
    "docstring_of",
    "hyperparameter",
    "hyperparameters",
]

SCHEDULES = ("constant", "cosine", "linear", "step", "warmup_cosine")
"""How the learning rate may change over a run; a matrix's rate is the highest."""


class Random(Protocol):
    """Numbers that differ from call to call, step to step and start to start, and from nothing else.

    They depend on ``starts.seed``, the number of the start, the step and the number of the call in it: all optimizers
    and learning rates meet the same ones.
    """

    def normal(self) -> Any:
        """Independent draws of the standard normal distribution, shape [dim]."""

    def uniform(self) -> Any:
        """Independent draws from [0, 1), shape [dim]."""

    def signs(self) -> Any:
        """Independent draws of -1 and 1, shape [dim]."""


class Problem(Protocol):
    """What a rule may ask of the run it is stepping."""

    @property
    def learning_rate(self) -> Any:
        """The learning rate of this run at this step, a scalar."""

    @property
    def step(self) -> Any:
        """The number of the step being made, 1 for the first."""

    @property
    def steps(self) -> int:
        """How many steps the run has in all."""

    @property
    def minimum(self) -> float:
        """The known minimum value f* of the loss; no optimizer for real work knows it."""

    @property
    def random(self) -> Random:
        """Seeded random numbers."""

    def value_and_gradient(self, x: Any) -> tuple[Any, Any]:
        """Loss (scalar) and gradient (shape [dim]) at ``x``; each call counts as one gradient evaluation."""

    def hessian(self, x: Any) -> Any:
        """The second derivatives at ``x``, shape [dim, dim]; each call counts as ``dim`` gradient evaluations."""

    def hessian_vector_product(self, x: Any, vector: Any) -> Any:
        """The Hessian at ``x`` times ``vector``, shape [dim]; each call counts as one gradient evaluation."""


class AlteredProblem:
    """A problem whose gradient is another one, as a wrapper shows it to its base; all else is that of ``problem``."""

    def __init__(self, problem: Problem, value_and_gradient: Callable[[Any], tuple[Any, Any]]) -> None:
        self._problem = problem
        self.value_and_gradient = value_and_gradient

    def __getattr__(self, name: str) -> Any:
        return getattr(self._problem, name)


def docstring_of(kind: type[Optimizer]) -> str:
    """The docstring of an optimizer class; nothing where it is the one that ``dataclass`` makes up."""
    own = vars(kind).get("__doc__") or ""
    return "" if own.startswith(f"{kind.__name__}(") else inspect.cleandoc(own)


@dataclass(frozen=True)
class Optimizer:
    """Base of all optimizers; a subclass is a frozen dataclass whose fields are its hyperparameters."""

    title: ClassVar[str] = ""
    """How the report names it; by default the class's name."""
    formula: ClassVar[str] = ""
    """The update rule in LaTeX, one relation a line (``\\\\``)."""
    source: ClassVar[str] = ""
    """Paper or reference implementation of the rule and its defaults."""
    verified: ClassVar[str] = ""
    """The independent implementation that tests compare its trajectories with."""
    note: ClassVar[str] = ""
    """Where libraries differ, and which convention this is."""
    reference: ClassVar[bool] = False
    """Whether it is a reference line: shown beside the others to measure them by, and marked as such."""

    schedule: str = field(
        default="constant",
        kw_only=True,
        metadata={"choices": SCHEDULES, "doc": "how the learning rate changes over the run"},
    )

    def init(self, x: Any) -> Any:
        """The state before the first step, any nest of tensors, for a run that starts at ``x``, shape [dim]."""
        return ()

    def step(self, x: Any, state: Any, problem: Problem) -> tuple[Any, Any]:
        """One step: the new position and the new state, with the shapes and dtypes of the old ones."""
        raise NotImplementedError(f"{type(self).__name__} has no step(self, x, state, problem)")
