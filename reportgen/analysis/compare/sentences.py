"""A comparison in sentences: each pair, the whole, and what fails the regression gate."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.analysis.compare.model import MOST_LOG2, Comparison, Evidence, Measure, Pair, Pool, Thresholds
from reportgen.analysis.number_format import and_list, count, number, rate


def format_ratio(measure: Measure) -> str:
    """Head divided by base, in a table: ``slower: × 1.31 (1.12 to 1.54)``."""
    ratio = _ratio(measure.log2)
    if measure.interval is None:
        return _prefixed(measure, f"× {ratio}")
    high, low = (_ratio(end) for end in measure.interval)
    return _prefixed(measure, f"× {ratio}" if low == high == ratio else f"× {ratio} ({low} to {high})")


def _prefixed(measure: Measure, text: str) -> str:
    word = direction(measure)
    return f"{word}: {text}" if word else text


def direction(measure: Measure) -> str:
    """``slower``, ``faster`` or, with an interval that contains both, ``slower or faster``; empty for equal."""
    low, high = measure.interval or (measure.log2, measure.log2)
    if low < 0 < high:
        return "slower or faster"
    if _ratio(measure.log2) == "1":
        return ""
    return "slower" if measure.log2 < 0 else "faster"


def _evaluations(measure: Measure, interval: str = "") -> str:
    """``1.31 times as many gradient evaluations (slower)``, with an interval after the direction."""
    ratio = _ratio(measure.log2)
    if abs(measure.log2) >= MOST_LOG2:
        ratio = "at least 4" if measure.log2 < 0 else "at most ¼"
    often = "as many" if ratio == "1" else f"{ratio} times as many"
    more = "; ".join(part for part in (direction(measure), interval) if part)
    return f"{often} gradient evaluations" + (f" ({more})" if more else "")


def _ratio(log2: float) -> str:
    """Ratios beyond ``MOST_LOG2`` were clipped."""
    if abs(log2) >= MOST_LOG2:
        return "4 or more" if log2 < 0 else "¼ or less"
    return number(2.0**-log2)


def summary_sentence(comparison: Comparison) -> str:
    """The result in one sentence."""
    if comparison.identical:
        return f"All {format_runs(comparison.matched)} are bitwise identical."
    if comparison.reasons:
        return f"Not comparable: {'; '.join(comparison.reasons)}."
    if not comparison.pairs:
        return "Not comparable: the two results have no run in common."
    verdicts = ", ".join(f"{n} {verdict}" for verdict, n in comparison.counts.items() if n)
    pairs = count(len(comparison.pairs), "optimizer-loss pair")
    return (
        f"{pairs}: {verdicts}. {_pools(comparison)}Of the {format_runs(comparison.matched)} in both results, "
        f"{number(comparison.equal, 15)} {'is' if comparison.equal == 1 else 'are'} bitwise identical."
    )


def _pools(comparison: Comparison) -> str:
    """The optimizers that are worse over all losses, although no loss alone shows it."""
    worse = [each.optimizer for each in comparison.regressions if isinstance(each, Pool)]
    return f"Over all losses together, {and_list(worse)} {'is' if len(worse) == 1 else 'are'} worse. " if worse else ""


def format_runs(runs: int) -> str:
    """``1 run``, ``1 458 runs``."""
    return count(runs, "run")


def pair_sentence(pair: Pair, thresholds: Thresholds) -> str:
    """Why a pair has its verdict, without a full stop."""
    if pair.evidence is None:
        return pair.reason or "bitwise identical"
    parts = [*_failures(pair.evidence), _effect(pair.evidence, thresholds), *_doubt(pair, thresholds)]
    return "; ".join([*parts, *_best_rates(pair, thresholds)])


def _failures(evidence: Evidence) -> Iterator[str]:
    for side, rates in (("head", evidence.failed), ("base", evidence.repaired)):
        if rates:
            noun = "learning rate" if len(rates) == 1 else "learning rates"
            yield f"all runs failed in {side} at {noun} {and_list(list(map(rate, rates)), 5)}"


def _effect(evidence: Evidence, thresholds: Thresholds) -> str:
    before, after = evidence.solved
    solved = "" if before == after else f", solved runs {number(before, 15)} → {number(after, 15)}"
    interval = ""
    if evidence.effect.interval is not None:
        high, low = map(_ratio, evidence.effect.interval)
        interval = f"{interval_name(thresholds)} {low} to {high}" if low != high else ""
    return f"at equal learning rates, head needs {_evaluations(evidence.effect, interval)}{solved}"


def interval_name(thresholds: Thresholds) -> str:
    """``90 % interval``: each of its ends has the error rate."""
    return f"{100 * (1 - 2 * thresholds.level):g} % interval"


def _doubt(pair: Pair, thresholds: Thresholds) -> Iterator[str]:
    """Why the verdict is unclear."""
    evidence = pair.evidence
    if pair.verdict != "unclear" or evidence is None:
        return
    if evidence.effect.interval is None:
        units = count(evidence.units, evidence.noun)
        verb = "is" if evidence.units == 1 else "are"
        yield f"{units} {verb} too few for {100 * thresholds.confidence:g} % confidence"
    elif evidence.effect.interval[0] <= 0 <= evidence.effect.interval[1]:
        yield "neither a difference nor its absence is significant"
    else:
        yield "not significant after correction for the number of tests, or too small"


def _best_rates(pair: Pair, thresholds: Thresholds) -> Iterator[str]:
    """What another learning rate makes up for: head is worse at equal ones, but not with each side at its best."""
    if pair.best is None or pair.best.measure is None or pair.verdict not in ("worse", "mixed"):
        return
    (before, after), ratio = pair.best.rates, _evaluations(pair.best.measure)
    if before == after or pair.best.measure.log2 <= -thresholds.log2:
        yield f"with each side at its best learning rate: {ratio}"
    else:
        yield f"a learning rate of {rate(after)} instead of {rate(before)} makes up for it: {ratio}"


def pool_sentence(pool: Pool) -> str:
    """How an optimizer changed over all losses, without a full stop."""
    parts = [
        f"{word} on {count(losses, 'loss')} (× {_ratio(measure.log2)})"
        for word, losses, measure in zip(("slower", "faster"), pool.losses, (pool.slower, pool.faster), strict=True)
        if losses
    ]
    return f"{' and '.join(parts)}, in gradient evaluations at equal learning rates"


def gate_failures(comparison: Comparison) -> list[str]:
    """What fails the regression gate, one line each, the worst first."""
    return [
        f"{each.optimizer} over {sum(each.losses)} losses: {pool_sentence(each)}"
        if isinstance(each, Pool)
        else f"{each.optimizer} on {each.loss}: {pair_sentence(each, comparison.thresholds)}"
        for each in comparison.regressions
    ]
