"""What is known of an optimizer of another contract, before any of its code has run."""

from __future__ import annotations

import dataclasses
import inspect
import math
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from reportgen.hyperparameters import hyperparameter
from reportgen.optimizer import Optimizer

RATES = ("learning_rate", "lr")
"""Names under which a class may take its learning rate."""


class Unsuitable(Exception):  # noqa: N818 - it says what is wrong with the class
    """The class cannot be driven, and why."""


@dataclass(frozen=True)
class ForeignOptimizer(Optimizer):
    """Base of the declarations; it has no ``init`` and ``step``, which only the engine can give it."""

    target: ClassVar[Any] = None
    """What is driven: a class, or the description of a Keras optimizer."""
    rate: ClassVar[str] = RATES[0]
    """The name of its parameter for the learning rate."""
    packages: ClassVar[tuple[str, ...]] = ()
    """Distributions with the code of the framework; their versions decide the results."""


def declare(
    base: type[ForeignOptimizer],
    name: str,
    parameters: Iterable[inspect.Parameter],
    facts: dict[str, Any],
    structural: bool | None = None,
) -> type[ForeignOptimizer]:
    """A subclass of ``base`` whose hyperparameters are the ``parameters`` with a plain value, or None, as default.

    ``facts`` are its class variables: ``target``, ``title``, ``__doc__`` and so on; ``structural`` is as in
    ``hyperparameter``.
    """
    fields: list[tuple[str, Any, Any]] = [
        (each.name, type(each.default), hyperparameter(each.default, structural=structural, loose=_loose(each.default)))
        for each in parameters
        if isinstance(each.default, bool | int | float | str | None)
    ]
    made = dataclasses.make_dataclass(name, fields, bases=(base,), frozen=True, namespace=facts)
    # From Python 3.12 on make_dataclass names the module that calls it.
    made.__module__ = facts.get("__module__", base.__module__)
    return made


def _loose(default: Any) -> bool:
    """Whether the default tells too little of what is meant: ``momentum=0`` takes 0.9, too."""
    return default is None or type(default) is int


def public_name(member: Any) -> str:
    """The shortest name under which ``member`` can be imported: ``optax.adam``, defined in ``optax._src.alias``."""
    name, parts = str(member.__name__), str(member.__module__).split(".")
    for end in range(1, len(parts)):
        module = ".".join(parts[:end])
        if getattr(sys.modules.get(module), name, None) is member:
            return f"{module}.{name}"
    return f"{member.__module__}.{member.__qualname__}"


def recommended_rate(parameters: Iterable[inspect.Parameter], rate: str = RATES[0]) -> float | None:
    """The default of the parameter ``rate``, if it is a number above 0."""
    found = next((each.default for each in parameters if each.name == rate), None)
    if not isinstance(found, int | float) or isinstance(found, bool) or not 0 < found < math.inf:
        return None
    return float(found)


def rate_parameter(parameters: Iterable[inspect.Parameter], what: str) -> str:
    """The name of the parameter that takes the learning rate; Unsuitable where there is none."""
    names = [each.name for each in parameters]
    for name in RATES:
        if name in names:
            return name
    takes = ", ".join(names) or "nothing"
    raise Unsuitable(f"{what} takes no learning_rate, which reportgen varies; it takes {takes}")


def other_parameters(parameters: Iterable[inspect.Parameter], rate: str, what: str) -> list[inspect.Parameter]:
    """The parameters besides the learning rate; Unsuitable if one has no default."""
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    others = [each for each in parameters if each.name != rate and each.kind not in variadic]
    for each in others:
        if each.default is each.empty:
            raise Unsuitable(f"parameter {each.name} of {what} has no default")
    return others
