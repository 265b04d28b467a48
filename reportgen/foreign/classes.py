"""A class with ``apply_gradients(grads, vars)``, as TensorFlow's guide "Optimizers with Core APIs" teaches it."""

from __future__ import annotations

import dataclasses
import inspect
from dataclasses import dataclass
from typing import Any, ClassVar

from reportgen.foreign.contract import (
    ForeignOptimizer,
    Unsuitable,
    declare,
    other_parameters,
    rate_parameter,
    recommended_rate,
)
from reportgen.hyperparameters import hyperparameter


@dataclass(frozen=True)
class ClassOptimizer(ForeignOptimizer):
    """Base of the declarations of such classes."""

    variables: str = hyperparameter(
        "one",
        choices=("one", "each"),
        doc="one: the position is a single variable of shape [dim]; each: every coordinate is a scalar variable",
    )
    pairs: ClassVar[bool] = False
    """Whether ``apply_gradients`` takes one list of pairs of gradient and variable."""


_LIBRARIES = {"builtins", "abc", "typing", "collections", "tensorflow", "keras", "torch", "jax", "optax"}


def own_classes(kind: type) -> list[type]:
    """The class and those it derives from, without Python's, TensorFlow's and Keras's."""
    return [each for each in kind.__mro__ if each.__module__.partition(".")[0] not in _LIBRARIES]


def suits(member: Any) -> bool:
    """Whether ``member`` is a class of this kind."""
    return isinstance(member, type) and callable(getattr(member, "apply_gradients", None))


def _takes_pairs(method: Any) -> bool:
    """Whether all it must be given, besides ``self``, is one list."""
    parameters = inspect.signature(getattr(method, "python_function", method)).parameters.values()
    return sum(each.default is each.empty and each.kind is each.POSITIONAL_OR_KEYWORD for each in parameters) == 2


def from_class(kind: type) -> type[ForeignOptimizer]:
    """The declaration of ``kind``: the parameters of its ``__init__`` are its hyperparameters.

    Raises Unsuitable where it takes no learning rate, or has a parameter without a default.
    """
    parameters = list(inspect.signature(kind).parameters.values())
    rate = rate_parameter(parameters, "its __init__")
    others = other_parameters(parameters, rate, "its __init__")
    taken = {each.name for each in dataclasses.fields(ClassOptimizer)} & {each.name for each in others}
    if taken:
        raise Unsuitable(f"parameter {min(taken)} of its __init__ has a name that reportgen uses itself")
    facts = {
        "target": kind,
        "rate": rate,
        "default_learning_rate": recommended_rate(parameters, rate),
        "pairs": _takes_pairs(kind.apply_gradients),  # type: ignore[attr-defined]
        "title": kind.__name__,
        "note": "A class with apply_gradients, run unchanged.",
        "__doc__": inspect.getdoc(kind) if "__doc__" in vars(kind) else f"The class {kind.__name__}.",
        "__module__": kind.__module__,
    }
    return declare(ClassOptimizer, kind.__name__, others, facts)
