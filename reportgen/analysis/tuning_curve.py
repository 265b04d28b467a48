"""What tuning the learning rate is worth: the best of a few random rates, and one rate for all losses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reportgen.analysis.budgets import numbered_cells
from reportgen.analysis.cells import Array, cell_table
from reportgen.analysis.runtimes import runtime_arrays

if TYPE_CHECKING:
    import pandas as pd

    from reportgen.analysis.runtimes import Unit
    from reportgen.results.result_tables import Results


def expected_best(scores: Array) -> Array:
    """The mean of the best of k of the ``scores`` [n], for k = 1 .. n, over all choices of k; the largest is the best.

    Dodge et al. 2019, Show your work, but drawn without replacement, since nobody tries a rate of a grid
    twice: the best of k is the i-th smallest with probability C(i-1, k-1) / C(n, k). That is exact for rates drawn from
    this grid, and unbiased where the grid itself was drawn (Tang et al. 2020, Showing your work doesn't always work).
    Raises ValueError for scores that are not finite.
    """
    scores = np.sort(np.asarray(scores, float))
    if not np.isfinite(scores).all():
        raise ValueError("finite scores are expected")
    n = len(scores)
    i, k = np.arange(1, n + 1)[:, np.newaxis], np.arange(1, n)
    ratio = np.maximum(i - k, 0) * (k + 1) / (k * (n - k))
    chance = np.cumprod(np.hstack([np.full((n, 1), 1 / n), ratio]), axis=1)
    expected: Array = scores @ chance
    return expected


def tuning_curves(results: Results, unit: Unit) -> pd.DataFrame:
    """One row a (loss, optimizer, k): what to expect of trying k of the rates, drawn at random.

    Columns: loss, optimizer, ``rates`` (k), ``budget``, the mean of what all runs of k rates spend in ``unit``, and
    ``expected``, the mean share of (start, target) pairs reached at the best of them.
    """
    table, code = numbered_cells(results)
    table = table.assign(
        spent=np.bincount(code, runtime_arrays(results, unit)[1], len(table)), reached=cell_table(results)["reached"]
    )
    pairs = table.groupby(["loss", "optimizer"], sort=False, observed=True)
    k = pairs.cumcount() + 1
    expected = np.concatenate([expected_best(shares.to_numpy(float)) for _, shares in pairs["reached"]])
    budget = k * pairs["spent"].transform("mean")
    return table[["loss", "optimizer"]].assign(rates=k, budget=budget, expected=expected)


def mean_over_losses(curves: pd.DataFrame) -> pd.DataFrame:
    """The mean over the losses of ``tuning_curves``: optimizer, ``rates`` and ``expected``, in the same order.

    Only for numbers of rates that were tried on every loss.
    """
    losses = curves.groupby(["optimizer", "rates"], sort=False, observed=True)["expected"]
    table = losses.agg(["mean", "size"]).reset_index()
    everywhere = table["size"] == table.groupby("optimizer", observed=True)["size"].transform("max")
    return table[everywhere].rename(columns={"mean": "expected"})[["optimizer", "rates", "expected"]]


def shared_rate_table(table: pd.DataFrame) -> pd.DataFrame:
    """One row an optimizer: the rate that is best over all losses, and what it loses against tuning on each.

    ``table`` is one made by ``cells.cells``. Columns: optimizer, ``learning_rate``, the one with the largest mean over
    the losses of the share of (start, target) pairs reached, of equals the smallest; ``share``, that mean; ``tuned``,
    the mean of the largest share on each loss; ``lost``, what ``tuned`` is more; ``worst_loss``, the first loss on
    which the one rate loses most, empty where it loses on none, and ``worst``, how much there.
    """
    import pandas as pd

    rows = []
    for optimizer, shares in _shares(table).items():
        # Means that are equal but for rounding must be a tie.
        mean, most = shares.mean().round(12), shares.max(axis=1)
        rate = mean.idxmax()
        lost = (most - shares[rate]).round(12)
        tuned, share = float(most.mean()), float(shares[rate].mean())
        worst = {"worst_loss": str(lost.idxmax()) if lost.any() else "", "worst": float(lost.max())}
        told = {"learning_rate": float(str(rate)), "share": share, "tuned": tuned, "lost": tuned - share}
        rows.append({"optimizer": optimizer} | told | worst)
    return pd.DataFrame(rows)


def _shares(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """By optimizer the shares reached, [losses, rates]; 0 where a rate was not tried on a loss."""
    return {
        str(optimizer): mine.pivot(index="loss", columns="learning_rate", values="reached").fillna(0.0)
        for optimizer, mine in table.groupby("optimizer", sort=False, observed=True)
    }
