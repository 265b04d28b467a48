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

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol


class Problem(Protocol):
    """What a rule may ask of the run it is stepping."""

    @property
    def learning_rate(self) -> Any:
        """The learning rate of this run, a scalar."""

    @property
    def step(self) -> Any:
        """The number of the step being made, 1 for the first."""

    def value_and_gradient(self, x: Any) -> tuple[Any, Any]:
        """Loss (scalar) and gradient (shape [dim]) at ``x``; each call counts as one gradient evaluation."""


@dataclass(frozen=True)
class Optimizer:
    """Base of all optimizers; a subclass is a frozen dataclass whose fields are its hyperparameters."""

    title: ClassVar[str] = ""
    """How the report names it; by default the class's name."""
    formula: ClassVar[str] = ""
    """The update rule in LaTeX, one relation a line (``\\\\``)."""
    source: ClassVar[str] = ""
    """Paper or reference implementation of the rule and its defaults."""
    note: ClassVar[str] = ""
    """Where libraries differ, and which convention this is."""

    def init(self, x: Any) -> Any:
        """The state before the first step, any nest of tensors, for a run that starts at ``x``, shape [dim]."""
        return ()

    def step(self, x: Any, state: Any, problem: Problem) -> tuple[Any, Any]:
        """One step: the new position and the new state, with the shapes and dtypes of the old ones."""
        raise NotImplementedError(f"{type(self).__name__} has no step(self, x, state, problem)")


@dataclass(frozen=True)
class Hyperparameter:
    """What is declared about one hyperparameter."""

    name: str
    default: Any
    structural: bool
    """Whether another value makes another program (``bool``, ``int``, ``str``) or only another row (``float``)."""
    low: float | None
    high: float | None
    symbol: str
    doc: str

    def problem_with(self, value: Any) -> str | None:
        """What is wrong with ``value`` as a sentence fragment, or None."""
        if isinstance(self.default, bool) != isinstance(value, bool):
            return f"{_kind(self.default)} is expected"
        if isinstance(self.default, float) and isinstance(value, int):
            value = float(value)
        if not isinstance(value, type(self.default)):
            return f"{_kind(self.default)} is expected"
        if self.low is not None and not value >= self.low:
            return f"{self.low:g} or more is expected"
        if self.high is not None and not value <= self.high:
            return f"{self.high:g} or less is expected"
        return None


def _kind(default: Any) -> str:
    return {bool: "true or false", int: "a whole number", float: "a number"}.get(type(default), "a text")


def hyperparameter(
    default: Any, *, low: float | None = None, high: float | None = None, symbol: str = "", doc: str = ""
) -> Any:
    """A dataclass field with what the report and the config need to know of it.

    Args:
        default: the value used unless a config gives another.
        low, high: the closed range of values that make sense.
        symbol: its letter in the formula, LaTeX.
        doc: what it does, a few words, and the source of the default where it is not the rule's.
    """
    return dataclasses.field(default=default, metadata={"low": low, "high": high, "symbol": symbol, "doc": doc})


def hyperparameters(kind: type[Optimizer] | Optimizer) -> dict[str, Hyperparameter]:
    """The declared hyperparameters of an optimizer class, by name, in order."""
    found = {}
    for item in dataclasses.fields(kind):
        meta: Mapping[str, Any] = item.metadata
        found[item.name] = Hyperparameter(
            name=item.name,
            default=item.default,
            structural=not isinstance(item.default, float),
            low=meta.get("low"),
            high=meta.get("high"),
            symbol=meta.get("symbol", ""),
            doc=meta.get("doc", ""),
        )
    return found
