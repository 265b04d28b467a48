"""Changes between two results, with their uncertainty."""

from __future__ import annotations

from reportgen.analysis.compare.comparability import (
    comparison_notes,
    loss_differences,
    setting_differences,
    unmatched_starts,
)
from reportgen.analysis.compare.matching import match_runs
from reportgen.analysis.compare.model import Comparison, Side, Thresholds
from reportgen.analysis.compare.transitions import count_cells, outcome_transitions, rates_by_pair
from reportgen.analysis.compare.verdicts import all_verdicts
from reportgen.results.location import ResultsLocation


def compare(base: ResultsLocation, head: ResultsLocation, thresholds: Thresholds) -> Comparison:
    """Compare the runs of ``head`` with the same runs of ``base``.

    Two runs are the same if they have the same loss, optimizer, learning rate, start and seed, and begin at the same
    position.

    Args:
        base: the results before the change.
        head: the results after it.
        thresholds: when a difference counts.

    Raises:
        NotResultsError: a table of runs has a run twice.
    """
    matched = match_runs(base, head)
    settings, unmatched = setting_differences(base.info, head.info), unmatched_starts(base.info, head.info, matched)
    nothing = [*settings, *unmatched]
    labels = [loss.label for side in (base.info, head.info) for loss in side.losses]
    everywhere = dict.fromkeys(labels, "; ".join(nothing))
    reasons = everywhere if nothing else loss_differences(base.info, head.info, matched)
    verdicts = all_verdicts(matched, (base.info, head.info), reasons, thresholds)
    return Comparison(
        base=Side(base.name, matched.sizes[0], base.info),
        head=Side(head.name, matched.sizes[1], head.info),
        thresholds=thresholds,
        reasons=tuple(nothing),
        refused=bool(unmatched) or not len(matched.base),
        notes=tuple(comparison_notes(base.info, head.info, matched)),
        cells=count_cells(matched, reasons),
        matched=len(matched.base),
        equal=int(matched.equal.sum()),
        added=rates_by_pair(matched.added),
        removed=rates_by_pair(matched.removed),
        transitions=outcome_transitions(matched, reasons),
        pairs=verdicts.pairs,
        pools=verdicts.pools,
        tests=verdicts.tests,
    )
