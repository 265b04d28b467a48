"""What can honestly be said of the results in a few sentences, each with the place that shows why."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from reportgen.analysis import outcome_findings
from reportgen.analysis.claim import Claim
from reportgen.analysis.leaderboard import comparable_cells
from reportgen.analysis.learning_rate_findings import learning_rate_findings
from reportgen.analysis.loss_view import compared_optimizers
from reportgen.analysis.ranking import ranking
from reportgen.analysis.ranking_findings import ranking_findings

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from reportgen.analysis.leaderboard import Leaderboard
    from reportgen.analysis.sensitivity import Sensitivity
    from reportgen.results.result_tables import Results


def findings(
    results: Results, table: pd.DataFrame, top: pd.DataFrame, held: Leaderboard | None, found: Sequence[Sensitivity]
) -> list[Claim]:
    """The sentences that the results support, most important first; reference lines are in no comparison.

    ``table`` is made by ``cells.cells``, ``top`` by ``ranking.best``; ``held`` is the contest of those rows of ``top``
    that are comparable and no reference lines, and ``found`` what ``sensitivity.sensitivity`` gives.
    """
    compared = compared_optimizers(results.manifest)
    among = comparable_cells(results, top)
    among = among[among["optimizer"].isin(compared)]
    aside = [name for name in top["optimizer"].unique() if name not in set(among["optimizer"])]
    claims = chain(
        outcome_findings.failed_programs(results),
        ranking_findings(held, ranking(among), aside if len(among) else []),
        learning_rate_findings(found, table, compared),
        outcome_findings.unequal_budgets(results),
        outcome_findings.stationary_runs(results.runs),
        outcome_findings.diverged_runs(table, found),
        outcome_findings.uninformative_losses(among),
    )
    return sorted(claims, key=lambda claim: -claim.importance)
