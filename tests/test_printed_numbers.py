"""Every number that the default report prints, compared with another implementation of its definition.

Excluded: the runtime profiles of the first page, the pictures, and the player.
"""

from __future__ import annotations

import itertools
import math
import random
import re
from pathlib import Path

import pytest
from plain_statistics import end_ranges, expanded_tail, median, wilson
from printed import Element, found, page, prints, prints_share, value
from printed_tables import (
    check_alternative,
    check_configurations,
    check_ends,
    check_facts,
    check_heat,
    check_hyperparameters,
    check_loss,
    check_outcomes,
    check_result,
    label,
    table,
)
from recomputed import RESAMPLES, Recomputed, Run, divergence_edge, ert, usable_range

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def truth(default_report: Path) -> Recomputed:
    return Recomputed(default_report / "results")


@pytest.fixture(scope="module")
def index(default_report: Path) -> Element:
    return page(default_report / "index.html")


@pytest.fixture(scope="module")
def loss_pages(default_report: Path, truth: Recomputed) -> dict[str, Element]:
    return {label: page(default_report / "losses" / f"{label}.html") for label in truth.losses}


@pytest.fixture(scope="module")
def optimizer_pages(default_report: Path, truth: Recomputed) -> dict[str, Element]:
    return {label: page(default_report / "optimizers" / f"{label}.html") for label in truth.optimizers}


def test_the_set_up_and_the_outcomes(index: Element, truth: Recomputed) -> None:
    tried = {len(rates) for rates in truth.tried.values()}
    sizes = [len(truth.optimizers), min(tried), max(tried), len(truth.losses), truth.starts, len(truth.rows)]
    text = index.one("p", "setup").text()
    match = found(
        r"{N} optimizers × {N} to {N} learning rates \(({N}) to {N}\) × {N} losses × {N} starts:"
        r" {N} runs of {N} steps in .*",
        text,
    )
    optimizers, fewest, most, _, low, high, losses, starts, runs, steps = match.groups()
    for printed, number in zip((optimizers, fewest, most, losses, starts, runs), sizes, strict=True):
        prints(printed, number, 15)
    prints(low, truth.rates[0])
    prints(high, truth.rates[-1])
    prints(steps, truth.manifest["config"]["steps"], 15)
    heading = found(r"Outcomes of all {N} runs of {N} configurations", index.one("h2", id="outcomes-heading").text())
    prints(heading[1], len(truth.rows), 15)
    prints(heading[2], len(truth.cells), 15)
    check_outcomes(index.one("figure", "outcomes"), (row["outcome"] for row in truth.rows))


def score_ranges(truth: Recomputed, kind: int, name: str) -> list[tuple[float, float]]:
    """Where the ends of the interval of a score lie: those of the wider one of two intervals."""
    freedom = len(truth.losses) * (truth.random - 1)
    low, high = end_ranges([each[kind][name] for each in truth.resampled], expanded_tail(freedom + 1))
    least, most = truth.score_interval(kind, name)
    return [(min(low[0], least), min(low[1], least)), (max(high[0], most), max(high[1], most))]


def test_the_ranking(index: Element, truth: Recomputed) -> None:
    hit, speed = truth.scores(truth.original)
    by_loss = [truth.scores(dict.fromkeys(truth.losses, (1,) * truth.starts))]  # all starts once
    assert by_loss == [(hit, speed)]
    rows = index.one("table", "ranking").rows()
    assert {label(row[1]) for row in rows} == set(truth.optimizers)
    scores = [hit[label(row[1])] for row in rows]
    assert all(a > b - 1e-12 for a, b in itertools.pairwise(scores))
    measures = {label(row[0]): row[1:] for row in index.one("table", "measures").rows()}
    assert list(measures) == [label(row[1]) for row in rows]  # there is only one order
    for place, link, interval, share, learning_rate, usable in rows:
        name = label(link)
        speed_cell, rank, *_ = measures[name]
        equal = sum(math.isclose(each, hit[name]) for each in scores)
        above = sum(each > hit[name] + 1e-12 for each in scores)
        assert place.text() == f"{above + 1}{'=' if equal > 1 else ''}"
        prints_share(share.main, hit[name])
        check_ends(share.small, score_ranges(truth, 0, name), hit[name], 100)
        prints(learning_rate.main, truth.shared_rate(name))
        check_common_range(usable, truth, name)
        prints(speed_cell.main, 100 * speed[name], 2)
        prints(rank.text(), mean_rank(truth, name), 2)
        (shown,) = (each.attributes["aria-label"] for each in interval.all("svg"))
        check_ends(shown.removeprefix("95 % interval: "), score_ranges(truth, 0, name), hit[name], 100)
        check_ends(speed_cell.small, score_ranges(truth, 1, name), speed[name], 100)


def check_common_range(cell: Element, truth: Recomputed, name: str) -> None:
    """Check the learning rates that are usable on every loss that the optimizer solves."""
    ranges = [each for loss in truth.losses if (each := usable_range(truth, loss, name))]
    some = 0 < len(ranges) < len(truth.losses)
    assert cell.small == (f"on {len(ranges)} of {len(truth.losses)} losses" if some else "")
    low, high = max((low for low, _ in ranges), default=1), min((high for _, high in ranges), default=0)
    if low > high:
        assert cell.main == ("none" if ranges else "–")
        return
    for text, rate in zip(cell.main.split(" to "), sorted({low, high}), strict=True):
        prints(text, rate)


def mean_rank(truth: Recomputed, name: str) -> float:
    """The rank by speed, averaged over the losses; equal scores share the mean of their ranks."""
    ranks = []
    for loss in truth.losses:
        _, by_start = truth.by_start(loss, truth.original[loss])
        score = {each: round(sum(values) / len(values), 12) for each, values in by_start.items()}
        above, equal = (sum(f(x, score[name]) for x in score.values()) for f in (float.__gt__, float.__eq__))
        ranks.append(above + (equal + 1) / 2)
    return sum(ranks) / len(ranks)


def test_the_budgets(index: Element, truth: Recomputed) -> None:
    hit, _ = truth.scores(truth.original)
    rows = table(index, "Optimizer", "Learning rates").rows()
    assert [label(row[0]) for row in rows] == truth.optimizers
    for row in rows:
        name, texts = label(row[0]), [cell.text() for cell in row[1:]]
        runs = [run for key, cell in truth.cells.items() if key[1] == name for run in cell]
        (per_step,) = {run.per_step for run in runs}
        rates = truth.tried[name]
        low, high = found(rf"{len(rates)}(\S+) to (\S+)", texts[0]).groups()
        prints(low, rates[0])
        prints(high, rates[-1])
        for text, number in zip(texts[1:], (len(runs), truth.manifest["config"]["steps"]), strict=False):
            prints(text, number, 15)
        prints(texts[3], per_step)
        prints(texts[4], sum(run.evaluations for run in runs))
        prints_share(texts[5], hit[name])
        prints_share(texts[6], truth.shared_hit_rate(name))
        prints(texts[7], truth.shared_rate(name))
    (curve,) = (each.attributes["alt"] for each in index.all("img") if "one random" in each.attributes["alt"])
    shown = re.findall(r"(\w+) (\S+ %) \((\S+ %) with (\d+) learning rates\)", curve)
    assert {name for name, *_ in shown} == set(truth.optimizers)
    for name, one, every, rates in shown:
        keys = [(loss, name, rate) for loss, rate in itertools.product(truth.losses, truth.tried[name])]
        prints_share(one, sum(map(truth.hit_rate, keys)) / len(keys))
        prints_share(every, hit[name])
        assert int(rates) == len(truth.tried[name])


def test_the_matrix_of_learning_rates(index: Element, truth: Recomputed) -> None:
    cards = index.all("article", "card")
    order = [label(row[1]) for row in index.one("table", "ranking").rows()]
    assert len(cards) == len(truth.losses)
    for loss, card in zip(truth.losses, cards, strict=True):
        check_result(card.one("p", "result").text(), truth, loss)
        heat = card.one("table", "heat")
        for text, rate in zip(heat.headings()[1:], truth.rates, strict=True):
            assert value(text.removeprefix("learning rate ")) == round(math.log10(rate), 1)
        assert [label(row[0]) for row in heat.rows()] == order
        for (name, *cells), rate in itertools.product(heat.rows(), truth.rates):
            cell = cells[truth.rates.index(rate)]
            brief, text = (each.text() for each in cell.all("span"))
            if rate not in truth.tried[label(name)]:
                assert brief == "–"
                prints(found(rf"{label(name)} was not run at {{N}}", text)[1], rate)
                continue
            runs = truth.cells[loss, label(name), rate]
            at, gap, solved, all_runs = found(
                rf"{label(name)} at {{N}}: (?:median gap {{N}}|diverged), (\d+) of (\d+) runs solved", text
            ).groups()
            middle = median([run.gap for run in runs])
            prints(at, rate)
            assert (int(solved), int(all_runs)) == (sum(run.outcome == "solved" for run in runs), len(runs))
            assert ("best" in cell.attributes["class"].split()) == (rate == truth.best(loss, label(name)))
            if math.isinf(middle):
                assert (brief, gap) == ("✕", None)
                assert "diverged" in cell.attributes["class"]
            else:
                prints(gap, middle, 2)
                assert brief == "−∞" if middle <= 0 else value(brief) == round(math.log10(middle))


def test_the_pages_of_the_losses(index: Element, loss_pages: dict[str, Element], truth: Recomputed) -> None:
    assert loss_pages
    order = [label(row[1]) for row in index.one("table", "ranking").rows()]
    for loss, shown in loss_pages.items():
        check_result(shown.one("p", "setup").text(), truth, loss)
        check_facts(shown, next(each for each in truth.manifest["losses"] if each["label"] == loss))
        here = [row["outcome"] for row in truth.rows if row["loss"] == loss]
        assert f"Outcomes of {len(here)} runs" in [each.text() for each in shown.all("h2")]
        check_outcomes(shown.one("figure", "outcomes"), here)
        check_heat(shown.one("table", "full"), truth, {name: (loss, name) for name in order})
        check_configurations(shown.one("table", "cells"), truth, [(loss, name) for name in truth.optimizers])
        panels = [each.text() for each in shown.all("figcaption") if "solved" in each.small]
        assert len(panels) == len(truth.optimizers)
        for text, name in zip(panels, truth.optimizers, strict=True):
            match = found(rf"{name} at {{N}} · (\d+)/{truth.starts} solved", text)
            prints(match[1], truth.best(loss, name))
            runs = truth.cells[loss, name, truth.best(loss, name)]
            assert int(match[2]) == sum(run.outcome == "solved" for run in runs)


def test_the_pages_of_the_optimizers(optimizer_pages: dict[str, Element], truth: Recomputed) -> None:
    assert optimizer_pages
    for name, shown in optimizer_pages.items():
        here = [row["outcome"] for row in truth.rows if row["optimizer"] == name]
        assert f"Outcomes of {len(here)} runs" in [each.text() for each in shown.all("h2")]
        check_outcomes(shown.one("figure", "outcomes"), here)
        keys = {loss: (loss, name) for loss in truth.losses}
        check_heat(shown.one("table", "heat"), truth, keys)
        check_configurations(shown.one("table", "cells"), truth, list(keys.values()))
        for place, loss in enumerate(truth.losses, 1):
            best = truth.best(loss, name)
            solved = sum(run.outcome == "solved" for run in truth.cells[loss, name, best])
            text = shown.one("h2", id=f"loss-{place}").text()
            match = found(rf"{loss}: {solved} of {truth.starts} runs solved at learning rate {{N}}", text)
            prints(match[1], best)
            (section,) = (each for each in shown.all("section") if each.all("h2", id=f"loss-{place}"))
            alternatives = [each.attributes["alt"] for each in section.all("img")]
            assert len(alternatives) == 3
            for alternative in alternatives:
                check_alternative(alternative, truth, loss)
        check_hyperparameters(shown.one("table", "meanings"), truth, name)


def test_the_tables_at_the_best_learning_rates(loss_pages: dict[str, Element], truth: Recomputed) -> None:
    assert len(loss_pages) == 3
    assert len(truth.optimizers) == 6
    rng = random.Random(21)
    with_one_less = [truth.drawn(rng, truth.random - 1) for _ in range(RESAMPLES)]
    with_all = [truth.drawn(rng, truth.random) for _ in range(RESAMPLES)]
    for (loss, shown), name in itertools.product(loss_pages.items(), truth.optimizers):
        rows = {label(row[0]): row[1:] for row in table(shown, "Optimizer", "Best learning rate").rows()}
        assert list(rows) == truth.optimizers
        rate_cell, usable, successes, gap, final, steps, ert_cell = rows[name]
        best = truth.best(loss, name)
        runs = truth.cells[loss, name, best]
        prints(rate_cell.main, best)
        tail = end_ranges([truth.choice(loss, name, weights) for weights in with_one_less], 0.025)
        check_ends(rate_cell.small or f"{rate_cell.main} to {rate_cell.main}", tail, best)
        check_usable(usable, truth, loss, name)
        hits = [math.isfinite(run.times[-1]) for run in runs]
        assert successes.main == f"{sum(hits)}/{len(runs)}"
        low, high = wilson(sum(hits[1:]) / truth.random, truth.random)
        exact = [100 * (hits[0] + truth.random * end) / truth.starts for end in (low, high)]
        check_ends(successes.small, [(end, end) for end in exact], 100 * sum(hits) / truth.starts)
        prints(gap.text(), median([run.gap for run in runs]))
        check_loss(final.text(), runs)
        prints(steps.text(), median([run.steps_to[-1] for run in runs]), 15)
        prints(ert_cell.main, ert(runs, [1] * len(runs)))
        if any(hits):
            tail_share = expanded_tail(truth.random, math.sqrt(truth.random / (truth.random - 1)))
            ranges = end_ranges([ert(runs, weights) for weights in with_all], tail_share)
            check_ends(ert_cell.small, ranges, ert(runs, [1] * len(runs)))
        else:
            assert ert_cell.text() == "–"


def check_usable(cell: Element, truth: Recomputed, loss: str, name: str) -> None:
    """Check the usable range, and the divergence edge below it."""
    usable, edge = usable_range(truth, loss, name), divergence_edge(truth, loss, name)
    if usable is None:
        assert cell.main == "–"
    else:
        for text, rate in zip(cell.main.split(" to "), sorted(set(usable)), strict=True):
            prints(text, rate)
    if edge is None:
        assert not cell.small
    else:
        prints(cell.small.removeprefix("diverges from "), edge)


def test_the_gaps_after_fixed_budgets(loss_pages: dict[str, Element], truth: Recomputed) -> None:
    assert len(loss_pages) == 3
    rng = random.Random(22)
    resamples = [truth.drawn(rng, truth.random) for _ in range(RESAMPLES)]
    tail = expanded_tail(truth.random, math.sqrt(truth.random / (truth.random - 1)))
    steps = truth.manifest["config"]["steps"]
    traces = {run: list(zip(rows["step"], rows["loss"], strict=True)) for run, rows in truth.traces.groupby("run_id")}
    for loss, shown in loss_pages.items():
        rows = table(shown, "Optimizer", *(f"{n} gradients" for n in ("20", "200", "2\u202f000"))).rows()
        assert [label(row[0]) for row in rows] == truth.optimizers
        for row, (place, part) in itertools.product(rows, enumerate((100, 10, 1), 1)):
            runs = truth.cells[loss, label(row[0]), truth.best(loss, label(row[0]))]
            gaps = [gap_after(run, traces[run.id], steps // part, truth.minimum[loss]) for run in runs]
            prints(row[place].main, median(gaps))
            medians = [median([gap for gap, n in zip(gaps, w, strict=True) for _ in range(n)]) for w in resamples]
            check_ends(
                row[place].small or f"{row[place].main} to {row[place].main}", end_ranges(medians, tail), median(gaps)
            )


def gap_after(run: Run, trace: list[tuple[int, float]], budget: int, minimum: float) -> float:
    """The gap of a run at its last stored step within a budget of gradient evaluations."""
    if run.outcome == "failed" or run.diverged_at <= budget / run.per_step:
        return math.inf
    return max((step, loss - minimum) for step, loss in trace if step * run.per_step <= budget)[1]
