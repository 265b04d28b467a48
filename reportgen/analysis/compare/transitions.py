"""What became of the runs, and of the cells: counts of outcomes before and after."""

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
    """Comparable runs by outcome, [base, head], both in the order of ``SYMBOLS``."""
    kept = ~matched.base["loss"].astype(str).isin(list(reasons)).to_numpy()
    names = list(SYMBOLS)
    coding = [factorize(side["outcome"]) for side in (matched.base, matched.head)]
    was, now = (np.array([names.index(word) for word in words], int)[code[kept]] for code, words in coding)
    counted: Array = np.bincount(was * len(names) + now, minlength=len(names) ** 2)
    return counted.reshape(len(names), len(names))


def count_cells(matched: MatchedRuns, reasons: Mapping[str, str]) -> Cells:
    """How many cells are equal bit by bit, changed, in one of the two only, or not comparable."""
    cells = matched.base[_CELL].assign(equal=matched.equal)
    per = cells.groupby(_CELL, sort=False, observed=True)["equal"].all().reset_index()
    aside = per["loss"].astype(str).isin(list(reasons))
    equal = per["equal"].astype(bool)
    return Cells(
        unchanged=int((equal & ~aside).sum()),
        changed=int((~equal & ~aside).sum()),
        added=len(matched.added),
        removed=len(matched.removed),
        not_comparable=int(aside.sum()),
    )


def rates_by_pair(cells: pd.DataFrame) -> dict[tuple[str, str], list[float]]:
    """The learning rates of some cells by loss and optimizer."""
    found: dict[tuple[str, str], list[float]] = {}
    for loss, optimizer, rate in cells.itertuples(index=False):
        found.setdefault((str(loss), str(optimizer)), []).append(float(rate))
    return {key: sorted(rates) for key, rates in found.items()}
