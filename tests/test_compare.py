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
from reportgen.analysis.compare.model import Comparison, Pair, Thresholds
from reportgen.analysis.compare.sentences import gate_failures, pair_sentence, summary_sentence
from reportgen.analysis.compare.to_json import comparison_to_json
from reportgen.analysis.number_format import rate
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
        assert _size(pair) == pytest.approx(-_size(mirrored))


def _size(pair: Pair) -> float:
    """The effect of a pair; 0 if nothing changed."""
    return pair.evidence.effect.log2 if pair.evidence else 0.0


def _only(found: Comparison, optimizer: str = "adam", loss: str = "quartic") -> Pair:
    (pair,) = [each for each in found.pairs if (each.optimizer, each.loss) == (optimizer, loss)]
    return pair


def test_who_evaluates_more_often_is_slower_by_that(tmp_path: Path, folders: dict[str, Path]) -> None:
    made = changed.results()
    runs = made.runs.copy()
    evaluations = runs["gradient_evaluations"].to_numpy(int)
    runs["gradient_evaluations"] = np.where(runs["optimizer"] == "adam", 3 * evaluations // 2, evaluations)
    found = compared(folders["equal"], synthetic.write(replace(made, runs=runs), tmp_path / "head"))
    for loss in ("quartic", "beale"):
        pair = _only(found, loss=loss)
        assert pair.verdict == "worse"
        assert pair.evidence
        # Where neither side hits a target, the gaps are equal.
        assert 1.1 < pair.evidence.effect.ratio < 1.45
        assert pair.evidence.solved_in_one == 0
        assert pair.best
        assert pair.best.measure
        assert 1.25 < pair.best.measure.ratio <= 1.5
    assert verdicts(found)["momentum", "beale"] == "same"


def test_the_worst_comes_first_with_the_ratio_and_the_solved_runs(folders: dict[str, Path]) -> None:
    first = compared(folders["equal"], folders["diverging"]).pairs[0]
    assert (first.optimizer, first.loss) == ("adam", "quartic")
    assert first.changed_rate == 1.0
    needs = "at equal learning rates, head needs at least 4 times as many gradient evaluations (slower"
    assert pair_sentence(first, ASKED).startswith(needs)
    assert "solved runs 16 → 0" in pair_sentence(first, ASKED)


def test_transitions_count_every_comparable_run(folders: dict[str, Path]) -> None:
    found = compared(folders["equal"], folders["diverging"])
    names = list(SYMBOLS)
    assert found.transitions.sum() == found.matched == 144
    assert found.transitions[names.index("solved"), names.index("diverged")] > 0
    assert found.transitions[names.index("diverged"), names.index("solved")] == 0


def test_what_is_better_in_one_way_and_worse_in_another_is_mixed_and_fails(tmp_path: Path) -> None:
    one = {"optimizers": ("adam",), "losses": (synthetic.QUARTIC,)}
    made = changed.results("equal", **one)
    failed = changed.results("equal", failed=[("quartic", "adam")], **one)
    runs = made.runs.copy()
    runs["gradient_evaluations"] = runs["gradient_evaluations"].to_numpy(int) // 3
    broken = runs["learning_rate"] == 1e-3
    runs = pd.concat([failed.runs[broken.to_numpy()], runs[~broken]], ignore_index=True)
    found = compared(
        synthetic.write(made, tmp_path / "base"), synthetic.write(replace(made, runs=runs), tmp_path / "head")
    )
    pair = _only(found)
    assert pair.verdict == "mixed"
    assert pair.evidence
    assert pair.evidence.evaluations.is_better
    assert pair.evidence.failed == (1e-3,)
    assert gate_failures(found)[0].startswith(
        "adam on quartic: all runs failed in head at learning rate 10⁻³; at equal"
    )


def test_a_larger_least_effect_lets_more_pass(folders: dict[str, Path]) -> None:
    strict = compared(folders["equal"], folders["slower"])
    lenient = compared(folders["equal"], folders["slower"], Thresholds(effect=2.0))
    assert ("adam", "beale") in {(p.optimizer, p.loss) for p in strict.regressions}
    assert ("adam", "beale") not in {(p.optimizer, p.loss) for p in lenient.regressions}


def test_more_confidence_than_the_starts_can_give_is_no_verdict(folders: dict[str, Path]) -> None:
    found = compared(folders["equal"], folders["slower"], Thresholds(confidence=0.999))
    pair = _only(found, loss="beale")
    assert pair.verdict == "unclear"
    assert "9 starts are too few for 99.9 % confidence" in pair_sentence(pair, found.thresholds)


def test_with_few_starts_an_effect_is_unclear_but_failed_runs_are_certain(tmp_path: Path) -> None:
    one = {"starts": 4, "rates": (1e-2, 1.0), "losses": (synthetic.QUARTIC,)}
    base = changed.write(tmp_path / "base", **one)
    broken = _only(compared(base, changed.write(tmp_path / "broken", "broken", **one)))
    assert broken.verdict == "unclear"
    assert "4 starts are too few for 95 % confidence" in pair_sentence(broken, ASKED)
    failed = compared(base, changed.write(tmp_path / "failed", failed=[("quartic", "adam")], **one))
    assert verdicts(failed)["adam", "quartic"] == "worse"
    reverse = compared(tmp_path / "failed", base)
    assert verdicts(reverse)["adam", "quartic"] == "better"
    assert "all runs failed in base at learning rates 10⁻² and 1" in pair_sentence(_only(reverse), ASKED)


def test_a_step_five_times_smaller_fails_the_gate_at_learning_rates_that_solve_little(tmp_path: Path) -> None:
    losses = (synthetic.QUARTIC, synthetic.BEALE, synthetic.ROSENBROCK)
    options = {"losses": losses, "optimizers": ("adam",), "rates": (1e-3, 3e-3), "steps": 500}
    options["rename"] = {"adam": "gradient_descent"}
    base = changed.write(tmp_path / "base", "descent", **options)
    found = compared(base, changed.write(tmp_path / "head", "descent, fifth of the step", **options))
    assert found.counts["worse"] == len(gate_failures(found)) >= 1
    assert [pool.losses for pool in found.pools] == [(3, 0)]
    assert found.tests == 8


def test_what_only_all_losses_together_show_fails_the_gate_too(folders: dict[str, Path]) -> None:
    found = compared(folders["equal"], folders["slower"])
    assert [pool.verdict for pool in found.pools] == ["worse"]
    assert [line.split(":")[0] for line in gate_failures(found)] == ["adam on beale", "adam on quartic"]
    alone = replace(found, pairs=[replace(pair, verdict="unclear") for pair in found.pairs])
    (line,) = gate_failures(alone)
    assert line.startswith("adam over 2 losses: slower on 2 losses (× ")
    assert "Over all losses together, adam is worse. Of the" in summary_sentence(alone)


def test_a_learning_rate_that_makes_up_for_a_smaller_step_is_named(tmp_path: Path) -> None:
    options = {"losses": (synthetic.QUARTIC,), "optimizers": ("adam",), "steps": 500}
    options["rates"] = tuple(0.0025 * 2**k for k in range(7))
    base = changed.write(tmp_path / "base", "descent", **options)
    pair = _only(compared(base, changed.write(tmp_path / "head", "descent, half of the step", **options)))
    assert pair.best
    before, after = pair.best.rates
    assert after == 2 * before
    assert pair.verdict == "worse"
    makes_up = (
        f"a learning rate of {rate(after)} instead of {rate(before)} makes up for it: as many gradient evaluations"
    )
    assert pair_sentence(pair, ASKED).endswith(makes_up)


def test_no_difference_needs_evidence(tmp_path: Path, folders: dict[str, Path]) -> None:
    few = {"starts": 4}
    found = compared(changed.write(tmp_path / "base", **few), changed.write(tmp_path / "head", "bits", **few))
    assert {found.counts[verdict] for verdict in ("worse", "mixed", "better")} == {0}
    assert verdicts(found)["adam", "beale"] == "unclear"
    assert verdicts(found)["momentum", "beale"] == "same", "bitwise identical"
    assert verdicts(compared(folders["equal"], folders["bits"]))["adam", "beale"] == "same", "9 starts are enough"


@pytest.mark.parametrize("known", [True, False])
def test_runs_from_other_starts_are_refused(tmp_path: Path, folders: dict[str, Path], known: bool) -> None:
    made = changed.results("broken")
    runs = made.runs.copy()
    runs["x0"] = [x + 0.5 if start else x for start, x in zip(runs["start"], runs["x0"], strict=True)]

    head = synthetic.write(replace(made, runs=runs), tmp_path / "head")
    if known:
        changed.edit(head, lambda manifest: manifest["config"]["starts"].update(seed=7))
    found = compared(folders["equal"], head)
    assert found.refused
    assert set(verdicts(found).values()) == {"not comparable"}
    cause = "the seed of the random starts is 0 in base and 7 in head" if known else "the starts differ, probably"
    assert summary_sentence(found).startswith(
        "Not comparable: in the configurations of both results, only 16 of 144 runs in base and of 144 in head "
        f"have a counterpart: {cause}"
    )
    assert gate_failures(found) == []


def test_more_optimizers_or_starts_in_head_are_no_reason_to_refuse(tmp_path: Path) -> None:
    base = changed.write(tmp_path / "base", optimizers=("adam",), starts=6)
    found = compared(
        base, changed.write(tmp_path / "head", "slower", optimizers=("adam", "momentum", "rmsprop"), starts=9)
    )
    assert not found.refused
    assert verdicts(found)["adam", "quartic"] == "worse"


def test_a_program_that_fails_in_head_is_worse(tmp_path: Path, folders: dict[str, Path]) -> None:
    head = changed.write(tmp_path / "head", failed=[("quartic", "adam")])
    found = compared(folders["equal"], head)
    assert verdicts(found)["adam", "quartic"] == "worse"
    assert "all runs failed in head at learning rates 10⁻³, 10⁻², 10⁻¹ and 1" in gate_failures(found)[0]
    assert "quartic/adam failed in head: ValueError: step() returned a position of another shape" in found.notes


def test_a_loss_that_cannot_be_loaded_in_head_is_worse(tmp_path: Path, folders: dict[str, Path]) -> None:
    made = changed.results(failed=[("quartic", "adam"), ("quartic", "momentum")])
    quartic = (made.runs["loss"] == "quartic") & (made.runs["start"] > 0)
    runs = made.runs[~quartic].copy()
    is_quartic = runs["loss"] == "quartic"
    runs["x0"] = [[] if lost else x for lost, x in zip(is_quartic, runs["x0"], strict=True)]
    runs.loc[is_quartic, "dim"] = None
    quartic_info, beale_info = made.manifest.losses
    unknown = replace(quartic_info, dim=None, minimum=None, minima=(), start=(), domain=())
    left = int(is_quartic.sum()) // 2
    programs = [replace(each, runs=left) if each.loss == "quartic" else each for each in made.manifest.programs]
    manifest = replace(made.manifest, losses=(unknown, beale_info), programs=tuple(programs))
    head = synthetic.write(replace(made, runs=runs, manifest=manifest), tmp_path / "head")
    found = compared(folders["equal"], head)
    assert verdicts(found)["adam", "quartic"] == "worse"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"dtype": "float32"}, "the precision is float64 in base and float32 in head"),
        ({"steps": 500}, "the number of steps is 200 in base and 500 in head"),
        ({"gradient_tolerance": 1e-3}, "the gradient tolerance is 10⁻⁵ in base and 10⁻³ in head"),
        ({"targets": [0.1, 1e-3, 1e-5, 1e-6]}, "the targets are"),
    ],
)
def test_another_question_is_not_compared(
    tmp_path: Path, folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], reason: str
) -> None:
    monkeypatch.setattr(synthetic, "TARGETS", change.get("targets", synthetic.TARGETS))
    head = changed.write(tmp_path / "head", "broken", change=lambda manifest: manifest["config"].update(change))
    found = compared(folders["equal"], head)
    assert set(verdicts(found).values()) == {"not comparable"}
    assert reason in found.pairs[0].reason
    assert summary_sentence(found).startswith("Not comparable: the ")
    assert gate_failures(found) == []
    assert found.transitions.sum() == 0


def _loss_info(manifest: dict[str, Any], label: str) -> dict[str, Any]:
    return next(loss for loss in manifest["losses"] if loss["label"] == label)


def test_a_loss_with_changed_facts_is_not_compared_and_the_others_are(tmp_path: Path, folders: dict[str, Path]) -> None:
    head = changed.write(tmp_path / "head", "broken", change=lambda m: _loss_info(m, "quartic").update(minimum=0.5))
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

    found = compared(folders["equal"], changed.write(tmp_path / "head", "slower", change=edit))
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
    assert found["error_rate"]["tests"] == 6
    first = found["pairs"][0]
    assert first["equal_rates"]["gradient_evaluations"]["worse"]
    assert first["equal_rates"]["gradient_evaluations"]["p_worse"] <= found["error_rate"]["level"] == 0.05
    solved = first["equal_rates"]["solved_runs"]
    assert (solved["base"], solved["head"], solved["in_one_only"], solved["worse"]) == (16, 0, 16, True)
    assert [pool["verdict"] for pool in found["over_all_losses"]] == ["worse"]
    assert found["transitions"]["solved"]["diverged"] > 0
    assert len(found["failures"]) == 2


def test_the_same_run_twice_is_refused(tmp_path: Path, folders: dict[str, Path]) -> None:
    made = changed.results()
    twice = pd.concat([made.runs, made.runs.tail(1)], ignore_index=True)
    head = synthetic.write(replace(made, runs=twice), tmp_path / "head")
    with pytest.raises(NotResultsError, match="a run occurs twice"):
        compared(folders["equal"], head)
