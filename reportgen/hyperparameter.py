"""What an optimizer declares of its hyperparameters: default, range or choices, symbol, source of the default."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Hyperparameter:
    """What is declared about one hyperparameter."""

    name: str
    default: Any
    structural: bool
    """Whether another value makes another program (``bool``, ``int``, ``str``) or only another row (``float``)."""
    low: float | None = None
    high: float | None = None
    choices: tuple[Any, ...] = ()
    """The values that it may have, where they can be counted."""
    symbol: str = ""
    doc: str = ""
    source: str = ""
    """Where the default is from, if not from the optimizer's own source."""
    loose: bool = False
    """Whether it takes values of any kind, as a foreign class's parameter whose default is None or a whole number."""
    wraps: bool = False
    """Whether it is the optimizer that this one is wrapped around; its value is that one's name."""

    def problem_with(self, value: Any) -> str | None:
        """What is wrong with ``value`` as a sentence fragment, or None."""
        if self.loose:
            return None
        if isinstance(self.default, bool) != isinstance(value, bool):
            return f"{_kind(self.default)} is expected"
        if isinstance(self.default, float) and isinstance(value, int):
            value = float(value)
        if not isinstance(value, type(self.default)):
            return f"{_kind(self.default)} is expected"
        if self.choices and value not in self.choices:
            return f"{' or '.join(map(str, self.choices))} is expected"
        if self.low is not None and not value >= self.low:
            return f"{self.low:g} or more is expected"
        if self.high is not None and not value <= self.high:
            return f"{self.high:g} or less is expected"
        return None


def _kind(default: Any) -> str:
    return {bool: "true or false", int: "a whole number", float: "a number"}.get(type(default), "a text")


def hyperparameter(
    default: Any,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: Sequence[Any] = (),
    symbol: str = "",
    doc: str = "",
    source: str = "",
    structural: bool | None = None,
    loose: bool = False,
) -> Any:
    """A dataclass field with what the report and the config need to know of it.

    Args:
        default: the value used unless a config gives another.
        low, high: the closed range of values that make sense.
        choices: the values that make sense, where they can be counted.
        symbol: its letter in the formula, LaTeX.
        doc: what it does, a few words.
        source: where the default is from, if not from the optimizer's own source.
        structural: whether another value makes another program; by default all but ``float`` do.
        loose: whether it takes values of any kind, whatever that of the default.
    """
    told = {"low": low, "high": high, "choices": tuple(choices), "symbol": symbol, "doc": doc, "source": source}
    told["loose"] = loose
    if structural is not None:
        told["structural"] = structural
    return dataclasses.field(default=default, metadata=told)


def base_optimizer(default: str, *, doc: str = "the optimizer that it is wrapped around") -> Any:
    """A dataclass field for the optimizer that a wrapper steps: ``{ name = "lookahead", base = "momentum" }``.

    In ``init`` and ``step`` the field holds that optimizer itself; ``default`` is a built-in one's name.
    """
    return dataclasses.field(default=default, metadata={"doc": doc, "wraps": True})


def hyperparameters(kind: Any) -> dict[str, Hyperparameter]:
    """The declared hyperparameters of an optimizer, or of its class, by name: its own first, the schedule last."""
    found = {}
    for item in dataclasses.fields(kind):
        told: dict[str, Any] = {"structural": not isinstance(item.default, float)} | item.metadata
        found[item.name] = Hyperparameter(name=item.name, default=item.default, **told)
    found["schedule"] = found.pop("schedule")
    return found
