"""The value of tuning the learning rate: the best of a few random learning rates, and one for all losses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reportgen.analysis.cells import Array

if TYPE_CHECKING:
    import pandas as pd

    from reportgen.analysis.run_table import RunTable
    from reportgen.analysis.runtime_arrays import Unit


def expected_best(scores: Array) -> Array:
    """The expected largest of k scores, for k = 1 .. n, as the mean over all choices of k; float [n].

    Dodge et al. 2019, "Show your work", but drawn without replacement, because the learning rates of a grid are tried
    only once: the largest of k is the i-th smallest with probability C(i-1, k-1) / C(n, k). That is exact for learning
    rates drawn from this grid. It is unbiased if the grid itself was drawn at random (Tang et al. 2020, "Showing your
    work doesn't always work").

    Args:
        scores: float [n], larger is better.

    Raises:
        ValueError: a score is not finite.
    """
    scores = np.sort(np.asarray(scores, float))
    if not np.isfinite(scores).all():
        raise ValueError("expected finite scores")
    n = len(scores)
    i, k = np.arange(1, n + 1)[:, np.newaxis], np.arange(1, n)
    ratio = np.maximum(i - k, 0) * (k + 1) / (k * (n - k))
    probability = np.cumprod(np.hstack([np.full((n, 1), 1 / n), ratio]), axis=1)
    expected: Array = scores @ probability
    return expected


def tuning_curves(table: RunTable, unit: Unit) -> pd.DataFrame:
    """The expected result of trying k learning rates drawn at random, one row per (loss, optimizer, k).

    Columns: loss, optimizer; ``rates``, k; ``budget``, what all runs at k learning rates spend on average, in ``unit``;
    ``expected``, the expected hit rate at the best of them.
    """
    cells = table.cells
    cells = cells.assign(spent=np.bincount(table.run_cells, table.runtimes(unit)[1], len(cells)))
    pairs = cells.groupby(["loss", "optimizer"], sort=False, observed=True)
    k = pairs.cumcount() + 1
    expected = np.concatenate([expected_best(shares.to_numpy(float)) for _, shares in pairs["hit_rate"]])
    budget = k * pairs["spent"].transform("mean")
    return cells[["loss", "optimizer"]].assign(rates=k, budget=budget, expected=expected)


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
    """What one learning rate for all losses costs an optimizer, compared with tuning on each loss."""

    optimizer: str
    learning_rate: float
    """The one with the largest hit rate averaged over the losses; the smallest of equals."""
    hit_rate: float
    """Its hit rate, averaged over the losses."""
    tuned: float
    """Hit rate at the best learning rate of each loss, averaged over the losses."""
    worst_loss: str
    """The first loss on which the shared learning rate loses most; empty if it loses on none."""
    worst: float
    """How much of the hit rate is lost there."""

    @property
    def lost(self) -> float:
        """The hit rate that tuning on each loss adds."""
        return self.tuned - self.hit_rate


def shared_rates(cells: pd.DataFrame) -> list[SharedRate]:
    """One entry per optimizer, in the order of ``cells``, a table made by ``cell_table``."""
    shared = []
    for optimizer, hit_rates in _hit_rates(cells).items():
        # Rounded, so that means that differ only by rounding errors are ties.
        mean, tuned = hit_rates.mean().round(12), hit_rates.max(axis=1)
        best = mean.idxmax()
        lost = (tuned - hit_rates[best]).round(12)
        shared.append(
            SharedRate(
                optimizer=optimizer,
                learning_rate=float(str(best)),
                hit_rate=float(hit_rates[best].mean()),
                tuned=float(tuned.mean()),
                worst_loss=str(lost.idxmax()) if lost.any() else "",
                worst=float(lost.max()),
            )
        )
    return shared


def _hit_rates(cells: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Hit rates by optimizer, [losses, learning rates]; 0 if a learning rate was not tried on a loss."""
    return {
        str(optimizer): group.pivot(index="loss", columns="learning_rate", values="hit_rate").fillna(0.0)
        for optimizer, group in cells.groupby("optimizer", sort=False, observed=True)
    }
