"""Validates the values of a configuration, each once, and keeps the valid ones next to the errors of the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import ValidationError

from reportgen.config.errors import ConfigProblem, shape_errors, unknown_key_reason
from reportgen.config.model import Config, LossEntry, OptimizerEntry
from reportgen.config.sources import Key

Model = TypeVar("Model", LossEntry, OptimizerEntry)


@dataclass(frozen=True)
class Entry(Generic[Model]):
    """One entry of ``losses`` or ``optimizers``."""

    key: Key
    value: object
    """The entry as written, for messages."""
    model: Model | None
    """If the entry has errors, it holds the name only; None if even the name is invalid."""
    errors: tuple[ConfigProblem, ...] = ()


@dataclass(frozen=True)
class Draft:
    """The values of a configuration as far as they are valid."""

    config: Config
    """The valid values. A key with an error has its default."""
    losses: tuple[Entry[LossEntry], ...]
    optimizers: tuple[Entry[OptimizerEntry], ...]
    """Empty if the configuration does not name any."""
    values: Mapping[str, object]
    """The values as written, for messages."""
    errors: tuple[ConfigProblem, ...]

    def is_given(self, key: str) -> bool:
        """Return whether there is a value for ``key``, and it is valid."""
        return key in self.config.model_fields_set

    def has_error(self, key: Key) -> bool:
        """Return whether the value at ``key``, or a value in it, has an error."""
        return key in self._keys_with_errors

    @cached_property
    def _keys_with_errors(self) -> set[Key]:
        return {error.key[:length] for error in self.errors for length in range(len(error.key) + 1)}

    def valid_items(self, *path: str) -> Iterator[tuple[Key, object]]:
        """Yield key and value of each item without an error in the list at ``path``."""
        value: object = self.values
        for name in path:
            value = value.get(name) if isinstance(value, Mapping) else None
        for index, item in enumerate(value if isinstance(value, list | tuple) else ()):
            if not self.has_error((*path, index)):
                yield (*path, index), item


def validate(values: Mapping[str, object], base: Path) -> Draft:
    """Validate all values of a configuration.

    Args:
        values: the values by key.
        base: the folder that plug-in files are relative to.
    """
    losses = validate_entries("losses", values.get("losses", Config.model_fields["losses"].default), LossEntry)
    optimizers = validate_entries("optimizers", values.get("optimizers"), OptimizerEntry)
    entries: dict[str, tuple[Entry[LossEntry], ...] | tuple[Entry[OptimizerEntry], ...]]
    entries = {"losses": losses, "optimizers": optimizers}
    valid: dict[str, object] = {}
    errors: list[ConfigProblem] = []
    for key, value in values.items():
        if key == "base":
            errors.append(ConfigProblem((key,), value, unknown_key_reason((key,))))
        elif entries.get(key):
            entry_errors = [error for entry in entries[key] for error in entry.errors]
            errors += entry_errors
            if not entry_errors:
                valid[key] = tuple(entry.model for entry in entries[key])
        else:
            try:
                valid[key] = getattr(Config.model_validate({key: value}), key)
            except ValidationError as error:
                errors += shape_errors(error)
    config = Config.model_construct(_fields_set=set(valid), **valid, base=base)
    return Draft(config, losses, optimizers, values, tuple(errors))


def validate_entries(name: str, values: object, model: type[Model]) -> tuple[Entry[Model], ...]:
    """Validate each item of the list ``values`` into ``model``; anything else than a list has no entries."""
    items = enumerate(values if isinstance(values, list | tuple) else ())
    return tuple(_validate_entry((name, index), value, model) for index, value in items)


def _validate_entry(key: Key, value: object, model: type[Model]) -> Entry[Model]:
    try:
        return Entry(key, value, model.model_validate(value))
    except ValidationError as error:
        name = value.get("name") if isinstance(value, dict) else None
        name_only = model(name=name) if isinstance(name, str) and name else None
        return Entry(key, value, name_only, tuple(shape_errors(error, key)))
