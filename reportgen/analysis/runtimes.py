"""Runtimes of runs to their targets, and the profiles and expected running times computed from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reportgen.analysis.cells import Array

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from reportgen.analysis.run_table import RunTable
    from reportgen.analysis.runtime_arrays import Unit

PROBLEM = ["loss", "start", "seed", "target"]
"""The columns that define a problem; with a solver they define a runtime."""


def runtimes(table: RunTable, unit: Unit) -> pd.DataFrame:
    """One row per (run, target): loss, optimizer, learning_rate, start, seed, target, ``t`` and ``budget`` in ``unit``.

    ``t`` is the time of the first hit (the convergence test of Moré and Wild 2009), infinite without a hit. ``budget``
    is everything that the run spent, see ``runtime_arrays``.
    """
    import pandas as pd

    t, budget = table.runtimes(unit)
    targets = table.targets
    row = np.repeat(np.arange(len(budget)), len(targets))
    keys = table.runs[["loss", "optimizer", "learning_rate"]].iloc[row].reset_index(drop=True)
    numbers = {name: table.runs[name].to_numpy(int)[row] for name in ("start", "seed")}
    columns = {"target": np.tile(np.array(targets, float), len(budget)), "t": t.ravel(), "budget": budget[row]}
    return pd.concat([keys, pd.DataFrame(numbers | columns)], axis=1)


def runtime_matrix(table: pd.DataFrame, solvers: Sequence[str]) -> pd.DataFrame:
    """Runtimes by problem (loss, start, seed, target) and solver, from a table made by ``runtimes``.

    The problems are those of all solvers together. A problem that a solver did not run counts as unsolved: infinite.

    Raises:
        ValueError: a solver has two configurations on one loss. Choose one with ``RunTable.select`` first.
    """
    chosen = table[table["optimizer"].isin(list(solvers))].astype({"loss": str, "optimizer": str})
    if chosen.duplicated([*PROBLEM, "optimizer"]).any():
        raise ValueError("a solver has several runtimes for one problem; expected one configuration per loss")
    wide = chosen.pivot(index=PROBLEM, columns="optimizer", values="t")
    return wide.reindex(columns=list(solvers)).fillna(np.inf)


def best_cell_runtimes(table: RunTable, best: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Gradient evaluations by problem and solver, see ``runtime_matrix``; no columns if no solver has a configuration.

    Args:
        table: the runs.
        best: one configuration per loss and solver, made by ``best_cells.best_cells``.
        names: the solvers; those without a row in ``best`` are left out.
    """
    chosen = best[best["optimizer"].isin(list(names))]
    solvers = [name for name in names if (chosen["optimizer"] == name).any()]
    return runtime_matrix(runtimes(table.select(chosen), "gradient_evaluations"), solvers)


def ecdf(t: Array, at: Array, weights: Array | None = None) -> Array:
    """The share of runtimes that are at most each of ``at``, float of the shape of ``at``; infinite ones never count.

    Over (problem, target) pairs this is the runtime distribution of Hansen et al. 2016, "COCO: performance assessment".

    Args:
        t: runtimes, float of any shape.
        at: budgets.
        weights: of the runtimes, float [t.size], with sum 1; all equal by default.
    """
    t = t.ravel()
    weights = np.full(t.size, 1 / max(t.size, 1)) if weights is None else weights
    order = np.argsort(t, kind="stable")
    order = order[np.isfinite(t[order])]
    # Rounded, so that the sum of all is 1 and not slightly less.
    cumulative = np.append(0.0, np.cumsum(weights[order])).round(12)
    share: Array = cumulative[np.searchsorted(t[order], at, side="right")]
    return share


def runtime_distribution(t: Array, weights: Array | None = None) -> tuple[Array, Array]:
    """Budgets, float [k], ascending from 0, and the share of problems solved within each, float [k, solvers].

    Args:
        t: runtimes, float [problems, solvers].
        weights: see ``ecdf``.
    """
    return _curves(t, 0.0, weights)


def ratios(t: Array) -> Array:
    """Performance ratios, float [problems, solvers]: runtimes divided by the shortest one of the problem.

    Infinite for unsolved problems. A runtime of 0, from a start at the minimum, has ratio 1. Dolan and Moré 2002,
    "Benchmarking optimization software with performance profiles".

    Args:
        t: runtimes, float [problems, solvers].
    """
    shortest = t.min(axis=1, keepdims=True)
    ratio = np.divide(t, shortest, out=np.full(t.shape, np.inf), where=np.isfinite(t) & (shortest > 0))
    return np.where(t == 0, 1.0, ratio)


def performance_profile(t: Array, weights: Array | None = None) -> tuple[Array, Array]:
    """Ratios, float [k], ascending from 1, and the share of problems solved within each, float [k, solvers].

    Within a ratio means within that multiple of the shortest runtime (Dolan and Moré 2002). The curves are constant
    between the ratios and continuous from the right. A problem that no solver solved counts as unsolved for all, so a
    curve need not end at 1. Who is second depends on who takes part: recompute the profile without a solver instead of
    removing its curve (Gould and Scott 2016).

    Args:
        t: runtimes, float [problems, solvers].
        weights: see ``ecdf``.
    """
    return _curves(ratios(t), 1.0, weights)


def ert(spent: Array, success: Array) -> Array:
    """Expected running time along the last axis: what all runs spent, divided by the number of successes.

    Infinite without a success. It assumes that a failed run is restarted from a new random start. Auger and Hansen
    2005, "Performance evaluation of an advanced local search evolutionary algorithm", as SP2; Hansen et al. 2009,
    "Real-parameter black-box optimization benchmarking: experimental setup".

    Args:
        spent: runtime of a successful run, budget of any other, float [..., runs].
        success: whether each run succeeded, bool [..., runs].
    """
    return ratio_or_infinity(np.sum(spent, axis=-1), np.sum(success, axis=-1))


def ratio_or_infinity(spent: Array, successes: Array) -> Array:
    """``spent`` divided by the number of ``successes``, float of their broadcast shape; infinite without a success."""
    spent, successes = np.asarray(spent, float), np.asarray(successes, float)
    shape = np.broadcast_shapes(spent.shape, successes.shape)
    expected: Array = np.divide(spent, successes, out=np.full(shape, np.inf), where=successes > 0)
    return expected


def _curves(x: Array, begin: float, weights: Array | None) -> tuple[Array, Array]:
    at = np.unique(np.append(x[np.isfinite(x)], begin))
    shares = [ecdf(x[:, solver], at, weights) for solver in range(x.shape[1])]
    return at, np.stack(shares, axis=1)
