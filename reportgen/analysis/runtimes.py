"""How long runs took to their targets: the long table, and the curves and numbers that are made from it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from reportgen.analysis.cells import Array
from reportgen.results.schema import hit_column

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from reportgen.results.result_tables import Results

Unit = Literal["steps", "gradient_evaluations"]
"""What runtimes are counted in; a rule that evaluates twice a step pays double in the second."""

PROBLEM = ["loss", "start", "seed", "target"]
"""What a runtime belongs to, besides its solver."""


def runtime_arrays(results: Results, unit: Unit) -> tuple[Array, Array]:
    """Runtimes [runs, targets], infinite where never, and what each run spent [runs], in ``unit``.

    A target that was reached before a run diverged stays reached. A diverged run spent what it took until then; a
    failed one counts as having spent all steps that it was given, at one evaluation a step.
    """
    runs = results.runs
    steps, evaluations = (_floats(runs[column]) for column in ("steps", "gradient_evaluations"))
    spent = evaluations if unit == "gradient_evaluations" else steps
    budget = np.where(np.isnan(spent), float(results.manifest["steps"]), spent)
    hits = np.stack([_floats(runs[hit_column(target)]) for target in results.manifest["targets"]], axis=1)
    t = hits * gradients_per_step(runs)[:, np.newaxis] if unit == "gradient_evaluations" else hits
    return np.where(np.isnan(t), np.inf, t), budget


def gradients_per_step(runs: pd.DataFrame) -> Array:
    """Gradient evaluations that each run makes in a step; 1 for a run that made no step."""
    steps, evaluations = (_floats(runs[column]) for column in ("steps", "gradient_evaluations"))
    made = steps > 0
    rate: Array = np.divide(evaluations, steps, out=np.ones(len(runs)), where=made)
    return rate


def runtimes(results: Results, unit: Unit) -> pd.DataFrame:
    """One row a (run, target): loss, optimizer, learning_rate, start, seed, target, ``t`` and ``budget`` in ``unit``.

    ``t`` is when the target was first reached (the convergence test of Moré and Wild 2009), infinite where it never
    was; ``budget`` is what the run spent in all, see ``times``.
    """
    import pandas as pd

    t, budget = runtime_arrays(results, unit)
    targets = results.manifest["targets"]
    row = np.repeat(np.arange(len(budget)), len(targets))
    keys = results.runs[["loss", "optimizer", "learning_rate"]].iloc[row].reset_index(drop=True)
    numbers = {name: results.runs[name].to_numpy(int)[row] for name in ("start", "seed")}
    columns = {"target": np.tile(np.array(targets, float), len(budget)), "t": t.ravel(), "budget": budget[row]}
    return pd.concat([keys, pd.DataFrame(numbers | columns)], axis=1)


def select_cells(results: Results, cells: pd.DataFrame) -> Results:
    """The results with the runs of ``cells`` alone, such as those that ``ranking.best`` chose."""
    return replace(results, runs=results.runs[results.runs["cell_id"].isin(cells["cell_id"].astype(str))])


def runtime_matrix(table: pd.DataFrame, solvers: Sequence[str]) -> pd.DataFrame:
    """Runtimes by problem (loss, start, seed, target) and solver, from a table made by ``runtimes``.

    Problems are all that any of the solvers was asked to solve; where one was not, it counts as unsolved: infinite.
    Raises ValueError where a solver has two cells on one loss: choose one with ``only_cells`` before.
    """
    mine = table[table["optimizer"].isin(list(solvers))].astype({"loss": str, "optimizer": str})
    if mine.duplicated([*PROBLEM, "optimizer"]).any():
        raise ValueError("a solver has several runtimes for one problem; one cell for each loss and solver is expected")
    wide = mine.pivot(index=PROBLEM, columns="optimizer", values="t")
    return wide.reindex(columns=list(solvers)).fillna(np.inf)


def best_cell_runtimes(results: Results, top: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """``matrix_of`` those of ``names`` that have cells in ``top``, in gradient evaluations; no columns if none has.

    ``top`` has one cell for each loss and solver, such as ``ranking.best`` chose.
    """
    mine = top[top["optimizer"].isin(list(names))]
    taking_part = [name for name in names if (mine["optimizer"] == name).any()]
    return runtime_matrix(runtimes(select_cells(results, mine), "gradient_evaluations"), taking_part)


def ecdf(t: Array, at: Array, weights: Array | None = None) -> Array:
    """The share of runtimes ``t`` (any shape) that are at most each of ``at``; infinite ones never are.

    With ``weights`` [t.size], whose sum is 1, it is their share, as where every loss counts the same. Over (problem,
    target) pairs this is the runtime distribution of Hansen et al. 2016, COCO: performance assessment.
    """
    t = t.ravel()
    weights = np.full(t.size, 1 / max(t.size, 1)) if weights is None else weights
    order = np.argsort(t, kind="stable")
    order = order[np.isfinite(t[order])]
    # Rounded, so that all of them are 1 and not a little less.
    reached = np.append(0.0, np.cumsum(weights[order])).round(12)
    share: Array = reached[np.searchsorted(t[order], at, side="right")]
    return share


def runtime_distribution(t: Array, weights: Array | None = None) -> tuple[Array, Array]:
    """Budgets [k], ascending from 0, and the share of problems [k, solvers] solved within each: see ``ecdf``."""
    return _curves(t, 0.0, weights)


def ratios(t: Array) -> Array:
    """Performance ratios: runtimes [problems, solvers] over the shortest for each problem; infinite where unsolved.

    Dolan and Moré 2002, Benchmarking optimization software with performance profiles. A runtime of 0,
    for a start on the minimum, has ratio 1.
    """
    least = t.min(axis=1, keepdims=True)
    ratio = np.divide(t, least, out=np.full(t.shape, np.inf), where=np.isfinite(t) & (least > 0))
    return np.where(t == 0, 1.0, ratio)


def performance_profile(t: Array, weights: Array | None = None) -> tuple[Array, Array]:
    """Ratios [k], ascending from 1, and the share of problems [k, solvers] solved within each times the shortest time.

    Dolan and Moré 2002; ``t`` is [problems, solvers]. Steps that are continuous from the right, between the
    ratios constant. A problem that nobody solved counts as unsolved for all, so no curve need reach 1. Who is second
    depends on who else is there: recompute without a solver rather than dropping its curve (Gould and Scott 2016).
    """
    return _curves(ratios(t), 1.0, weights)


def data_profile(t: Array, dim: Array | int) -> tuple[Array, Array]:
    """Budgets [k] in simplex gradients, ascending from 0, and the share of problems [k, solvers] solved within each.

    Moré and Wild 2009, Benchmarking derivative-free optimization algorithms: evaluations over dim + 1,
    for ``t`` [problems, solvers] in evaluations and ``dim`` of each problem. Unlike a performance profile it does not
    depend on which other solvers there are.
    """
    return _curves(t / (np.reshape(dim, (-1, 1)) + 1), 0.0, None)


def ert(spent: Array, success: Array) -> Array:
    """Expected running time: what all runs spent over the number of successes, along the last axis.

    ``spent`` is the runtime of a run that succeeded and the whole budget of one that did not; infinite where none did.
    Auger and Hansen 2005, Performance evaluation of an advanced local search evolutionary algorithm, as SP2; Hansen et
    al. 2009, Real-parameter black-box optimization benchmarking: experimental setup. It supposes that a run which
    fails is begun again from a new random start.
    """
    return ratio_or_infinity(np.sum(spent, axis=-1), np.sum(success, axis=-1))


def ratio_or_infinity(spent: Array, successes: Array) -> Array:
    """Sums of what was spent over numbers of successes, infinite where there are none."""
    spent, successes = np.asarray(spent, float), np.asarray(successes, float)
    shape = np.broadcast_shapes(spent.shape, successes.shape)
    expected: Array = np.divide(spent, successes, out=np.full(shape, np.inf), where=successes > 0)
    return expected


def _curves(x: Array, begin: float, weights: Array | None) -> tuple[Array, Array]:
    at = np.unique(np.append(x[np.isfinite(x)], begin))
    shares = [ecdf(x[:, solver], at, weights) for solver in range(x.shape[1])]
    return at, np.stack(shares, axis=1)


def _floats(column: pd.Series[Any]) -> Array:
    return column.to_numpy(dtype=float, na_value=np.nan)
