"""optax optimizers: functions of a learning rate that return a ``GradientTransformation``."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

from reportgen.foreign.contract import (
    RATES,
    ForeignOptimizer,
    Unsuitable,
    declare,
    other_parameters,
    public_name,
    rate_parameter,
    recommended_rate,
)


@dataclass(frozen=True)
class OptaxOptimizer(ForeignOptimizer):
    """Base of the declarations; ``target`` takes the learning rate and the hyperparameters."""

    packages = ("jax", "optax")


def is_optax(member: Any) -> bool:
    """Whether ``member`` is a function that takes a learning rate, or a ``GradientTransformation``."""
    if inspect.isfunction(member):
        return any(name in RATES for name in inspect.signature(member).parameters)
    return any(each.__name__ == "GradientTransformation" for each in type(member).__mro__)


def from_optax(member: Any) -> type[ForeignOptimizer]:
    """The declaration of such a function.

    Raises:
        Unsuitable: it has a parameter without a default, or is a transformation that is made already.
    """
    if not inspect.isfunction(member):
        raise Unsuitable(
            "its learning rate is fixed: write a function of learning_rate that returns the transformation, "
            "such as def mine(learning_rate): return optax.chain(...)"
        )
    parameters = list(inspect.signature(member).parameters.values())
    rate = rate_parameter(parameters, "it")
    others = other_parameters(parameters, rate, member.__name__)
    facts = {
        "target": member,
        "rate": rate,
        "default_learning_rate": recommended_rate(parameters, rate),
        "title": f"optax {member.__name__}",
        "source": public_name(member),
        "note": "optax's own code makes the steps, compiled by JAX.",
        "__doc__": (inspect.getdoc(member) or "").strip().split("\n\n")[0],
        "__module__": member.__module__,
    }
    return declare(OptaxOptimizer, member.__name__, others, facts, structural=True)
