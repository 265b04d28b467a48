"""Whether the automatic grid of an optimizer must grow, because a best learning rate is at its edge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from reportgen.analysis.rate_rule import RULE
from reportgen.rate_grid import MOST_DECADES, Extension

if TYPE_CHECKING:
    import pandas as pd


def grown(cells: pd.DataFrame, extensions: Mapping[str, Extension]) -> dict[str, Extension]:
    """How far the automatic grids reach after one more round, by the label of the optimizer.

    A grid grows by a decade at an end if the learning rate there is the best one on any loss, and better than the next
    one. So a grid does not grow for an optimizer that ignores the learning rate.

    Args:
        cells: a table made by ``cell_table``.
        extensions: how far they reach now. Other optimizers have fixed learning rates.
    """
    ordered = cells.sort_values("learning_rate", kind="stable")
    below, above = set(), set()
    for (_, name), group in ordered.groupby(["loss", "optimizer"], sort=False, observed=True):
        if name not in extensions or (group["failed"] == group["runs"]).all():
            continue
        rule = list(map(tuple, group[list(RULE)].to_numpy()))
        best = max(rule)
        if rule[0] == best > rule[1]:
            below.add(name)
        if rule[-1] == best and rule.count(best) == 1:
            above.add(name)
    return {
        name: Extension(
            min(reach.below + (name in below), MOST_DECADES), min(reach.above + (name in above), MOST_DECADES)
        )
        for name, reach in extensions.items()
    }
