"""The columns of the result files, once, for those who write them and those who read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import pyarrow as pa

Outcome = Literal["failed", "diverged", "solved", "stationary", "stalled", "exhausted"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
"""In the order in which they are decided: the first that holds is the run's outcome."""

_TEXT = pa.dictionary(pa.int32(), pa.string())


def hit_column(target: float) -> str:
    """The column of the first step at which ``target`` was reached: ``hit_1e-01``."""
    return f"hit_{target:.0e}" if float(f"{target:.0e}") == target else f"hit_{target!r}"


def runs_schema(targets: Sequence[float]) -> pa.Schema:
    """``runs.parquet``: one row a run; numbers that a run never came to have are null."""
    return pa.schema(
        [
            ("run_id", pa.string()),
            ("cell_id", _TEXT),
            ("loss", _TEXT),
            ("dim", pa.int32()),
            ("optimizer", _TEXT),
            ("family", _TEXT),
            ("hyperparameters", _TEXT),
            ("learning_rate", pa.float64()),
            ("start", pa.int32()),
            ("seed", pa.int32()),
            ("x0", pa.list_(pa.float64())),
            ("outcome", _TEXT),
            ("reason", pa.string()),
            ("steps", pa.int32()),
            ("gradient_evaluations", pa.int64()),
            ("first_unchanged", pa.int32()),
            ("diverged_at", pa.int32()),
            ("initial_loss", pa.float64()),
            ("final_loss", pa.float64()),
            ("best_loss", pa.float64()),
            ("best_step", pa.int32()),
            ("final_gradient_norm", pa.float64()),
            ("final_x", pa.list_(pa.float64())),
            ("distance", pa.float64()),
            ("gap", pa.float64()),
            *((hit_column(target), pa.int32()) for target in targets),
        ]
    )


TRACES = pa.schema(
    [
        ("run_id", _TEXT),
        ("step", pa.int32()),
        ("loss", pa.float64()),
        ("gradient_norm", pa.float64()),
        ("x", pa.list_(pa.float64())),
    ]
)
"""``traces.parquet``: the sampled history of each run; ``x`` holds the first two coordinates."""

GRIDS = pa.schema(
    [
        ("loss", _TEXT),
        ("x", pa.list_(pa.float64())),
        ("y", pa.list_(pa.float64())),
        ("values", pa.list_(pa.float64())),
        ("origin", pa.list_(pa.float64())),
        ("directions", pa.list_(pa.float64())),
        ("share", pa.float64()),
    ]
)
"""``grids.parquet``: one row a loss; ``values`` is the loss at every (x, y), row by row of y (empty in 1-D).

In more than two dimensions that is on the plane through ``origin`` along two orthonormal ``directions``, the one after
the other, which hold ``share`` of the squared distances of the paths from their start; else all three are null.
"""

PATHS = pa.schema([("run_id", _TEXT), ("step", pa.int32()), ("x", pa.list_(pa.float32()))])
"""``paths.parquet``: for losses of more than two dimensions all coordinates of the runs from the first start, at the
steps of their traces."""


def dictionary_columns(schema: pa.Schema) -> list[str]:
    """The columns, as Parquet calls them, whose values come again and again: with others, to look for that is slow."""
    known = ("reason", "learning_rate", "initial_loss", "x0")
    chosen = [field for field in schema if field.name in known or _is_dictionary_or_integer(field.type)]
    return [f"{field.name}.list.element" if pa.types.is_list(field.type) else field.name for field in chosen]


def _is_dictionary_or_integer(kind: pa.DataType) -> bool:
    return bool(pa.types.is_dictionary(kind) or pa.types.is_integer(kind))
