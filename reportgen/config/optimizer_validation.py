"""What can be wrong with the optimizers: names, hyperparameters and their values, also of those that are wrapped."""

from __future__ import annotations

import itertools
import math
from collections.abc import Hashable, Iterable, Iterator
from pathlib import Path
from typing import Any

from reportgen.catalogue import (
    BrokenPluginError,
    UnknownNameError,
    declared_hyperparameters,
    find_optimizer,
    with_suggestion,
)
from reportgen.config.entries import duplicate_errors, entries
from reportgen.config.errors import ConfigProblem
from reportgen.config.model import Config, OptimizerEntry, Scalar
from reportgen.config.sources import Key
from reportgen.optimizer import Hyperparameter

Choice = tuple[dict[str, Any], dict[str, Hyperparameter]]
"""Texts that are asked for, among them the names of wrapped optimizers, and all that is declared then."""


def with_float_hyperparameters(config: Config) -> Config:
    """The config with 1 written as 1.0 where a hyperparameter is a float, so that both are one cell."""
    entries = tuple(_as_declared(entry, config.base) for entry in config.optimizers)
    return config.model_copy(update={"optimizers": entries})


def _as_declared(entry: OptimizerEntry, base: Path) -> OptimizerEntry:
    if not entry.hyperparameters:
        return entry
    try:
        choices = _choices(entry, base)
    except BrokenPluginError:
        return entry
    every = {name: item for _, known in choices for name, item in known.items()}
    values = {
        name: tuple(float(value) if isinstance(every[name].default, float) else value for value in given)
        for name, given in entry.hyperparameters.items()
    }
    return entry.model_copy(update={"hyperparameters": values})


def _choices(entry: OptimizerEntry, base: Path) -> list[Choice]:
    """What the entry's optimizer declares, once for each combination of optimizers that it is to wrap.

    Raises UnknownName or BrokenPlugin where one of them cannot be found.
    """
    kind = find_optimizer(entry.name, base)
    texts = {name: values for name, values in entry.hyperparameters.items() if _all_texts(values)}
    choices = (dict(zip(texts, values, strict=True)) for values in itertools.product(*texts.values()))
    return [(choice, declared_hyperparameters(kind, choice, base)) for choice in choices]


def _all_texts(values: Iterable[Scalar]) -> bool:
    return all(isinstance(value, str) for value in values)


def _without(entry: OptimizerEntry, names: set[str]) -> OptimizerEntry:
    kept = {name: values for name, values in entry.hyperparameters.items() if name not in names}
    return entry.model_copy(update={"hyperparameters": kept})


def optimizer_errors(listed: Any, base: Path) -> Iterator[ConfigProblem]:
    """The mistakes in the list of optimizers; a broken plug-in is none, its cells are reported."""
    seen: dict[Hashable, Key] = {}
    for key, raw, entry, whole in entries("optimizers", listed, OptimizerEntry):
        no_values = list(_no_values(key, entry))
        yield from no_values
        entry = _without(entry, {str(mistake.key[-1]) for mistake in no_values})
        try:
            choices = _choices(entry, base)
        except UnknownNameError as error:
            yield ConfigProblem(_where_named(key, entry, error.ref), raw, str(error))
            continue
        except BrokenPluginError:
            continue
        wrong = (_hyperparameters(key, entry, known) for _, known in choices)
        told = list(dict.fromkeys(itertools.chain.from_iterable(wrong)))
        yield from told
        if whole and not (told or no_values):
            cells = itertools.chain.from_iterable(_combinations(entry, *choice) for choice in choices)
            twice = (duplicate_errors(key, raw, (entry.name, *cell), seen) for cell in cells)
            # One line an entry says enough, however many of its combinations are there already.
            yield from itertools.islice(itertools.chain.from_iterable(twice), 1)


def _where_named(key: Key, entry: OptimizerEntry, ref: str) -> Key:
    """The key under which the optimizer ``ref`` was asked for: the entry itself, or one that it wraps."""
    wrapped = (name for name, values in entry.hyperparameters.items() if ref in values)
    return key if ref == entry.name else (*key, *itertools.islice(wrapped, 1))


def _combinations(
    entry: OptimizerEntry, choice: dict[str, Any], known: dict[str, Hyperparameter]
) -> Iterator[tuple[Hashable, ...]]:
    """Everything that tells one optimizer of the entry from another, for one choice of texts."""
    asked = entry.hyperparameters | {name: (value,) for name, value in choice.items()}
    yield from itertools.product(*(asked.get(name, (each.default,)) for name, each in known.items()))


def _no_values(key: Key, entry: OptimizerEntry) -> Iterator[ConfigProblem]:
    for name, values in entry.hyperparameters.items():
        if not values:
            yield ConfigProblem((*key, name), [], "at least one value is expected")
        elif not all(isinstance(value, bool | int | float | str) for value in values):
            yield ConfigProblem((*key, name), values, "a value, or a list of values, is expected")


def _hyperparameters(key: Key, entry: OptimizerEntry, declared: dict[str, Hyperparameter]) -> Iterator[ConfigProblem]:
    for name, values in entry.hyperparameters.items():
        if name not in declared:
            came = values[0] if len(values) == 1 else values
            yield ConfigProblem((*key, name), came, _no_hyperparameter(entry.name, name, declared))
            continue
        for index, value in enumerate(values):
            problem = _problem(declared[name], value)
            if problem:
                at = (*key, name, index) if len(values) > 1 else (*key, name)
                yield ConfigProblem(at, value, problem)


def _no_hyperparameter(optimizer: str, name: str, declared: Iterable[str]) -> str:
    known = list(declared)
    holds = f"; it has {', '.join(known)}" if known else ", nor any other"
    return with_suggestion(f"{optimizer} has no hyperparameter {name}{holds}", name, known)


def _problem(declared: Hyperparameter, value: Scalar) -> str | None:
    if not isinstance(value, bool | int | float | str):
        return None  # told already
    problem = declared.problem_with(value)
    if problem is None and isinstance(value, float) and not math.isfinite(value):
        return "a finite number is expected"
    return problem
