"""Claims: the strength of their evidence, and the losses that do not separate the optimizers."""

from __future__ import annotations

import math
from dataclasses import FrozenInstanceError

import pytest
import synthetic

from reportgen.analysis.best_cells import best_cells
from reportgen.analysis.claim import Claim, evidence_strength, interval_excludes, uninformative
from reportgen.analysis.run_table import run_table


def test_a_claim_names_its_rows_and_is_one_sentence() -> None:
    claim = Claim(("", "adam", " leads."), "#ranking", "strong", 2.0, {"table": "ranking", "optimizer": "adam"})
    assert claim.text == "adam leads."
    assert claim.keys["optimizer"] == "adam"
    assert hash(claim) == hash(Claim(claim.pieces, claim.evidence, "strong", 2.0))
    with pytest.raises(FrozenInstanceError):
        claim.strength = "none"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("interval", "tie", "expected"),
    [
        ((0.1, 0.4), 0.0, True),
        ((-0.4, -0.1), 0.0, True),
        ((-0.1, 0.4), 0.0, False),
        ((0.0, 0.4), 0.0, False),
        ((-0.4, 0.0), 0.0, False),
        ((2.0, math.inf), 1.0, True),
        ((-math.inf, math.inf), 0.0, False),
        (None, 0.0, False),
    ],
)
def test_an_interval_excludes_a_tie_that_it_does_not_touch(
    interval: tuple[float, float] | None, tie: float, expected: bool
) -> None:
    assert interval_excludes(interval, tie) is expected


@pytest.mark.parametrize(
    ("excluded", "effect", "strength"),
    [
        (True, 0.5, "strong"),
        (True, -1.0, "none"),
        (True, 0.49, "moderate"),
        (True, 0.1, "moderate"),
        (True, 0.09, "none"),
        (False, 1.0, "none"),
        (True, math.nan, "none"),
    ],
)
def test_strength_needs_an_interval_and_a_size(excluded: bool, effect: float, strength: str) -> None:
    assert evidence_strength(excluded, effect) == strength


def test_losses_on_which_all_or_none_succeed_are_uninformative() -> None:
    made = synthetic.results(optimizers=("gradient_descent", "momentum", "adam"), starts=3, steps=50)
    best = best_cells(run_table(made).cells)
    solved = {"quartic": [3, 3, 3], "rosenbrock": [0, 0, 0], "beale": [3, 1, 2]}
    found = uninformative(best.assign(runs=3, solved=[n for loss in best["loss"].unique() for n in solved[loss]]))
    assert (found.all_solved, found.none_solved, found.losses) == (("quartic",), ("rosenbrock",), 3)


def test_a_failed_optimizer_did_not_succeed() -> None:
    made = synthetic.results(
        [synthetic.QUARTIC], ("adam", "momentum"), starts=3, steps=400, failed=[("quartic", "adam")]
    )
    best = best_cells(run_table(made).cells)
    assert uninformative(best).all_solved == ()
    assert uninformative(best.assign(solved=0)).none_solved == ("quartic",)


def test_one_optimizer_alone_or_none_leaves_nothing_to_separate() -> None:
    best = best_cells(run_table(synthetic.results([synthetic.QUARTIC], ("adam",), [0.1], starts=2, steps=400)).cells)
    for solved in (0, 2):
        found = uninformative(best.assign(solved=solved))
        assert found.all_solved == found.none_solved == ()
    assert uninformative(best.iloc[:0]).losses == 0
