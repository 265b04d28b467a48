"""What can be wrong with the starts once the losses are known: points that fit none, losses that have none."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import ValidationError

from reportgen.config.mistakes import Mistake
from reportgen.config.model import Starts
from reportgen.loss import Loss

_FORMATS = {"float32": "f", "float64": "d"}


def unfitting(points: Any, dims: set[int]) -> Iterator[Mistake]:
    """The points whose length is the dimension of no loss."""
    for index, point in enumerate(points if isinstance(points, list) else ()):
        if isinstance(point, list) and point and len(point) not in dims:
            takes = " or ".join(str(dim) for dim in sorted(dims))
            reason = f"has {len(point)} coordinates, but the losses have {takes}"
            yield Mistake(("starts", "points", index), point, reason)


def without_start(given: Any, losses: Iterable[Loss]) -> Iterator[Mistake]:
    """The losses that no start fits, where neither the standard start nor random ones are asked for."""
    try:
        starts = Starts.model_validate({} if given is None else given)
    except ValidationError:
        return  # told already
    if starts.standard or starts.random:
        return
    lengths = {len(point) for point in starts.points}
    bare = {found.label: found.dim for found in losses if found.dim not in lengths}
    for label, dim in bare.items():
        many = "1 coordinate" if dim == 1 else f"{dim} coordinates"
        yield Mistake(
            ("starts",), given, f"no start fits {label}, which has {many}; add such a point, or random starts"
        )


def not_finite(points: Any, dtype: Any) -> Iterator[Mistake]:
    """The coordinates of points that are beyond the range of the dtype."""
    for index, point in enumerate(points if isinstance(points, list) else ()):
        for place, value in enumerate(point if isinstance(point, list) else ()):
            if type(value) in (int, float) and dtype in _FORMATS and _overflows(value, _FORMATS[dtype]):
                yield Mistake(("starts", "points", index, place), value, f"is not finite in {dtype}")


def _overflows(value: float, code: str) -> bool:
    """Whether a number becomes infinite by rounding; infinities themselves do not."""
    try:
        struct.pack(f"<{code}", value)
    except OverflowError:
        return True
    return False
