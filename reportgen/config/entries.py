"""The entries of a list in a config, and which of them are there already."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any, TypeVar

from pydantic import ValidationError

from reportgen.config.errors import ConfigProblem
from reportgen.config.model import LossEntry, OptimizerEntry
from reportgen.config.sources import Key, dotted_key

Entry = TypeVar("Entry", LossEntry, OptimizerEntry)


def entries(name: str, listed: Any, part: type[Entry]) -> Iterator[tuple[Key, Any, Entry, bool]]:
    """Key, value as written, entry, and whether it is whole: of a misshapen one only the name is left."""
    for index, raw in enumerate(listed if isinstance(listed, list | tuple) else ()):
        named = raw.get("name") if isinstance(raw, dict) else None
        try:
            yield (name, index), raw, part.model_validate(raw), True
        except ValidationError:
            if isinstance(named, str) and named:
                yield (name, index), raw, part(name=named), False


def duplicate_errors(key: Key, raw: Any, same: Hashable, seen: dict[Hashable, Key]) -> Iterator[ConfigProblem]:
    """A mistake if ``same`` was seen under another key, or twice under this one."""
    if same in seen:
        said = "has a value twice" if seen[same] == key else f"is there already, as {dotted_key(seen[same])}"
        yield ConfigProblem(key, raw, said)
    seen.setdefault(same, key)
