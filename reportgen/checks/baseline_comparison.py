"""How an optimizer fares beside gradient descent on the default matrix: information, and no verdict."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from reportgen.config import Config
from reportgen.execute.local_workers import Done
from reportgen.plan import Plan


def baseline_rows(config: Config, plan: Plan, done: Iterable[Done]) -> list[dict[str, Any]]:
    """A row a loss: for each optimizer the best learning rate, the runs solved there, of how many, and the gap."""
    import pandas as pd

    from reportgen.analysis.cells import cell_table
    from reportgen.analysis.ranking import best_cells
    from reportgen.results.manifest import describe
    from reportgen.results.result_tables import Results, to_pandas
    from reportgen.results.row_encoding import encode_failed_runs, encode_runs

    tables = [
        encode_failed_runs(program, np.arange(program.runs), result)
        if isinstance(result, str)
        else encode_runs(program, plan.losses[program.loss], result)  # type: ignore[arg-type] # of the package, so loaded
        for program, result in done
    ]
    runs = pd.concat([to_pandas(table) for table in tables], ignore_index=True)
    nothing = pd.DataFrame()
    top = best_cells(cell_table(Results(runs, nothing, nothing, nothing, describe(config, plan))))
    return [
        {"loss": loss, "optimizers": [_row(row) for row in group.to_dict("records")]}
        for loss, group in top.groupby("loss", sort=False)
    ]


def _row(cell: dict[Any, Any]) -> dict[str, Any]:
    gap = float(cell["gap_median"])
    return {
        "optimizer": cell["optimizer"],
        "learning_rate": float(cell["learning_rate"]),
        "solved": int(cell["solved"]),
        "runs": int(cell["runs"]),
        "gap": gap if gap < float("inf") else None,
    }
