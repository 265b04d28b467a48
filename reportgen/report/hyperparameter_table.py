"""The table of hyperparameters on the page of an optimizer: its columns, without those that would be empty."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from reportgen.results.manifest import HyperparameterInfo, OptimizerInfo

_SCHEDULE = "schedule"
"""The hyperparameter of reportgen that every optimizer has, also one of another framework."""
_OPTIONAL: dict[str, Callable[[HyperparameterInfo], bool]] = {
    "Symbol": lambda item: bool(item.symbol),
    "Range": lambda item: bool(item.choices) or item.low is not None or item.high is not None,
    "Meaning": lambda item: bool(item.doc or item.source),
}


def filled_columns(info: OptimizerInfo) -> Sequence[str]:
    """Which of the columns Symbol, Range and Meaning are not empty; a schedule counts only if it is the only row."""
    items = [item for item in info.hyperparameters if item.name != _SCHEDULE] or info.hyperparameters
    return [column for column, fills in _OPTIONAL.items() if any(map(fills, items))]


def schedule_choices(info: OptimizerInfo) -> Sequence[str]:
    """The schedules, if the table does not show them because only ``schedule`` would fill their column."""
    if {"Range", "Meaning"} <= set(filled_columns(info)):
        return ()
    return [str(choice) for item in info.hyperparameters if item.name == _SCHEDULE for choice in item.choices]
