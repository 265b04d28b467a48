"""Optimizers that wrap others. Their hyperparameters form one flat table; ``base.beta_2`` is that of the base."""

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


def declared_hyperparameters(kind: Kind, values: Mapping[str, object], folder: Path) -> dict[str, Hyperparameter]:
    """Return all hyperparameters of ``kind`` and of the optimizers that it wraps, by flat name.

    Args:
        kind: the class of the outer optimizer.
        values: values by flat name; those of ``base``, ``base.base`` and so on select the wrapped optimizers.
        folder: the folder that plug-in files are relative to.

    Raises:
        UnknownNameError: there is no such wrapped optimizer, or it cannot be wrapped.
        BrokenPluginError: a wrapped optimizer cannot be used.
    """
    declared = hyperparameters(kind)
    for field, inner, inner_values in _wrapped(kind, values, folder):
        for name, item in declared_hyperparameters(inner, inner_values, folder).items():
            # The outer schedule already shapes the learning rate that both optimizers see.
            if name != "schedule":
                declared[f"{field}.{name}"] = dataclasses.replace(item, name=f"{field}.{name}")
    declared["schedule"] = declared.pop("schedule")
    return declared


def create_optimizer(kind: Kind, values: Mapping[str, Any], folder: Path) -> Optimizer:  # arguments of any class
    """Return an instance of ``kind`` with ``values`` by flat name; a wrapper holds an instance of its base.

    Raises:
        UnknownNameError: there is no such wrapped optimizer, or it cannot be wrapped.
        BrokenPluginError: a wrapped optimizer cannot be used.
    """
    arguments = {name: values[name] for name in hyperparameters(kind) if name in values}
    for field, inner, inner_values in _wrapped(kind, values, folder):
        arguments[field] = create_optimizer(inner, inner_values, folder)
    return kind(**arguments)


def wrapped_classes(kind: Kind, values: Mapping[str, object], folder: Path) -> Iterator[Kind]:
    """Yield ``kind`` and the classes of all optimizers that it wraps, outermost first."""
    yield kind
    for _, inner, inner_values in _wrapped(kind, values, folder):
        yield from wrapped_classes(inner, inner_values, folder)


def _wrapped(kind: Kind, values: Mapping[str, object], folder: Path) -> Iterator[tuple[str, Kind, dict[str, object]]]:
    """Field, class and values of each optimizer that ``kind`` wraps directly."""
    for name, item in hyperparameters(kind).items():
        if item.wraps:
            prefix = f"{name}."
            inner_values = {key.removeprefix(prefix): value for key, value in values.items() if key.startswith(prefix)}
            ref = str(values.get(name, item.default))
            inner = find_optimizer(ref, folder)
            if issubclass(inner, ForeignOptimizer):
                reason = f"{ref} cannot be wrapped: expected an optimizer with init and step"
                raise UnknownNameError(ref, "optimizer", None, reason)
            yield name, inner, inner_values
