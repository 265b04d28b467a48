"""A comparison as JSON."""

from __future__ import annotations

from reportgen.analysis.compare.model import (
    CORRECTION,
    BestRates,
    Comparison,
    Evidence,
    FlipTest,
    Measure,
    Pair,
    Pool,
    Side,
)
from reportgen.analysis.compare.sentences import gate_failures, pair_sentence, pool_sentence, summary_sentence
from reportgen.analysis.outcomes import SYMBOLS


def comparison_to_json(comparison: Comparison) -> dict[str, object]:
    """The comparison as JSON objects without infinite numbers; ``failures`` are the failures of the regression gate."""
    names = list(SYMBOLS)
    return {
        "format": 1,
        "sentence": summary_sentence(comparison),
        "identical": comparison.identical,
        "failures": gate_failures(comparison),
        "min_effect": comparison.thresholds.effect,
        "confidence": comparison.thresholds.confidence,
        "error_rate": {
            "level": comparison.thresholds.level,
            "for": "each optimizer and direction",
            "tests": comparison.tests,
            "correction": CORRECTION,
        },
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
        "over_all_losses": [_pool(pool) for pool in comparison.pools],
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
        "sentence": pair_sentence(pair, comparison.thresholds),
        "runs": pair.runs,
        "equal": pair.equal,
        "equal_rates": _evidence(pair.evidence),
        "best_rates": _best_rates(pair.best),
    }


def _evidence(evidence: Evidence | None) -> dict[str, object] | None:
    if evidence is None:
        return None
    base, head = evidence.solved
    return {
        "gradient_evaluations": _measure(evidence.effect) | _test(evidence.evaluations),
        "solved_runs": {"base": base, "head": head, "in_one_only": evidence.solved_in_one}
        | _test(evidence.solved_runs),
        "units": {"of": evidence.noun, "number": evidence.units},
        "failed_in_head": list(evidence.failed),
        "failed_in_base": list(evidence.repaired),
    }


def _best_rates(best: BestRates | None) -> dict[str, object] | None:
    if best is None:
        return None
    sides = zip(("base", "head"), best.rates, best.solved, best.runs, strict=True)
    found: dict[str, object] = {
        side: {"learning_rate": rate, "solved": solved, "runs": runs} for side, rate, solved, runs in sides
    }
    return found | {"gradient_evaluations": _measure(best.measure) if best.measure else None}


def _pool(pool: Pool) -> dict[str, object]:
    measures = zip(("slower", "faster"), pool.losses, (pool.slower, pool.faster), strict=True)
    found: dict[str, object] = {word: {"losses": losses} | _measure(each) for word, losses, each in measures}
    return {
        "optimizer": pool.optimizer,
        "verdict": pool.verdict,
        "sentence": pool_sentence(pool),
        **found,
        **_test(pool.test),
    }


def _measure(measure: Measure) -> dict[str, object]:
    interval = list(measure.ratios) if measure.ratios else None
    return {"log2": measure.log2, "ratio": measure.ratio, "interval": interval}


def _test(test: FlipTest) -> dict[str, object]:
    return {"p_worse": test.p[0], "p_better": test.p[1], "worse": test.is_worse, "better": test.is_better}


def _cells(cells: dict[tuple[str, str], list[float]]) -> list[dict[str, object]]:
    return [
        {"loss": loss, "optimizer": optimizer, "learning_rates": rates} for (loss, optimizer), rates in cells.items()
    ]
