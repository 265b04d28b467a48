"""Sets of losses that go by one name in a config: ``suite:mgh``, ``tag:convex``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from reportgen.catalogue.errors import UnknownNameError, nearest_name, with_suggestion
from reportgen.catalogue.lookup import find_loss, local_losses, losses
from reportgen.loss import TAGS, Loss

SUITE, TAG = "suite:", "tag:"


def suites() -> Mapping[str, list[str]]:
    """The names of the losses of each suite."""
    chosen: dict[str, Callable[[Loss], bool]] = {
        "classic-2d": lambda each: each.dim == 2 and "non-smooth" not in each.tags and not _is_mgh(each),
        "mgh": _is_mgh,
        "multimodal": lambda each: "multimodal" in each.tags and "non-smooth" not in each.tags,
    }
    return {suite: [name for name, each in losses().items() if of(each)] for suite, of in chosen.items()}


def _is_mgh(each: Loss) -> bool:
    """Whether it is a problem of Moré, Garbow and Hillstrom 1981, by its source."""
    return "Garbow and Hillstrom" in each.source


def suite_members(ref: str, base: Path) -> list[str] | None:
    """The losses that ``suite:<name>`` or ``tag:<tag>`` stands for; None where ``ref`` is the name of a single loss.

    Raises UnknownName where there is no such suite or tag.
    """
    if ref.startswith(SUITE):
        name, known = ref.removeprefix(SUITE), suites()
        if name not in known:
            raise _unknown(ref, "suite", name, list(known))
        return list(known[name])
    if not ref.startswith(TAG):
        return None
    tag = ref.removeprefix(TAG)
    if tag not in TAGS:
        raise _unknown(ref, "tag", tag, list(TAGS))
    own = {name: find_loss(path, base) for name, path in local_losses(base).items()}
    return [name for name, each in (losses() | own).items() if tag in each.tags]


def _unknown(ref: str, what: str, name: str, known: list[str]) -> UnknownNameError:
    reason = with_suggestion(f"there is no {what} {name}; there are {', '.join(known)}", name, known)
    return UnknownNameError(ref, "loss", nearest_name(name, known), reason)
