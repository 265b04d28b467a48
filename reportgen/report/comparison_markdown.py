"""``comparison.md``: what changed between two results, for a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reportgen.analysis.compare.model import MEANINGS, Comparison, Pair, Verdict
from reportgen.analysis.compare.sentences import format_ratio, gate_failures, pair_sentence, summary_sentence
from reportgen.analysis.number_format import count, number, rate
from reportgen.analysis.outcomes import SYMBOLS
from reportgen.report.markdown import Block, Bullets, Details, Table, code, document, link, text
from reportgen.report.summary_markdown import setup_lines

COMPARISON = "comparison.md"
"""Its name beside the page."""

VERDICT_SYMBOLS: dict[Verdict, str] = {
    "worse": "▼",
    "mixed": "◆",
    "unclear": "?",
    "better": "▲",
    "same": "=",
    "not comparable": "–",
}
_RIGHT = frozenset({3, 4, 5, 6})


def comparison_markdown(comparison: Comparison) -> str:
    """The text."""
    address = comparison.head.facts["config"].get("site_url") or ""
    sides = f"Base: {code(comparison.base.name)}; head: {code(comparison.head.name)}"
    head = f", in {link('its report', address)}" if address else ""
    return document(_blocks(comparison), f"{sides}{head}. The page of the comparison draws both.")


def _blocks(comparison: Comparison) -> Iterator[Block]:
    told = gate_failures(comparison)
    yield f"## {_title(comparison)}"
    yield text(summary_sentence(comparison))
    if told:
        yield Bullets([f"{VERDICT_SYMBOLS['worse']} {text(each)}" for each in told], "regression")
    apart = [pair for pair in comparison.pairs if pair.verdict not in ("same", "not comparable")]
    if apart:
        yield _table(apart)
    if comparison.notes:
        yield Bullets([text(note) for note in comparison.notes], "note")
    if not comparison.identical:
        yield from _folded(comparison)


def _title(comparison: Comparison) -> str:
    if comparison.identical:
        return "Nothing changed"
    counts = comparison.counts
    apart = [f"{VERDICT_SYMBOLS[v]} {n} {v}" for v, n in counts.items() if n and v != "same"]
    return " · ".join(apart) or f"{VERDICT_SYMBOLS['same']} No difference"


def _table(pairs: Sequence[Pair]) -> Table:
    header = ["Verdict", "Optimizer", "Loss", "Best rate", "At best rate", "Over all rates", "Solved"]
    return Table(header, [_row(pair) for pair in pairs], _RIGHT, "pair")


def _row(pair: Pair) -> list[str]:
    verdict = f"{VERDICT_SYMBOLS[pair.verdict]} {pair.verdict}"
    views = (format_ratio(view) if view else "–" for view in (pair.best, pair.all_rates))
    return [verdict, code(pair.optimizer), code(pair.loss), format_best_rates(pair), *views, format_solved(pair)]


def format_best_rates(pair: Pair) -> str:
    """The best learning rate, before and now where it is another."""
    if pair.rates is None:
        return "–"
    was, now = map(rate, pair.rates)
    return was if was == now else f"{was} → {now}"


def format_solved(pair: Pair) -> str:
    """Runs solved at the best rate before and now."""
    (was, now), (of, of_now) = pair.solved, pair.starts
    return "–" if not of else f"{was}/{of} → {now}/{of_now}"


def _folded(comparison: Comparison) -> Iterator[Block]:
    yield Details("Outcomes before and after", [_outcomes(comparison)])
    same = [pair for pair in comparison.pairs if pair.verdict == "same"]
    if same:
        rows = [[code(pair.optimizer), code(pair.loss), text(pair_sentence(pair, comparison.asked))] for pair in same]
        yield Details(f"{len(same)} the same", [Table(["Optimizer", "Loss", "Why"], rows, noun="pair")])
    aside = [pair for pair in comparison.pairs if pair.reason]
    if aside:
        rows = [[code(pair.optimizer), code(pair.loss), text(pair.reason)] for pair in aside]
        yield Details(f"{len(aside)} not comparable", [Table(["Optimizer", "Loss", "Why"], rows, noun="pair")])
    for word, cells in (("added", comparison.added), ("removed", comparison.removed)):
        if cells:
            yield _cells(word, cells)
    yield Details("How it was decided", [Bullets([text(each) for each in verdict_rules(comparison)])])
    yield Details("Set-up of head", [Bullets(list(setup_lines(comparison.head.facts)))])


def _outcomes(comparison: Comparison) -> Table:
    """The matrix of outcomes, without those that never came."""
    names = [*SYMBOLS]
    table = comparison.transitions
    there = [place for place in range(len(names)) if table[place].any() or table[:, place].any()]
    rows = [[_named(names[was]), *(number(int(table[was, now]), 15) for now in there)] for was in there]
    return Table(["before ↓ after →", *(_named(names[now]) for now in there)], rows, frozenset(range(1, 7)), "outcome")


def _named(outcome: str) -> str:
    return f"{SYMBOLS[outcome]} {outcome}"


def _cells(word: str, cells: Mapping[tuple[str, str], Sequence[float]]) -> Details:
    rows = [
        [code(optimizer), code(loss), text(", ".join(map(rate, rates)), 200)]
        for (loss, optimizer), rates in cells.items()
    ]
    told = count(sum(map(len, cells.values())), "cell")
    return Details(f"{told} {word}", [Table(["Optimizer", "Loss", "Learning rates"], rows, noun="pair")])


def verdict_rules(comparison: Comparison) -> Iterator[str]:
    """What the verdicts mean, with the thresholds that were asked for."""
    asked = comparison.asked
    yield (
        f"A difference counts from {number(asked.effect)} times the gradient evaluations on, where its "
        f"{100 * asked.confidence:g} % interval over the random starts or seeds excludes a tie."
    )
    for verdict, meaning in MEANINGS.items():
        yield f"{VERDICT_SYMBOLS[verdict]} {verdict}: {meaning}."
    yield (
        "Each pair has a test of its own: of many pairs that differ by chance alone, as with other noise, "
        "some are called better or worse."
    )
