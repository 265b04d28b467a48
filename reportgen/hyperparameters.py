"""Declares the hyperparameters of an optimizer: default, range or choices, symbol and source of the default."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reportgen.search import Search

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Value = bool | int | float | str
"""The value of a hyperparameter."""


@dataclass(frozen=True)
class Hyperparameter:
    """The declaration of one hyperparameter."""

    name: str
    default: Value | None
    """None only for a parameter of an optimizer of another framework."""
    structural: bool
    """Whether each value needs its own compiled program (``bool``, ``int``, ``str``); ``float`` values share one."""
    low: float | None = None
    """The lowest valid value; None: no limit."""
    high: float | None = None
    """The highest valid value; None: no limit."""
    choices: tuple[Value, ...] = ()
    """All valid values; empty: not limited to a list."""
    symbol: str = ""
    """Its symbol in the formula, as LaTeX."""
    doc: str = ""
    source: str = ""
    """The source of the default, if it differs from the source of the optimizer."""
    loose: bool = False
    """Whether values of any type are valid. True for other frameworks, if the default is None or an integer."""
    wraps: bool = False
    """Whether the value is the name of the optimizer that this optimizer wraps."""
    search: Search | None = None
    """What tuning tries; None: tuning leaves it at its default."""

    def validation_error(self, value: Value) -> str | None:
        """Return what was expected instead of ``value`` ("expected a value <= 1"), or None if ``value`` is valid."""
        if self.loose:
            return None
        if isinstance(self.default, bool) != isinstance(value, bool):
            return f"expected {_type_name(self.default)}"
        if isinstance(self.default, float) and isinstance(value, int):
            value = float(value)
        if not isinstance(value, type(self.default)):
            return f"expected {_type_name(self.default)}"
        if self.choices and value not in self.choices:
            return f"expected {_alternatives(self.choices)}"
        if isinstance(value, int | float):
            if self.low is not None and not value >= self.low:
                return f"expected a value >= {self.low:g}"
            if self.high is not None and not value <= self.high:
                return f"expected a value <= {self.high:g}"
        return None


def _type_name(default: Value | None) -> str:
    return {bool: "true or false", int: "an integer", float: "a number"}.get(type(default), "a string")


def _alternatives(choices: Sequence[Value]) -> str:
    """The choices as a configuration writes them: ``"a", "b" or "c"``."""
    *others, last = (f'"{choice}"' if isinstance(choice, str) else str(choice) for choice in choices)
    return f"{', '.join(others)} or {last}" if others else last


def hyperparameter(
    default: Value | None,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: Sequence[Value] = (),
    symbol: str = "",
    doc: str = "",
    source: str = "",
    structural: bool | None = None,
    loose: bool = False,
    search: Search | None = None,
) -> Any:  # a type checker must accept it as the default of a field of any type
    """Return a dataclass field that declares a hyperparameter.

    Args:
        default: the value used if the configuration gives none.
        low: the lowest valid value.
        high: the highest valid value.
        choices: all valid values, if only a few are valid.
        symbol: its symbol in the formula, as LaTeX.
        doc: its meaning in a few words.
        source: the source of the default, if it differs from the source of the optimizer.
        structural: whether each value needs its own compiled program; by default True for all types except ``float``.
        loose: whether values of any type are valid.
        search: what tuning tries; without it, tuning leaves the hyperparameter at its default.
    """
    metadata: dict[str, object] = {"low": low, "high": high, "choices": tuple(choices), "symbol": symbol, "doc": doc}
    metadata |= {"source": source, "loose": loose, "search": search}
    if structural is not None:
        metadata["structural"] = structural
    return dataclasses.field(default=default, metadata=metadata)


def base_optimizer(default: str, *, doc: str = "the wrapped optimizer") -> Any:  # as hyperparameter()
    """Return a dataclass field for the optimizer that a wrapper steps: ``{ name = "lookahead", base = "momentum" }``.

    In ``init`` and ``step`` the field holds the wrapped ``Optimizer`` itself. ``default`` is a built-in optimizer name.
    """
    return dataclasses.field(default=default, metadata={"doc": doc, "wraps": True})


def hyperparameters(optimizer: DataclassInstance | type[DataclassInstance]) -> dict[str, Hyperparameter]:
    """Return the hyperparameters of an optimizer or optimizer class by name, in the order of the fields.

    ``schedule``, which every optimizer has, comes last.
    """
    found = {}
    for field in dataclasses.fields(optimizer):
        declared: dict[str, Any] = {"default": field.default, "structural": not isinstance(field.default, float)}
        found[field.name] = Hyperparameter(name=field.name, **declared | field.metadata)
    found["schedule"] = found.pop("schedule")
    return found
