"""The value of tuning the learning rate: the best of a few random learning rates, and one for all losses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reportgen.analysis.cells import Array
from reportgen.analysis.cross_fitting import hits_by_unit
from reportgen.analysis.rate_rule import best_of_sums, order_without_each, places_without_each
from reportgen.analysis.trials import Trials

if TYPE_CHECKING:
    import pandas as pd

    from reportgen.analysis.run_table import RunTable
    from reportgen.analysis.runtime_arrays import Unit


def best_of(rates: int) -> Array:
    """The probability that each learning rate is the best of k drawn ones, float [rates, k], the worst rate first.

    Dodge et al. 2019, "Show your work", but drawn without replacement, because the learning rates of a grid are tried
    only once: the best of k is the i-th worst with probability C(i-1, k-1) / C(n, k). That is exact for learning rates
    drawn from this grid. It is unbiased if the grid itself was drawn at random (Tang et al. 2020, "Showing your work
    doesn't always work").

    Args:
        rates: size of the grid, n; k is 1 to n.
    """
    n = rates
    i, k = np.arange(1, n + 1)[:, np.newaxis], np.arange(1, n)
    ratio = np.maximum(i - k, 0) * (k + 1) / (k * (n - k))
    probability: Array = np.cumprod(np.hstack([np.full((n, 1), 1 / n), ratio]), axis=1)
    return probability


def tuning_curves(table: RunTable, unit: Unit) -> pd.DataFrame:
    """The expected result of trying k learning rates drawn at random, one row per (loss, optimizer, k).

    Columns: loss, optimizer; ``rates``, k; ``budget``, what all runs at k learning rates spend on average, in ``unit``;
    ``expected``, the expected hit rate, each start at the rate of the k that the other starts choose.
    """
    cells = table.cells
    cells = cells.assign(spent=np.bincount(table.run_cells, table.runtimes(unit)[1], len(cells)))
    pairs = cells.groupby(["loss", "optimizer"], sort=False, observed=True)
    k = pairs.cumcount() + 1
    first = cells[k == 1]
    curves = (_expected(table.trials[loss], name) for loss, name in zip(first["loss"], first["optimizer"], strict=True))
    expected = np.concatenate(list(curves))
    budget = k * pairs["spent"].transform("mean")
    return cells[["loss", "optimizer"]].assign(rates=k, budget=budget, expected=expected)


def _expected(each: Trials, name: str) -> Array:
    """The expected hit rate of ``name`` at the best of k learning rates, float [rates]."""
    column = each.names.index(name)
    expected: Array = expected_hits(hits_by_unit(each)[column], each.rule[column]).sum(axis=0) / len(each.unit)
    return expected


def expected_hits(hits: Array, rule: Array) -> Array:
    """The expected hits from each unit at the best of k learning rates that the others choose, float [units, rates].

    Args:
        hits: problems hit, float [rates, units].
        rule: the criteria of ``rate_rule``, float [criteria, rates, units].
    """
    order = order_without_each(rule)
    chosen: Array = np.take_along_axis(hits.T, order, axis=1) @ best_of(len(hits))
    return chosen


def mean_over_losses(curves: pd.DataFrame) -> pd.DataFrame:
    """``tuning_curves`` averaged over the losses: optimizer, ``rates`` and ``expected``, in the same order.

    Only the numbers of learning rates that were tried on every loss.
    """
    losses = curves.groupby(["optimizer", "rates"], sort=False, observed=True)["expected"]
    table = losses.agg(["mean", "size"]).reset_index()
    everywhere = table["size"] == table.groupby("optimizer", observed=True)["size"].transform("max")
    return table[everywhere].rename(columns={"mean": "expected"})[["optimizer", "rates", "expected"]]


@dataclass(frozen=True)
class SharedRate:
    """What one learning rate for all losses costs an optimizer, compared with tuning on each loss.

    Both hit rates are cross-fitted: each start is judged at the rate that all other starts choose.
    """

    optimizer: str
    learning_rate: float
    """The best one by the means of the criteria of ``rate_rule`` over the losses."""
    hit_rate: float
    """Hit rate at the shared rate, averaged over the losses."""
    tuned: float
    """Hit rate at the best learning rate of each loss, averaged over the losses."""

    @property
    def lost(self) -> float:
        """The hit rate that tuning on each loss adds; negative if it only adds noise."""
        return self.tuned - self.hit_rate


def shared_rates(losses: Sequence[Trials], optimizers: Sequence[str]) -> list[SharedRate]:
    """One entry per optimizer that was tried on all ``losses`` at the same learning rates."""
    found = []
    for name in optimizers:
        if losses and all(name in each.names for each in losses):
            columns = [each.names.index(name) for each in losses]
            if len({tuple(each.rates[at]) for each, at in zip(losses, columns, strict=True)}) == 1:
                found.append(_shared_rate(losses, columns, name))
    return found


def _shared_rate(losses: Sequence[Trials], columns: Sequence[int], name: str) -> SharedRate:
    # Means, so that every loss counts the same.
    means = [each.rule[column].sum(axis=2) / len(each.unit) for each, column in zip(losses, columns, strict=True)]
    total = np.sum(means, axis=0)
    shared, tuned = [], []
    for each, column, mean in zip(losses, columns, means, strict=True):
        hits, units = hits_by_unit(each)[column], np.arange(each.units)
        left = (total - mean)[..., np.newaxis] + _means_without_each(each, column, alone=len(losses) == 1)
        shared.append(hits[_best(left), units].sum() / len(each.unit))
        own = places_without_each(each.rule[column], np.ones((1, each.units)))[0]
        tuned.append(hits[own, units].sum() / len(each.unit))
    best = int(_best(total[..., np.newaxis])[0])
    rate = float(losses[0].rates[columns[0]][best])
    return SharedRate(name, rate, float(np.mean(shared)), float(np.mean(tuned)))


def _means_without_each(each: Trials, column: int, *, alone: bool) -> Array:
    """The criteria of one optimizer averaged over the problems without each unit, float [criteria, rates, units].

    A single unit leaves nothing; if there is no other loss either, it counts itself.
    """
    rule = each.rule[column]
    if each.units == 1:
        return rule / len(each.unit) * alone
    means: Array = (rule.sum(axis=2, keepdims=True) - rule) / (len(each.unit) - np.bincount(each.unit))
    return means


def _best(means: Array) -> Array:
    """The place of the best learning rate, int [...], from means [criteria, rates, ...], rounded for exact ties."""
    return best_of_sums(means.round(5))
