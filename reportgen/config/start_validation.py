"""Checks the starts of a configuration against its losses and its precision."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence

from reportgen.config.draft import Draft
from reportgen.config.errors import ConfigProblem, duplicate_errors
from reportgen.config.loss_validation import LossValidation
from reportgen.config.sources import Key
from reportgen.loss import Loss

Points = Sequence[tuple[Key, Sequence[float]]]


def start_errors(draft: Draft, checked: LossValidation) -> Iterator[ConfigProblem]:
    """Yield an error for each duplicate or unusable point, and for each loss without a start."""
    items = draft.valid_items("starts", "points")
    points = [(key, point) for key, point in items if isinstance(point, list | tuple)]
    yield from duplicate_errors((key, point, tuple(point)) for key, point in points)
    if checked.complete:
        yield from _dimension_errors(points, {loss.dim for loss in checked.losses})
    if not draft.has_error(("starts",)):
        yield from _missing_start_errors(draft, checked.losses)
    if draft.config.dtype == "float32" and not draft.has_error(("dtype",)):
        yield from _overflow_errors(points)


def _dimension_errors(points: Points, dims: set[int]) -> Iterator[ConfigProblem]:
    for key, point in points:
        if len(point) not in dims:
            expected = " or ".join(str(dim) for dim in sorted(dims))
            yield ConfigProblem(key, point, f"found {len(point)} coordinates; expected {expected}, as the losses have")


def _missing_start_errors(draft: Draft, losses: Sequence[Loss]) -> Iterator[ConfigProblem]:
    starts = draft.config.starts
    if starts.standard or starts.random:
        return
    labels: dict[int, list[str]] = {}
    for loss in losses:
        labels.setdefault(loss.dim, []).append(loss.label)
    dims = {len(point) for point in starts.points}
    for dim in (each for each in labels if each not in dims):
        names = _abbreviated(list(dict.fromkeys(labels[dim])))
        reason = f"no start for {names}; add a point of dimension {dim}, or set standard = true or random >= 1"
        yield ConfigProblem(("starts",), draft.values["starts"], reason)


def _abbreviated(labels: list[str]) -> str:
    more = f" and {len(labels) - 3} more" if len(labels) > 3 else ""
    return ", ".join(labels[:3]) + more


def _overflow_errors(points: Points) -> Iterator[ConfigProblem]:
    """The coordinates that are finite in float64 and infinite in float32."""
    for key, point in points:
        for index, value in enumerate(point):
            try:
                struct.pack("<f", float(value))
            except OverflowError:
                reason = 'expected a magnitude <= 3.4e38 in float32; or set dtype = "float64"'
                yield ConfigProblem((*key, index), value, reason)
