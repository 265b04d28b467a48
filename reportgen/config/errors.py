"""The errors of a configuration, one line each: where, what was found, what was expected, and the nearest name."""

from __future__ import annotations

import json
import re
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reportgen.catalogue import with_known_names, with_suggestion
from reportgen.config.cluster import Cluster
from reportgen.config.model import Config, LossEntry, Noise, OptimizerEntry, RateRange, SearchEntry, Starts, Tune
from reportgen.config.sources import Key, dotted_key
from reportgen.failure import with_short_words

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

_NOT_KEYS = ("hyperparameters", "searches", "auto", "rates")
"""Parts of the place of an error that are not keys: a field that users do not see, and pydantic's tags of a union."""

NO_VALUE = object()
"""Stands for a value that is missing, or that the message repeats anyway."""

_MODELS: dict[tuple[str, ...], type[BaseModel]] = {
    (): Config,
    ("losses",): LossEntry,
    ("losses", "noise"): Noise,
    ("optimizers",): OptimizerEntry,
    ("starts",): Starts,
    ("tune",): Tune,
    ("cluster",): Cluster,
    ("learning_rates",): RateRange,
    ("optimizers", "learning_rates"): RateRange,
}
"""The model of the table at each key."""
_ENTRY_MODELS = {LossEntry.__name__, OptimizerEntry.__name__}
_EXPECTED = {
    "int_type": "an integer",
    "int_from_float": "an integer",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "string_type": "a string",
    "path_type": "a string",
    "tuple_type": "a list",
    "too_short": "at least one entry",
    "string_too_short": "a name",
    "model_type": "a table",
    "dict_type": "a table",
    "greater_than": "a value > {gt:g}",
    "greater_than_equal": "a value >= {ge:g}",
    "less_than": "a value < {lt:g}",
    "less_than_equal": "a value <= {le:g}",
    "string_pattern_mismatch": '"auto", "cpu", "gpu" or "tpu", or one device as in "gpu:1"',
}
"""What pydantic expected, by the type of its error."""


class ConfigError(Exception):
    """A configuration that cannot be run, with a line for each of its errors."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = [*map(with_short_words, problems)]
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(self.problems)


@dataclass(frozen=True)
class ConfigProblem:
    """One error, before the source of its key is known."""

    key: Key
    value: object
    """The value as written, or ``NO_VALUE``."""
    reason: str

    def message(self, location: str) -> str:
        """Return the error as one line, which begins with ``location``."""
        value = "" if self.value is NO_VALUE else f" = {format_value(self.value)}"
        return f"{location}{value}: {self.reason}"


def format_value(value: object) -> str:
    """Return a value as JSON, which resembles TOML, cut to 60 characters."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."


def shape_errors(error: ValidationError, above: Key = ()) -> Iterator[ConfigProblem]:
    """Yield the errors that pydantic found; ``above`` is the key of the value that was validated."""
    for found in error.errors(include_url=False):
        key = above + tuple(part for part in found["loc"] if part not in _NOT_KEYS)
        kind, value, context = found["type"], found["input"], found.get("ctx", {})
        if kind == "missing":
            yield ConfigProblem(key[:-1], NO_VALUE, f'missing key "{key[-1]}"')
        elif kind == "extra_forbidden":
            yield ConfigProblem(key, value, unknown_key_reason(key))
        elif kind == "value_error":
            yield ConfigProblem(key, value, str(context["error"]))
        elif kind == "literal_error":
            reason = "expected " + context["expected"].replace("'", '"')
            choices = re.findall('"(.*?)"', reason) if isinstance(value, str) else []
            yield ConfigProblem(key, value, with_suggestion(reason, str(value), choices))
        elif kind == "model_type" and context["class_name"] in _ENTRY_MODELS:
            yield ConfigProblem(key, value, "expected a name or a table")
        elif kind in _EXPECTED:
            yield ConfigProblem(key, value, f"expected {_EXPECTED[kind].format(**context)}")
        else:
            yield ConfigProblem(key, value, found["msg"])


def unknown_key_reason(key: Key) -> str:
    """Return the message about an unknown key, with the known keys of its table."""
    # Only the tables of searches have names that are not fixed: those of hyperparameters.
    model = _MODELS.get(tuple(name for name in key[:-1] if isinstance(name, str)), SearchEntry)
    fields = model.model_fields.items()
    known = [field.alias or name for name, field in fields if (model, name) != (Config, "base")]
    return with_known_names("unknown key", str(key[-1]), known)


def duplicate_errors(items: Iterable[tuple[Key, object, Hashable]]) -> Iterator[ConfigProblem]:
    """Yield an error for each key with an identity that occurred before, at most one per key.

    Args:
        items: key, value as written and identity; a key may occur with several identities.
    """
    first: dict[Hashable, Key] = {}
    reported: set[Key] = set()
    for key, value, identity in items:
        earlier = first.get(identity)
        first.setdefault(identity, key)
        if earlier is not None and key not in reported:
            reported.add(key)
            reason = "a value occurs twice" if earlier == key else f"duplicate of {dotted_key(earlier)}"
            yield ConfigProblem(key, value, reason)
