"""Checks the table of grids: one row per loss, with lists of lengths that belong together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from reportgen.loss_facts import AXIS, is_axis
from reportgen.results.errors import NotResultsError, shown
from reportgen.results.manifest import LossInfo, Manifest
from reportgen.results.table_columns import list_lengths

_MOST_POINTS = 10_000
"""Points along an axis."""
_PLANE = ("origin", "directions", "share")


def check_grids(path: Path, grids: pa.Table, manifest: Manifest) -> None:
    """Check the table of grids.

    Args:
        path: where it is from, for messages.
        grids: the table.
        manifest: the losses with their dimensions.

    Raises:
        NotResultsError: a row is wrong.
    """
    for name in ("x", "y", "values", "origin", "directions"):
        list_lengths(path, name, grids[name])
    losses = {info.label: info for info in manifest.losses}
    seen: set[str] = set()
    for row in range(len(grids)):
        label = grids["loss"][row].as_py()
        if label not in losses or label in seen:
            raise NotResultsError(f"{path}: found a grid of {shown(label)}; expected one per loss of the manifest")
        seen.add(label)
        for problem in _grid_problems({name: grids[name][row] for name in grids.column_names}, losses[label]):
            raise NotResultsError(f"{path}: grid of {shown(label)}: {problem}")


def _grid_problems(row: dict[str, Any], info: LossInfo) -> Iterator[str]:
    missing = [name for name in ("x", "y", "values") if not row[name].is_valid]
    if missing or info.dim is None:
        yield (
            f"found null in {', '.join(missing)}" if missing else "expected none, because the loss could not be loaded"
        )
        return
    x, y = (row[name].values.to_numpy() for name in ("x", "y"))
    for name, axis, is_empty in (("x", x, False), ("y", y, info.dim == 1)):
        if len(axis) != 0 if is_empty else not 2 <= len(axis) <= _MOST_POINTS:
            expected = "none" if is_empty else f"2 to {_MOST_POINTS:,}"
            yield f"found {len(axis):,} points in {name}; expected {expected}"
        elif not np.isfinite(axis).all() or not (np.diff(axis) >= 0).all():
            yield f"found values in {name} that are not finite and ascending; expected an axis"
        elif len(axis) and not is_axis(float(axis[0]), float(axis[-1])):
            yield f"found an axis {name} from {axis[0]:g} to {axis[-1]:g}; expected {AXIS}"
    values = len(row["values"].values)
    if values != len(x) * max(len(y), 1):
        yield f"found {values:,} values; expected {len(x) * max(len(y), 1):,}, one per point"
    yield from _plane_problems(row, info.dim)


def _plane_problems(row: dict[str, Any], dim: int) -> Iterator[str]:
    """Above two dimensions there is a plane."""
    for name, length in zip(_PLANE, (dim, 2 * dim, None), strict=True):
        value = row[name]
        if value.is_valid != (dim > 2):
            yield f"found {'a value' if value.is_valid else 'null'} in {name}; expected it above two dimensions only"
        elif value.is_valid:
            numbers = np.array([value.as_py()]) if length is None else value.values.to_numpy()
            if length not in (None, len(numbers)) or not np.isfinite(numbers).all():
                yield f"found {len(numbers):,} numbers in {name}; expected {length or 1:,} finite ones"
