"""A comparison as JSON."""

from __future__ import annotations

from reportgen.analysis.compare.model import Comparison, Measure, Pair, Side, SolvedChange
from reportgen.analysis.compare.sentences import gate_failures, pair_sentence, summary_sentence
from reportgen.analysis.outcomes import SYMBOLS


def comparison_to_json(comparison: Comparison) -> dict[str, object]:
    """The comparison as JSON objects without infinite numbers; ``failures`` are the failures of the regression gate."""
    names = list(SYMBOLS)
    return {
        "format": 1,
        "said": summary_sentence(comparison),
        "identical": comparison.identical,
        "failures": gate_failures(comparison),
        "min_effect": comparison.thresholds.effect,
        "confidence": comparison.thresholds.confidence,
        "base": _side(comparison.base),
        "head": _side(comparison.head),
        "reasons": list(comparison.reasons),
        "notes": list(comparison.notes),
        "runs": {"matched": comparison.matched, "equal": comparison.equal},
        "cells": vars(comparison.cells),
        "verdicts": dict(comparison.counts),
        "transitions": {
            before: {after: int(n) for after, n in zip(names, row, strict=True) if n}
            for before, row in zip(names, comparison.transitions, strict=True)
        },
        "pairs": [_pair(pair, comparison) for pair in comparison.pairs],
        "added": _cells(comparison.added),
        "removed": _cells(comparison.removed),
    }


def _side(side: Side) -> dict[str, object]:
    info = side.info
    return {
        "name": side.name,
        "runs": side.runs,
        "title": info.title,
        "dtype": info.dtype,
        "steps": info.steps,
        "targets": list(info.targets),
        "git_commit": info.git_commit,
        "reportgen": info.reportgen,
        "versions": dict(info.versions),
    }


def _pair(pair: Pair, comparison: Comparison) -> dict[str, object]:
    return {
        "loss": pair.loss,
        "optimizer": pair.optimizer,
        "verdict": pair.verdict,
        "said": pair_sentence(pair, comparison.thresholds),
        "runs": pair.runs,
        "equal": pair.equal,
        "best_rates": list(pair.rates) if pair.rates else None,
        "solved_at_best": [{"solved": n, "runs": runs} for n, runs in zip(pair.solved, pair.starts, strict=True)],
        "best": _measure(pair.best),
        "all_rates": _measure(pair.all_rates),
        "targets": [{"target": target, **(_measure(measure) or {})} for target, measure in pair.targets.items()],
        "stopped": [_solved_change(cell) for cell in pair.no_longer_solved],
        "started": [_solved_change(cell) for cell in pair.newly_solved],
    }


def _measure(measure: Measure | None) -> dict[str, object] | None:
    if measure is None:
        return None
    return {
        "of": measure.noun,
        "log2": measure.log2,
        "ratio": measure.ratio,
        "interval": list(measure.ratios) if measure.ratios else None,
        "draws": measure.draws,
    }


def _solved_change(cell: SolvedChange) -> dict[str, object]:
    return {
        "learning_rate": cell.learning_rate,
        "runs": cell.runs,
        "solved_base": cell.base,
        "solved_head": cell.head,
        "head": cell.head_outcomes,
    }


def _cells(cells: dict[tuple[str, str], list[float]]) -> list[dict[str, object]]:
    return [
        {"loss": loss, "optimizer": optimizer, "learning_rates": rates} for (loss, optimizer), rates in cells.items()
    ]
