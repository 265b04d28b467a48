"""PyTorch optimizers: classes derived from ``torch.optim.Optimizer``, and functions that return one."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from reportgen.foreign.contract import (
    ForeignOptimizer,
    declare,
    other_parameters,
    public_name,
    rate_parameter,
    recommended_rate,
)

PARAMETERS = "params"
"""The name of the first argument, which takes the parameters to optimize."""


@dataclass(frozen=True)
class TorchOptimizer(ForeignOptimizer):
    """Base of the declarations; ``target`` takes the parameters, the learning rate and the hyperparameters."""

    packages = ("torch",)
    tuples: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """The hyperparameters that form a tuple argument: ``betas`` consists of ``beta_1`` and ``beta_2``."""
    evaluates_loss: ClassVar[bool] = False
    """Whether ``step`` requires a closure, and evaluates the loss many times."""


def is_torch(member: Any) -> bool:
    """Whether ``member`` is a class of PyTorch optimizers, or a function that takes ``params``."""
    if isinstance(member, type):
        bases = member.__mro__[1:]
        return any(each.__module__.startswith("torch.optim") and each.__name__ == "Optimizer" for each in bases)
    return inspect.isfunction(member) and next(iter(inspect.signature(member).parameters), "") == PARAMETERS


def from_torch(member: Any) -> type[ForeignOptimizer]:
    """The declaration of a class or function.

    Raises:
        Unsuitable: it takes no learning rate, or has a parameter without a default.
    """
    parameters = list(inspect.signature(member).parameters.values())[1:]
    rate = rate_parameter(parameters, "it")
    others = other_parameters(parameters, rate, member.__name__)
    tuples = {each.name: _names(each) for each in others if _is_tuple(each.default)}
    facts = {
        "target": member,
        "rate": rate,
        "default_learning_rate": recommended_rate(parameters, rate),
        "tuples": tuples,
        "evaluates_loss": _requires_closure(member),
        "title": f"PyTorch {member.__name__}",
        "source": public_name(member),
        "note": "PyTorch's own code makes the steps.",
        "__doc__": (inspect.getdoc(member) or "").strip().split("\n\n")[0],
        "__module__": member.__module__,
    }
    return declare(TorchOptimizer, member.__name__, _flat(others), facts, structural=True)


def _requires_closure(member: Any) -> bool:
    """Whether ``step`` of a class has an argument without a default."""
    if not isinstance(member, type):
        return False
    arguments = list(inspect.signature(member.step).parameters.values())[1:]  # type: ignore[attr-defined]
    return any(each.default is each.empty and each.kind is each.POSITIONAL_OR_KEYWORD for each in arguments)


def _is_tuple(default: Any) -> bool:
    return isinstance(default, tuple) and all(isinstance(each, int | float) for each in default)


def _names(parameter: inspect.Parameter) -> tuple[str, ...]:
    """``beta_1`` and ``beta_2`` for ``betas=(0.9, 0.999)``."""
    return tuple(f"{parameter.name.removesuffix('s')}_{place + 1}" for place in range(len(parameter.default)))


def _flat(parameters: list[inspect.Parameter]) -> Iterator[inspect.Parameter]:
    for each in parameters:
        if not _is_tuple(each.default):
            yield each
            continue
        for name, default in zip(_names(each), each.default, strict=True):
            yield inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default)
