"""Every number in the sentences of the default report, compared with another implementation of its definition."""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from plain_statistics import end_ranges, expanded_tail, median
from printed import Element, ends, found, is_between, page, prints, prints_share, value
from printed_tables import check_alternative
from recomputed import Recomputed, divergence_edge, usable_range

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def truth(default_report: Path) -> Recomputed:
    return Recomputed(default_report / "results")


@pytest.fixture(scope="module")
def index(default_report: Path) -> Element:
    return page(default_report / "index.html")


def edges(truth: Recomputed) -> list[tuple[str, str, float]]:
    """The (optimizer, loss) with the best learning rate at an edge of the grid, and that rate."""
    pairs = itertools.product(truth.losses, truth.optimizers)
    rates = [(name, loss, truth.best(loss, name)) for loss, name in pairs]
    return [
        each
        for each in rates
        if each[2] in (truth.tried[each[0]][0], truth.tried[each[0]][-1])
        and truth.hit_rate((each[1], each[0], each[2]))
    ]


def check_lead(truth: Recomputed, kind: int, text: str) -> None:
    """Check who leads in hit rate (kind 0) or in speed score (kind 1), and over whom."""
    scores = truth.scores(truth.original)[kind]
    first, second, *_ = sorted(scores, key=lambda name: -scores[name])
    if kind == 0:
        match = found(
            r"(\w+) (leads: it hit|hit the most targets in these runs:) (\S+ %) of the targets, (\w+) (\S+ %) (.*)",
            text,
        )
        leader, verb, own, other, others, rest = match.groups()
        prints_share(own, scores[first])
        prints_share(others, scores[second])
    else:
        match = found(
            r"(\w+) (is the fastest in gradient evaluations: speed score|had the highest speed score in these runs:) "
            r"{N} of 100, (\w+) {N} (.*)",
            text,
        )
        leader, verb, own, other, others, rest = match.groups()
        prints(own, 100 * scores[first], 2)
        prints(others, 100 * scores[second], 2)
    assert (leader, other) == (first, second)
    difference, interval, not_significant, after = found(
        r"\(difference {N} points?, 95 % CI (.+? to [^:,)]+)(: not significant with 8 random starts)?\)\.(.*)", rest
    ).groups()
    prints(difference, 100 * (scores[first] - scores[second]), 2)
    freedom = len(truth.losses) * (truth.random - 1)
    over = {}
    for name in truth.optimizers:
        if name != first:
            apart = [each[kind][first] - each[kind][name] for each in truth.resampled]
            over[name] = end_ranges(apart, expanded_tail(freedom + 1))
    low, high = ends(interval)
    for printed, (least, most) in zip((low, high), over[second], strict=True):
        assert is_between(printed, 100 * least, 100 * most), (printed, over[second])
    assert low <= 100 * (scores[first] - scores[second]) <= high
    assert bool(not_significant) == (low <= 0)
    surely = {name for name, (end, _) in over.items() if end[0] > 0 and balance(truth, kind, first, name) >= 0.1}
    surely_not = {name for name, (end, _) in over.items() if end[1] <= 0 or balance(truth, kind, first, name) < 0.1}
    lead = re.search(r" Its lead is significant over (.+?), but not over (.+?)\.", after)
    yes, no = (set(re.split(", | and ", part)) for part in lead.groups()) if lead else (set(), set(over))
    if verb.startswith(("leads", "is the fastest")):
        yes, no = set(over), set()
    assert surely <= yes
    assert surely_not <= no
    assert yes | no == set(over)
    if kind == 0:
        ahead = 0
        for loss in truth.losses:
            hits = {name: sum(each) for name, each in truth.by_start(loss, truth.original[loss])[0].items()}
            ahead += max(hits.values()) - hits[first] < 1e-9
        where = f"{ahead} of {len(truth.losses)} losses" if ahead < len(truth.losses) else "every loss"
        assert after.endswith(f" On {where} it hit the most targets, alone or tied.")


def balance(truth: Recomputed, kind: int, first: str, other: str) -> float:
    """The share of random starts on which ``first`` is ahead minus the share on which it is behind."""
    signs = []
    for loss in truth.losses:
        scores = truth.by_start(loss, truth.original[loss])[kind]
        apart = [a - b for a, b in zip(scores[first][1:], scores[other][1:], strict=True)]
        signs += [(each > 1e-12) - (each < -1e-12) for each in apart]
    return sum(signs) / len(signs)


def check_stationary(truth: Recomputed, text: str) -> None:
    still = [row for row in truth.rows if row["outcome"] == "stationary"]
    count, loss, where = found(
        r"{N} runs are stationary, all on (\w+) \(all of these near x = {N}\): unsolved, with a negligible gradient "
        r"norm and no more progress\.",
        text,
    ).groups()
    prints(count, len(still), 15)
    assert {row["loss"] for row in still} == {loss}
    assert all(abs(row["final_x"][0] - value(where)) <= 0.11 for row in still)


def check_left(truth: Recomputed, text: str) -> None:
    left = Counter((key[1], key[0]) for key, runs in truth.cells.items() for run in runs if run.left)
    count, most, name, loss = found(
        r"{N} runs left the tightest target after being within it, {N} by (\w+) on (\w+): these runs are unsolved, "
        r"because users get the last iterate\.",
        text,
    ).groups()
    prints(count, left.total(), 15)
    prints(most, max(left.values()), 15)
    assert left[name, loss] == max(left.values())


def check_diverged(truth: Recomputed, text: str) -> None:
    rates = [row["learning_rate"] for row in truth.rows if row["outcome"] == "diverged"]
    count, every, name, loss, more, rate = found(
        r"{N} of {N} runs diverged, some even at the smallest learning rate\. First to diverge as the learning rate "
        r"grows: (\w+) on (\w+) and (\d+) more optimizer-loss pairs?\. Half or more of their runs diverge at {N} and "
        r"at all larger learning rates\.",
        text,
    ).groups()
    prints(count, len(rates), 15)
    prints(every, len(truth.rows), 15)
    assert min(rates) == truth.rates[0]
    starts = {pair: divergence_edge(truth, *pair) for pair in itertools.product(truth.losses, truth.optimizers)}
    first = min(edge for edge in starts.values() if edge is not None)
    prints(rate, first)
    assert starts[loss, name] == first
    assert int(more) == sum(edge == first for edge in starts.values()) - 1


CHECKS: dict[str, Callable[[Recomputed, str], None]] = {
    "targets, ": lambda truth, text: check_lead(truth, 0, text),
    "speed score": lambda truth, text: check_lead(truth, 1, text),
    "stationary": check_stationary,
    "left the tightest target": check_left,
    "runs diverged": check_diverged,
}
"""What the sentence of a finding contains, and its check."""


def test_every_finding_has_the_numbers_of_the_results(index: Element, truth: Recomputed) -> None:
    items = [item for each in index.all("ul", "findings") for item in each.all("li")]
    texts = [item.text(lambda each: each.tag == "a" or each.attributes.get("class") == "tag") for item in items]
    assert len(texts) == len(CHECKS)
    assert not edges(truth)  # the grids have grown, so no finding says that a best learning rate is at an edge
    for text in texts:
        (check,) = (check for part, check in CHECKS.items() if part in text)
        check(truth, text)
    for text, item in zip(texts, items, strict=True):
        if "not significant with" in text:
            assert item.one("span", "tag").text() == "not significant"


def test_the_summary_repeats_the_findings_and_the_ranking(default_report: Path, index: Element) -> None:
    lines = (default_report / "summary.md").read_text(encoding="utf-8").replace("\\_", "_").splitlines()
    plain = [re.sub(r"</?(?:strong|code)>", "", line).replace("\u202f", " ") for line in lines]
    items = [item for each in index.all("ul", "findings") for item in each.all("li")]
    for item in items:
        text = item.text(lambda each: each.tag == "a" or each.attributes.get("class") == "tag")
        assert f"- {text}".replace("\u202f", " ") in plain
    speed = [row[1].main for row in index.one("table", "measures").rows()]
    for row, points in zip(index.one("table", "ranking").rows(), speed, strict=True):
        interval = row[2].one("svg").attributes["aria-label"].removeprefix("95 % interval: ")
        cells = [row[0].text(), row[1].one("a").text(), row[3].main, interval, points]
        assert f"| {' | '.join(cells)} |" in plain
    assert items


def test_the_statements_on_the_pages_of_the_losses(default_report: Path, truth: Recomputed) -> None:
    assert len(truth.losses) == 3
    for loss in truth.losses:
        shown = page(default_report / "losses" / f"{loss}.html")
        best = {name: truth.cells[loss, name, truth.best(loss, name)] for name in truth.optimizers}
        gaps = {name: median([run.gap for run in runs]) for name, runs in best.items()}
        solved = [name for name, runs in best.items() if math.isfinite(median([run.steps_to[-1] for run in runs]))]
        heading = shown.one("h2", id="curve-heading").text()
        if len(solved) > 1:
            names = re.split(
                ", | and ", found(r"(.+) hit the tightest target from more than half of the starts", heading)[1]
            )
            several = solved if len(solved) <= 4 else [*solved[:3], f"{len(solved) - 3} more"]
            assert names == ([f"All {len(solved)} optimizers"] if len(solved) == len(best) > 2 else several)
        else:
            name, gap = found(
                r"(\w+) ends with the smallest median gap at its best learning rate: {N}", heading
            ).groups()
            assert gaps[name] == min(gaps.values())
            prints(gap, gaps[name], 2)
        check_ranges(shown.one("h2", id="sensitivity-heading").text(), truth, loss)
        alternatives = [each.attributes["alt"] for each in shown.all("img")]
        kinds = Counter(alt.split()[0] for alt in alternatives)
        assert kinds["Paths"] == len(truth.optimizers)
        assert kinds["Median"] == len(truth.optimizers) + 1
        assert kinds["Share"] == 1
        for alt in alternatives:
            check_alternative(alt, truth, loss)


def check_ranges(heading: str, truth: Recomputed, loss: str) -> None:
    """Check which usable ranges of learning rates are the widest."""
    widths = {}
    for name in truth.optimizers:
        if low_high := usable_range(truth, loss, name):
            widths[name] = round(math.log10(low_high[1] / low_high[0]), 3)
    if not any(widths.values()):
        assert heading == "Learning-rate sensitivity"
        return
    names, width = found(
        r"(.+) ha(?:s|ve) the widest usable ranges? of learning rates within this grid: {N} decades?(?: each)?", heading
    ).groups()
    assert re.split(", | and ", names) == [name for name, each in widths.items() if each == max(widths.values())]
    prints(width, max(widths.values()), 2)


def test_the_limitations_of_the_ranking(index: Element, truth: Recomputed) -> None:
    intervals, free, relative, losses = (each.text() for each in index.one("ul", "caveats").all("li"))
    assert f"(this report has {truth.random} random starts)" in intervals
    at_start = [
        row["initial_loss"] - truth.minimum[row["loss"]] <= target * row["scale"]
        for row in truth.rows
        for target in truth.targets
    ]
    prints_share(
        found(r"(.+ %) of the \(start, target\) pairs are hit at step 0: .*", free)[1], sum(at_start) / len(at_start)
    )
    assert re.search(r"\d", relative.replace("Gould and Scott 2016", "")) is None
    needed, optimizers, here = found(
        r"A significance test over losses needs at least {N} losses for {N} optimizers\. This report has {N} losses, "
        r"so its results cover only these losses\.",
        losses,
    ).groups()
    # The smallest p of the signed-rank test over n losses is 2 / 2 ** n, and Holm's correction multiplies it by the
    # number of pairs.
    pairs = math.comb(len(truth.optimizers), 2)
    assert value(needed) == next(n for n in itertools.count(1) if 2 * pairs / 2**n <= 0.05)
    assert (value(optimizers), value(here)) == (len(truth.optimizers), len(truth.losses))
