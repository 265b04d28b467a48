"""What changed between two results, with how sure that is."""

from __future__ import annotations

from reportgen.analysis.compare.comparability import comparison_notes, loss_differences, setting_differences
from reportgen.analysis.compare.matching import match_runs
from reportgen.analysis.compare.model import Comparison, Side, Thresholds
from reportgen.analysis.compare.transitions import count_cells, outcome_transitions, rates_by_pair
from reportgen.analysis.compare.verdicts import Question, pair_verdicts
from reportgen.results.location import ResultsLocation


def compare(base: ResultsLocation, head: ResultsLocation, asked: Thresholds) -> Comparison:
    """Hold the runs of ``head`` against the same runs of ``base``; NotResultsError for a damaged table.

    Runs are the same that have the same loss, optimizer, learning rate, start and seed, and begin at the same position.
    """
    matched = match_runs(base, head)
    whole = setting_differences(base.manifest, head.manifest)
    labels = [fact["label"] for manifest in (base.manifest, head.manifest) for fact in manifest["losses"]]
    everywhere = dict.fromkeys(labels, "; ".join(whole))
    reasons = everywhere if whole else loss_differences(base.manifest, head.manifest, matched)
    return Comparison(
        base=Side(base.name, matched.sizes[0], base.manifest),
        head=Side(head.name, matched.sizes[1], head.manifest),
        asked=asked,
        reasons=tuple(whole),
        notes=tuple(comparison_notes(base.manifest, head.manifest, matched)),
        cells=count_cells(matched, reasons),
        matched=len(matched.base),
        equal=int(matched.equal.sum()),
        added=rates_by_pair(matched.added),
        removed=rates_by_pair(matched.removed),
        transitions=outcome_transitions(matched, reasons),
        pairs=pair_verdicts(matched, Question((base.manifest, head.manifest), reasons, asked)),
    )
