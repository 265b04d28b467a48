"""The mistakes of a config, each in one line: where, what came, what is expected and was probably meant."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reportgen.catalogue import with_suggestion
from reportgen.config.model import Config, LossEntry, Noise, OptimizerEntry, RateRange, Starts

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

    from reportgen.config.sources import Key, Merged

ABSENT = object()
"""The value of a key that is not there."""

_PARTS: dict[tuple[str, ...], type[BaseModel]] = {
    (): Config,
    ("losses",): LossEntry,
    ("losses", "noise"): Noise,
    ("optimizers",): OptimizerEntry,
    ("starts",): Starts,
    ("learning_rates",): RateRange,
}
_EXPECTED = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "string_type": "a text",
    "path_type": "a text",
    "tuple_type": "a list",
    "too_short": "at least one entry",
    "string_too_short": "a name",
    "model_type": "a table",
    "dict_type": "a table",
    "greater_than": "more than {gt:g}",
    "greater_than_equal": "{ge:g} or more",
    "less_than": "less than {lt:g}",
    "less_than_equal": "{le:g} or less",
    "literal_error": "{expected}",
    "string_pattern_mismatch": 'auto, cpu, gpu or tpu, or one of several as in "gpu:1",',
}


class ConfigError(Exception):
    """A config that cannot be run; all its mistakes, one line each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(self.problems)


@dataclass(frozen=True)
class ConfigProblem:
    """One mistake, before it is known from which source its key came."""

    key: Key
    value: Any
    reason: str

    def line(self, merged: Merged) -> str:
        """The mistake as the user reads it."""
        came = "" if self.value is ABSENT else f" = {format_value(self.value)}"
        return f"{merged.says(self.key)}{came}: {self.reason}"


def format_value(value: Any) -> str:
    """A value as TOML would write it, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."


def shape_errors(error: ValidationError, above: Key = ()) -> Iterator[ConfigProblem]:
    """The mistakes that pydantic found; ``above`` is where the validated value stands."""
    for found in error.errors(include_url=False):
        key = above + tuple(part for part in found["loc"] if part != "hyperparameters")
        kind, came, context = found["type"], found["input"], found.get("ctx", {})
        if kind == "missing":
            yield ConfigProblem(key[:-1], ABSENT, f"{key[-1]} is missing")
        elif kind == "extra_forbidden":
            yield ConfigProblem(key, came, unknown_key_reason(key))
        elif kind == "value_error":
            yield ConfigProblem(key, came, str(context["error"]))
        elif kind in _EXPECTED:
            reason = _EXPECTED[kind].format(**context).replace("'", "") + " is expected"
            allowed = re.findall("'(.*?)'", context["expected"]) if kind == "literal_error" else []
            yield ConfigProblem(key, came, with_suggestion(reason, came, allowed) if isinstance(came, str) else reason)
        else:
            yield ConfigProblem(key, came, found["msg"])


def unknown_key_reason(key: Key) -> str:
    """Why an unknown key is a mistake, with the keys that there are."""
    part = _PARTS[tuple(name for name in key[:-1] if isinstance(name, str))]
    fields = part.model_fields.items()
    known = [field.alias or name for name, field in fields if (part, name) != (Config, "base")]
    return with_suggestion(f"no such key; there are {', '.join(known)}", str(key[-1]), known)
