"""Optimizers that wrap others: all their hyperparameters in one flat table, ``base.beta_2`` being that of the base."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from reportgen.catalogue.errors import UnknownNameError
from reportgen.catalogue.lookup import find_optimizer
from reportgen.foreign import ForeignOptimizer
from reportgen.optimizer import Hyperparameter, Optimizer, hyperparameters

Kind = type[Optimizer]


def declared_hyperparameters(kind: Kind, values: Mapping[str, Any], folder: Path) -> dict[str, Hyperparameter]:
    """Every hyperparameter of ``kind`` by its flat name; ``values`` say which optimizers are wrapped.

    Raises UnknownName or BrokenPlugin where a wrapped optimizer cannot be found.
    """
    found = hyperparameters(kind)
    for name, inner, below in _wrapped(kind, values, folder):
        # The schedule shapes the rate that both see, and is told by the outer one.
        of_base = {
            key: item for key, item in declared_hyperparameters(inner, below, folder).items() if key != "schedule"
        }
        found |= {f"{name}.{key}": dataclasses.replace(item, name=f"{name}.{key}") for key, item in of_base.items()}
    found["schedule"] = found.pop("schedule")
    return found


def create_optimizer(kind: Kind, values: Mapping[str, Any], folder: Path) -> Optimizer:
    """The optimizer with these values, in which a wrapper holds the optimizer that it wraps."""
    own = {name: values[name] for name in hyperparameters(kind) if name in values}
    return kind(
        **own | {name: create_optimizer(inner, below, folder) for name, inner, below in _wrapped(kind, values, folder)}
    )


def wrapped_classes(kind: Kind, values: Mapping[str, Any], folder: Path) -> Iterator[Kind]:
    """The class of the optimizer, and those of all that it wraps."""
    yield kind
    for _, inner, below in _wrapped(kind, values, folder):
        yield from wrapped_classes(inner, below, folder)


def _wrapped(kind: Kind, values: Mapping[str, Any], folder: Path) -> Iterator[tuple[str, Kind, dict[str, Any]]]:
    """Field, class and values of each optimizer that ``kind`` itself wraps."""
    for name, item in hyperparameters(kind).items():
        if item.wraps:
            prefix = f"{name}."
            below = {key.removeprefix(prefix): value for key, value in values.items() if key.startswith(prefix)}
            ref = str(values.get(name, item.default))
            inner = find_optimizer(ref, folder)
            if issubclass(inner, ForeignOptimizer):
                reason = f"{ref} cannot be wrapped: an optimizer with init and step is expected"
                raise UnknownNameError(ref, "optimizer", None, reason)
            yield name, inner, below
