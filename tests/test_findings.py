"""The findings of the report: each appears if the numbers support it, and only then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import handmade
import numpy as np
import pytest
import synthetic

from reportgen.analysis.best_cells import best_cells
from reportgen.analysis.claim import Claim
from reportgen.analysis.findings import findings
from reportgen.analysis.ranking import leaderboard
from reportgen.analysis.report_analysis import ReportAnalysis
from reportgen.analysis.run_table import run_table
from reportgen.report.ranking_table import RankingRow, pair_rows, ranking_limitations, ranking_rows
from reportgen.results.result_tables import Results

NEVER = None
Hits = Mapping[tuple[str, str, float], Sequence[int | None]]
"""By loss, optimizer and learning rate: the step at which each start in turn hit the only target."""


def results_of(hits: Hits, random: int | None = None, reference: Sequence[str] = (), **columns: Any) -> Results:
    """Results with these ``hits``; start 0 is the standard one, the others are random."""
    runs = [(*cell, start, hit) for cell, starts in hits.items() for start, hit in enumerate(starts)]
    loss, optimizer, rate, start, hit = (list(column) for column in zip(*runs, strict=True))
    solved = ["exhausted" if step is None else "solved" for step in hit]
    given = {"loss": loss, "optimizer": optimizer, "learning_rate": rate, "start": start, "hit_1e-01": hit}
    given |= {"outcome": solved, "gap": [5.0 if step is None else 0.05 for step in hit], "dim": 1}
    most = max(len(starts) for starts in hits.values()) - 1
    found = handmade.results(given | columns, random=most if random is None else random)
    optimizers = tuple(replace(each, reference=each.label in reference) for each in found.manifest.optimizers)
    return replace(found, manifest=replace(found.manifest, optimizers=optimizers))


def claims(results: Results) -> list[Claim]:
    return findings(ReportAnalysis(results))


def rows(results: Results) -> list[RankingRow]:
    analysis = ReportAnalysis(results)
    return [*ranking_rows(analysis.ranking, analysis.leaderboard), *ranking_rows(analysis.excluded_ranking, None)]


def limitations(results: Results) -> list[str]:
    return ranking_limitations(ReportAnalysis(results).leaderboard, tuned=False)


def claims_with(results: Results, words: str) -> list[Claim]:
    return [claim for claim in claims(results) if words in claim.text]


def claim_with(results: Results, words: str) -> Claim:
    (claim,) = claims_with(results, words)
    return claim


def test_a_lead_on_every_start_is_strong() -> None:
    hits = {("bowl", "adam", 0.1): [10] * 9, ("bowl", "sgd", 0.1): [NEVER] * 8 + [20]}
    claim = claim_with(results_of(hits), "adam leads")
    assert "100 % of the targets, sgd 11 %" in claim.text
    assert claim.strength == "strong"
    assert claim.keys == {"table": "ranking", "optimizer": "adam"}


def test_a_lead_that_other_starts_could_turn_is_no_evidence() -> None:
    hits = {
        ("bowl", "adam", 0.1): [10, 10, 10, 10, NEVER, NEVER, 10, NEVER, NEVER],
        ("bowl", "sgd", 0.1): [NEVER, NEVER, 10, 10, 10, 10, NEVER, NEVER, NEVER],
    }
    claim = claim_with(results_of(hits), "adam hit the most targets in these runs")
    assert "not significant with 8 random starts" in claim.text
    assert claim.strength == "none"


def test_if_nothing_random_varies_no_interval_is_claimed() -> None:
    hits = {("bowl", "adam", 0.1): [10, 10], ("bowl", "sgd", 0.1): [10, NEVER]}
    results = results_of(hits, random=0)
    claim = claim_with(results, "adam hit the most targets in these runs")
    assert "no interval: nothing random varies" in claim.text
    assert claim.strength is None
    assert [row.interval for row in rows(results)] == [None, None]
    assert limitations(results)[0].startswith("There are no intervals: nothing random varies.")


def test_a_tie_is_stated_and_speed_may_break_it() -> None:
    hits = {("bowl", "adam", 0.1): [10] * 9, ("bowl", "sgd", 0.1): [30] * 9}
    results = results_of(hits)
    assert "each hit 100 %" in claim_with(results, "adam and sgd tie").text
    fast = claim_with(results, "adam is the fastest")
    assert fast.strength == "strong"
    assert "speed score 100 of 100, sgd 33 (difference 67 points" in fast.text


def test_equal_speeds_are_stated() -> None:
    hits = {("bowl", "adam", 0.1): [10] * 9, ("bowl", "sgd", 0.1): [10] * 9}
    assert claims_with(results_of(hits), "equally fast")
    assert not claims_with(results_of(hits), "is the fastest")


def test_speed_is_counted_in_gradient_evaluations() -> None:
    """Twice as many a step, and two thirds of the steps: slower."""
    hits = {("bowl", "sam", 0.1): [20] * 9, ("bowl", "sgd", 0.1): [30] * 9}
    results = results_of(hits, gradient_evaluations=[200] * 9 + [100] * 9)
    assert claims_with(results, "sgd is the fastest")
    assert "sam (2 per step) evaluates the gradient more often" in claim_with(results, "Unequal budgets").text
    assert not claims_with(results_of(hits), "Unequal budgets")


def test_reference_optimizers_are_in_no_comparison() -> None:
    hits = {
        ("bowl", "newton", 0.1): [1] * 9,
        ("bowl", "adam", 0.1): [10] * 9,
        ("bowl", "sgd", 0.1): [NEVER] * 9,
    }
    results = results_of(hits, reference=["newton"])
    assert "Excluded: newton" in claim_with(results, "adam leads").text
    assert not claims_with(results, "newton is the fastest")
    speed = {row.rank.optimizer: row.speed for row in rows(results)}
    assert speed["newton"] is None
    assert speed["adam"] == pytest.approx(1.0)


def test_over_eight_losses_the_ranks_are_tested() -> None:
    hits = {
        (f"loss{i}", name, 0.1): [step + i] * 3
        for i in range(9)
        for name, step in (("adam", 10), ("sgd", 20), ("adagrad", 30))
    }
    claim = claim_with(results_of(hits), "Speed differs between the optimizers")
    assert "over 9 losses (Friedman test, p < 0.001)" in claim.text
    assert "adam has the best mean rank, 1," in claim.text
    assert "is ahead of adagrad by the critical difference" in claim.text
    assert claim.strength == "strong"
    few = results_of({key: value for key, value in hits.items() if key[0] < "loss6"})
    assert not claims_with(few, "Friedman")
    assert limitations(few)[-1] == (
        "A significance test over losses needs at least 7 losses for 3 optimizers. This report has 6 losses, so its "
        "results cover only these losses."
    )
    assert pair_rows(ReportAnalysis(few).leaderboard) == []
    pairs = pair_rows(ReportAnalysis(results_of(hits)).leaderboard)
    assert [(row.better, row.worse, row.wins, row.losses) for row in pairs] == [
        ("adam", "sgd", 9, 0),
        ("adam", "adagrad", 9, 0),
        ("sgd", "adagrad", 9, 0),
    ]
    assert [row.p for row in pairs] == pytest.approx([3 / 2**8] * 3)


def test_two_optimizers_are_tested_over_six_losses() -> None:
    hits = {(f"loss{i}", name, 0.1): [step + i] * 3 for i in range(6) for name, step in (("sgd", 20), ("adam", 10))}
    claim = claim_with(results_of(hits), "adam is faster than sgd")
    assert "over 6 losses (Wilcoxon signed-rank test, p = 0.031)" in claim.text
    assert claim.strength == "strong"
    mixed = {key: [10 if (key[0] in ("loss0", "loss1", "loss2")) == (key[1] == "sgd") else 20] * 3 for key in hits}
    assert claim_with(results_of(mixed), "The difference in speed is not significant").strength == "none"
    assert not claims_with(results_of({key: hits[key] for key in hits if key[0] < "loss5"}), "Wilcoxon")


def test_ranks_that_do_not_differ_over_losses_are_not_significant() -> None:
    order = [("a", "b", "c"), ("b", "c", "a"), ("c", "a", "b")]
    hits = {
        (f"loss{i}", name, 0.1): [10 * (1 + place)] * 3 for i in range(9) for place, name in enumerate(order[i % 3])
    }
    claim = claim_with(results_of(hits), "No difference in speed is significant over 9 losses")
    assert claim.strength == "none"


def test_without_the_leader_places_are_computed_again() -> None:
    """Gould and Scott 2016: who is second may depend on who is first."""
    t = {"a": [10, 10, 10], "b": [30, 30, 30], "c": [39, 39, 12]}
    hits = {(f"loss{i}", name, 0.1): [steps[i]] * 2 for name, steps in t.items() for i in range(3)}
    results = results_of(hits)
    table = run_table(results)
    best = best_cells(table.cells)
    all_three, without = leaderboard(table, best, ["a", "b", "c"]), leaderboard(table, best, ["b", "c"])
    assert all_three is not None
    assert without is not None
    assert all_three.speed[1] > all_three.speed[2] or without.speed[0] > without.speed[1]
    assert np.sign(all_three.speed[1] - all_three.speed[2]) != np.sign(without.speed[0] - without.speed[1])


def test_the_widest_range_is_named_only_if_it_is_the_only_one() -> None:
    rates = (0.001, 0.01, 0.1)
    hits = {("bowl", "adam", rate): [10] * 5 for rate in rates}
    hits |= {("bowl", "sgd", rate): [10 if rate == 0.01 else NEVER] * 5 for rate in rates}
    claim = claim_with(results_of(hits), "widest usable range")
    assert claim.text.startswith("adam has the widest usable range")
    assert "2 decades" in claim.text
    same = {(loss, name, rate): [10] * 5 for loss, _, rate in hits for name in ("adam", "sgd", "adagrad")}
    assert not claims_with(results_of(same), "widest usable range")
    seldom = {key: [10, 10, NEVER, NEVER, NEVER] for key in hits if key[1] == "adam"}
    seldom |= {key: [NEVER] * 5 for key in hits if key[1] == "sgd"}
    assert not claims_with(results_of(seldom), "widest usable range")


def test_a_best_rate_at_the_edge_is_named_and_one_inside_the_grid_is_not() -> None:
    rates = (0.001, 0.01, 0.1)
    edge = {("bowl", "adam", rate): [10 if rate == 0.1 else NEVER] * 5 for rate in rates}
    amid = {("bowl", "adam", rate): [10 if rate == 0.01 else NEVER] * 5 for rate in rates}
    assert "adam on bowl (at 10⁻¹)" in claim_with(results_of(edge), "at the edge of the grid").text
    assert not claims_with(results_of(amid), "at the edge of the grid")


def test_one_learning_rate_for_all_losses_costs_some_optimizers() -> None:
    hits = {}
    for rate in (0.01, 0.1):
        hits |= {("a", "adam", rate): [10] * 4, ("b", "adam", rate): [10] * 4}
        hits |= {
            ("a", "sgd", rate): [10 if rate == 0.1 else NEVER] * 4,
            ("b", "sgd", rate): [10 if rate == 0.01 else NEVER] * 4,
        }
    claim = claim_with(results_of(hits), "With one learning rate for all losses")
    assert "of the best one for each loss, adam loses the smallest share" in claim.text
    assert "loses the smallest share of its target hits: 0 %, at learning rate" in claim.text
    assert "sgd loses the largest share: 50 %" in claim.text
    assert not claims_with(
        results_of({key: value for key, value in hits.items() if key[0] == "a"}), "one learning rate for all"
    )


def test_losses_that_do_not_separate_the_optimizers_are_named() -> None:
    hits = {("easy", "adam", 0.1): [10] * 4, ("easy", "sgd", 0.1): [20] * 4}
    hits |= {("hard", "adam", 0.1): [NEVER] * 4, ("hard", "sgd", 0.1): [NEVER] * 4}
    hits |= {("fair", "adam", 0.1): [10] * 4, ("fair", "sgd", 0.1): [NEVER] * 4}
    claim = claim_with(results_of(hits), "not separate the optimizers")
    assert claim.text.startswith("2 of 3 losses do not separate the optimizers by success")
    assert "on easy every run of every optimizer was solved and on hard no run was solved." in claim.text
    fair = {key: value for key, value in hits.items() if key[0] == "fair"}
    assert not claims_with(results_of(fair), "not separate the optimizers")


def test_the_learning_rate_where_divergence_begins_is_named() -> None:
    rates = (0.001, 0.01, 0.1)
    hits = {("bowl", name, rate): [10] * 4 for name in ("adam", "sgd") for rate in rates}
    outcome = ["diverged" if name == "sgd" and rate >= 0.01 else "solved" for _, name, rate in hits for _ in range(4)]
    claim = claim_with(results_of(hits, outcome=outcome), "runs diverged")
    assert "8 of 24 runs diverged, none at learning rates below 10⁻²." in claim.text
    assert (
        "First to diverge as the learning rate grows: sgd on bowl. Half or more of its runs diverge at 10⁻² "
        in claim.text
    )
    assert not claims_with(results_of(hits), "runs diverged")


def test_a_single_optimizer_is_compared_with_no_other() -> None:
    results = results_of({("bowl", "adam", 0.1): [10] * 3 + [NEVER]})
    assert claims_with(results, "adam hit 75 % of all targets")
    assert not [claim for claim in claims(results) if claim.strength]


def test_the_most_important_comes_first() -> None:
    order = [claim.importance for claim in claims(synthetic.results(starts=4, steps=100))]
    assert order == sorted(order, reverse=True)
    assert len(order) >= 4


@pytest.mark.parametrize("kind", ["all diverged", "all failed", "one start", "one rate", "some failed", "no minimum"])
def test_no_sentence_holds_what_is_not_a_number(kind: str) -> None:
    toys, optimizers = [synthetic.QUARTIC, synthetic.BEALE], ("adam", "momentum")
    failed = {"all failed": [(toy.label, name) for toy in toys for name in optimizers]}
    failed["some failed"] = [("beale", "adam")]
    rates = {"all diverged": [10.0, 100.0], "one rate": [0.01]}.get(kind, [1e-3, 1e-2, 1e-1])
    starts = 1 if kind == "one start" else 4
    results = synthetic.results(toys, optimizers, rates, starts=starts, steps=60, failed=failed.get(kind, []))
    if kind == "no minimum":
        losses = tuple(replace(loss, minimum=None) for loss in results.manifest.losses)
        results = replace(results, manifest=replace(results.manifest, losses=losses))
    sentences = [claim.text for claim in claims(results)] + limitations(results)
    assert sentences
    for sentence in sentences:
        assert not {"nan", "inf", "None"} & set(sentence.replace("(", " ").replace(",", " ").split()), sentence
        assert "n/a" not in sentence


def test_a_matrix_in_which_nothing_worked() -> None:
    dead = synthetic.results([synthetic.BEALE], ["adam"], [0.1], starts=2, steps=5, failed=[("beale", "adam")])
    first, second, *_ = claims(dead)
    assert first.text == (
        "1 program failed: adam on beale (ValueError: step() returned a position of another shape). "
        "A program is all runs of one optimizer on one loss."
    )
    assert second.text.startswith("No target was hit")


def test_where_stationary_runs_gathered_is_stated() -> None:
    inflection = synthetic.results([synthetic.QUARTIC], ["gradient_descent"], [1e-2], starts=9, steps=2000)
    still = replace(inflection, runs=inflection.runs.assign(outcome="stationary", final_x=[[0.01]] * 9))
    claim = claim_with(still, "with a negligible gradient norm and no more progress")
    assert claim.text.startswith("9 runs are stationary")
    assert ", all on quartic (all of these near x = 0.01): unsolved" in claim.text
    assert not claims_with(replace(still, runs=still.runs.assign(outcome="exhausted")), "stationary")


def test_runs_that_left_the_target_again_are_counted() -> None:
    hits = {("bowl", name, 0.1): [NEVER] * 9 for name in ("a", "b")}
    stayed = results_of(hits)
    assert not claims_with(stayed, "left the tightest target")
    of_b = (stayed.runs["optimizer"] == "b") & (stayed.runs["start"] < 4)
    claim = claim_with(replace(stayed, runs=stayed.runs.assign(left_target=of_b)), "left the tightest target")
    assert claim.text.startswith("4 runs left the tightest target after being within it, all by b on bowl")


def test_a_declared_minimum_above_what_runs_reached_is_called_wrong() -> None:
    made = results_of({("bowl", "a", 0.1): [NEVER] * 9})
    ends = made.runs.assign(outcome="escaped", final_loss=[-3.0] * 9)
    claim = claim_with(replace(made, runs=ends), "declared minimum")
    assert claim.text.startswith(
        "The declared minimum of bowl is wrong: it is 0, but 9 runs ended below it, the lowest at −3"
    )
    (info,) = made.manifest.losses
    boxed = replace(made.manifest, losses=(replace(info, domain_only=True),))
    assert not claims_with(replace(made, runs=ends, manifest=boxed), "declared minimum")


def test_many_small_losses_do_not_make_one_large_lead_sure() -> None:
    """Ahead by far on one loss and a little behind on three, from every start: not strong evidence of a lead."""
    hits = {("a", "adam", 0.1): [10] * 9, ("a", "sgd", 0.1): [NEVER] * 9}
    for loss in "bcd":
        hits |= {(loss, "adam", 0.1): [10] * 7 + [NEVER] * 2, (loss, "sgd", 0.1): [10] * 9}
    (claim,) = [
        claim for claim in claims(results_of(hits)) if "hit the most targets" in claim.text or "leads" in claim.text
    ]
    assert claim.strength != "strong"


def test_two_starts_are_too_few_for_an_interval() -> None:
    hits = {("bowl", "adam", 0.1): [10] * 3, ("bowl", "sgd", 0.1): [NEVER] * 3}
    claim = claim_with(results_of(hits), "adam hit the most targets in these runs")
    assert "no interval: 2 random starts are too few" in claim.text
    assert claim.strength is None


def test_what_could_not_run_is_not_compared() -> None:
    hits = {("bowl", name, 0.1): [10] * 9 for name in ("adam", "broken")} | {("bowl", "sgd", 0.1): [NEVER] * 9}
    outcome = ["failed" if name == "broken" else "solved" for _, name, _ in hits for _ in range(9)]
    results = results_of(hits, outcome=outcome)
    assert "Excluded: broken" in claim_with(results, "adam leads").text
    assert not claims_with(results, "broken is")


def test_a_loss_without_completed_runs_or_a_minimum_does_not_count() -> None:
    hits = {("bowl", "adam", 0.1): [10] * 9, ("bowl", "sgd", 0.1): [NEVER] * 9}
    hits |= {("bad", "adam", 0.1): [NEVER] * 9, ("bad", "sgd", 0.1): [NEVER] * 9}
    outcome = [
        "failed" if loss == "bad" else "solved" if name == "adam" else "exhausted"
        for loss, name, _ in hits
        for _ in range(9)
    ]
    assert "100 % of the targets, sgd 0 %" in claim_with(results_of(hits, outcome=outcome), "adam leads").text
    unknown = results_of(hits)
    bowl, bad = unknown.manifest.losses
    unknown = replace(unknown, manifest=replace(unknown.manifest, losses=(bowl, replace(bad, minimum=None))))
    assert "100 % of the targets, sgd 0 %" in claim_with(unknown, "adam leads").text


def test_seeds_are_called_seeds() -> None:
    runs = [(name, seed, 10 if name == "adam" else None) for name in ("adam", "sgd") for seed in range(8)]
    names, seeds, hit = (list(column) for column in zip(*runs, strict=True))
    solved = ["solved" if step else "exhausted" for step in hit]
    given = {"optimizer": names, "seed": seeds, "hit_1e-01": hit, "outcome": solved, "dim": 1}
    results = handmade.results(given, random=0, noisy=["bowl"])
    assert "the same for all 8 noise seeds" in claim_with(results, "adam leads").text
    assert "random starts or seeds (this report has 8 noise seeds)" in limitations(results)[0]
