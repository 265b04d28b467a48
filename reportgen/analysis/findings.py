"""What can honestly be said of the results in a few sentences, each with the place that shows why."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from reportgen.analysis import endings
from reportgen.analysis.contest import comparable
from reportgen.analysis.evidence import Claim
from reportgen.analysis.leading import leading
from reportgen.analysis.oneloss import contenders
from reportgen.analysis.ranking import ranking
from reportgen.analysis.robustness import robustness

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from reportgen.analysis.contest import Contest
    from reportgen.analysis.sensitivity import Sensitivity
    from reportgen.results.read import Results


def findings(
    results: Results, table: pd.DataFrame, top: pd.DataFrame, held: Contest | None, found: Sequence[Sensitivity]
) -> list[Claim]:
    """The sentences that the results support, most important first; reference lines are in no comparison.

    ``table`` is made by ``cells.cells``, ``top`` by ``ranking.best``; ``held`` is the contest of those rows of ``top``
    that are comparable and no reference lines, and ``found`` what ``sensitivity.sensitivity`` gives.
    """
    compared = contenders(results.manifest)
    among = comparable(results, top)
    among = among[among["optimizer"].isin(compared)]
    aside = [name for name in top["optimizer"].unique() if name not in set(among["optimizer"])]
    claims = chain(
        endings.failures(results),
        leading(held, ranking(among), aside if len(among) else []),
        robustness(found, table, compared),
        endings.budgets(results),
        endings.stationary(results.runs),
        endings.divergence(table, found),
        endings.undecided(among),
    )
    return sorted(claims, key=lambda claim: -claim.importance)
