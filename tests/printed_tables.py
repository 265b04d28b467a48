"""Checks of parts that several pages of a report print, against ``recomputed``."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from plain_statistics import median, quantile
from printed import NUMBER, Element, ends, found, is_between, prints, prints_share
from recomputed import Recomputed, Run

OUTCOMES = ("solved", "stationary", "stalled", "exhausted", "escaped", "diverged", "failed")


def label(cell: Element) -> str:
    """The name in the heading of a row."""
    links = cell.all("a")
    return links[0].text() if links else cell.text()


def table(section: Element, *headings: str) -> Element:
    """The only table with these headings."""
    (wanted,) = (each for each in section.all("table") if tuple(each.headings()[: len(headings)]) == headings)
    return wanted


def check_outcomes(figure: Element, outcomes: Iterable[str]) -> None:
    counts = Counter(outcomes)
    listed = [each.text() for each in figure.all("li")]
    assert len(listed) == len(OUTCOMES)
    for name, text in zip(OUTCOMES, listed, strict=True):
        prints(found(rf". {{N}} {name}", text)[1], counts[name], 15)
    bar = figure.one("svg").attributes["aria-label"]
    assert bar == ", ".join(f"{counts[name]} {name}" for name in OUTCOMES if counts[name])


def check_ends(printed: str, ranges: Sequence[tuple[float, float]], estimate: float, scale: float = 1.0) -> None:
    """Check that an interval has its ends in ``ranges``, and holds the estimate."""
    low, high = ends(printed)
    assert is_between(low, scale * ranges[0][0], scale * ranges[0][1]), (printed, ranges)
    assert is_between(high, scale * ranges[1][0], scale * ranges[1][1]), (printed, ranges)
    assert is_between(low, -math.inf, scale * estimate), (printed, estimate)
    assert is_between(high, scale * estimate, math.inf), (printed, estimate)


def check_result(sentence: str, truth: Recomputed, loss: str) -> None:
    """Check the sentence on the best optimizers on a loss."""
    rates = {name: truth.best(loss, name) for name in truth.optimizers}
    hits = {name: truth.hit_rate((loss, name, rate)) for name, rate in rates.items()}
    leaders = [name for name, share in hits.items() if share == max(hits.values())]
    if len(leaders) == 1:
        match = found(r"(\w+) hits the most targets: (\S+ %) at learning rate {N}", sentence)
        assert match[1] == leaders[0]
        prints_share(match[2], hits[match[1]])
        prints(match[3], rates[match[1]])
    else:
        verb = "hit equally many targets"
        if all(run.outcome == "solved" for name in leaders for run in truth.cells[loss, name, rates[name]]):
            verb = "solve every run at their best learning rates"
        several = f"{', '.join(leaders[:-1])} and {leaders[-1]}"
        assert sentence == f"{f'All {len(rates)} optimizers' if len(leaders) == len(rates) > 2 else several} {verb}"


def check_heat(heat: Element, truth: Recomputed, keys: dict[str, tuple[str, str]]) -> None:
    """Check a table of gaps with a row per key, (loss, optimizer)."""
    for text, rate in zip(heat.headings()[1:], truth.rates, strict=True):
        prints(text, rate)
    assert [label(row[0]) for row in heat.rows()] == list(keys)
    for row in heat.rows():
        loss, name = keys[label(row[0])]
        for cell, rate in zip(row[1:], truth.rates, strict=True):
            if rate not in truth.tried[name]:
                assert cell.text() == "–"
                continue
            runs = truth.cells[loss, name, rate]
            counts = Counter(run.outcome for run in runs)
            word = cell.text(lambda each: each.tag == "small" or each.attributes.get("class") == "hidden")
            middle = median([run.gap for run in runs])
            if math.isinf(middle):
                assert word == "diverged"
            else:
                prints(word, middle, 2)
            small = [each.text() for each in cell.all("small")]
            kind = next((kind for kind in ("solved", "diverged") if counts[kind]), None)
            symbol = {"solved": "●", "diverged": "✕"}
            assert small == ([f"{symbol[kind]} {counts[kind]}/{len(runs)} {kind}"] if kind else [])
            assert cell.text().endswith("best learning rate") == (rate == truth.best(loss, name))


def check_configurations(shown: Element, truth: Recomputed, keys: list[tuple[str, str]]) -> None:
    """Check the table of all configurations of some (loss, optimizer)."""
    assert shown.headings()[6] == "Median loss"
    assert shown.headings()[7:] == [f"Steps to {text}" for text in ("10⁻¹", "10⁻³", "10⁻⁵", "10⁻⁷")]
    expected = [(key, rate) for key in keys for rate in truth.tried[key[1]]]
    for row, (key, rate) in zip(shown.rows(), expected, strict=True):
        runs = truth.cells[(*key, rate)]
        assert label(row[0]) in key
        prints(row[1].text(), rate)
        counts = Counter(run.outcome for run in runs)
        tallies = [each.text()[2:] for each in row[2].all("span", "tally")]
        assert tallies == [f"{counts[name]} {name}" for name in OUTCOMES if counts[name]]
        prints_share(row[3].text(), truth.hit_rate((*key, rate)))
        gaps = [run.gap for run in runs]
        prints(row[4].text(), median(gaps))
        for text, part in zip(row[5].text().split(" – "), (0.25, 0.75), strict=True):
            prints(text, quantile(gaps, part), 2)
        check_loss(row[6].text(), runs)
        for cell, place in zip(row[7:], range(len(truth.targets)), strict=True):
            prints(cell.text(), median([run.steps_to[place] for run in runs]), 15)


def check_loss(text: str, runs: list[Run]) -> None:
    """Check the median final loss of a configuration."""
    middle = median([math.inf if math.isinf(run.gap) else run.final_loss for run in runs])
    if math.isinf(middle):
        assert text == "–"
    else:
        prints(text, middle, 4)


def check_alternative(text: str, truth: Recomputed, loss: str) -> None:
    """Check the numbers in the alternative text of a picture on the page of a loss."""
    if text.startswith("Median final gap of"):
        name, rates, gap, at, rest = found(
            rf"Median final gap of (\w+) on {loss} at {{N}} learning rates\. Smallest: {{N}}, first at {{N}}\. (.*)",
            text,
        ).groups()
        tried = truth.tried[name]
        medians = [median([run.gap for run in truth.cells[loss, name, rate]]) for rate in tried]
        prints(rates, len(tried), 15)
        prints(gap, min(medians))
        prints(at, tried[medians.index(min(medians))])
        lost = sum(map(math.isinf, medians))
        if lost:
            prints(found(r"Infinite at {N} learning rates?, .*", rest)[1], lost, 15)
        else:
            assert rest == "Finite at all of them."
    elif text.startswith("Median gap by step"):
        parts = re.findall(r"(\w+) at learning rate (\S+): (\S+)", text)
        assert [part[0] for part in parts] == truth.optimizers
        for name, rate, gap in parts:
            middle = median([run.gap for run in truth.cells[loss, name, truth.best(loss, name)]])
            prints(rate, truth.best(loss, name))
            if math.isinf(middle):
                assert gap == "escaped,"  # diverged or failed
            else:
                prints(gap, middle)
    elif text.startswith("Share of (start, target) pairs"):
        parts = re.findall(r"(\w+) hits (\S+ %)(?: \(half of all after ([^)]+)\))?", text)
        assert {part[0] for part in parts} == set(truth.optimizers)
        for name, share, half in parts:
            runs = truth.cells[loss, name, truth.best(loss, name)]
            prints_share(share, truth.hit_rate((loss, name, truth.best(loss, name))))
            times = sorted(time for run in runs for time in run.times)
            middle = times[math.ceil(len(times) / 2) - 1]
            assert bool(half) == math.isfinite(middle)
            if half:
                prints(half, middle)
    elif text.startswith("Paths of"):
        name, rate, starts, counts = found(
            rf"Paths of (\w+) on {loss} at learning rate {{N}} from {{N}} starts: (.+); "
            r"\S+ outside the plot area at the end\.",
            text,
        ).groups()
        outcomes = Counter(run.outcome for run in truth.cells[loss, name, truth.best(loss, name)])
        prints(rate, truth.best(loss, name))
        prints(starts, truth.starts, 15)
        assert {part.split()[1]: int(part.split()[0]) for part in counts.split(", ")} == outcomes
    else:
        assert text.startswith("Contours of")


def check_facts(shown: Element, info: dict[str, Any]) -> None:
    """Check the minimum, its place, the saddles, the standard start and the domain of a loss."""
    facts = {each.one("dt").text(): each.one("dd").text() for each in shown.one("dl", "facts").all("div")}
    minimum, places = facts["Minimum"].split(" at ")
    prints(minimum, info["minimum"], 6)
    sides = [end for side in info["domain"] for end in side]
    for text, numbers, digits in (
        (places, [x for place in info["minima"] for x in place], 6),
        (facts["Standard start"], info["start"], 3),
        (facts["Domain"], sides, 3),
        (facts.get("Saddles", ""), [x for place in info["saddles"] for x in place], 3),
    ):
        for printed, number in zip(re.findall(NUMBER, text), numbers, strict=True):
            prints(printed, number, digits)


def check_hyperparameters(shown: Element, truth: Recomputed, optimizer: str) -> None:
    (entry,) = (each for each in truth.manifest["optimizers"] if each["label"] == optimizer)
    heads = [head.text() for head in shown.one("thead").all("th")]
    for row, facts in zip(shown.rows(), entry["hyperparameters"], strict=True):
        assert row[0].text() == facts["name"]
        for cell, fact in zip(row[heads.index("Value") :], (facts["value"], facts["default"]), strict=False):
            if isinstance(fact, str | bool):
                assert cell.text() == str(fact).lower()
            else:
                prints(cell.text(), fact, 6)
