"""What a comparison says, in sentences: of each pair, of the whole, and of what fails a gate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reportgen.analysis.compare.model import MOST, Comparison, Pair, SolvedChange, Thresholds, View
from reportgen.analysis.number_format import count, number, rate

MOST_CELLS = 2
"""More cells of one pair are counted."""


def format_ratio(view: View) -> str:
    """How many times base's number head has: ``× 1.31 (1.12 to 1.54)``."""
    middle = _ratio(view.log2)
    known = view.interval is not None and format_interval(view) != middle
    return f"× {middle} ({format_interval(view)})" if known else f"× {middle}"


def format_interval(view: View) -> str:
    """The interval of the ratio, or that there is none."""
    if view.interval is None:
        return "no interval"
    high, low = (_ratio(end) for end in view.interval)
    return low if low == high else f"{low} to {high}"


def _ratio(log2: float) -> str:
    """What is beyond ``MOST`` was cut there."""
    if abs(log2) >= MOST:
        return "4 or more" if log2 < 0 else "¼ or less"
    return number(2.0**-log2)


def summary_sentence(comparison: Comparison) -> str:
    """The outcome in one sentence."""
    if comparison.identical:
        return f"Identical: {format_runs(comparison.matched)} are equal bit by bit."
    if comparison.reasons:
        return f"Nothing can be compared: {'; '.join(comparison.reasons)}."
    if not comparison.pairs:
        return "Nothing can be compared: the two have no run in common."
    told = [f"{n} {verdict}" for verdict, n in comparison.counts.items() if n]
    pairs = count(len(comparison.pairs), "pair")
    equal = f"{number(comparison.equal, 15)} of {format_runs(comparison.matched)} equal bit by bit"
    return f"Of {pairs} of optimizer and loss: {', '.join(told)}; {equal}."


def format_runs(how_many: int) -> str:
    """``1 run``, ``1 458 runs``."""
    return count(how_many, "run")


def pair_sentence(pair: Pair, asked: Thresholds) -> str:
    """Why a pair has its verdict, without a full stop."""
    if pair.reason:
        return pair.reason
    if pair.equal == pair.runs:
        return "equal bit by bit"
    parts = [*_cells(pair), *_best(pair, asked), *_all_rates(pair, asked)]
    return "; ".join(parts) or "nothing was reached by either"


def gate_failures(comparison: Comparison) -> list[str]:
    """What fails a gate, one line each, the worst first."""
    return [
        f"{pair.optimizer} on {pair.loss}: {'; '.join(_worse(pair, comparison.asked))}"
        for pair in comparison.regressions
    ]


def _worse(pair: Pair, asked: Thresholds) -> Iterator[str]:
    yield from _told(pair.stopped, "no longer solved")
    if pair.best and pair.best.sign(asked) < 0:
        yield from _best(pair, asked)
    if pair.all_rates and pair.all_rates.sign(asked) < 0:
        yield from _all_rates(pair, asked)


def _best(pair: Pair, asked: Thresholds) -> Iterator[str]:
    if pair.best is None or pair.rates is None:
        return
    was, now = map(rate, pair.rates)
    where = f"at the best rate, {now}" if was == now else f"at the best rate, {was} before and {now} now"
    yield f"{where}: {pair.best.noun} {format_ratio(pair.best)}{_doubt(pair.best, asked)}"


def _all_rates(pair: Pair, asked: Thresholds) -> Iterator[str]:
    if pair.all_rates:
        yield f"over all rates: {pair.all_rates.noun} {format_ratio(pair.all_rates)}{_doubt(pair.all_rates, asked)}"


def _doubt(view: View, asked: Thresholds) -> str:
    """Why a large difference is not called one."""
    if not view.large(asked) or view.sign(asked):
        return ""
    if view.interval is None:
        drawn = f"{count(view.draws, 'random start')} or seed{'' if view.draws == 1 else 's'}"
        return f", from {drawn}, too few for {100 * asked.confidence:g} % confidence"
    return ", which may be none"


def _cells(pair: Pair) -> Iterator[str]:
    yield from _told(pair.stopped, "no longer solved")
    yield from _told(pair.started, "now solved")


def _told(cells: Sequence[SolvedChange], word: str) -> Iterator[str]:
    """Those that changed most, and how many more there are."""
    order = sorted(cells, key=lambda cell: -abs(cell.base - cell.head))
    for cell in order[:MOST_CELLS]:
        now = ", ".join(f"{n} {name}" for name, n in cell.now.items() if name != "solved")
        others = f" ({now})" if now else ""
        counts = f"{cell.base} of {format_runs(cell.runs)} before, {cell.head} after{others}"
        yield f"{word} at {rate(cell.learning_rate)}: {counts}"
    if len(order) > MOST_CELLS:
        yield f"{word} at {count(len(order) - MOST_CELLS, 'more rate')}"
