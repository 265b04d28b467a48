"""Checks the optimizers of a configuration, also wrapped ones: names, hyperparameters, values and duplicates."""

from __future__ import annotations

import itertools
import math
from collections.abc import Hashable, Iterable, Iterator, Sequence
from pathlib import Path

from reportgen.catalogue import (
    BrokenPluginError,
    UnknownNameError,
    declared_hyperparameters,
    find_optimizer,
    with_known_names,
)
from reportgen.config.draft import Entry
from reportgen.config.errors import NO_VALUE, ConfigProblem, duplicate_errors, format_value
from reportgen.config.model import Config, OptimizerEntry, Scalar
from reportgen.config.sources import Key
from reportgen.optimizer import Hyperparameter
from reportgen.search import Search

MOST_COMBINATIONS = 10_000
"""Combinations of hyperparameter values of one entry."""

Variant = tuple[dict[str, Scalar], dict[str, Hyperparameter]]
"""One combination of the string values of an entry, which may name wrapped optimizers, and all hyperparameters then."""


def with_float_hyperparameters(config: Config) -> Config:
    """Return the config with 1 converted to 1.0 for float hyperparameters, so that both give the same label."""
    entries = tuple(_with_declared_types(entry, config.base) for entry in config.optimizers)
    return config.model_copy(update={"optimizers": entries})


def _with_declared_types(entry: OptimizerEntry, base: Path) -> OptimizerEntry:
    if not entry.hyperparameters:
        return entry
    try:
        variants = _variants(entry, base)
    except BrokenPluginError:
        return entry
    declared = {name: item for _, items in variants for name, item in items.items()}
    converted = {
        name: tuple(float(value) if isinstance(declared[name].default, float) else value for value in values)
        for name, values in entry.hyperparameters.items()
    }
    return entry.model_copy(update={"hyperparameters": converted})


def _variants(entry: OptimizerEntry, base: Path) -> list[Variant]:
    """The declared hyperparameters for each combination of wrapped optimizers.

    Raises UnknownNameError or BrokenPluginError if an optimizer cannot be found or used.
    """
    kind = find_optimizer(entry.name, base)
    strings = {
        name: values
        for name, values in entry.hyperparameters.items()
        if all(isinstance(value, str) for value in values)
    }
    combinations = (dict(zip(strings, values, strict=True)) for values in itertools.product(*strings.values()))
    return [(combination, declared_hyperparameters(kind, combination, base)) for combination in combinations]


def optimizer_errors(entries: Sequence[Entry[OptimizerEntry]], base: Path) -> Iterator[ConfigProblem]:
    """Yield the errors of all optimizers. A broken plug-in is not an error; its configurations are reported as failed.

    Args:
        entries: the entries of ``optimizers``; their own errors are not repeated.
        base: the folder that plug-in files are relative to.
    """
    identities: list[tuple[Key, object, Hashable]] = []
    for entry in entries:
        if entry.model is None:
            continue
        count = math.prod(len(values) for values in entry.model.hyperparameters.values())
        if count > MOST_COMBINATIONS:
            reason = f"stands for {count:,} optimizers; expected at most {MOST_COMBINATIONS:,}"
            yield ConfigProblem(entry.key, NO_VALUE, reason)
            continue
        value_errors = list(_value_errors(entry.key, entry.model))
        yield from value_errors
        model = _without(entry.model, {str(error.key[-1]) for error in value_errors})
        try:
            variants = _variants(model, base)
        except UnknownNameError as error:
            yield ConfigProblem(_key_of_name(entry.key, model, error.ref), NO_VALUE, str(error))
            continue
        except BrokenPluginError:
            continue
        found = (_hyperparameter_errors(entry.key, model, declared) for _, declared in variants)
        errors = list(dict.fromkeys(itertools.chain.from_iterable(found)))
        yield from errors
        if not (entry.errors or value_errors or errors):
            optimizers = itertools.chain.from_iterable(_optimizers(model, *variant) for variant in variants)
            identities += ((entry.key, entry.value, optimizer) for optimizer in optimizers)
    yield from duplicate_errors(identities)
    yield from duplicate_errors(_titles(entries))


def _titles(entries: Iterable[Entry[OptimizerEntry]]) -> Iterator[tuple[Key, object, Hashable]]:
    """The ``label`` of each entry that has one: two optimizers must not have the same title."""
    for entry in entries:
        if entry.model is not None and entry.model.label:
            yield (*entry.key, "label"), entry.model.label, entry.model.label


def _value_errors(key: Key, entry: OptimizerEntry) -> Iterator[ConfigProblem]:
    for name, values in entry.hyperparameters.items():
        if not values:
            yield ConfigProblem((*key, name), [], "expected at least one value")
        elif not all(isinstance(value, bool | int | float | str) for value in values):
            yield ConfigProblem((*key, name), values, "expected a value or a list of values")


def _without(entry: OptimizerEntry, names: set[str]) -> OptimizerEntry:
    others = {name: values for name, values in entry.hyperparameters.items() if name not in names}
    return entry.model_copy(update={"hyperparameters": others})


def _key_of_name(key: Key, entry: OptimizerEntry, ref: str) -> Key:
    """The key of the optimizer name ``ref``: that of the entry, or of the hyperparameter that selects a base."""
    selecting = (name for name, values in entry.hyperparameters.items() if ref in values)
    return key if ref == entry.name else (*key, *itertools.islice(selecting, 1))


def _optimizers(
    entry: OptimizerEntry, strings: dict[str, Scalar], declared: dict[str, Hyperparameter]
) -> Iterator[tuple[Hashable, ...]]:
    """The name and all values of each optimizer of one variant of the entry."""
    values = entry.hyperparameters | {name: (value,) for name, value in strings.items()}
    choices = (values.get(name, (item.default,)) for name, item in declared.items())
    yield from itertools.product((entry.name,), *choices)


def _search_problem(search: Search, declared: Hyperparameter) -> str | None:
    """Why a hyperparameter cannot be tuned like this; None if it can. Its values are checked like all others."""
    if declared.wraps:
        return "selects an optimizer and cannot be tuned; write an entry for each"
    if not (search.choices or declared.loose or isinstance(declared.default, float)):
        return f"expected a list of values, such as {{ choices = [{format_value(declared.default)[:40]}] }}"
    return None


def _hyperparameter_errors(
    key: Key, entry: OptimizerEntry, declared: dict[str, Hyperparameter]
) -> Iterator[ConfigProblem]:
    searched: dict[str, tuple[Scalar, ...]] = {}
    for name, search in entry.searches.items():
        if problem := _search_problem(search, declared[name]) if name in declared else None:
            yield ConfigProblem((*key, name), NO_VALUE, problem)
        else:
            searched[name] = search.choices or (search.low, search.high)
    for name, values in {**entry.hyperparameters, **searched}.items():
        if name not in declared:
            reason = with_known_names(f'{entry.name} has no hyperparameter "{name}"', name, declared)
            yield ConfigProblem((*key, name), values[0] if len(values) == 1 else values, reason)
            continue
        for index, value in enumerate(values):
            error = declared[name].validation_error(value)
            if error is None and isinstance(value, float) and not math.isfinite(value):
                error = "expected a finite number"
            if error:
                yield ConfigProblem((*key, name, index) if len(values) > 1 else (*key, name), value, error)
