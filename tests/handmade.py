"""Results from a few given columns of runs; all other columns have default values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa

from reportgen.config import Config
from reportgen.config.model import Noise
from reportgen.results.manifest import LossInfo, Manifest, OptimizerInfo
from reportgen.results.pandas_tables import to_pandas
from reportgen.results.result_tables import Results
from reportgen.results.schema import GRIDS, PATHS, TRACES, runs_schema

DEFAULTS = {
    "loss": "bowl",
    "optimizer": "adam",
    "learning_rate": 0.1,
    "start": 0,
    "seed": 0,
    "outcome": "exhausted",
    "initial_loss": 1.0,
    "gap": 1.0,
    "scale": 1.0,
    "left_target": False,
}


def results(
    columns: Mapping[str, Any],
    targets: Sequence[float] = (0.1,),
    steps: int = 100,
    random: int = 8,
    noisy: Sequence[str] = (),
    minimum: float | None = 0.0,
    traces: Sequence[Sequence[tuple[int, float]]] = (),
) -> Results:
    """Results with the ``columns`` of runs; ``traces`` gives (step, loss) pairs for each run in turn."""
    runs = pd.DataFrame(DEFAULTS | {"steps": steps} | dict(columns))
    given = set(columns)
    if "gradient_evaluations" not in given:
        runs["gradient_evaluations"] = runs["steps"]
    names = [runs[name].astype(str) for name in ("loss", "optimizer", "learning_rate", "start", "seed")]
    runs["cell_id"] = names[0] + "/" + names[1] + "/lr=" + names[2]
    runs["run_id"] = runs["cell_id"] + "/start=" + names[3] + "/seed=" + names[4]
    schema = runs_schema(targets)
    table = pa.Table.from_pylist(
        [{key: None if _missing(value) else value for key, value in row.items()} for row in runs.to_dict("records")],
        schema,
    )
    rows = [
        {"run_id": run, "step": step, "loss": loss}
        for run, points in zip(runs["run_id"], traces, strict=False)
        for step, loss in points
    ]
    noise = Noise(relative=0.1)
    config = {
        "targets": list(targets),
        "steps": steps,
        "learning_rates": sorted(runs["learning_rate"].unique().tolist()),
        "starts": {"random": random},
    }
    manifest = Manifest(
        reportgen="0.2.0",
        config=Config.model_validate(config),
        versions={},
        losses=tuple(
            LossInfo(label, label, label, minimum=minimum, noise=noise if label in noisy else None)
            for label in runs["loss"].unique()
        ),
        optimizers=tuple(
            OptimizerInfo(label, label, label, learning_rates=tuple(sorted(runs["learning_rate"].unique().tolist())))
            for label in runs["optimizer"].unique()
        ),
    )
    return Results(
        to_pandas(table),
        to_pandas(pa.Table.from_pylist(rows, TRACES)),
        to_pandas(GRIDS.empty_table()),
        to_pandas(PATHS.empty_table()),
        manifest,
    )


def _missing(value: Any) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and value != value)
