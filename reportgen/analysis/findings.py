"""The findings of a report: what the results support, in a few sentences, each with its evidence."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from reportgen.analysis import outcome_findings
from reportgen.analysis.learning_rate_findings import learning_rate_findings
from reportgen.analysis.ranking_findings import ranking_findings

if TYPE_CHECKING:
    from reportgen.analysis.claim import Claim
    from reportgen.analysis.report_analysis import ReportAnalysis


def findings(analysis: ReportAnalysis) -> list[Claim]:
    """The claims that the results support, the most important first. Reference optimizers take part in none."""
    compared = analysis.comparable
    claims = chain(
        outcome_findings.failed_programs(analysis.manifest.programs),
        ranking_findings(analysis.leaderboard, analysis.ranking, analysis.excluded if len(compared) else []),
        learning_rate_findings(
            analysis.sensitivity,
            analysis.compared_trials,
            analysis.manifest.compared_optimizers,
            tuned=analysis.manifest.is_tuned,
        ),
        outcome_findings.unequal_budgets(analysis.results.runs),
        outcome_findings.unknown_minima(analysis.manifest.losses),
        outcome_findings.wrong_minima(analysis.results.runs, analysis.manifest.losses),
        outcome_findings.runs_that_left_the_target(analysis.cells),
        outcome_findings.stationary_runs(analysis.results.runs),
        outcome_findings.diverged_runs(analysis.cells, analysis.sensitivity),
        outcome_findings.uninformative_losses(compared),
    )
    return sorted(claims, key=lambda claim: -claim.importance)
