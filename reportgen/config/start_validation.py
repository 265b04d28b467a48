"""What can be wrong with the starts once the losses are known: points that fit none, losses that have none."""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import ValidationError

from reportgen.config.errors import ConfigProblem
from reportgen.config.model import Starts
from reportgen.loss import Loss


def points_of_wrong_dimension(points: Any, dims: set[int]) -> Iterator[ConfigProblem]:
    """The points whose length is the dimension of no loss."""
    for index, point in enumerate(points if isinstance(points, list) else ()):
        if isinstance(point, list) and point and len(point) not in dims:
            takes = " or ".join(str(dim) for dim in sorted(dims))
            reason = f"has {len(point)} coordinates, but the losses have {takes}"
            yield ConfigProblem(("starts", "points", index), point, reason)


def losses_without_start(given: Any, losses: Iterable[Loss]) -> Iterator[ConfigProblem]:
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
        reason = f"no start fits {label}, which has {many}; add such a point, or random starts"
        yield ConfigProblem(("starts",), given, reason)


def non_finite_points(points: Any, dtype: Any) -> Iterator[ConfigProblem]:
    """The coordinates of points that are beyond the range of float32; pydantic tells those beyond float64."""
    if dtype != "float32":
        return
    for index, point in enumerate(points if isinstance(points, list) else ()):
        for place, value in enumerate(point if isinstance(point, list) else ()):
            if type(value) in (int, float) and _overflows(value):
                reason = "is not finite in float32; at most 3.4e38 is expected, or dtype = float64"
                yield ConfigProblem(("starts", "points", index, place), value, reason)


def _overflows(value: float) -> bool:
    """Whether a number of the range of float64 becomes infinite when it is rounded to float32."""
    if not abs(value) <= sys.float_info.max:
        return False
    try:
        struct.pack("<f", float(value))
    except OverflowError:
        return True
    return False
