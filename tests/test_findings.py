"""The sentences of the report: each appears where its numbers carry it, and not where they do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import handmade
import numpy as np
import pytest
import synthetic

from reportgen.analysis.cells import cell_table
from reportgen.analysis.claim import Claim
from reportgen.analysis.findings import findings
from reportgen.analysis.leaderboard import comparable_cells, leaderboard
from reportgen.analysis.loss_view import compared_optimizers
from reportgen.analysis.ranking import best_cells, ranking
from reportgen.analysis.sensitivity import sensitivity
from reportgen.report.ranking_table import ranking_limitations, ranking_rows
from reportgen.results.result_tables import Results

NEVER = None
Hits = Mapping[tuple[str, str, float], Sequence[int | None]]
"""By loss, optimizer and rate: the step at which each start in turn reached the only target."""


def made(hits: Hits, random: int | None = None, reference: Sequence[str] = (), **columns: Any) -> Results:
    """Results in which nothing but ``hits`` is said; start 0 is the standard one, the others are random."""
    rows = [(*cell, start, hit) for cell, starts in hits.items() for start, hit in enumerate(starts)]
    loss, optimizer, rate, start, hit = (list(column) for column in zip(*rows, strict=True))
    solved = ["exhausted" if step is None else "solved" for step in hit]
    given = {"loss": loss, "optimizer": optimizer, "learning_rate": rate, "start": start, "hit_1e-01": hit}
    given |= {"outcome": solved, "gap": [5.0 if step is None else 0.05 for step in hit], "dim": 1}
    most = max(len(starts) for starts in hits.values()) - 1
    found = handmade.results(given | columns, random=most if random is None else random)
    found.manifest["programs"] = []
    for fact in found.manifest["optimizers"]:
        fact["reference"] = fact["label"] in reference
    return found


def claims(results: Results) -> list[Claim]:
    table = cell_table(results)
    return findings(results, table, best_cells(table), contest_of(results), sensitivity(results))


def contest_of(results: Results) -> Any:
    top = best_cells(cell_table(results))
    return leaderboard(results, comparable_cells(results, top), compared_optimizers(results.manifest))


def told(results: Results, words: str) -> list[Claim]:
    return [claim for claim in claims(results) if words in claim.text]


def one(results: Results, words: str) -> Claim:
    (claim,) = told(results, words)
    return claim


def test_a_lead_on_every_start_is_strong() -> None:
    hits = {("bowl", "adam", 0.1): [10] * 9, ("bowl", "sgd", 0.1): [NEVER] * 8 + [20]}
    claim = one(made(hits), "adam leads")
    assert "100 % of the targets, sgd 11 %" in claim.text
    assert claim.strength == "strong"
    assert claim.keys == {"table": "ranking", "optimizer": "adam"}


def test_a_lead_that_other_starts_could_turn_is_no_evidence() -> None:
    hits = {
        ("bowl", "adam", 0.1): [10, 10, 10, 10, NEVER, NEVER, 10, NEVER, NEVER],
        ("bowl", "sgd", 0.1): [NEVER, NEVER, 10, 10, 10, 10, NEVER, NEVER, NEVER],
    }
    claim = one(made(hits), "adam reached most in these runs")
    assert "so it is none that 8 random starts can show" in claim.text
    assert claim.strength == "none"


def test_where_nothing_random_varies_no_interval_is_claimed() -> None:
    hits = {("bowl", "adam", 0.1): [10, 10], ("bowl", "sgd", 0.1): [10, NEVER]}
    results = made(hits, random=0)
    claim = one(results, "adam reached most in these runs")
    assert "nothing random varies here" in claim.text
    assert claim.strength is None
    assert [row.interval for row in ranking_rows(ranking(best_cells(cell_table(results))), contest_of(results))] == [
        None,
        None,
    ]
    assert ranking_limitations(contest_of(results))[0].startswith("Nothing random varies")


def test_a_tie_is_said_to_be_one_and_speed_may_break_it() -> None:
    hits = {("bowl", "adam", 0.1): [10] * 9, ("bowl", "sgd", 0.1): [30] * 9}
    results = made(hits)
    assert "each reached 100 %" in one(results, "adam and sgd are level").text
    fast = one(results, "adam is the fastest")
    assert fast.strength == "strong"
    assert "speed score of 100 of 100, sgd 33" in fast.text


def test_equal_speeds_are_said_to_be_equal() -> None:
    hits = {("bowl", "adam", 0.1): [10] * 9, ("bowl", "sgd", 0.1): [10] * 9}
    assert told(made(hits), "equally fast")
    assert not told(made(hits), "is the fastest")


def test_speed_is_counted_in_gradient_evaluations() -> None:
    """Twice as many a step, and two thirds of the steps: slower."""
    hits = {("bowl", "sam", 0.1): [20] * 9, ("bowl", "sgd", 0.1): [30] * 9}
    results = made(hits, gradient_evaluations=[200] * 9 + [100] * 9)
    assert told(results, "sgd is the fastest")
    assert "sam (2 a step) evaluates the gradient more often" in one(results, "Unequal budgets").text
    assert not told(made(hits), "Unequal budgets")


def test_reference_lines_are_in_no_comparison() -> None:
    hits = {
        ("bowl", "newton", 0.1): [1] * 9,
        ("bowl", "adam", 0.1): [10] * 9,
        ("bowl", "sgd", 0.1): [NEVER] * 9,
    }
    results = made(hits, reference=["newton"])
    assert "Left aside: newton" in one(results, "adam leads").text
    assert not told(results, "newton is the fastest")
    rows = {
        row.rank.optimizer: row for row in ranking_rows(ranking(best_cells(cell_table(results))), contest_of(results))
    }
    assert rows["newton"].speed is None
    assert rows["adam"].speed == pytest.approx(1.0)


def test_over_eight_losses_the_ranks_are_tested() -> None:
    hits = {
        (f"loss{i}", name, 0.1): [step + i] * 3
        for i in range(9)
        for name, step in (("adam", 10), ("sgd", 20), ("adagrad", 30))
    }
    claim = one(made(hits), "The ranks by speed differ")
    assert "over 9 losses (Friedman, p < 0.001)" in claim.text
    assert "adam has the best mean rank, 1," in claim.text
    assert "ahead of adagrad" in claim.text
    assert claim.strength == "strong"
    few = made({key: value for key, value in hits.items() if key[0] < "loss7"})
    assert not told(few, "Friedman")
    assert ranking_limitations(contest_of(few))[-1].startswith(
        "A test over losses takes 8 of them and 3 optimizers; here are 7 and 3"
    )


def test_ranks_that_do_not_differ_over_losses_are_said_not_to() -> None:
    order = [("a", "b", "c"), ("b", "c", "a"), ("c", "a", "b")]
    hits = {
        (f"loss{i}", name, 0.1): [10 * (1 + place)] * 3 for i in range(9) for place, name in enumerate(order[i % 3])
    }
    claim = one(made(hits), "No difference between the speeds that these losses can show")
    assert claim.strength == "none"


def test_without_the_leader_places_are_counted_anew() -> None:
    """Gould and Scott 2016: who is second may depend on who is first."""
    t = {"a": [10, 10, 10], "b": [30, 30, 30], "c": [39, 39, 12]}
    hits = {(f"loss{i}", name, 0.1): [steps[i]] * 2 for name, steps in t.items() for i in range(3)}
    results = made(hits)
    top = best_cells(cell_table(results))
    whole, without = leaderboard(results, top, ["a", "b", "c"]), leaderboard(results, top, ["b", "c"])
    assert whole is not None
    assert without is not None
    assert whole.speed[1] > whole.speed[2] or without.speed[0] > without.speed[1]
    assert np.sign(whole.speed[1] - whole.speed[2]) != np.sign(without.speed[0] - without.speed[1])


def test_the_widest_range_is_named_only_where_it_is_one() -> None:
    rates = (0.001, 0.01, 0.1)
    hits = {("bowl", "adam", rate): [10] * 5 for rate in rates}
    hits |= {("bowl", "sgd", rate): [10 if rate == 0.01 else NEVER] * 5 for rate in rates}
    claim = one(made(hits), "widest usable range")
    assert claim.text.startswith("adam has the widest usable range")
    assert "2 decades" in claim.text
    same = {(loss, name, rate): [10] * 5 for loss, _, rate in hits for name in ("adam", "sgd", "adagrad")}
    assert not told(made(same), "widest usable range")
    seldom = {key: [10, 10, NEVER, NEVER, NEVER] for key in hits if key[1] == "adam"}
    seldom |= {key: [NEVER] * 5 for key in hits if key[1] == "sgd"}
    assert not told(made(seldom), "widest usable range")


def test_a_best_rate_at_the_edge_is_named_and_one_amid_the_grid_is_not() -> None:
    rates = (0.001, 0.01, 0.1)
    edge = {("bowl", "adam", rate): [10 if rate == 0.1 else NEVER] * 5 for rate in rates}
    amid = {("bowl", "adam", rate): [10 if rate == 0.01 else NEVER] * 5 for rate in rates}
    assert "adam on bowl (10⁻¹)" in one(made(edge), "At the edge of the grid").text
    assert not told(made(amid), "At the edge of the grid")


def test_one_rate_for_all_losses_costs_whom_it_costs() -> None:
    hits = {}
    for rate in (0.01, 0.1):
        hits |= {("a", "adam", rate): [10] * 4, ("b", "adam", rate): [10] * 4}
        hits |= {
            ("a", "sgd", rate): [10 if rate == 0.1 else NEVER] * 4,
            ("b", "sgd", rate): [10 if rate == 0.01 else NEVER] * 4,
        }
    claim = one(made(hits), "With one rate for all losses")
    assert "adam loses least" in claim.text
    assert "0 % of its targets" in claim.text
    assert "sgd loses most, 50 %" in claim.text
    assert not told(made({key: value for key, value in hits.items() if key[0] == "a"}), "one rate for all")


def test_losses_that_tell_nobody_apart_are_named() -> None:
    hits = {("easy", "adam", 0.1): [10] * 4, ("easy", "sgd", 0.1): [20] * 4}
    hits |= {("hard", "adam", 0.1): [NEVER] * 4, ("hard", "sgd", 0.1): [NEVER] * 4}
    hits |= {("fair", "adam", 0.1): [10] * 4, ("fair", "sgd", 0.1): [NEVER] * 4}
    claim = one(made(hits), "tell no optimizer from another")
    assert claim.text.startswith("2 of 3 losses")
    assert "on easy every run of every optimizer was solved and on hard none was" in claim.text
    fair = {key: value for key, value in hits.items() if key[0] == "fair"}
    assert not told(made(fair), "tell no optimizer from another")


def test_where_divergence_begins_is_named() -> None:
    rates = (0.001, 0.01, 0.1)
    hits = {("bowl", name, rate): [10] * 4 for name in ("adam", "sgd") for rate in rates}
    outcome = ["diverged" if name == "sgd" and rate >= 0.01 else "solved" for _, name, rate in hits for _ in range(4)]
    claim = one(made(hits, outcome=outcome), "runs diverged")
    assert "8 of 24 runs diverged, none at the rates tried below 10⁻²" in claim.text
    assert "half the runs or more of sgd on bowl do from 10⁻² on" in claim.text
    assert not told(made(hits), "runs diverged")


def test_a_single_optimizer_is_compared_with_nobody() -> None:
    results = made({("bowl", "adam", 0.1): [10] * 3 + [NEVER]})
    assert told(results, "adam reached 75 % of all targets")
    assert not [claim for claim in claims(results) if claim.strength]


def test_the_most_important_comes_first() -> None:
    order = [claim.importance for claim in claims(synthetic.results(starts=4, steps=100))]
    assert order == sorted(order, reverse=True)
    assert len(order) >= 4


@pytest.mark.parametrize("kind", ["all diverged", "all failed", "one start", "one rate", "some failed", "no minimum"])
def test_no_sentence_holds_what_is_not_a_number(kind: str) -> None:
    losses, optimizers = [synthetic.QUARTIC, synthetic.BEALE], ("adam", "momentum")
    failed = {"all failed": [(loss.label, name) for loss in losses for name in optimizers]}
    failed["some failed"] = [("beale", "adam")]
    rates = {"all diverged": [10.0, 100.0], "one rate": [0.01]}.get(kind, [1e-3, 1e-2, 1e-1])
    starts = 1 if kind == "one start" else 4
    results = synthetic.results(losses, optimizers, rates, starts=starts, steps=60, failed=failed.get(kind, []))
    if kind == "no minimum":
        for fact in results.manifest["losses"]:
            fact["minimum"] = None
    sentences = [claim.text for claim in claims(results)] + ranking_limitations(contest_of(results))
    assert sentences
    for sentence in sentences:
        assert not {"nan", "inf", "None"} & set(sentence.replace("(", " ").replace(",", " ").split()), sentence
        assert "n/a" not in sentence


def test_a_matrix_in_which_nothing_worked() -> None:
    dead = synthetic.results([synthetic.BEALE], ["adam"], [0.1], starts=2, steps=5, failed=[("beale", "adam")])
    first, second, *_ = claims(dead)
    assert first.text == "1 program failed: adam on beale. Its cells are kept and marked."
    assert second.text.startswith("No target was reached")


def test_where_stationary_runs_gathered_is_told() -> None:
    inflection = synthetic.results([synthetic.QUARTIC], ["gradient_descent"], [1e-2], starts=9, steps=2000)
    still = replace(inflection, runs=inflection.runs.assign(outcome="stationary", final_x=[[0.01]] * 9))
    claim = one(still, "ended unsolved where the gradient is next to nothing")
    assert claim.text.startswith("9 runs ended unsolved")
    assert "all of them on quartic" in claim.text
    assert claim.text.endswith("all of those near x = 0.01.")
    assert not told(replace(still, runs=still.runs.assign(outcome="exhausted")), "ended unsolved")


def test_many_small_losses_do_not_make_one_large_lead_sure() -> None:
    """Ahead by far on one loss and a little behind on three, from every start: not strong evidence of a lead."""
    hits = {("a", "adam", 0.1): [10] * 9, ("a", "sgd", 0.1): [NEVER] * 9}
    for loss in "bcd":
        hits |= {(loss, "adam", 0.1): [10] * 7 + [NEVER] * 2, (loss, "sgd", 0.1): [10] * 9}
    (claim,) = [claim for claim in claims(made(hits)) if "reached most" in claim.text or "leads" in claim.text]
    assert claim.strength != "strong"


def test_two_starts_are_too_few_for_an_interval() -> None:
    hits = {("bowl", "adam", 0.1): [10] * 3, ("bowl", "sgd", 0.1): [NEVER] * 3}
    claim = one(made(hits), "adam reached most in these runs")
    assert "2 random starts are too few to say how sure that is" in claim.text
    assert claim.strength is None


def test_what_could_not_run_is_beaten_by_nobody() -> None:
    hits = {("bowl", name, 0.1): [10] * 9 for name in ("adam", "broken")} | {("bowl", "sgd", 0.1): [NEVER] * 9}
    outcome = ["failed" if name == "broken" else "solved" for _, name, _ in hits for _ in range(9)]
    results = made(hits, outcome=outcome)
    assert "Left aside: broken" in one(results, "adam leads").text
    assert not told(results, "broken is")


def test_a_loss_that_nobody_could_run_or_without_a_minimum_counts_for_nobody() -> None:
    hits = {("bowl", "adam", 0.1): [10] * 9, ("bowl", "sgd", 0.1): [NEVER] * 9}
    hits |= {("bad", "adam", 0.1): [NEVER] * 9, ("bad", "sgd", 0.1): [NEVER] * 9}
    outcome = [
        "failed" if loss == "bad" else "solved" if name == "adam" else "exhausted"
        for loss, name, _ in hits
        for _ in range(9)
    ]
    assert "100 % of the targets, sgd 0 %" in one(made(hits, outcome=outcome), "adam leads").text
    unknown = made(hits)
    unknown.manifest["losses"][1]["minimum"] = None
    assert "100 % of the targets, sgd 0 %" in one(unknown, "adam leads").text


def test_seeds_are_called_seeds() -> None:
    rows = [(name, seed, 10 if name == "adam" else None) for name in ("adam", "sgd") for seed in range(8)]
    names, seeds, hit = (list(column) for column in zip(*rows, strict=True))
    solved = ["solved" if step else "exhausted" for step in hit]
    given = {"optimizer": names, "seed": seeds, "hit_1e-01": hit, "outcome": solved, "dim": 1}
    results = handmade.results(given, random=0, noisy=["bowl"])
    results.manifest["programs"] = []
    assert "the same with all 8 noise seeds" in one(results, "adam leads").text
    assert "in place of 8 noise seeds" in ranking_limitations(contest_of(results))[0]
