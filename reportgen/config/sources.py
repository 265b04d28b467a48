"""The sources of a configuration: files, environment and flags, their precedence, and the location of each key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from reportgen.catalogue import nearest_name
from reportgen.config.labels import parse_value
from reportgen.config.model import Config
from reportgen.regular_files import read_text

Key = tuple[str | int, ...]
"""The path to a value: ``("optimizers", 1, "beta_2")``."""

FLAGS = {
    "losses": "--loss",
    "optimizers": "--optimizer",
    "learning_rates": "--lr",
    "steps": "--steps",
    "starts": "--starts",
    "tune": "--trials",
    "baseline": "--baseline",
    "dtype": "--dtype",
    "basins": "--basins",
    "trace": "--trace",
    "device": "--device",
    "memory_limit": "--memory-limit",
    "cluster": "--cluster",
    "output": "--output",
    "templates": "--templates",
    "max_size": "--max-size",
}
"""The flags of the command line by key."""

MAIN_KEYS = {"starts": "random", "tune": "trials", "cluster": "address"}
"""Tables that a flag or a variable stands for, with the key that is meant."""

_PREFIX = "REPORTGEN_"
_STRING_KEYS = {"title", "description", "site_url", "baseline", "templates", "dtype", "trace", "device", "output"}
_NAME_LIST_KEYS = {"losses", "optimizers"}
_LIST_KEYS = {*_NAME_LIST_KEYS, "learning_rates", "targets"}


@dataclass(frozen=True)
class Source:
    """A file, the environment or the flags."""

    values: Mapping[str, object]
    prefix: str = ""
    """The prefix of a dotted key in messages, for a file."""
    names: Mapping[str, str] = field(default_factory=dict)
    """The name of each key in messages, for other sources."""
    problems: tuple[str, ...] = ()
    """Messages about a source, or a part of it, that cannot be read."""

    def location(self, key: Key) -> str:
        """Return the key as the user writes it: ``reportgen.toml: starts.seed`` or ``REPORTGEN_STEPS``."""
        if not self.names:
            return self.prefix + dotted_key(key)
        inner = [str(part) for part in key[1:] if isinstance(part, str)]
        return ": ".join([self.names[str(key[0])], *([] if key[0] in MAIN_KEYS else inner)])


def dotted_key(key: Key) -> str:
    """Return the key in TOML syntax: ``optimizers[1].beta_2``."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in key)
    return "".join(parts).removeprefix(".")


def from_file(path: Path) -> Source:
    """Return the values in a TOML file; of ``pyproject.toml`` only those in ``[tool.reportgen]``."""
    try:
        values = tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        return Source({}, problems=(f"{path.name}: {_with_line_first(str(error))}",))
    except RecursionError:
        return Source({}, problems=(f"{path.name}: nested too deeply",))
    except UnicodeDecodeError as error:
        return Source({}, problems=(f"{path.name}: expected UTF-8 text (error at byte {error.start})",))
    except OSError as error:
        return Source({}, problems=(f"{path}: cannot be read: {error.strerror}",))
    if path.name != "pyproject.toml":
        return Source(values, prefix=f"{path.name}: ")
    table = values.get("tool", {}).get("reportgen", {})
    if not isinstance(table, dict):
        return Source({}, problems=("pyproject.toml: tool.reportgen: expected a table",))
    return Source(table, prefix="pyproject.toml: tool.reportgen.")


def from_environment(environ: Mapping[str, str]) -> Source:
    """Return the values of REPORTGEN_* variables, written as TOML or, for lists, separated by commas."""
    names = {key: _PREFIX + key.upper() for key in Config.model_fields if key != "base"}
    values = {key: _parse_variable(key, environ[name]) for key, name in names.items() if environ.get(name)}
    unknown = sorted(name for name in environ.keys() - names.values() if name.startswith(_PREFIX))
    problems = (_misspelt_variable(name, names) for name in unknown)
    return Source(values, names=names, problems=tuple(filter(None, problems)))


def from_flags(flags: Mapping[str, object]) -> Source:
    """Return the values of flags by key. None and an empty tuple stand for a flag that is not given."""
    values = {key: value for key, value in flags.items() if value not in (None, ())}
    values |= {key: {MAIN_KEYS[key]: values[key]} for key in MAIN_KEYS.keys() & values if values[key] != ""}
    return Source(values, names=FLAGS)


@dataclass(frozen=True)
class MergedSources:
    """The values with the highest precedence, and the source of each."""

    values: Mapping[str, object]
    sources: Mapping[Key, Source]

    def location(self, key: Key) -> str:
        """Return the key as the user writes it in the source of its value."""
        same_table = (source for known, source in self.sources.items() if known[:1] == key[:1])
        source = self.sources.get(key[:2]) or self.sources.get(key[:1]) or next(same_table, Source({}))
        return source.location(key)


def merge(sources: Iterable[Source]) -> MergedSources:
    """Merge sources, of which the last has the highest precedence.

    The tables in ``MAIN_KEYS`` are merged key by key; every other value replaces the value of an earlier source.
    """
    values: dict[str, object] = {}
    origins: dict[Key, Source] = {}
    for source in sources:
        for key, value in source.values.items():
            earlier = values.get(key, {})
            if key in MAIN_KEYS and isinstance(value, dict) and isinstance(earlier, dict):
                values[key] = earlier | value
                origins |= {(key, part): source for part in value}
            else:
                values[key] = value
                origins[(key,)] = source
    return MergedSources(values, origins)


def _parse_variable(key: str, text: str) -> object:
    if key == "cluster":
        return {"address": text}
    if key in _STRING_KEYS:
        return text
    value = parse_value(text)
    if key in MAIN_KEYS and isinstance(value, int):
        return {MAIN_KEYS[key]: value}
    if key in _LIST_KEYS and not isinstance(value, list | dict):
        entries = [entry.strip() for entry in re.split(r",(?![^\[]*\])", text)]
        return entries if key in _NAME_LIST_KEYS else [parse_value(entry) for entry in entries]
    return value


def _misspelt_variable(name: str, keys: Iterable[str]) -> str | None:
    """The message about an unknown variable. One that resembles no key belongs to another program: None."""
    nearest = nearest_name(name.removeprefix(_PREFIX), keys, cutoff=0.8)
    return f'{name}: unknown variable. Did you mean "{_PREFIX}{nearest.upper()}"?' if nearest else None


def _with_line_first(message: str) -> str:
    """tomllib's ``Invalid value (at line 3, column 5)`` as ``line 3: invalid value (column 5)``."""
    found = re.fullmatch(r"(.*) \(at line (\d+), column (\d+)\)", message, re.DOTALL)
    if not found:
        return message
    text, line, column = found.groups()
    return f"line {line}: {text[0].lower()}{text[1:]} (column {column})"
