"""``comparison.md``: the changes between two results, for a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reportgen.analysis.compare.headline import headline
from reportgen.analysis.compare.model import CORRECTION, MEANINGS, Comparison, Pair, Pool, Verdict
from reportgen.analysis.compare.sentences import (
    format_ratio,
    gate_failures,
    interval_name,
    pair_sentence,
    pool_sentence,
    summary_sentence,
)
from reportgen.analysis.number_format import count, number, rate
from reportgen.analysis.outcomes import SYMBOLS
from reportgen.report.markdown import Block, Bullets, Details, Table, code, document, link, strong, text
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
    answer = headline(comparison)
    if answer:
        yield strong(answer)
    yield text(summary_sentence(comparison))
    if failures:
        yield Bullets([f"{VERDICT_SYMBOLS['worse']} {text(each)}" for each in failures], "regression")
    over_all = [
        [_verdict(pool.verdict), code(pool.optimizer), text(pool_sentence(pool))] for pool in changed_pools(comparison)
    ]
    if over_all:
        yield Table(["Over all losses", "Optimizer", "Changes"], over_all, noun="optimizer")
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


def changed_pools(comparison: Comparison) -> list[Pool]:
    """The optimizers that are worse or better over all losses."""
    return [pool for pool in comparison.pools if pool.verdict != "unclear"]


def _verdict(verdict: Verdict) -> str:
    return f"{VERDICT_SYMBOLS[verdict]} {verdict}"


def _table(pairs: Sequence[Pair]) -> Table:
    header = ["Verdict", "Optimizer", "Loss", *COLUMNS]
    return Table(header, [_row(pair) for pair in pairs], _RIGHT, "pair")


def _row(pair: Pair) -> list[str]:
    return [_verdict(pair.verdict), code(pair.optimizer), code(pair.loss), *format_pair(pair)]


COLUMNS = ("Gradient evaluations, head / base", "Solved", "Best learning rate", "At the best rates")
"""Of ``format_pair``."""


def format_pair(pair: Pair) -> tuple[str, str, str, str]:
    """At equal learning rates: the ratio and the solved runs; then the best learning rates and the ratio there."""
    before, after = pair.evidence.solved if pair.evidence else (0, 0)
    return (
        format_ratio(pair.evidence.effect) if pair.evidence else "–",
        f"{number(before, 15)} → {number(after, 15)}" if pair.evidence else "–",
        format_best_rates(pair),
        format_ratio(pair.best.measure) if pair.best and pair.best.measure else "–",
    )


def format_evidence(pair: Pair) -> str:
    """How sure the verdict is: p in its direction, corrected for the number of tests, and the units it rests on."""
    evidence = pair.evidence
    if evidence is None:
        return "–"
    if pair.verdict in ("worse", "better") and (evidence.failed or evidence.repaired):
        return "all runs failed"
    sides = {"worse": (0,), "better": (1,)}.get(pair.verdict, (0, 1))
    p = min(test.p[side] for test in (evidence.evaluations, evidence.solved_runs) for side in sides)
    shown = "p < 0.001" if p < 0.001 else f"p = {min(p, 1.0):.2g}"
    return f"{shown}, {count(evidence.units, evidence.noun)}"


def format_best_rates(pair: Pair) -> str:
    """The best learning rate, before and after if it changed."""
    if pair.best is None:
        return "–"
    before, after = map(rate, pair.best.rates)
    return before if before == after else f"{before} → {after}"


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
    return Table(header, rows, frozenset(range(1, len(header))), "outcome")


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
    thresholds, tests = comparison.thresholds, comparison.tests
    level = f"{100 * thresholds.level:g} %"
    yield (
        "Base and head are compared at equal learning rates. Each start (or seed) with all its learning rates is one "
        "unit, with two numbers: the mean log2 ratio of gradient evaluations, and the change in solved runs."
    )
    yield (
        "If base and head do not differ, it is chance which of the two results of a unit is called head. So all signs "
        "of the units are tried, and p is the share of them that give a difference at least as large."
    )
    yield (
        f"Number of tests: {tests} whether head is worse, and as many whether it is better. An optimizer has two on "
        "each loss on which its runs changed, and two over all these losses. They are corrected for their number "
        f"({CORRECTION})."
    )
    yield f"If an optimizer differs only by chance, it is called worse with a probability of at most {level}."
    yield (
        f"A difference counts if it is significant at that level and at least the minimum effect: a factor of "
        f"{number(thresholds.effect)} in gradient evaluations, or {100 * thresholds.solved:g} % of the solved runs."
    )
    yield f"Each end of an interval has an error rate of {level}, so it is a {interval_name(thresholds)}."
    yield "The best learning rates are only described. They decide no verdict."
    for verdict, meaning in MEANINGS.items():
        yield f"{_verdict(verdict)}: {meaning}."
