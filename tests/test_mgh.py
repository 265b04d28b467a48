"""The problems of Moré, Garbow and Hillstrom: values at their standard starts and minima, as published."""

from __future__ import annotations

import numpy as np
import pytest
from loss_forms import mgh
from loss_points import value_and_gradient

from reportgen import catalogue
from reportgen.loss import Loss

pytestmark = pytest.mark.slow

LOSSES = {name: each for name, each in catalogue.losses().items() if "Moré, Garbow and Hillstrom" in each.source}

MINIMA = {
    ("freudenstein_roth", 2): 0.0,
    ("powell_badly_scaled", 2): 0.0,
    ("brown_badly_scaled", 2): 0.0,
    ("beale", 2): 0.0,
    ("jennrich_sampson", 2): 124.362,
    ("helical_valley", 3): 0.0,
    ("bard", 3): 8.21487e-3,
    ("gaussian", 3): 1.12793e-8,
    ("meyer", 3): 87.9458,
    ("gulf", 3): 0.0,
    ("box_3d", 3): 0.0,
    ("powell_singular", 4): 0.0,
    ("wood", 4): 0.0,
    ("kowalik_osborne", 4): 3.07505e-4,
    ("brown_dennis", 4): 85822.2,
    ("osborne_1", 5): 5.46489e-5,
    ("biggs_exp6", 6): 0.0,
    ("osborne_2", 11): 4.01377e-2,
    ("watson", 6): 2.28767e-3,
    ("extended_rosenbrock", 10): 0.0,
    ("penalty_1", 4): 2.24997e-5,
    ("penalty_1", 10): 7.08765e-5,
    ("penalty_2", 4): 9.37629e-6,
    ("variably_dimensioned", 10): 0.0,
    ("trigonometric", 10): 0.0,
    ("brown_almost_linear", 5): 0.0,
    ("discrete_boundary_value", 10): 0.0,
    ("broyden_tridiagonal", 10): 0.0,
    ("broyden_banded", 10): 0.0,
    ("linear_full_rank", 10): 10.0,
    ("linear_rank_1", 10): 10 * 9 / (2 * 21),
    ("chebyquad", 8): 3.51687e-3,
}
"""The minimum by loss and dimension, to the six digits of the paper's section 3.

Kowalik and Osborne's is printed as 3.07505e-4, where 3.075056e-4 would round to 3.07506e-4; the paper cuts digits off.
"""

STARTS = {
    "freudenstein_roth": 400.5,
    "powell_badly_scaled": 1.1352617173483784,
    "brown_badly_scaled": 999998000003.0,
    "jennrich_sampson": 4171.306161960493,
    "helical_valley": 2500.0,
    "bard": 41.681695861678005,
    "gaussian": 3.8881069911666615e-6,
    "meyer": 1693607809.4361459,
    "gulf": 12.110705825569488,
    "box_3d": 1031.1538106093983,
    "powell_singular": 215.0,
    "wood": 19192.0,
    "kowalik_osborne": 0.0053131722721085422,
    "brown_dennis": 7926693.3369974324,
    "osborne_1": 0.87902629354464049,
    "biggs_exp6": 0.77907007565597045,
    "osborne_2": 2.0934195142120637,
    "watson": 30.0,
    "extended_rosenbrock": 121.0,
    "penalty_1": 885.06264,
    "penalty_2": 2.3400088054630245,
    "variably_dimensioned": 2198551.1625,
    "trigonometric": 0.0070757594662222023,
    "brown_almost_linear": 36.9384765625,
    "discrete_boundary_value": 0.00078851910126482151,
    "broyden_tridiagonal": 21.0,
    "broyden_banded": 360.0,
    "linear_full_rank": 50.0,
    "linear_rank_1": 1158585.0,
    "chebyquad": 0.038617698285930303,
}
"""The value at the standard start, from the paper's formulas with 45 digits."""

GRADIENTS = {
    "freudenstein_roth": (30.0, -1272.0),
    "powell_badly_scaled": (-20000.735558882343, -0.2705969905849911),
    "brown_badly_scaled": (-2000000.0, -4.0e-6),
    "jennrich_sampson": (33796.558823846981, 87402.146670344895),
    "powell_singular": (306.0, -144.0, -2.0, -310.0),
    "wood": (-12008.0, -2080.0, -10808.0, -1880.0),
    "box_3d": (98.223431498492169, -2.1193742067587369, 112.3881736222035),
    "brown_dennis": (1149322.8363658949, 1779291.6743397856, -254579.58546352089, -173400.42925311537),
}
"""The gradient at the standard start, with 50 digits."""


def values(loss: Loss, *points: tuple[float, ...]) -> np.ndarray:
    return np.asarray(value_and_gradient(loss, points)[0])


@pytest.mark.parametrize(("name", "dim"), MINIMA, ids=str)
def test_the_minimum_is_the_published_one(name: str, dim: int) -> None:
    loss, published = LOSSES[name].at(dim), MINIMA[name, dim]
    # Six digits, of which the last may have been rounded or cut off.
    assert loss.minimum == pytest.approx(published, rel=1e-5, abs=0)
    # Meyer's residuals are small differences of numbers up to 34780, and lose two digits.
    np.testing.assert_allclose(values(loss, *loss.minima), loss.minimum, rtol=1e-11, atol=1e-18)


@pytest.mark.parametrize("name", STARTS)
def test_the_value_at_the_standard_start_is_that_of_the_paper(name: str) -> None:
    loss = LOSSES[name]
    np.testing.assert_allclose(values(loss, loss.start), STARTS[name], rtol=1e-12)


@pytest.mark.parametrize("name", GRADIENTS)
def test_the_gradient_at_the_standard_start_is_known(name: str) -> None:
    loss = LOSSES[name]
    _, gradient = value_and_gradient(loss, [loss.start])
    np.testing.assert_allclose(gradient[:, 0], GRADIENTS[name], rtol=1e-12, atol=1e-15)


def test_all_are_sums_of_squares_and_have_a_form() -> None:
    assert LOSSES.keys() == STARTS.keys() | {"rosenbrock", "beale"}
    for name, loss in LOSSES.items():
        assert "sum-of-squares" in loss.tags
        assert name in mgh.FORMS or name in ("rosenbrock", "beale")


@pytest.mark.parametrize(
    ("name", "where", "expected"),
    [
        ("freudenstein_roth", "local_minima", 48.984253679240021),
        ("biggs_exp6", "local_minima", 0.00565564992549993),
        ("biggs_exp6", "saddles", 0.00565564992549993),
        ("trigonometric", "local_minima", 2.79505612187945628e-5),
        ("wood", "saddles", 7.87696716517687),
        ("brown_almost_linear", "saddles", 1.0),
    ],
)
def test_other_stationary_points_have_the_known_values(name: str, where: str, expected: float) -> None:
    loss = LOSSES[name]
    value, gradient = value_and_gradient(loss, getattr(loss, where))
    np.testing.assert_allclose(value, expected, rtol=1e-12)
    np.testing.assert_allclose(gradient, 0, atol=1e-10)


def test_box_3d_has_the_value_of_either_start_that_is_in_use() -> None:
    """The paper starts at (0, 10, 20); CUTEst has (0, 10, 1) instead."""
    loss = LOSSES["box_3d"]
    assert loss.start == (0, 10, 20)
    expected = mgh.FORMS["box_3d"](0, 10, 1).evalf(20)
    np.testing.assert_allclose(values(loss, (0.0, 10.0, 1.0)), float(expected), rtol=1e-13)


@pytest.mark.parametrize("dim", [2, 3, 5, 6, 7, 9, 10, 100])
def test_roots_without_a_closed_form_are_found_in_any_dimension(dim: int) -> None:
    for name in ("discrete_boundary_value", "broyden_tridiagonal", "broyden_banded", "penalty_1", "trigonometric"):
        loss = LOSSES[name].at(dim)
        value, gradient = value_and_gradient(loss, loss.minima)
        np.testing.assert_allclose(value, loss.minimum, rtol=1e-13, atol=1e-24)
        np.testing.assert_allclose(gradient, 0, atol=1e-13)


def test_the_helical_valley_turns_where_the_paper_turns() -> None:
    """The angle is continuous across the negative first axis and jumps across the negative second one."""
    loss = LOSSES["helical_valley"]
    above, below = values(loss, (-1.0, 1e-9, 0.0), (-1.0, -1e-9, 0.0))
    assert above == pytest.approx(below, rel=1e-8)
    np.testing.assert_allclose(values(loss, (-1.0, -0.0, 0.0)), 2500.0)
    right, left = values(loss, (1e-9, -1.0, 0.0), (-1e-9, -1.0, 0.0))
    assert right == pytest.approx(625.0, rel=1e-6)
    assert left == pytest.approx(5625.0, rel=1e-6)


def test_gradients_are_finite_where_a_root_or_a_logarithm_has_none() -> None:
    for name, point in (
        ("helical_valley", (0.0, 0.0, 1.0)),
        ("gulf", (50.0, 25 + (-50 * np.log(0.5)) ** (2 / 3), 1.5)),
    ):
        value, gradient = value_and_gradient(LOSSES[name], [point])
        assert np.isfinite(value).all()
        assert np.isfinite(gradient).all()
