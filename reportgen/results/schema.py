"""The columns of the result files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import pyarrow as pa

Outcome = Literal["failed", "diverged", "escaped", "solved", "stationary", "stalled", "exhausted"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
"""In the order of precedence: the outcome of a run is the first that applies."""

_TEXT = pa.dictionary(pa.int32(), pa.string())
"""For texts that repeat."""


def hit_column(target: float) -> str:
    """Return the name of the column with the step that hits ``target``: ``hit_1e-01``."""
    return f"hit_{target:.0e}" if float(f"{target:.0e}") == target else f"hit_{target!r}"


def evaluations_column(target: float) -> str:
    """Return the name of the column with the gradient evaluations until ``target`` is hit: ``evaluations_1e-01``."""
    return hit_column(target).replace("hit", "evaluations")


def runs_schema(targets: Sequence[float]) -> pa.Schema:
    """Return the schema of ``runs.parquet``: one row per run. Null: it never happened, or the run failed."""
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
            ("scale", pa.float64()),
            ("left_target", pa.bool_()),
            *((hit_column(target), pa.int32()) for target in targets),
            *((evaluations_column(target), pa.int64()) for target in targets),
        ]
    )


TRACES = pa.schema(
    [
        ("run_id", _TEXT),
        ("step", pa.int32()),
        ("gradient_evaluations", pa.int64()),
        ("loss", pa.float64()),
        ("gradient_norm", pa.float64()),
        ("x", pa.list_(pa.float64())),
    ]
)
"""``traces.parquet``: the sampled trajectory of each run; ``x`` contains the first two coordinates."""

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
"""``grids.parquet``: one row per loss; ``values`` is the loss at every (x, y), in row-major order (y, x).

In one dimension y is empty. In more than two dimensions, x and y are coordinates on a plane, which passes through
``origin`` along two orthonormal ``directions``, stored one after the other. ``share`` is the part of the squared
distances of trajectories from their start that lies in the plane. In one or two dimensions these columns are null.
"""

PATHS = pa.schema([("run_id", _TEXT), ("step", pa.int32()), ("x", pa.list_(pa.float32()))])
"""``paths.parquet``: all coordinates of the runs from the first start, at the steps of their traces.

Only for losses of more than two dimensions.
"""


def dictionary_columns(schema: pa.Schema) -> list[str]:
    """Return the Parquet names of the columns with repeated values.

    Parquet stores these with a dictionary. For other columns, building one only costs time.
    """
    repetitive = ("reason", "learning_rate", "initial_loss", "x0", "scale")
    fields = [field for field in schema if field.name in repetitive or _is_dictionary_or_integer(field.type)]
    return [f"{field.name}.list.element" if pa.types.is_list(field.type) else field.name for field in fields]


def _is_dictionary_or_integer(dtype: pa.DataType) -> bool:
    return bool(pa.types.is_dictionary(dtype) or pa.types.is_integer(dtype))
