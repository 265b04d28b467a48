"""Changes in the outcomes of runs, and counts of unchanged, changed, added and removed configurations."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from reportgen.analysis.cells import Array, factorize
from reportgen.analysis.compare.matching import MatchedRuns
from reportgen.analysis.compare.model import Cells
from reportgen.analysis.outcomes import SYMBOLS

_CELL = ["loss", "optimizer", "learning_rate"]


def outcome_transitions(matched: MatchedRuns, reasons: Mapping[str, str]) -> Array:
    """Comparable runs by outcome, int [base, head], both in the order of ``SYMBOLS``.

    Args:
        matched: the runs of both results.
        reasons: the losses that cannot be compared.
    """
    is_comparable = ~matched.base["loss"].astype(str).isin(list(reasons)).to_numpy()
    names = list(SYMBOLS)
    coding = [factorize(side["outcome"]) for side in (matched.base, matched.head)]
    before, after = (
        np.array([names.index(name) for name in found], int)[code[is_comparable]] for code, found in coding
    )
    counts: Array = np.bincount(before * len(names) + after, minlength=len(names) ** 2)
    return counts.reshape(len(names), len(names))


def count_cells(matched: MatchedRuns, reasons: Mapping[str, str]) -> Cells:
    """The number of configurations that are bitwise identical, changed, in one result only, or not comparable."""
    runs = matched.base[_CELL].assign(equal=matched.equal)
    cells = runs.groupby(_CELL, sort=False, observed=True)["equal"].all().reset_index()
    not_comparable = cells["loss"].astype(str).isin(list(reasons))
    equal = cells["equal"].astype(bool)
    return Cells(
        unchanged=int((equal & ~not_comparable).sum()),
        changed=int((~equal & ~not_comparable).sum()),
        added=len(matched.added),
        removed=len(matched.removed),
        not_comparable=int(not_comparable.sum()),
    )


def rates_by_pair(cells: pd.DataFrame) -> dict[tuple[str, str], list[float]]:
    """The learning rates of some configurations in ascending order, by loss and optimizer.

    Args:
        cells: columns loss, optimizer and learning_rate.
    """
    rates: dict[tuple[str, str], list[float]] = {}
    for loss, optimizer, rate in cells.itertuples(index=False):
        rates.setdefault((str(loss), str(optimizer)), []).append(float(rate))
    return {pair: sorted(values) for pair, values in rates.items()}
