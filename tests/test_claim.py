"""Sentences with their evidence: how strong it is called, and which losses say nothing."""

from __future__ import annotations

import math
from dataclasses import FrozenInstanceError

import pytest
import synthetic

from reportgen.analysis.cells import cell_table
from reportgen.analysis.claim import Claim, discrimination, evidence_strength, interval_excludes
from reportgen.analysis.ranking import best_cells


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


def test_losses_on_which_all_or_none_succeed_do_not_discriminate() -> None:
    made = synthetic.results(optimizers=("gradient_descent", "momentum", "adam"), starts=3, steps=50)
    top = best_cells(cell_table(made))
    solved = {"quartic": [3, 3, 3], "rosenbrock": [0, 0, 0], "beale": [3, 1, 2]}
    told = discrimination(top.assign(runs=3, solved=[n for loss in top["loss"].unique() for n in solved[loss]]))
    assert (told.everyone, told.no_one, told.losses) == (("quartic",), ("rosenbrock",), 3)


def test_a_failed_optimizer_did_not_succeed() -> None:
    made = synthetic.results(
        [synthetic.QUARTIC], ("adam", "momentum"), starts=3, steps=400, failed=[("quartic", "adam")]
    )
    top = best_cells(cell_table(made))
    assert discrimination(top).everyone == ()
    assert discrimination(top.assign(solved=0)).no_one == ("quartic",)


def test_one_optimizer_alone_or_none_has_nobody_to_be_told_from() -> None:
    top = best_cells(cell_table(synthetic.results([synthetic.QUARTIC], ("adam",), [0.1], starts=2, steps=400)))
    for solved in (0, 2):
        told = discrimination(top.assign(solved=solved))
        assert told.everyone == told.no_one == ()
    assert discrimination(top.iloc[:0]).losses == 0
