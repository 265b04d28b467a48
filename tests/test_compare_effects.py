"""How runs of base and head are compared one by one, and what counts as one draw."""

from __future__ import annotations

import numpy as np
import pytest

from reportgen.analysis.compare.effects import SideRuns, log2_ratios, run_effects
from reportgen.analysis.compare.units import mean_by, unit_noun
from reportgen.analysis.outcomes import LOST


def _runs(t: list[list[float]], outcome: str = "exhausted", gap: float = 1.0) -> SideRuns:
    n = len(t)
    return SideRuns(
        t=np.array(t),
        budget=np.full(n, 100.0),
        gap=np.full(n, gap),
        lost=np.full(n, outcome in LOST),
        solved=np.full(n, outcome == "solved"),
    )


def test_a_run_that_used_up_its_steps_is_not_taken_for_slower_than_known() -> None:
    base = _runs([[10.0], [90.0], [99.0]], "solved")
    late = log2_ratios(base, _runs([[np.inf]] * 3)).ravel()
    assert late == pytest.approx([-2, np.log2(0.9), np.log2(0.99)])
    lost = log2_ratios(base, _runs([[np.inf]] * 3, "diverged")).ravel()
    assert lost == pytest.approx([-2, -2, -2])


def test_if_neither_side_hit_a_target_the_final_gaps_are_compared() -> None:
    none = [[np.inf, np.inf]]
    assert np.isnan(log2_ratios(_runs(none), _runs(none, "diverged"))).all()
    assert run_effects(_runs(none, gap=1.0), _runs(none, gap=2.0), 0.5) == pytest.approx([-1])
    assert run_effects(_runs(none, gap=0.1), _runs(none, gap=0.2), 0.5) == pytest.approx([0])
    assert run_effects(_runs(none), _runs(none, "diverged"), 0.5) == pytest.approx([-2])
    assert np.isnan(run_effects(_runs(none, "failed"), _runs(none, "diverged"), 0.5)).all()
    assert run_effects(_runs([[10.0, np.inf]]), _runs([[20.0, np.inf]]), 0.5) == pytest.approx([-1])


@pytest.mark.parametrize(
    ("starts", "seeds", "noisy", "minibatches", "expected"),
    [
        (9, 1, False, False, "start"),
        (9, 3, True, False, "start"),
        (1, 3, True, False, "seed"),
        (1, 3, False, False, "start"),
        (9, 3, True, True, "seed"),
        (9, 1, True, True, "start"),
    ],
)
def test_what_a_unit_is(starts: int, seeds: int, noisy: bool, minibatches: bool, expected: str) -> None:
    start, seed = (each.ravel() for each in np.meshgrid(np.arange(starts), np.arange(seeds)))
    assert unit_noun(start, seed, noisy=noisy, minibatches=minibatches) == expected


def test_the_mean_of_a_unit_leaves_out_what_is_not_known() -> None:
    number, values = np.array([7, 3, 7, 3, 5]), np.array([1.0, 4.0, np.nan, 2.0, np.nan])
    assert mean_by(number, values).tolist() == [3.0, 0.0, 1.0]
