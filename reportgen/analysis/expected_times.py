"""The expected running times of the best configurations to the tightest target."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reportgen.analysis.runtimes import ratio_or_infinity

if TYPE_CHECKING:
    import pandas as pd

    from reportgen.analysis.run_table import RunTable


def expected_times(table: RunTable, best: pd.DataFrame) -> pd.DataFrame:
    """The expected running time of each configuration in ``best``, in gradient evaluations, see ``runtimes.ert``.

    Columns: loss, optimizer, learning_rate, runs, ``successes`` (runs that hit the tightest target) and ``ert``,
    infinite without a success. These are the numbers of ``budgets.fixed_target``, without intervals.

    Args:
        table: the runs.
        best: rows of its table of configurations.
    """
    chosen = table.select(best)
    times, budget = chosen.runtimes("gradient_evaluations")
    tightest = times[:, int(np.argmin(table.targets))]
    success = np.isfinite(tightest)
    spent = np.bincount(chosen.run_cells, np.where(success, tightest, budget), len(best))
    successes = np.bincount(chosen.run_cells, success, len(best)).astype(int)
    found = chosen.cells[["loss", "optimizer", "learning_rate", "runs"]]
    return found.assign(successes=successes, ert=ratio_or_infinity(spent, successes))
