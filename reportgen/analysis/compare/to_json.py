"""A comparison as JSON has it: numbers, texts, lists and objects, nothing infinite."""

from __future__ import annotations

from typing import Any

from reportgen.analysis.compare.model import Comparison, Pair, Side, SolvedChange, View
from reportgen.analysis.compare.sentences import gate_failures, pair_sentence, summary_sentence
from reportgen.analysis.outcomes import SYMBOLS


def comparison_to_json(comparison: Comparison) -> dict[str, Any]:
    """All of it; ``failures`` are what fails a gate."""
    names = list(SYMBOLS)
    return {
        "format": 1,
        "said": summary_sentence(comparison),
        "identical": comparison.identical,
        "failures": gate_failures(comparison),
        "min_effect": comparison.asked.effect,
        "confidence": comparison.asked.confidence,
        "base": _side(comparison.base),
        "head": _side(comparison.head),
        "reasons": list(comparison.reasons),
        "notes": list(comparison.notes),
        "runs": {"matched": comparison.matched, "equal": comparison.equal},
        "cells": vars(comparison.cells),
        "verdicts": dict(comparison.counts),
        "transitions": {
            was: {now: int(n) for now, n in zip(names, row, strict=True) if n}
            for was, row in zip(names, comparison.transitions, strict=True)
        },
        "pairs": [_pair(pair, comparison) for pair in comparison.pairs],
        "added": _cells(comparison.added),
        "removed": _cells(comparison.removed),
    }


def _side(side: Side) -> dict[str, Any]:
    facts = side.facts
    told = {name: facts[name] for name in ("title", "dtype", "steps", "targets", "git_commit", "reportgen")}
    return {"name": side.name, "runs": side.runs, **told, "versions": facts["versions"]}


def _pair(pair: Pair, comparison: Comparison) -> dict[str, Any]:
    return {
        "loss": pair.loss,
        "optimizer": pair.optimizer,
        "verdict": pair.verdict,
        "said": pair_sentence(pair, comparison.asked),
        "runs": pair.runs,
        "equal": pair.equal,
        "best_rates": list(pair.rates) if pair.rates else None,
        "solved_at_best": [{"solved": n, "runs": of} for n, of in zip(pair.solved, pair.starts, strict=True)],
        "best": _view(pair.best),
        "all_rates": _view(pair.all_rates),
        "targets": [{"target": target, **(_view(view) or {})} for target, view in pair.targets.items()],
        "stopped": [_solving(cell) for cell in pair.stopped],
        "started": [_solving(cell) for cell in pair.started],
    }


def _view(view: View | None) -> dict[str, Any] | None:
    if view is None:
        return None
    ends = list(view.ratios) if view.ratios else None
    return {"of": view.noun, "log2": view.log2, "ratio": view.ratio, "interval": ends, "draws": view.draws}


def _solving(cell: SolvedChange) -> dict[str, Any]:
    return {
        "learning_rate": cell.learning_rate,
        "runs": cell.runs,
        "solved_base": cell.base,
        "solved_head": cell.head,
        "head": cell.now,
    }


def _cells(cells: dict[tuple[str, str], list[float]]) -> list[dict[str, Any]]:
    return [
        {"loss": loss, "optimizer": optimizer, "learning_rates": rates} for (loss, optimizer), rates in cells.items()
    ]
