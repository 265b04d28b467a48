"""The two views of a benchmark: the gap at a fixed budget, and the runtime to a fixed target."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reportgen.analysis.cells import Array, order_statistic
from reportgen.analysis.intervals import bootstrap_interval, ert_interval, share_interval
from reportgen.analysis.outcomes import is_lost
from reportgen.analysis.runtime_arrays import gradients_per_step
from reportgen.analysis.runtimes import ratio_or_infinity

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from reportgen.analysis.run_table import RunTable
from reportgen.analysis.runtime_arrays import Unit

_CELL_COLUMNS = ["cell_id", "loss", "optimizer", "learning_rate", "runs"]


def fixed_budget(table: RunTable, traces: pd.DataFrame, budgets: Sequence[float], unit: Unit = "steps") -> pd.DataFrame:
    """The gaps of each configuration after each budget, one row per (configuration, budget).

    Columns: cell_id, loss, optimizer, learning_rate, runs, budget; ``gap_low``, ``gap_median``, ``gap_high``, the
    quartiles of ``gaps_at``; ``median_low``, ``median_high``, the bootstrap interval of the median; ``varies``, False
    if there is no interval because nothing random varies (both ends are then the median).

    Source of the view: Hansen et al. 2016, "COCO: performance assessment" (vertical cuts through convergence graphs).

    Args:
        table: the runs.
        traces: their trajectories, see ``reportgen.results.schema``.
        budgets: in ``unit``.
        unit: the unit of the budgets.

    Raises:
        ValueError: as in ``gaps_at``.
    """
    import pandas as pd

    cells, code, designs = table.cells[_CELL_COLUMNS], table.run_cells, table.designs
    parts = []
    for budget, gaps in zip(budgets, gaps_at(table, traces, budgets, unit), strict=True):
        quartiles = [order_statistic(gaps, code, len(cells), quantile) for quantile in (0.25, 0.5, 0.75)]
        columns = dict(zip(("gap_low", "gap_median", "gap_high"), quartiles, strict=True))
        low, high, varies = bootstrap_interval(gaps, designs)
        parts.append(cells.assign(budget=budget, **columns, median_low=low, median_high=high, varies=varies))
    return pd.concat(parts).sort_index(kind="stable").reset_index(drop=True)


def fixed_target(table: RunTable, unit: Unit) -> pd.DataFrame:
    """The successes and runtimes of each configuration at each target, one row per (configuration, target).

    Columns: cell_id, loss, optimizer, learning_rate, runs, target; ``successes``, ``success`` (their share) with
    ``success_low`` and ``success_high`` (Wilson, see ``share_interval``); ``t_median``, infinite unless most runs hit
    the target, with ``t_low`` and ``t_high`` (bootstrap); ``ert`` with ``ert_low`` and ``ert_high`` (bootstrap);
    ``ert_known``, False if there is no interval of ``ert``; ``varies``, False if there are no intervals because nothing
    random varies (their ends are then the number itself); ``draws``, the number of independent draws. With fewer than 6
    draws the intervals cover less than 95 %.

    Source of the view: Hansen et al. 2016, "COCO: performance assessment" (horizontal cuts through convergence graphs).
    """
    import pandas as pd

    cells, code, designs = table.cells[_CELL_COLUMNS], table.run_cells, table.designs
    t, budget = table.runtimes(unit)
    draws = np.zeros(len(cells), int)
    for design in designs:
        draws[design.groups] = design.draws
    parts = []
    for target, runtimes in zip(table.targets, t.T, strict=True):
        success = np.isfinite(runtimes)
        spent = np.where(success, runtimes, budget)
        successes = np.bincount(code, success, len(cells)).astype(int)
        share = share_interval(success, designs)
        median = bootstrap_interval(runtimes, designs)
        expected = ert_interval(spent, success, designs)
        part = cells.assign(
            target=target,
            successes=successes,
            success=successes / cells["runs"],
            success_low=share.low,
            success_high=share.high,
            t_median=order_statistic(runtimes, code, len(cells), 0.5),
            t_low=median.low,
            t_high=median.high,
            ert=ratio_or_infinity(np.bincount(code, spent, len(cells)), successes),
            ert_low=expected.low,
            ert_high=expected.high,
            ert_known=expected.known,
            varies=share.known,
            draws=draws,
        )
        parts.append(part)
    return pd.concat(parts).sort_index(kind="stable").reset_index(drop=True)


def gaps_at(table: RunTable, traces: pd.DataFrame, budgets: Sequence[float], unit: Unit = "steps") -> Array:
    """The gap of each run after each budget, float [budgets, runs].

    This is the gap at the last sampled step within the budget; after its last step a run keeps its final gap. It is
    infinite from the step at which a run diverged, for a failed run, and if no minimum is known. It is the current gap,
    not the best so far: as for the final gap, the position counts at which a run is stopped.

    Args:
        table: the runs.
        traces: their trajectories, see ``reportgen.results.schema``.
        budgets: in ``unit``.
        unit: the unit of the budgets.

    Raises:
        ValueError: a run that did not diverge or fail has no trajectory. Those of large configurations are stored only
            with ``trace = "all"``.
    """
    runs = table.runs
    minima = table.run_minima
    run, step, loss, counted = _trace_arrays(runs, traces)
    ran = ~is_lost(runs)
    without = np.setdiff1d(np.flatnonzero(ran), run)
    if len(without):
        raise ValueError(f'{len(without):,} runs have no trajectory; set trace = "all" in the config to store them all')
    is_counted = np.bincount(run[~np.isnan(counted)], minlength=len(runs)) > 0
    per_step = np.where(is_counted, 1.0, gradients_per_step(runs))
    width, number = int(step.max(initial=0)) + 1, np.arange(len(runs))
    place = run * width + step
    diverged = runs["diverged_at"].to_numpy(float, na_value=np.inf)
    failed = (runs["outcome"].astype(str) == "failed").to_numpy(bool)
    gaps = np.full((len(budgets), len(runs)), np.inf)
    for budget, gap in zip(budgets, gaps, strict=True):
        steps = np.full(len(runs), budget)
        if unit == "gradient_evaluations":
            steps = np.where(is_counted, _last_steps(runs, run, step, counted, budget), np.floor(budget / per_step))
        last = np.minimum(steps, width - 1).astype(np.int64)
        at = np.searchsorted(place, number * width + last, side="right") - 1
        is_known = at >= 0
        is_known[is_known] = run[at[is_known]] == number[is_known]
        is_known &= ~failed & (steps < diverged)
        gap[is_known] = loss[at[is_known]] - minima[is_known]
    return gaps


def _last_steps(runs: pd.DataFrame, run: Array, step: Array, counted: Array, budget: float) -> Array:
    """The last sampled step of each run within a budget of counted gradient evaluations."""
    last = np.zeros(len(runs))
    within = counted <= budget
    np.maximum.at(last, run[within], step[within])
    steps, spent = (runs[name].to_numpy(float, na_value=np.nan) for name in ("steps", "gradient_evaluations"))
    return np.where(spent <= budget, steps, last)


def _trace_arrays(runs: pd.DataFrame, traces: pd.DataFrame) -> tuple[Array, Array, Array, Array]:
    """Row of the run, step, loss and gradient evaluations of each sampled point, each [points], by run and step.

    Evaluations are NaN if their number is the same in each step.
    """
    import pandas as pd

    # There are far fewer runs than points, so each run is looked up only once.
    owner = traces["run_id"].astype("category").cat
    rows = pd.Index(runs["run_id"].astype(str)).get_indexer(owner.categories.astype(str))
    run = np.append(rows, -1)[owner.codes.to_numpy()]
    step, loss = traces["step"].to_numpy(np.int64), traces["loss"].to_numpy(float)
    points = np.flatnonzero(run >= 0)
    place = run[points] * (step.max(initial=0) + 1) + step[points]
    if (np.diff(place) < 0).any():
        points = points[np.argsort(place, kind="stable")]
    counted = np.full(len(run), np.nan)
    if "gradient_evaluations" in traces:  # older results do not have the column
        counted = traces["gradient_evaluations"].to_numpy(float, na_value=np.nan)
    return run[points], step[points], loss[points], counted[points]
