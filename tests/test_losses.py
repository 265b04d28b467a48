"""Every built-in loss: its facts hold, and its gradient is finite and the gradient."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from math import inf
from typing import Any

import numpy as np
import pytest
from latex2mathml.converter import convert
from loss_points import curvatures, grid, inside, loss_graph, value_and_gradient

from reportgen import catalogue
from reportgen.loss import Loss
from reportgen.tf_setup import import_tensorflow

pytestmark = pytest.mark.slow

import_tensorflow()
LOSSES = catalogue.losses()
OTHER = {"two_spirals": 21, "bilinear_regression": 16}
"""Dimensions besides the default ones; 20 where nothing is said, but no network or square has so many weights."""
CASES = [*LOSSES.values(), *(loss.at(OTHER.get(name, 20)) for name, loss in LOSSES.items() if loss.default_dim)]
CASES += [LOSSES["rosenbrock"].at(dim) for dim in (4, 5, 6, 7)]
CASES += [LOSSES["quadratic"].at(3, condition=1000.0, seed=7), LOSSES["quadratic"].at(100)]


def each(losses: Iterable[Loss]) -> Any:
    """The test is run for each of them."""
    return pytest.mark.parametrize("loss", list(losses), ids=lambda loss: loss.label)


EACH_BY_NAME = each(LOSSES.values())
ANY_DIMENSION = each(loss for loss in LOSSES.values() if loss.default_dim and not loss.samples)

# Polished by Newton's method with 50 digits, elsewhere and not from our code: some global minimizers, and the value.
POLISHED: dict[str, tuple[list[tuple[float, ...]], float]] = {
    "quartic": ([(-1.125,)], 0.93212890625),
    "forrester": ([(0.75724875784185587,)], -6.0207400557670828),
    "himmelblau": (
        [
            (-2.8051180869527449, 3.131312518250573),
            (-3.7793102533777469, -3.2831859912861694),
            (3.5844283403304917, -1.8481265269644036),
        ],
        0.0,
    ),
    "six_hump_camel": ([(0.089842013100318062, -0.71265640302073963)], -1.0316284534898774),
    "mccormick": ([(-0.54719755119659775, -1.5471975511965977)], -1.9132229549810364),
    "styblinski_tang": ([(-2.9035340277711771, -2.9035340277711771)], -78.332331407542831),
    "easom": ([(3.1415926535897932, 3.1415926535897932)], -1.0),
    "branin": ([(-3.1415926535897932, 12.275), (9.4247779607693797, 2.475)], 0.39788735772973834),
    "trid": ([(2.0, 2.0)], -2.0),
    "dixon_price": ([(1.0, 0.70710678118654752), (1.0, -0.70710678118654752)], 0.0),
    "shubert": (
        [(-7.0835064076515596, 4.8580568788598255), (-0.80032110047197312, -1.425128428319761)],
        -186.73090883102383,
    ),
}


@pytest.fixture(scope="module", params=CASES, ids=lambda loss: loss.label)
def loss(request: pytest.FixtureRequest) -> Loss:
    """Each of the cases. pytest runs all tests of one case before the next, so they share what is traced."""
    found: Loss = request.param
    return found


@pytest.fixture(scope="module")
def evaluations(loss: Loss) -> tuple[Any, Any]:
    """Values [points] and gradients [dim, points] at many points of the domain, the first 1,000 of them random."""
    return value_and_gradient(loss, np.concatenate([inside(loss, 5_000 if loss.samples else 20_000), grid(loss)]))


@pytest.fixture(scope="module")
def scales(evaluations: tuple[Any, Any]) -> tuple[float, float]:
    """How large a value and a gradient of this loss typically are: the median over its domain, at least 1."""
    value, gradient = (each[..., :1_000] for each in evaluations)
    return max(1.0, np.median(np.abs(value))), max(1.0, np.median(np.linalg.norm(gradient, axis=0)))


def outward(loss: Loss, points: Any, gradient: Any) -> Any:
    """The gradient [dim, points] without what pulls a point on the edge of the domain out of it."""
    low, high = np.array(loss.domain).T[:, :, np.newaxis]
    at = np.array(points).T
    return np.where(((at == low) & (gradient > 0)) | ((at == high) & (gradient < 0)), 0, gradient)


def test_minimum_is_the_value_at_each_minimizer(loss: Loss, scales: tuple[float, float]) -> None:
    if not loss.minima:
        assert {"unbounded", "task"} & set(loss.tags)
        return
    value, gradient = value_and_gradient(loss, loss.minima)
    scale, slope = scales
    np.testing.assert_allclose(value, loss.minimum, rtol=1e-14, atol=1e-14 * scale)
    np.testing.assert_allclose(outward(loss, loss.minima, gradient), 0, atol=1e-10 * slope)


@pytest.mark.parametrize(
    "loss", [each for each in CASES if each.local_minima or each.saddles], ids=lambda loss: loss.label, indirect=True
)
def test_declared_stationary_points_are_minima_and_saddles(loss: Loss, scales: tuple[float, float]) -> None:
    assert loss.local_minima or loss.saddles
    _, slope = scales
    for points, lowest in ((loss.local_minima, True), (loss.saddles, False)):
        if points:
            value, gradient = value_and_gradient(loss, points)
            np.testing.assert_allclose(gradient, 0, atol=1e-10 * slope)
            assert (value > loss.minimum).all()
            assert (value - loss.minimum > 1e-10).all()
            spectrum = curvatures(loss, points)
            flat = 1e-9 * np.abs(spectrum).max(axis=1)
            assert ((spectrum[:, 0] >= -flat) if lowest else (spectrum[:, 0] <= flat)).all()


def test_no_lower_value_is_in_the_domain(loss: Loss, evaluations: tuple[Any, Any]) -> None:
    value, _ = evaluations
    assert value.min() >= loss.minimum - 1e-14 * abs(loss.minimum if loss.minimum > -inf else 0)


@EACH_BY_NAME
def test_lower_values_outside_the_domain_are_declared(loss: Loss) -> None:
    low, high = np.array(loss.domain).T
    random, width = np.random.default_rng(0), high - low
    far = [random.uniform(low - k * width, high + k * width, (4_000, loss.dim)) for k in (0.5, 2, 10)]
    lowest = np.nanmin(value_and_gradient(loss, np.concatenate(far))[0])
    assert loss.domain_only == (lowest < loss.minimum - 1e-6)


def test_gradient_is_that_of_finite_differences(loss: Loss) -> None:
    points, width = inside(loss, 50), 1e-6
    low, high = np.array(loss.domain).T
    along = (high - low) * np.random.default_rng(2).normal(size=points.shape)
    value, gradient = value_and_gradient(loss, np.concatenate([points, points + width * along, points - width * along]))
    _, ahead, behind = value.reshape(3, -1)
    slope = (gradient[:, :50].T * along).sum(axis=1)
    np.testing.assert_allclose(slope, (ahead - behind) / (2 * width), rtol=1e-5, atol=1e-5 * np.median(np.abs(slope)))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_it_is_finite_on_its_domain_and_keeps_the_dtype(loss: Loss, dtype: str, evaluations: tuple[Any, Any]) -> None:
    points = np.concatenate([inside(loss, 5_000), grid(loss)])
    value, gradient = evaluations if dtype == "float64" else value_and_gradient(loss, points, dtype)
    assert len(value) >= len(points)
    assert value.dtype == gradient.dtype == np.dtype(dtype)
    assert np.isfinite(value).all()
    assert np.isfinite(gradient).all()


def test_tags_are_true(loss: Loss, evaluations: tuple[Any, Any]) -> None:
    assert ("n-d" in loss.tags) == (loss.default_dim is not None)
    assert ("unbounded" in loss.tags) == (loss.minimum == -inf)
    if "convex" in loss.tags:
        first, second = inside(loss, 4_000).reshape(2, -1, loss.dim)
        value, _ = value_and_gradient(loss, np.concatenate([(first + second) / 2, first, second]))
        middle, *both = value.reshape(3, -1)
        ends = sum(both) / 2
        assert (middle <= ends + 1e-13 * np.abs(ends)).all()
    if "sum-of-squares" in loss.tags:
        assert min(evaluations[0].min(), loss.minimum) >= 0


@EACH_BY_NAME
def test_missing_tags_do_not_apply(loss: Loss) -> None:
    assert "saddle" not in loss.tags or loss.saddles
    assert "multimodal" in loss.tags or not (loss.local_minima or (loss.minima[1:] and "convex" not in loss.tags))


@each(loss for loss in LOSSES.values() if loss.minima and "non-smooth" not in loss.tags)
def test_ill_conditioned_are_those_whose_curvatures_at_a_minimizer_differ_a_hundredfold(loss: Loss) -> None:
    # From beside the minimizer, where the power of a vanishing coordinate still has a second derivative.
    spectrum = np.abs(curvatures(loss, np.array(loss.minima) * (1 + 1e-9) + 1e-9))
    spread = (spectrum.max(axis=1) / np.maximum(spectrum.min(axis=1), 1e-300)).max()
    assert ("ill-conditioned" in loss.tags) == (spread > 99.9), f"they differ by a factor of {spread:.4g}"


def test_its_formula_can_be_shown(loss: Loss) -> None:
    shown = convert(loss.formula)
    assert "\\" not in shown
    assert "merror" not in shown


@each(loss for loss in LOSSES.values() if loss.minima and loss.minimum == 0)
def test_near_a_minimum_of_zero_float32_gives_nothing_negative(loss: Loss) -> None:
    points = np.array(loss.minima[0]) + np.random.default_rng(3).normal(scale=1e-3, size=(1_000, loss.dim))
    value, _ = value_and_gradient(loss, points, "float32")
    assert value.min() >= 0


@pytest.mark.parametrize("name", ["goldstein_price", "strict_saddle", "drop_wave"])
def test_rounding_gives_no_value_below_the_minimum(name: str) -> None:
    loss = LOSSES[name]
    points = np.array(loss.minima[0]) + np.random.default_rng(3).normal(scale=1e-3, size=(10_000, 2))
    value, _ = value_and_gradient(loss, points, "float32")
    assert value.min() >= loss.minimum


@each(loss for loss in LOSSES.values() if loss.minima and loss.minimum != 0 and "sum-of-squares" not in loss.tags)
def test_near_any_other_minimum_float32_rounds_its_last_digits_only(loss: Loss) -> None:
    # Where it is a sum of the squares of larger numbers, more than its last digits are lost.
    points = np.array(loss.minima[0]) + np.random.default_rng(3).normal(scale=1e-3, size=(1_000, loss.dim))
    value, _ = value_and_gradient(loss, np.clip(points, *np.array(loss.domain).T), "float32")
    assert value.min() >= loss.minimum - 1e-6 * abs(loss.minimum)


@ANY_DIMENSION
def test_ten_thousand_coordinates_cost_no_more_each_than_a_hundred(loss: Loss) -> None:
    # A product is halved until one number is left, which takes twice as many operations, each on fewer numbers.
    many, hundred = (
        len(loss_graph(loss.at(dim), "value_and_gradient", "float32").graph.get_operations()) for dim in (10_000, 100)
    )
    assert many <= 3 * hundred
    large = loss.at(10_000)
    value, gradient = value_and_gradient(large, [large.start, inside(large, 1)[0]], "float32")
    assert np.isfinite(value).all()
    assert np.isfinite(gradient).all()


def test_no_two_losses_share_a_name() -> None:
    package = importlib.import_module("reportgen.builtin_losses")
    modules = [
        importlib.import_module(f"reportgen.builtin_losses.{found.name}")
        for found in pkgutil.iter_modules(package.__path__)
    ]
    declared = [member for module in modules for member in vars(module).values() if isinstance(member, Loss)]
    names = [name for loss in declared for name in (loss.name, *loss.aliases)]
    assert sorted(names) == sorted(set(names))
    assert {loss.name for loss in declared} == set(LOSSES)


@EACH_BY_NAME
def test_it_is_described(loss: Loss) -> None:
    assert loss.source
    assert loss.note.endswith((".", "!"))
    assert loss.title[0].isupper()


@pytest.mark.parametrize(("name", "expected"), [("quartic", 58.0), ("rosenbrock", 24.2), ("beale", 14.203125)])
def test_value_at_the_standard_start_is_that_of_the_literature(name: str, expected: float) -> None:
    loss = LOSSES[name]
    value, _ = value_and_gradient(loss, [loss.start])
    assert value[0] == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("name", POLISHED)
def test_minimizers_are_those_polished_with_fifty_digits(name: str) -> None:
    points, value = POLISHED[name]
    assert LOSSES[name].minimum == pytest.approx(value, rel=1e-15)
    for point in points:
        assert any(known == pytest.approx(point, rel=1e-15) for known in LOSSES[name].minima)


def test_a_dimension_that_a_loss_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="fixed dimension of the loss"):
        LOSSES["beale"].at(3)
    with pytest.raises(ValueError, match="expected dim >= 2"):
        LOSSES["rosenbrock"].at(1)
