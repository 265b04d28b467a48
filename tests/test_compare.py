"""Comparisons of results with known changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import changed
import numpy as np
import pandas as pd
import pytest
import synthetic

from reportgen.analysis.compare import compare
from reportgen.analysis.compare.effects import SideRuns, log2_ratios
from reportgen.analysis.compare.model import Comparison, Thresholds
from reportgen.analysis.compare.regressions import no_longer_solved, stopped_being_solved
from reportgen.analysis.compare.sentences import gate_failures, pair_sentence, summary_sentence
from reportgen.analysis.compare.to_json import comparison_to_json
from reportgen.analysis.outcomes import SYMBOLS
from reportgen.results.location import locate
from reportgen.results.manifest import NotResultsError

DATA = Path(__file__).parent / "data" / "last_bits"
ASKED = Thresholds()


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    top = tmp_path_factory.mktemp("changed")
    return {rule: changed.write(top / rule, rule) for rule in changed.RULES}


def compared(base: Path, head: Path, asked: Thresholds = ASKED) -> Comparison:
    return compare(locate(base), locate(head), asked)


def verdicts(found: Comparison) -> dict[tuple[str, str], str]:
    return {(pair.optimizer, pair.loss): pair.verdict for pair in found.pairs}


def test_equal_results_are_identical(folders: dict[str, Path]) -> None:
    found = compared(folders["equal"], folders["equal"])
    assert found.identical
    assert summary_sentence(found) == "All 144 runs are bitwise identical."
    assert (found.cells.unchanged, found.cells.changed) == (16, 0)
    assert set(verdicts(found).values()) == {"same"}


def test_results_that_differ_in_last_bits_are_the_same_but_not_identical(folders: dict[str, Path]) -> None:
    found = compared(folders["equal"], folders["bits"])
    assert not found.identical
    assert found.equal < found.matched
    assert set(verdicts(found).values()) == {"same"}
    assert gate_failures(found) == []


@pytest.mark.parametrize(("base", "head"), [("plain", "other"), ("other", "plain")])
def test_other_instructions_and_threads_fail_no_gate(base: str, head: str) -> None:
    found = compared(DATA / f"{base}.parquet", DATA / f"{head}.parquet")
    assert found.equal < 0.1 * found.matched, "nearly all runs differ"
    assert found.transitions.sum() > np.trace(found.transitions), "some came to another outcome"
    assert set(verdicts(found).values()) <= {"same", "unclear"}
    assert found.counts["same"] >= 13
    assert gate_failures(found) == []


@pytest.mark.parametrize("rule", ["slower", "broken", "diverging"])
def test_what_got_worse_is_worse_and_the_reverse_is_better(folders: dict[str, Path], rule: str) -> None:
    worse, better = compared(folders["equal"], folders[rule]), compared(folders[rule], folders["equal"])
    expected = {("adam", "quartic"): "worse", ("adam", "beale"): "worse"}
    rest = {("momentum", "quartic"): "same", ("momentum", "beale"): "same"}
    assert verdicts(worse) == expected | rest
    assert verdicts(better) == dict.fromkeys(expected, "better") | rest
    assert len(gate_failures(worse)) == 2
    assert gate_failures(better) == []
    for pair in worse.pairs:
        (mirrored,) = [p for p in better.pairs if (p.loss, p.optimizer) == (pair.loss, pair.optimizer)]
        if pair.all_rates and mirrored.all_rates:
            assert pair.all_rates.log2 == pytest.approx(-mirrored.all_rates.log2)


def test_who_evaluates_more_often_is_slower_by_that(tmp_path: Path, folders: dict[str, Path]) -> None:
    made = changed.results()
    runs = made.runs.copy()
    evaluations = runs["gradient_evaluations"].to_numpy(int)
    runs["gradient_evaluations"] = np.where(runs["optimizer"] == "adam", 3 * evaluations // 2, evaluations)
    found = compared(folders["equal"], synthetic.write(replace(made, runs=runs), tmp_path / "head"))
    for pair in found.pairs:
        if pair.optimizer == "adam":
            assert pair.verdict == "worse"
            assert [view.ratio for view in pair.measures] == pytest.approx([1.5, 1.5], rel=0.01)
            assert pair.no_longer_solved == ()
    assert verdicts(found)["momentum", "beale"] == "same"


def test_the_worst_comes_first_and_says_which_cells_stopped_being_solved(folders: dict[str, Path]) -> None:
    first = compared(folders["equal"], folders["diverging"]).pairs[0]
    assert (first.optimizer, first.loss) == ("adam", "quartic")
    assert [cell.learning_rate for cell in first.no_longer_solved] == [0.1, 1.0]
    assert "no longer solved at learning rate 1: 9 of 9 runs in base, 0 in head (9 diverged)" in pair_sentence(
        first, ASKED
    )


def test_transitions_count_every_comparable_run(folders: dict[str, Path]) -> None:
    found = compared(folders["equal"], folders["diverging"])
    names = list(SYMBOLS)
    assert found.transitions.sum() == found.matched == 144
    assert found.transitions[names.index("solved"), names.index("diverged")] > 0
    assert found.transitions[names.index("diverged"), names.index("solved")] == 0


def test_what_is_better_in_one_way_and_worse_in_another_is_mixed_and_fails(tmp_path: Path) -> None:
    one = {"optimizers": ("adam",), "losses": (synthetic.QUARTIC,), "rates": (1e-2, 1e-1, 1.0)}
    made = {rule: changed.results(rule, **one) for rule in ("equal", "broken")}
    # Broken at the largest rate in head, and at the middle one in base.
    folders = []
    for name, rate in (("base", 1e-1), ("head", 1.0)):
        bad = made["broken"].runs["learning_rate"] == rate
        runs = pd.concat([made["equal"].runs[~bad], made["broken"].runs[bad]], ignore_index=True)
        folders.append(synthetic.write(replace(made["equal"], runs=runs), tmp_path / name))
    found = compared(*folders)
    assert verdicts(found) == {("adam", "quartic"): "mixed"}
    (pair,) = found.pairs
    assert (
        [cell.learning_rate for cell in pair.no_longer_solved],
        [cell.learning_rate for cell in pair.newly_solved],
    ) == (
        [1.0],
        [0.1],
    )
    assert len(gate_failures(found)) == 1


def test_a_larger_least_effect_lets_more_pass(folders: dict[str, Path]) -> None:
    strict = compared(folders["equal"], folders["slower"])
    lenient = compared(folders["equal"], folders["slower"], Thresholds(effect=2.0))
    assert ("adam", "beale") in {(p.optimizer, p.loss) for p in strict.regressions}
    assert ("adam", "beale") not in {(p.optimizer, p.loss) for p in lenient.regressions}


def test_more_confidence_than_the_starts_can_give_is_no_verdict(folders: dict[str, Path]) -> None:
    found = compared(folders["equal"], folders["slower"], Thresholds(confidence=0.999))
    (pair,) = [p for p in found.pairs if (p.optimizer, p.loss) == ("adam", "beale")]
    assert pair.verdict == "unclear"
    assert "not significant: 8 random starts or seeds are too few for 99.9 % confidence" in pair_sentence(
        pair, found.thresholds
    )


def test_without_random_starts_an_effect_is_unclear_but_a_cell_can_stop_being_solved(tmp_path: Path) -> None:
    one = {"starts": 1, "rates": (1e-2, 1.0)}
    base = changed.write(tmp_path / "base", **one)
    slower = compared(base, changed.write(tmp_path / "slower", "slower", **one))
    assert verdicts(slower)["adam", "quartic"] == "unclear"
    broken = compared(base, changed.write(tmp_path / "broken", "broken", **one))
    assert verdicts(broken)["adam", "quartic"] == "worse"


def test_a_program_that_fails_in_head_is_worse(tmp_path: Path, folders: dict[str, Path]) -> None:
    head = changed.write(tmp_path / "head", failed=[("quartic", "adam")])
    found = compared(folders["equal"], head)
    assert verdicts(found)["adam", "quartic"] == "worse"
    assert "(9 failed)" in gate_failures(found)[0]
    assert "quartic/adam failed in head: ValueError: step() returned a position of another shape" in found.notes


def test_a_rule_that_fails_is_worse_wherever_it_had_solved_anything(tmp_path: Path, folders: dict[str, Path]) -> None:
    base = locate(folders["equal"])
    runs = pd.read_parquet(folders["equal"] / "runs.parquet")
    losses = runs["loss"].unique().tolist()
    head = changed.write(tmp_path / "head", failed=[(loss, "adam") for loss in losses])
    solved = runs[(runs["optimizer"] == "adam") & (runs["outcome"] == "solved")]
    rates = solved.groupby("loss", observed=True)["learning_rate"].unique()
    few = solved.groupby(["loss", "learning_rate"], observed=True).size()
    assert few.between(1, 4).any()  # else this says no more than the test above
    found = {pair.loss: pair for pair in compare(base, locate(head), ASKED).pairs if pair.optimizer == "adam"}
    for loss, wanted in rates.items():
        assert {cell.learning_rate for cell in found[loss].no_longer_solved} == set(wanted)
        assert found[loss].verdict == "worse"


def test_a_loss_that_cannot_be_loaded_in_head_is_worse(tmp_path: Path, folders: dict[str, Path]) -> None:
    made = changed.results(failed=[("quartic", "adam"), ("quartic", "momentum")])
    quartic = (made.runs["loss"] == "quartic") & (made.runs["start"] > 0)
    runs = made.runs[~quartic].copy()
    is_quartic = runs["loss"] == "quartic"
    runs["x0"] = [[] if lost else x for lost, x in zip(is_quartic, runs["x0"], strict=True)]
    runs.loc[is_quartic, "dim"] = None
    quartic_info, beale_info = made.manifest.losses
    unknown = replace(quartic_info, dim=None, minimum=None, minima=())
    manifest = replace(made.manifest, losses=(unknown, beale_info))
    head = synthetic.write(replace(made, runs=runs, manifest=manifest), tmp_path / "head")
    found = compared(folders["equal"], head)
    assert verdicts(found)["adam", "quartic"] == "worse"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"dtype": "float32"}, "the precision is float64 in base and float32 in head"),
        ({"steps": 500}, "the number of steps is 200 in base and 500 in head"),
        ({"gradient_tolerance": 1e-3}, "the gradient tolerance is 10⁻⁵ in base and 10⁻³ in head"),
        ({"targets": [0.1, 1e-3, 1e-5]}, "the targets are"),
    ],
)
def test_another_question_is_not_compared(
    tmp_path: Path, folders: dict[str, Path], change: dict[str, Any], reason: str
) -> None:
    head = changed.write(tmp_path / "head", "broken", edit=lambda manifest: manifest["config"].update(change))
    found = compared(folders["equal"], head)
    assert set(verdicts(found).values()) == {"not comparable"}
    assert reason in found.pairs[0].reason
    assert summary_sentence(found).startswith("Not comparable: the ")
    assert gate_failures(found) == []
    assert found.transitions.sum() == 0


def _loss_info(manifest: dict[str, Any], label: str) -> dict[str, Any]:
    return next(loss for loss in manifest["losses"] if loss["label"] == label)


def test_a_loss_with_changed_facts_is_not_compared_and_the_others_are(tmp_path: Path, folders: dict[str, Path]) -> None:
    head = changed.write(tmp_path / "head", "broken", edit=lambda m: _loss_info(m, "quartic").update(minimum=0.5))
    found = verdicts(compared(folders["equal"], head))
    assert (found["adam", "quartic"], found["adam", "beale"]) == ("not comparable", "worse")


def test_a_loss_that_is_another_function_is_found_by_its_values(tmp_path: Path, folders: dict[str, Path]) -> None:
    other = replace(synthetic.BEALE, value=lambda x: 1.01 * synthetic.BEALE.value(x))
    head = changed.write(tmp_path / "head", losses=(synthetic.QUARTIC, other))
    found = compared(folders["equal"], head)
    (pair,) = [p for p in found.pairs if (p.optimizer, p.loss) == ("adam", "beale")]
    assert pair.verdict == "not comparable"
    assert "its value at the same start is" in pair.reason


def test_configurations_of_one_side_only_are_listed(tmp_path: Path, folders: dict[str, Path]) -> None:
    options = {"optimizers": ("adam", "rmsprop"), "rates": (1e-2, 1e-1, 1.0, 10.0)}
    found = compared(folders["equal"], changed.write(tmp_path / "head", **options))
    assert found.removed == {
        ("quartic", "momentum"): [1e-3, 1e-2, 1e-1, 1.0],
        ("quartic", "adam"): [1e-3],
        ("beale", "momentum"): [1e-3, 1e-2, 1e-1, 1.0],
        ("beale", "adam"): [1e-3],
    }
    assert found.added["quartic", "adam"] == [10.0]
    assert (found.cells.added, found.cells.removed, found.cells.unchanged) == (10, 10, 6)
    assert not found.identical


def test_runs_from_other_positions_are_other_runs(tmp_path: Path, folders: dict[str, Path]) -> None:
    made = changed.results("broken")
    runs = made.runs.copy()
    moved = runs["start"] == 3
    runs["x0"] = [x + 0.5 if other else x for other, x in zip(moved, runs["x0"], strict=True)]
    found = compared(folders["equal"], synthetic.write(replace(made, runs=runs), tmp_path / "head"))
    assert found.matched == 128
    assert "16 runs of base and 16 runs of head have no counterpart in the other result." in found.notes


def test_other_versions_devices_and_defaults_are_reported_and_still_compared(
    tmp_path: Path, folders: dict[str, Path]
) -> None:
    def edit(manifest: dict[str, Any]) -> None:
        manifest["versions"]["tensorflow"] = "2.22.0"
        manifest["device"]["description"] = "a GPU"
        (epsilon,) = manifest["optimizers"][1]["hyperparameters"]
        epsilon["value"] = 1e-3

    found = compared(folders["equal"], changed.write(tmp_path / "head", "slower", edit=edit))
    assert "tensorflow: 2.21.0 in base, 2.22.0 in head." in found.notes
    assert "Device: AMD EPYC in base, a GPU in head." in found.notes
    assert "adam: the default of epsilon is 10⁻⁷ in base and 10⁻³ in head." in found.notes
    assert verdicts(found)["adam", "beale"] == "worse"


def test_a_table_of_runs_alone_gives_the_same_verdicts(tmp_path: Path, folders: dict[str, Path]) -> None:
    alone = {}
    for name in ("equal", "diverging"):
        alone[name] = tmp_path / f"{name}.parquet"
        alone[name].write_bytes((folders[name] / "runs.parquet").read_bytes())
    found = compared(alone["equal"], alone["diverging"])
    assert verdicts(found) == verdicts(compared(folders["equal"], folders["diverging"]))
    assert "there is no manifest, only a table of runs" in found.notes[0]


def test_json_holds_it_all_and_nothing_infinite(folders: dict[str, Path]) -> None:
    import json

    comparison = compared(folders["equal"], folders["diverging"])
    found = json.loads(json.dumps(comparison_to_json(comparison), allow_nan=False))
    assert found["verdicts"]["worse"] == 2
    assert found["pairs"][0]["stopped"][0]["head"] == {"diverged": 9}
    assert found["transitions"]["solved"]["diverged"] > 0
    assert len(found["failures"]) == 2


def test_the_same_run_twice_is_refused(tmp_path: Path, folders: dict[str, Path]) -> None:
    made = changed.results()
    twice = pd.concat([made.runs, made.runs.tail(1)], ignore_index=True)
    head = synthetic.write(replace(made, runs=twice), tmp_path / "head")
    with pytest.raises(NotResultsError, match="a run occurs twice"):
        compared(folders["equal"], head)


def _runs(
    t: list[list[float]], outcome: str = "exhausted", budget: float = 100.0, relative_gap: float = 1.0
) -> SideRuns:
    n = len(t)
    return SideRuns(
        t=np.array(t),
        budget=np.full(n, budget),
        relative_gap=np.full(n, relative_gap),
        gap=np.full(n, relative_gap),
        lost=np.full(n, outcome in ("diverged", "failed")),
        solved=np.full(n, outcome == "solved"),
    )


def test_a_run_that_used_up_its_steps_is_not_taken_for_slower_than_known() -> None:
    base = _runs([[10.0], [90.0], [99.0]], "solved")
    late = log2_ratios(base, _runs([[np.inf]] * 3)).ravel()
    assert late == pytest.approx([-2, np.log2(0.9), np.log2(0.99)])
    lost = log2_ratios(base, _runs([[np.inf]] * 3, "diverged")).ravel()
    assert lost == pytest.approx([-2, -2, -2])


def test_if_neither_side_hit_the_target_there_is_no_ratio() -> None:
    assert np.isnan(log2_ratios(_runs([[np.inf]]), _runs([[np.inf]], "diverged"))).all()


@pytest.mark.parametrize(
    ("arrived", "outcome", "relative_gap", "lost"),
    [
        (50.0, "exhausted", 1e-3, True),
        (50.0, "exhausted", 1.05e-7, False),  # by a hair
        (50.0, "diverged", 1.05e-7, True),
        (98.0, "exhausted", 1e-6, False),  # so late that the steps may have run out
    ],
)
def test_near_misses_are_not_gone(arrived: float, outcome: str, relative_gap: float, lost: bool) -> None:
    base, head = (
        _runs([[20.0, arrived]], "solved", relative_gap=0.0),
        _runs([[20.0, np.inf]], outcome, relative_gap=relative_gap),
    )
    assert no_longer_solved(base, head, 1e-7, ASKED).tolist() == [lost]


def test_a_late_run_that_did_not_keep_up_is_gone() -> None:
    base, head = _runs([[20.0, 98.0]], "solved", relative_gap=0.0), _runs([[60.0, np.inf]], relative_gap=1e-6)
    assert no_longer_solved(base, head, 1e-7, ASKED).tolist() == [True]


@pytest.mark.parametrize(
    ("solved", "gone", "come", "runs", "expected"),
    [
        (9, 9, 0, 9, True),
        (1, 1, 0, 1, True),
        (9, 5, 0, 9, True),
        (9, 4, 0, 9, False),  # most are still solved
        (5, 1, 0, 9, False),  # too few are gone
        (6, 4, 1, 9, False),  # may be chance, as some came in return
        (9, 8, 0, 9, True),
        (4, 4, 0, 9, False),  # was not solved before
    ],
)
def test_when_a_cell_has_stopped_being_solved(solved: int, gone: int, come: int, runs: int, expected: bool) -> None:
    assert stopped_being_solved(solved, gone, come, runs, ASKED) is expected
