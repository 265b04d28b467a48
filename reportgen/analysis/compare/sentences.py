"""A comparison in sentences: each pair, the whole, and what fails the regression gate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reportgen.analysis.compare.model import MOST_LOG2, Comparison, Measure, Pair, SolvedChange, Thresholds
from reportgen.analysis.number_format import count, number, rate

MOST_CELLS = 2
"""Of more learning rates than this, a sentence gives only the number."""


def format_ratio(measure: Measure) -> str:
    """Head divided by base, with its interval: ``× 1.31 (1.12 to 1.54)``."""
    ratio = _ratio(measure.log2)
    has_interval = measure.interval is not None and format_interval(measure) != ratio
    return f"× {ratio} ({format_interval(measure)})" if has_interval else f"× {ratio}"


def format_interval(measure: Measure) -> str:
    """The interval of the ratio, or a note that it is missing."""
    if measure.interval is None:
        return "no interval"
    high, low = (_ratio(end) for end in measure.interval)
    return low if low == high else f"{low} to {high}"


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
        f"{pairs}: {verdicts}. Of the {format_runs(comparison.matched)} in both results, "
        f"{number(comparison.equal, 15)} {'is' if comparison.equal == 1 else 'are'} bitwise identical."
    )


def format_runs(runs: int) -> str:
    """``1 run``, ``1 458 runs``."""
    return count(runs, "run")


def pair_sentence(pair: Pair, thresholds: Thresholds) -> str:
    """Why a pair has its verdict, without a full stop."""
    if pair.reason:
        return pair.reason
    if pair.equal == pair.runs:
        return "bitwise identical"
    parts = [*_solved_changes(pair), *_best(pair, thresholds), *_all_rates(pair, thresholds)]
    return "; ".join(parts) or "neither side hit a target"


def gate_failures(comparison: Comparison) -> list[str]:
    """What fails the regression gate, one line each, the worst first."""
    return [
        f"{pair.optimizer} on {pair.loss}: {'; '.join(_regressions(pair, comparison.thresholds))}"
        for pair in comparison.regressions
    ]


def _regressions(pair: Pair, thresholds: Thresholds) -> Iterator[str]:
    yield from _changes(pair.no_longer_solved, "no longer solved")
    if pair.best and pair.best.sign(thresholds) < 0:
        yield from _best(pair, thresholds)
    if pair.all_rates and pair.all_rates.sign(thresholds) < 0:
        yield from _all_rates(pair, thresholds)


def _best(pair: Pair, thresholds: Thresholds) -> Iterator[str]:
    if pair.best is None or pair.rates is None:
        return
    was, now = map(rate, pair.rates)
    rates = now if was == now else f"{was} in base and {now} in head"
    ratio = format_ratio(pair.best)
    yield f"at the best learning rate ({rates}): {pair.best.noun} {ratio}{_doubt(pair.best, thresholds)}"


def _all_rates(pair: Pair, thresholds: Thresholds) -> Iterator[str]:
    if pair.all_rates:
        ratio = format_ratio(pair.all_rates)
        yield f"over all learning rates: {pair.all_rates.noun} {ratio}{_doubt(pair.all_rates, thresholds)}"


def _doubt(measure: Measure, thresholds: Thresholds) -> str:
    """Why a large difference has no verdict."""
    if not measure.is_large(thresholds) or measure.sign(thresholds):
        return ""
    if measure.interval is None:
        draws = f"{count(measure.draws, 'random start')} or seed{'' if measure.draws == 1 else 's'}"
        return f", not significant: {draws} are too few for {100 * thresholds.confidence:g} % confidence"
    return ", not significant"


def _solved_changes(pair: Pair) -> Iterator[str]:
    yield from _changes(pair.no_longer_solved, "no longer solved")
    yield from _changes(pair.newly_solved, "now solved")


def _changes(cells: Sequence[SolvedChange], word: str) -> Iterator[str]:
    """The learning rates with the largest changes, and how many more there are."""
    order = sorted(cells, key=lambda cell: -abs(cell.base - cell.head))
    for cell in order[:MOST_CELLS]:
        now = ", ".join(f"{n} {name}" for name, n in cell.head_outcomes.items() if name != "solved")
        others = f" ({now})" if now else ""
        counts = f"{cell.base} of {format_runs(cell.runs)} in base, {cell.head} in head{others}"
        yield f"{word} at learning rate {rate(cell.learning_rate)}: {counts}"
    if len(order) > MOST_CELLS:
        yield f"{word} at {count(len(order) - MOST_CELLS, 'more learning rate')}"
