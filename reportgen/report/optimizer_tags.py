"""The tags next to the name of an optimizer: reference, baseline, custom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from reportgen.results.manifest import OptimizerInfo

_LIBRARIES = ("keras", "tensorflow", "torch", "optax")


class Tag(NamedTuple):
    """A word next to a name."""

    word: str
    title: str
    """Its meaning."""


REFERENCE = Tag("reference", "reference optimizer: shown for comparison, not ranked")
BASELINE = Tag("baseline", "every other optimizer is compared with it")
CUSTOM = Tag("custom", "defined outside reportgen")


def optimizer_tags(optimizers: Sequence[OptimizerInfo], baseline: str = "") -> Mapping[str, Sequence[Tag]]:
    """The tags of each optimizer by its label.

    Args:
        optimizers: all of a report.
        baseline: label of the one that the others are compared with; empty without one.
    """
    return {
        each.label: [
            *([REFERENCE] if each.reference else []),
            *([BASELINE] if each.label == baseline else []),
            *([CUSTOM] if _is_custom(each.family) else []),
        ]
        for each in optimizers
    }


def _is_custom(family: str) -> bool:
    """Whether an optimizer is neither built in nor part of another library, such as ``keras:Adam``."""
    where, colon, _ = family.partition(":")
    return bool(colon) and (where.endswith(".py") or where.partition(".")[0] not in _LIBRARIES)
