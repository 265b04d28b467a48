"""Every built-in optimizer against independent implementations, and its hyperparameters as it declares them."""

from __future__ import annotations

import dataclasses

import numpy as np
import programs
import pytest

from reportgen import catalogue
from reportgen.optimizer import hyperparameters

# Rosenbrock from (-1.2, 1), float64, 100 steps, computed with PyTorch, optax or Keras on one shared gradient.
FINAL = {
    ("gradient_descent", 1e-3): (-0.948186378540191, 0.907094100353937),
    ("momentum", 2e-4): (-0.805849331375845, 0.656832974647697),
    ("nesterov", 2e-4): (-0.854321862335936, 0.737910739939711),
    ("adagrad", 0.1): (-0.998940438134699, 1.00409867683165),
    ("rmsprop", 0.001): (-1.10143260095209, 1.09884989147981),
    ("adam[epsilon=1e-07]", 0.05): (-0.907633009525753, 0.829003410256823),
}


@pytest.mark.parametrize(("optimizer", "rate"), FINAL)
def test_final_point_is_that_of_independent_implementations(optimizer: str, rate: float) -> None:
    result = programs.run("rosenbrock", optimizer, (rate,), steps=100, dtype="float64")
    np.testing.assert_allclose(result.final_x[0], FINAL[optimizer, rate], rtol=1e-12)


def test_every_built_in_optimizer_is_verified_here() -> None:
    assert {name.partition("[")[0] for name, _ in FINAL} == set(catalogue.optimizers())


def test_centered_rmsprop_divides_by_the_standard_deviation() -> None:
    result = programs.run("quartic", "rmsprop[centered=true,epsilon=0.5]", (0.01,), steps=2, dtype="float64")
    x, square, mean = 2.0, 0.0, 0.0
    for _ in range(2):
        g = 8 * x**3 + 9 * x**2
        square, mean = 0.9 * square + 0.1 * g * g, 0.9 * mean + 0.1 * g
        x -= 0.01 * g / (np.sqrt(square - mean * mean) + 0.5)
    assert result.final_x[0, 0] == pytest.approx(x, rel=1e-13)


@pytest.mark.parametrize("name", catalogue.optimizers())
def test_it_says_what_it_is(name: str) -> None:
    kind = catalogue.optimizers()[name]
    assert kind.title
    assert kind.formula
    assert kind.source
    assert kind.__doc__
    for item in hyperparameters(kind).values():
        assert item.doc, item.name
        assert item.problem_with(item.default) is None
    with pytest.raises(dataclasses.FrozenInstanceError):
        kind().title = "other"  # type: ignore[misc]
