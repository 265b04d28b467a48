"""How often the tests of the regression gate err: ``benchmarks/error_rates.py`` in small, on random differences."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from reportgen.analysis.compare.gate_tests import OptimizerTests, optimizer_tests
from reportgen.analysis.compare.model import Thresholds
from reportgen.analysis.compare.units import PairUnits
from reportgen.analysis.sign_flips import mean_interval

pytestmark = pytest.mark.slow

UNITS = 9
DRAWS = 200
ASKED = Thresholds()


def units(effect: np.ndarray, solved: np.ndarray | None = None, loss: str = "a", first: int = 0) -> PairUnits:
    """Units of a loss of which base solves 30 runs."""
    change = np.zeros(len(effect)) if solved is None else solved
    number = np.arange(first, first + len(effect))
    return PairUnits(loss, "start", number, effect, change, int(30 + max(change.sum(), 0)))


def drawn(means: list[float], spread: float, seed: int = 0) -> Iterator[OptimizerTests]:
    """The tests of random comparisons of losses with these mean effects; clipped and tied as real ones are."""
    random = np.random.default_rng(seed)
    for _ in range(DRAWS):
        effects = [np.clip(mean + spread * random.standard_t(2, UNITS), -2, 2) for mean in means]
        solved = [
            np.round(effect - mean) * random.integers(0, 2, UNITS) for effect, mean in zip(effects, means, strict=True)
        ]
        losses = [units(*pair, loss=str(place)) for place, pair in enumerate(zip(effects, solved, strict=True))]
        yield optimizer_tests(losses, ASKED)


def is_worse(found: OptimizerTests) -> bool:
    return any(test.is_worse for pair in found.pairs for test in pair) or (
        found.pool is not None and found.pool.is_worse
    )


def is_better(found: OptimizerTests) -> bool:
    return any(test.is_better for pair in found.pairs for test in pair) or (
        found.pool is not None and found.pool.is_better
    )


@pytest.mark.parametrize("losses", [1, 3, pytest.param(8, marks=pytest.mark.slow)])
def test_chance_fails_at_most_one_gate_in_twenty(losses: int) -> None:
    found = list(drawn([0.0] * losses, 0.5))
    # The bound of 5 % plus three standard errors of 200 draws.
    assert np.mean([is_worse(each) for each in found]) <= 0.096
    assert np.mean([is_better(each) for each in found]) <= 0.096


def test_a_small_change_on_all_losses_fails_nearly_every_gate() -> None:
    found = list(drawn([-0.4] * 3, 0.25))
    assert np.mean([is_worse(each) for each in found]) >= 0.95
    assert np.mean([is_better(each) for each in found]) <= 0.02


def test_opposite_changes_on_several_losses_do_not_cancel() -> None:
    found = list(drawn([-0.5, 0.5, -0.5, 0.5], 0.2))
    assert np.mean([is_worse(each) and is_better(each) for each in found]) >= 0.9
    pools = [each.pool for each in found if each.pool]
    assert len(pools) == DRAWS
    assert np.mean([pool.is_worse for pool in pools]) >= 0.7


def test_one_loss_among_many_that_hardly_change_is_found() -> None:
    rng = np.random.default_rng(0)
    quiet = [units(1e-3 * rng.normal(size=UNITS), loss=str(place)) for place in range(40)]
    found = optimizer_tests([units(np.full(UNITS, -1.0) + 0.3 * rng.normal(size=UNITS)), *quiet], ASKED)
    assert found.pairs[0][0].is_worse
    assert not any(test.is_worse or test.is_better for pair in found.pairs[1:] for test in pair)


def test_solved_runs_alone_fail_a_gate() -> None:
    found = optimizer_tests([units(np.zeros(UNITS), np.full(UNITS, -1.0))], ASKED)
    evaluations, solved = found.pairs[0]
    assert (evaluations.is_worse, solved.is_worse) == (False, True)
    assert solved.size == pytest.approx((0.3, -0.3))
    few = optimizer_tests([units(np.zeros(UNITS), np.append(np.zeros(UNITS - 2), [-1, -1]))], ASKED)
    assert not few.pairs[0][1].is_worse


def test_variants_of_a_loss_are_flipped_together() -> None:
    effect = np.array([-1.0, -1.0, -1.0, 1.0, -1.0])
    variants = optimizer_tests([units(effect), units(effect)], ASKED).pool
    independent = optimizer_tests([units(effect), units(effect, loss="b")], ASKED).pool
    assert variants
    assert independent
    assert variants.p[0] > 2 * independent.p[0]
    other_starts = optimizer_tests([units(effect), units(effect, first=5)], ASKED).pool
    assert other_starts
    assert other_starts.p[0] == pytest.approx(independent.p[0], rel=0.2)


@pytest.mark.parametrize("direction", [-1, 1])
def test_a_difference_of_the_minimum_effect_is_rarely_called_the_same(direction: int) -> None:
    random = np.random.default_rng(1)
    called_same = 0
    for row in direction * ASKED.log2 + 0.02 * random.standard_t(3, (1000, UNITS)):
        found = mean_interval(row, ASKED.level)
        assert found
        called_same += -ASKED.log2 < found[0] and found[1] < ASKED.log2
    assert 0.02 < called_same / 1000 < 0.065
