"""Where a config's values come from, which of them wins, and how each place is called in a message."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reportgen.catalogue import nearest_name
from reportgen.config.labels import parse_value
from reportgen.config.model import Config

Key = tuple[str | int, ...]
"""The way to a value: ``("optimizers", 1, "beta_2")``."""

FLAGS = {
    "losses": "--loss",
    "optimizers": "--optimizer",
    "learning_rates": "--lr",
    "steps": "--steps",
    "starts": "--starts",
    "dtype": "--dtype",
    "trace": "--trace",
    "device": "--device",
    "compile_cache": "--no-compile-cache",
    "output": "--output",
    "templates": "--templates",
    "max_size": "--max-size",
}
"""The flags of the command line, by the key that they set."""

_PREFIX = "REPORTGEN_"
_TEXTS = {"title", "description", "site_url", "templates", "dtype", "trace", "device", "output"}
_LISTS = {"losses", "optimizers", "learning_rates", "targets"}
_NAMES = {"losses", "optimizers"}


@dataclass(frozen=True)
class Source:
    """One place that values come from, lowest in precedence first when there are several."""

    values: dict[str, Any]
    prefix: str = ""
    """What stands before a dotted key, where the source is a file."""
    names: Mapping[str, str] = field(default_factory=dict)
    """What a key is called, where the source is not a file."""
    problems: tuple[str, ...] = ()
    """Why the source, or a part of it, could not be read."""

    def says(self, key: Key) -> str:
        """The key as its author knows it: ``reportgen.toml: starts.seed`` or ``REPORTGEN_STEPS``."""
        if not self.names:
            return self.prefix + dotted_key(key)
        below = [str(part) for part in key[1:] if isinstance(part, str)]
        return ": ".join([self.names[str(key[0])], *([] if key[0] == "starts" else below)])


def dotted_key(key: Key) -> str:
    """``optimizers[1].beta_2``."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in key)
    return "".join(parts).removeprefix(".")


def from_file(path: Path) -> Source:
    """The values in a TOML file; of a ``pyproject.toml`` those in ``[tool.reportgen]``."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        return Source({}, problems=(f"{path.name}: {_with_line_first(str(error))}",))
    except UnicodeDecodeError as error:
        return Source({}, problems=(f"{path.name}: is not UTF-8 text (byte {error.start})",))
    except OSError as error:
        return Source({}, problems=(f"{path}: cannot be read: {error.strerror}",))
    if path.name != "pyproject.toml":
        return Source(values, prefix=f"{path.name}: ")
    table = values.get("tool", {}).get("reportgen", {})
    if not isinstance(table, dict):
        return Source({}, problems=("pyproject.toml: tool.reportgen: a table is expected",))
    return Source(table, prefix="pyproject.toml: tool.reportgen.")


def from_environment(environ: Mapping[str, str]) -> Source:
    """The values of REPORTGEN_* variables, as TOML or, for lists, with commas between the entries."""
    names = {key: _PREFIX + key.upper() for key in Config.model_fields if key != "base"}
    values = {key: _from_text(key, environ[name]) for key, name in names.items() if environ.get(name)}
    strangers = sorted(name for name in environ.keys() - names.values() if name.startswith(_PREFIX))
    problems = (_misspelt(name, names) for name in strangers)
    return Source(values, names=names, problems=tuple(filter(None, problems)))


def from_flags(flags: Mapping[str, Any]) -> Source:
    """The values of flags, by key; None or an empty tuple is a flag that was not given."""
    given = {key: value for key, value in flags.items() if value not in (None, ())}
    if "starts" in given:
        given["starts"] = {"random": given["starts"]}
    return Source(given, names=FLAGS)


@dataclass(frozen=True)
class Merged:
    """The values that won, and the source of each."""

    values: dict[str, Any]
    sources: dict[Key, Source]

    def says(self, key: Key) -> str:
        """The key in the words of the source that its value comes from."""
        kin = (source for known, source in self.sources.items() if known[:1] == key[:1])
        source = self.sources.get(key[:2]) or self.sources.get(key[:1]) or next(kin, Source({}))
        return source.says(key)


def merge(sources: Iterable[Source]) -> Merged:
    """The sources over one another, the last one uppermost; ``starts`` key by key, all else as a whole."""
    values: dict[str, Any] = {}
    origins: dict[Key, Source] = {}
    for source in sources:
        for key, value in source.values.items():
            if key == "starts" and isinstance(value, dict) and isinstance(values.get(key, {}), dict):
                values[key] = values.get(key, {}) | value
                origins |= {(key, part): source for part in value}
            else:
                values[key] = value
                origins[(key,)] = source
    return Merged(values, origins)


def _from_text(key: str, text: str) -> Any:
    if key in _TEXTS:
        return text
    value = parse_value(text)
    if key == "starts" and isinstance(value, int):
        return {"random": value}
    if key in _LISTS and not isinstance(value, list | dict):
        entries = [entry.strip() for entry in re.split(r",(?![^\[]*\])", text)]
        return entries if key in _NAMES else [parse_value(entry) for entry in entries]
    return value


def _misspelt(name: str, keys: Iterable[str]) -> str | None:
    """What is wrong with an unknown variable; one that resembles none of ours is someone else's business."""
    meant = nearest_name(name.removeprefix(_PREFIX), keys, cutoff=0.8)
    return f"{name}: no such setting; did you mean {_PREFIX}{meant.upper()}?" if meant else None


def _with_line_first(message: str) -> str:
    """tomllib's ``Invalid value (at line 3, column 5)`` as ``line 3: invalid value (column 5)``."""
    found = re.fullmatch(r"(.*) \(at line (\d+), column (\d+)\)", message, re.DOTALL)
    if not found:
        return message
    said, line, column = found.groups()
    return f"line {line}: {said[0].lower()}{said[1:]} (column {column})"
