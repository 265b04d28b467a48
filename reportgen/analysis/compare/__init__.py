"""What changed between two results, with how sure that is."""

from __future__ import annotations

from reportgen.analysis.compare.comparability import notes, other_losses, other_question
from reportgen.analysis.compare.matching import match
from reportgen.analysis.compare.model import Comparison, Side, Thresholds
from reportgen.analysis.compare.transitions import by_pair, kinds, transitions
from reportgen.analysis.compare.verdicts import Question, pairs
from reportgen.results.location import Located


def compare(base: Located, head: Located, asked: Thresholds) -> Comparison:
    """Hold the runs of ``head`` against the same runs of ``base``; NotResultsError for a damaged table.

    Runs are the same that have the same loss, optimizer, learning rate, start and seed, and begin at the same position.
    """
    matched = match(base, head)
    whole = other_question(base.manifest, head.manifest)
    labels = [fact["label"] for manifest in (base.manifest, head.manifest) for fact in manifest["losses"]]
    everywhere = dict.fromkeys(labels, "; ".join(whole))
    reasons = everywhere if whole else other_losses(base.manifest, head.manifest, matched)
    return Comparison(
        base=Side(base.name, matched.sizes[0], base.manifest),
        head=Side(head.name, matched.sizes[1], head.manifest),
        asked=asked,
        reasons=tuple(whole),
        notes=tuple(notes(base.manifest, head.manifest, matched)),
        cells=kinds(matched, reasons),
        matched=len(matched.base),
        equal=int(matched.equal.sum()),
        added=by_pair(matched.added),
        removed=by_pair(matched.removed),
        transitions=transitions(matched, reasons),
        pairs=pairs(matched, Question((base.manifest, head.manifest), reasons, asked)),
    )
