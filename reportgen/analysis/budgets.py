"""The two views of a benchmark: how good at a fixed budget, and how soon at a fixed target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from reportgen.analysis.cells import Array, cell_table, order_statistic
from reportgen.analysis.intervals import bootstrap_interval, ert_interval, share_interval
from reportgen.analysis.resampling import designs_of_results
from reportgen.analysis.runtimes import gradients_per_step, ratio_or_infinity, runtime_arrays

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from reportgen.analysis.runtimes import Unit
    from reportgen.results.result_tables import Results

_NAMES = ["cell_id", "loss", "optimizer", "learning_rate", "runs"]


def fixed_budget(results: Results, budgets: Sequence[float], unit: Unit = "steps") -> pd.DataFrame:
    """One row a (cell, budget): how far from the minimum its runs are when they have spent ``budget`` in ``unit``.

    Columns: cell_id, loss, optimizer, learning_rate, runs, budget; ``gap_low``, ``gap_median``, ``gap_high``, the
    quartiles of ``gaps_at``; ``median_low``, ``median_high``, the bootstrap interval of the median, and ``varies``,
    False where there is no interval because nothing random varies (both are then the median itself).

    Source of the view: Hansen et al. 2016, COCO: performance assessment (vertical cuts through convergence graphs).
    """
    import pandas as pd

    table, code = numbered_cells(results)
    made = designs_of_results(results, code)
    parts = []
    for budget, gaps in zip(budgets, gaps_at(results, budgets, unit), strict=True):
        quartiles = [order_statistic(gaps, code, len(table), quantile) for quantile in (0.25, 0.5, 0.75)]
        columns = dict(zip(("gap_low", "gap_median", "gap_high"), quartiles, strict=True))
        low, high, varies = bootstrap_interval(gaps, made)
        parts.append(table.assign(budget=budget, **columns, median_low=low, median_high=high, varies=varies))
    return pd.concat(parts).sort_index(kind="stable").reset_index(drop=True)


def fixed_target(results: Results, unit: Unit) -> pd.DataFrame:
    """One row a (cell, target): how many of its runs reached it, and how soon, in ``unit``.

    Columns: cell_id, loss, optimizer, learning_rate, runs, target; ``successes``, ``success`` (the share) with
    ``success_low`` and ``success_high`` (Wilson, see ``share_interval``); ``t_median``, infinite unless most runs
    reached it, with ``t_low`` and ``t_high`` (bootstrap); ``ert`` with ``ert_low`` and ``ert_high`` (bootstrap); and
    ``varies``, False where there are no intervals because nothing random varies: their ends are then the number itself;
    ``draws``, how many independent draws there are: with fewer than 6 the intervals are too narrow to be called so.
    ``ert_known`` is in addition False where no run succeeded.

    Source of the view: Hansen et al. 2016, COCO: performance assessment (horizontal cuts through them).
    """
    import pandas as pd

    table, code = numbered_cells(results)
    made = designs_of_results(results, code)
    t, budget = runtime_arrays(results, unit)
    draws = np.zeros(len(table), int)
    for design in made:
        draws[design.groups] = design.draws
    parts = []
    for target, mine in zip(results.manifest["targets"], t.T, strict=True):
        success = np.isfinite(mine)
        spent = np.where(success, mine, budget)
        successes = np.bincount(code, success, len(table)).astype(int)
        share, median, expected = (
            share_interval(success, made),
            bootstrap_interval(mine, made),
            ert_interval(spent, success, made),
        )
        columns: dict[str, Any] = {"target": target, "successes": successes, "success": successes / table["runs"]}
        columns |= {"success_low": share.low, "success_high": share.high}
        columns |= {
            "t_median": order_statistic(mine, code, len(table), 0.5),
            "t_low": median.low,
            "t_high": median.high,
        }
        columns |= {"ert": ratio_or_infinity(np.bincount(code, spent, len(table)), successes)}
        columns |= {"ert_low": expected.low, "ert_high": expected.high, "ert_known": expected.known}
        parts.append(table.assign(**columns, varies=share.known, draws=draws))
    return pd.concat(parts).sort_index(kind="stable").reset_index(drop=True)


def gaps_at(results: Results, budgets: Sequence[float], unit: Unit = "steps") -> Array:
    """The gap of each run at each budget, shape [budgets, runs], from the traces.

    It is that at the last step of the trace that the budget allows; a run that has made all its steps keeps its last.
    Infinite from the step on at which a run diverged, for a failed run, and where the minimum is not known. The current
    gap, not the best so far: as with the final gap, what counts is where a run is when it is stopped.

    Raises ValueError where a run that was not lost has no trace, as those of large cells unless ``trace = "all"``.
    """
    runs = results.runs
    least = least_losses(results)
    run, step, loss = _traces(results)
    ran = ~runs["outcome"].astype(str).isin(["failed", "diverged"]).to_numpy(bool)
    without = np.setdiff1d(np.flatnonzero(ran), run)
    if len(without):
        raise ValueError(f'{len(without):,} runs have no trace: trace = "all" in the config keeps those of all')
    width, number = int(step.max(initial=0)) + 1, np.arange(len(runs))
    place = run * width + step
    diverged = runs["diverged_at"].to_numpy(float, na_value=np.inf)
    failed = (runs["outcome"].astype(str) == "failed").to_numpy(bool)
    gaps = np.full((len(budgets), len(runs)), np.inf)
    for budget, gap in zip(budgets, gaps, strict=True):
        steps = (
            np.floor(budget / gradients_per_step(runs))
            if unit == "gradient_evaluations"
            else np.full(len(runs), budget)
        )
        last = np.minimum(steps, width - 1).astype(np.int64)
        at = np.searchsorted(place, number * width + last, side="right") - 1
        there = at >= 0
        there[there] = run[at[there]] == number[there]
        there &= ~failed & (steps < diverged)
        gap[there] = loss[at[there]] - least[there]
    return gaps


def final_gaps(results: Results) -> Array:
    """The final gap of each run [runs]; infinite for one that was lost, and where the minimum is not known."""
    gap = results.runs["gap"].to_numpy(float, na_value=np.nan)
    lost = results.runs["outcome"].astype(str).isin(["diverged", "failed"]).to_numpy(bool)
    return np.where(lost | np.isnan(gap), np.inf, gap)


def least_losses(results: Results) -> Array:
    """The known minimum value of each run's loss [runs]; minus infinity where there is none."""
    known = {fact["label"]: fact["minimum"] for fact in results.manifest["losses"]}
    least = {label: -np.inf if minimum is None else minimum for label, minimum in known.items()}
    return results.runs["loss"].astype(str).map(least).to_numpy(float)


def numbered_cells(results: Results) -> tuple[pd.DataFrame, Array]:
    """The names of all cells and their numbers of runs, in the order of ``cells.cells``; and of each run its cell."""
    import pandas as pd

    table = cell_table(results)[_NAMES]
    return table, pd.Index(table["cell_id"]).get_indexer(pd.Index(results.runs["cell_id"].astype(str)))


def _traces(results: Results) -> tuple[Array, Array, Array]:
    """Row of the run, step and loss of each point of the traces, by run and step."""
    import pandas as pd

    # There are far fewer runs than points: their names are looked up once each.
    owner = results.traces["run_id"].astype("category").cat
    rows = pd.Index(results.runs["run_id"].astype(str)).get_indexer(owner.categories.astype(str))
    run = np.append(rows, -1)[owner.codes.to_numpy()]
    step, loss = results.traces["step"].to_numpy(np.int64), results.traces["loss"].to_numpy(float)
    mine = np.flatnonzero(run >= 0)
    place = run[mine] * (step.max(initial=0) + 1) + step[mine]
    if (np.diff(place) < 0).any():
        mine = mine[np.argsort(place, kind="stable")]
    return run[mine], step[mine], loss[mine]
