"""Names that stand for several losses in a configuration: ``suite:mgh``, ``tag:convex``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from reportgen.catalogue.contest import contest_losses
from reportgen.catalogue.errors import UnknownNameError, nearest_name, with_known_names
from reportgen.catalogue.lookup import find_loss, local_losses, losses
from reportgen.loss import TAGS, Loss

SUITE, TAG = "suite:", "tag:"


def suites() -> Mapping[str, list[str]]:
    """Return the labels of the losses of each suite."""
    filters: dict[str, Callable[[Loss], bool]] = {
        "classic-2d": lambda loss: loss.dim == 2 and "non-smooth" not in loss.tags and not _is_mgh(loss),
        "mgh": _is_mgh,
        "multimodal": lambda loss: "multimodal" in loss.tags and "non-smooth" not in loss.tags,
    }
    found = {suite: [name for name, loss in losses().items() if belongs(loss)] for suite, belongs in filters.items()}
    return {"contest": contest_losses(), **found}


def _is_mgh(loss: Loss) -> bool:
    """Whether the source is Moré, Garbow and Hillstrom 1981."""
    return "Garbow and Hillstrom" in loss.source


def suite_members(ref: str, base: Path) -> list[str] | None:
    """Return the labels of the losses that ``suite:<name>`` or ``tag:<tag>`` stands for.

    Args:
        ref: the name in the configuration.
        base: the folder of the config file; its folder ``losses`` may hold more losses with the tag.

    Returns:
        The labels, or None if ``ref`` is the name of a single loss.

    Raises:
        UnknownNameError: there is no such suite or tag.
    """
    if ref.startswith(SUITE):
        name, known = ref.removeprefix(SUITE), suites()
        if name not in known:
            raise _unknown_name_error(ref, "suite", name, list(known))
        return list(known[name])
    if not ref.startswith(TAG):
        return None
    tag = ref.removeprefix(TAG)
    if tag not in TAGS:
        raise _unknown_name_error(ref, "tag", tag, list(TAGS))
    local = {name: find_loss(path, base) for name, path in local_losses(base).items()}
    return [name for name, loss in (losses() | local).items() if tag in loss.tags]


def _unknown_name_error(ref: str, what: str, name: str, known: list[str]) -> UnknownNameError:
    reason = with_known_names(f'no {what} is called "{name}"', name, known)
    return UnknownNameError(ref, "loss", nearest_name(name, known), reason)
