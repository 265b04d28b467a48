"""The contract of an optimizer: hyperparameters as dataclass fields, and two pure functions, ``init`` and ``step``.

    class TraceState(NamedTuple):
        trace: Tensor  # shape=[dim]


    @dataclass(frozen=True)
    class Momentum(Optimizer):
        '''Gradient descent with momentum.'''

        decay: float = hyperparameter(0.9, low=0, high=1, symbol=r"\\mu", doc="decay rate of the trace")

        def init(self, x: Tensor) -> TraceState:
            return TraceState(trace=tf.zeros_like(x))

        def step(self, x: Tensor, state: TraceState, problem: Problem) -> tuple[Tensor, TraceState]:
            _, grad = problem.value_and_gradient(x)
            trace = self.decay * state.trace + grad
            updates = -problem.learning_rate * trace
            return x + updates, TraceState(trace=trace)

Both functions are written for one run: ``x`` has shape [dim]. The engine applies them to all learning rates,
hyperparameter values and starts at once. A ``float`` hyperparameter may therefore differ between runs: use ``tf.where``
instead of ``if`` on it. A ``bool``, ``int`` or ``str`` hyperparameter is the same for all runs of a compiled program,
so ``if`` may depend on it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from reportgen.hyperparameters import Hyperparameter, base_optimizer, hyperparameter, hyperparameters
from reportgen.search import Search
from reportgen.tensor import Tensor

__all__ = [
    "AlteredProblem",
    "Hyperparameter",
    "Optimizer",
    "Problem",
    "Random",
    "Search",
    "State",
    "base_optimizer",
    "docstring_of",
    "hyperparameter",
    "hyperparameters",
]

SCHEDULES = ("constant", "cosine", "linear", "step", "warmup_cosine")
"""The learning-rate schedules. The learning rate of a configuration is the highest of the run."""

State = Any
"""The state of an optimizer: nested tuples, named tuples, lists and dicts of tensors and numbers, without None."""


class Random(Protocol):
    """Seeded random numbers, which are new in each call.

    They depend only on ``starts.seed``, the start, the seed of the run, the step, and the number of the call within the
    step. Runs that differ only in optimizer or learning rate therefore draw the same numbers.
    """

    def normal(self) -> Tensor:
        """Return independent draws from the standard normal distribution; shape [dim], dtype of the position."""

    def uniform(self) -> Tensor:
        """Return independent draws from the uniform distribution on [0, 1); shape [dim], dtype of the position."""

    def signs(self) -> Tensor:
        """Return independent draws of -1 and 1 with equal probability; shape [dim], dtype of the position."""


class Problem(Protocol):
    """One step of one run, as ``Optimizer.step`` sees it: the loss, its derivatives and the scalars of the step.

    Positions, gradients and losses have the dtype of the configuration, float32 or float64. ``learning_rate`` and
    ``step`` behave as Python floats: arithmetic among such scalars is in float64. The result is rounded to the dtype
    of the run only when it meets a position or a gradient.
    """

    @property
    def learning_rate(self) -> Tensor:
        """The learning rate of this run at this step, after the schedule; shape [], float64."""

    @property
    def step(self) -> Tensor:
        """The number of this step, from 1 to ``steps``; shape [], float64."""

    @property
    def steps(self) -> int:
        """The number of steps of the run."""

    @property
    def minimum(self) -> float:
        """The minimum value f* of the loss, ``-inf`` if it is unbounded below. In practice it is unknown."""

    @property
    def random(self) -> Random:
        """Seeded random numbers."""

    def value_and_gradient(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the loss, shape [], and its gradient, shape [dim], at ``x``, shape [dim].

        Each call counts as one gradient evaluation. With ``noise`` in the configuration the gradient is noisy, or loss
        and gradient are those of the minibatch of this step. Call it from ``step`` itself, not inside ``tf.cond`` or
        ``tf.while_loop``.

        Raises:
            TypeError: the call is inside ``tf.cond`` or ``tf.while_loop``.
        """

    def hessian(self, x: Tensor) -> Tensor:
        """Return the Hessian of the loss at ``x``, shape [dim]; shape [dim, dim].

        Each call counts as ``dim`` gradient evaluations.
        """

    def hessian_vector_product(self, x: Tensor, vector: Tensor) -> Tensor:
        """Return the Hessian at ``x`` times ``vector``, both of shape [dim]; shape [dim].

        Each call counts as one gradient evaluation.
        """


class AlteredProblem:
    """A ``Problem`` with another loss and gradient, which a wrapper passes to the optimizer that it wraps."""

    def __init__(self, problem: Problem, value_and_gradient: Callable[[Tensor], tuple[Tensor, Tensor]]) -> None:
        """``value_and_gradient`` replaces the method of ``problem``; all other attributes are those of ``problem``."""
        self._problem = problem
        self.value_and_gradient = value_and_gradient

    def __getattr__(self, name: str) -> Any:
        return getattr(self._problem, name)


def docstring_of(kind: type[Optimizer]) -> str:
    """Return the docstring of an optimizer class, or an empty string if ``dataclass`` generated it."""
    docstring = vars(kind).get("__doc__") or ""
    return "" if docstring.startswith(f"{kind.__name__}(") else inspect.cleandoc(docstring)


@dataclass(frozen=True)
class Optimizer:
    """Base class of all optimizers. A subclass is a frozen dataclass, and its fields are its hyperparameters.

    Both methods must be pure: keep everything that a later step needs in the state, nothing on ``self``.
    """

    title: ClassVar[str] = ""
    """The name in the report; empty: the class name."""
    formula: ClassVar[str] = ""
    """The update rule as LaTeX, with ``\\\\`` between equations."""
    source: ClassVar[str] = ""
    """The paper or reference implementation of the rule and of its defaults."""
    verified: ClassVar[str] = ""
    """The independent implementations that tests compare its trajectories with."""
    note: ClassVar[str] = ""
    """How libraries differ, and which convention this optimizer follows."""
    reference: ClassVar[bool] = False
    """Whether it is a reference optimizer: the report marks it, and no sentence compares it with others."""
    default_learning_rate: ClassVar[float | None] = None
    """The learning rate that its source recommends; None if it recommends none."""
    learning_rate_search: ClassVar[Search] = Search(
        1e-5, 10.0, source="three decades on both sides of 0.01; DeepOBS, Schneider et al. 2019: 1e-5 to 100"
    )
    """The learning rates that tuning tries."""

    schedule: str = field(
        default="constant",
        kw_only=True,
        metadata={"choices": SCHEDULES, "doc": "how the learning rate changes over the run"},
    )

    def init(self, x: Tensor) -> State:
        """Return the state before the first step.

        Args:
            x: the start of the run, shape [dim], float32 or float64.
        """
        return ()

    def step(self, x: Tensor, state: State, problem: Problem) -> tuple[Tensor, State]:
        """Return the position and the state after one step.

        Args:
            x: the position before the step, shape [dim], float32 or float64.
            state: the state that ``init`` or the previous step returned.
            problem: the loss with its derivatives, the learning rate, and random numbers.

        Returns:
            The new position with the shape and dtype of ``x``, and the new state with the structure, shapes and dtypes
            of ``state``.
        """
        raise NotImplementedError(f"{type(self).__name__} has no method step(self, x, state, problem)")
