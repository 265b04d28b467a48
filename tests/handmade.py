"""Results typed by hand, a few columns at a time: what is not given is dull and the same for all runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import pyarrow as pa

from reportgen.results.result_tables import Results, to_pandas
from reportgen.results.schema import GRIDS, PATHS, TRACES, runs_schema

DULL = {
    "loss": "bowl",
    "optimizer": "adam",
    "learning_rate": 0.1,
    "start": 0,
    "seed": 0,
    "outcome": "exhausted",
    "initial_loss": 1.0,
    "gap": 1.0,
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
    runs = pd.DataFrame(DULL | {"steps": steps} | dict(columns))
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
    history = [
        {"run_id": run, "step": step, "loss": loss}
        for run, points in zip(runs["run_id"], traces, strict=False)
        for step, loss in points
    ]
    manifest = {
        "targets": list(targets),
        "steps": steps,
        "learning_rates": sorted(runs["learning_rate"].unique().tolist()),
        "config": {"starts": {"random": random}},
        "losses": [
            {"label": label, "minimum": minimum, "noise": {"relative": 0.1} if label in noisy else {}}
            for label in runs["loss"].unique()
        ],
        "optimizers": [{"label": label, "hyperparameters": []} for label in runs["optimizer"].unique()],
    }
    return Results(
        to_pandas(table),
        to_pandas(pa.Table.from_pylist(history, TRACES)),
        to_pandas(GRIDS.empty_table()),
        to_pandas(PATHS.empty_table()),
        manifest,
    )


def _missing(value: Any) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and value != value)
