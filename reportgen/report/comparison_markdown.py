"""``comparison.md``: the changes between two results, for a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reportgen.analysis.compare.model import MEANINGS, Comparison, Pair, Verdict
from reportgen.analysis.compare.sentences import format_ratio, gate_failures, pair_sentence, summary_sentence
from reportgen.analysis.number_format import count, number, rate
from reportgen.analysis.outcomes import SYMBOLS
from reportgen.report.markdown import Block, Bullets, Details, Table, code, document, link, text
from reportgen.report.summary_markdown import setup_lines
from reportgen.results.manifest import Manifest

COMPARISON = "comparison.md"
"""Its name next to the page."""

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
    """The text of ``comparison.md``."""
    address = comparison.head.info.config.site_url if isinstance(comparison.head.info, Manifest) else ""
    sides = f"Base: {code(comparison.base.name)}; head: {code(comparison.head.name)}"
    head = f", in {link('its report', address)}" if address else ""
    return document(_blocks(comparison), f"{sides}{head}. The HTML page has the figures.")


def _blocks(comparison: Comparison) -> Iterator[Block]:
    failures = gate_failures(comparison)
    yield f"## {_title(comparison)}"
    yield text(summary_sentence(comparison))
    if failures:
        yield Bullets([f"{VERDICT_SYMBOLS['worse']} {text(each)}" for each in failures], "regression")
    different = [pair for pair in comparison.pairs if pair.verdict not in ("same", "not comparable")]
    if different:
        yield _table(different)
    if comparison.notes:
        yield Bullets([text(note) for note in comparison.notes], "note")
    if not comparison.identical:
        yield from _folded(comparison)


def _title(comparison: Comparison) -> str:
    if comparison.identical:
        return "No changes"
    counts = comparison.counts
    differences = [f"{VERDICT_SYMBOLS[v]} {n} {v}" for v, n in counts.items() if n and v != "same"]
    return " · ".join(differences) or f"{VERDICT_SYMBOLS['same']} No difference"


def _table(pairs: Sequence[Pair]) -> Table:
    header = ["Verdict", "Optimizer", "Loss", "Best learning rate", "At best rate", "Over all rates", "Solved"]
    return Table(header, [_row(pair) for pair in pairs], _RIGHT, "pair")


def _row(pair: Pair) -> list[str]:
    verdict = f"{VERDICT_SYMBOLS[pair.verdict]} {pair.verdict}"
    measures = (format_ratio(measure) if measure else "–" for measure in (pair.best, pair.all_rates))
    return [verdict, code(pair.optimizer), code(pair.loss), format_best_rates(pair), *measures, format_solved(pair)]


def format_best_rates(pair: Pair) -> str:
    """The best learning rate, before and after if it changed."""
    if pair.rates is None:
        return "–"
    before, after = map(rate, pair.rates)
    return before if before == after else f"{before} → {after}"


def format_solved(pair: Pair) -> str:
    """Runs solved at the best learning rate, before and after."""
    (solved_before, solved_after), (runs_before, runs_after) = pair.solved, pair.starts
    return f"{solved_before}/{runs_before} → {solved_after}/{runs_after}" if runs_before else "–"


def _folded(comparison: Comparison) -> Iterator[Block]:
    yield Details("Outcomes in base and head", [_outcomes(comparison)])
    same = [pair for pair in comparison.pairs if pair.verdict == "same"]
    if same:
        rows = [
            [code(pair.optimizer), code(pair.loss), text(pair_sentence(pair, comparison.thresholds))] for pair in same
        ]
        yield Details(f"{len(same)} same", [Table(["Optimizer", "Loss", "Reason"], rows, noun="pair")])
    excluded = [pair for pair in comparison.pairs if pair.reason]
    if excluded:
        rows = [[code(pair.optimizer), code(pair.loss), text(pair.reason)] for pair in excluded]
        yield Details(f"{len(excluded)} not comparable", [Table(["Optimizer", "Loss", "Reason"], rows, noun="pair")])
    for word, cells in (("added", comparison.added), ("removed", comparison.removed)):
        if cells:
            yield _cells(word, cells)
    yield Details("Methodology", [Bullets([text(each) for each in verdict_rules(comparison)])])
    yield Details("Set-up of head", [Bullets(list(setup_lines(comparison.head.info)))])


def _outcomes(comparison: Comparison) -> Table:
    """Runs by outcome before and after, without outcomes that no run has."""
    names = [*SYMBOLS]
    table = comparison.transitions
    places = [place for place in range(len(names)) if table[place].any() or table[:, place].any()]
    rows = [
        [_with_symbol(names[before]), *(number(int(table[before, after]), 15) for after in places)] for before in places
    ]
    header = ["base ↓ head →", *(_with_symbol(names[after]) for after in places)]
    return Table(header, rows, frozenset(range(1, 7)), "outcome")


def _with_symbol(outcome: str) -> str:
    return f"{SYMBOLS[outcome]} {outcome}"


def _cells(word: str, cells: Mapping[tuple[str, str], Sequence[float]]) -> Details:
    rows = [
        [code(optimizer), code(loss), text(", ".join(map(rate, rates)), 200)]
        for (loss, optimizer), rates in cells.items()
    ]
    total = count(sum(map(len, cells.values())), "configuration")
    return Details(f"{total} {word}", [Table(["Optimizer", "Loss", "Learning rates"], rows, noun="pair")])


def verdict_rules(comparison: Comparison) -> Iterator[str]:
    """How verdicts are decided, with the thresholds, in sentences."""
    thresholds = comparison.thresholds
    yield (
        "There are two measures, both ratios of gradient evaluations: at the best learning rate of each side, and over "
        "all learning rates."
    )
    yield (
        f"A difference in a measure counts if it is at least a factor of {number(thresholds.effect)} (the minimum "
        f"effect) and significant: its {100 * thresholds.confidence:g} % interval over the random starts or seeds "
        "excludes 1."
    )
    yield (
        "A configuration is no longer solved if base solves more than half of its runs, and head solves at most half "
        "of them and at most half as many as base. Exceptions, such as near misses, are in docs/comparing.md."
    )
    for verdict, meaning in MEANINGS.items():
        yield f"{VERDICT_SYMBOLS[verdict]} {verdict}: {meaning}."
    yield (
        "Pairs are tested individually, without multiple-comparison correction. Among many pairs that differ only by "
        "chance, some are called better or worse."
    )
