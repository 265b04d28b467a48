"""What every built-in optimizer says of itself, that the evidence covers it, and trajectories in closed form."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import programs
import pytest
from optimizer_cases import CASES

from reportgen import catalogue
from reportgen.engine.result import ProgramResult
from reportgen.optimizer import Hyperparameter, hyperparameters
from reportgen.report import formula

BUILT_IN = catalogue.optimizers()
WRAPPERS = {name for name, kind in BUILT_IN.items() if any(item.wraps for item in hyperparameters(kind).values())}

# Rosenbrock from (-1.2, 1), float64, 100 steps, computed once with PyTorch, optax, Keras or TensorFlow's kernels: some
# of the table's evidence, in numbers that no script of this repository can change.
FINAL = {
    ("gradient_descent", 1e-3): (-0.948186378540191, 0.907094100353937),
    ("momentum", 2e-4): (-0.805849331375845, 0.656832974647697),
    ("nesterov", 2e-4): (-0.854321862335936, 0.737910739939711),
    ("adagrad", 0.1): (-0.998940438134699, 1.00409867683165),
    ("adagrad[epsilon_inside=true]", 0.1): (-0.998940438096916, 1.00409867675458),
    ("rmsprop", 0.001): (-1.10143260095209, 1.09884989147981),
    ("rmsprop[epsilon_inside=true]", 0.001): (-1.10143260088711, 1.09884989166031),
    ("adadelta", 1.0): (-1.06317507693007, 1.13251730025844),
    ("adam[epsilon=1e-07]", 0.05): (-0.907633009525753, 0.829003410256823),
    ("adamw[epsilon=1e-07]", 0.05): (-0.871304813228519, 0.765257685971272),
    ("adamax[epsilon=1e-07]", 0.05): (-1.0232919291177, 1.05252938205314),
    ("lion", 0.01): (-0.619999999999999, 0.399999999999999),
    ("yogi", 0.05): (-0.910413094504168, 0.834557909481682),
    ("lamb", 0.01): (-0.717254028656782, 0.522576081987899),
}


@pytest.fixture(scope="module")
def finals() -> dict[str, ProgramResult]:
    """The results for that table, by optimizer."""
    return programs.run_together("rosenbrock", dict(FINAL.keys()), steps=100, dtype="float64")


@pytest.mark.slow
@pytest.mark.parametrize(("optimizer", "rate"), FINAL)
def test_final_point_is_that_of_independent_implementations(
    optimizer: str, rate: float, finals: dict[str, ProgramResult]
) -> None:
    np.testing.assert_allclose(finals[optimizer].final_x[0], FINAL[optimizer, rate], rtol=1e-12)


LIBRARIES = {
    "torch": "PyTorch 2.13",
    "optax": "optax 0.2.8",
    "pytorch_optimizer": "pytorch_optimizer 4.1",
    "keras": "Keras 3.15",
    "kernel": "TensorFlow's kernel",
    "paper": "50-digit",
}


# A wrapper's trajectory hangs on its base: test_wrappers.py has the evidence for it.
@pytest.mark.parametrize("name", sorted(BUILT_IN.keys() - WRAPPERS))
def test_the_evidence_covers_it_and_each_of_its_hyperparameters(name: str) -> None:
    rows = [row for row in CASES if row.optimizer == name]
    assert len(rows) > 1
    assert all(row.oracles for row in rows)
    used = {LIBRARIES[oracle.library] for row in rows for oracle in row.oracles}
    assert used == {library for library in LIBRARIES.values() if library in BUILT_IN[name].verified}
    declared = {key: item for key, item in hyperparameters(BUILT_IN[name]).items() if key != "schedule"}
    varied = {key for row in rows for key, value in row.settings.items() if value != declared[key].default}
    assert varied == declared.keys()


@pytest.mark.parametrize("name", BUILT_IN)
def test_metadata_is_complete(name: str) -> None:
    kind = BUILT_IN[name]
    assert kind.title
    assert kind.source
    assert kind.verified
    assert kind.__doc__
    # What the converter does not know it leaves as it is.
    assert "<code>" not in formula.math_block(kind.formula)
    assert "\\" not in formula.math_block(kind.formula)
    for item in hyperparameters(kind).values():
        assert item.doc, item.name
        assert item.validation_error(item.default) is None
        assert "\\" not in formula.math_inline(item.symbol)
    with pytest.raises(dataclasses.FrozenInstanceError):
        kind().title = "other"  # type: ignore[misc]


def test_values_outside_of_their_range_are_named() -> None:
    beta = Hyperparameter("beta", 0.9, structural=False, low=0, high=1)
    assert beta.validation_error(1.5) == "expected a value <= 1"


QUADRATIC = '''
from reportgen.loss import loss

@loss(minima=[(0.0, 0.0)], minimum=0.0, start=(1.0, -2.0), domain=[(-3.0, 3.0)] * 2, formula="", source="test")
def quadratic(x, y):
    """Curvatures 1 and 16."""
    return 0.5 * (x * x) + 8 * (y * y)
'''
CURVATURES = np.array([1.0, 16.0])
START = np.array([1.0, -2.0])


def _path(tmp_path: Path, optimizer: str, rates: tuple[float, ...]) -> Any:
    """The positions on the quadratic after each of 60 steps, [60, 2, rates]."""
    (tmp_path / "quadratics.py").write_text(QUADRATIC)
    settings: dict[str, Any] = {"steps": 60, "trace_points": 64, "dtype": "float64", "base": tmp_path}
    return programs.run("quadratics.py:quadratic", optimizer, rates, **settings).trace_x


@pytest.mark.slow
def test_gradient_descent_on_a_quadratic_is_a_geometric_sequence(tmp_path: Path) -> None:
    rates = (1e-3, 0.03, 0.1, 0.13)  # the last one diverges slowly: 1 - 0.13 * 16 is below -1
    steps = np.arange(1, 61)[:, None, None]
    expected = (1 - np.array(rates) * CURVATURES[:, None]) ** steps * START[:, None]
    np.testing.assert_allclose(_path(tmp_path, "gradient_descent", rates), expected, rtol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_momentum_on_a_quadratic_is_a_sum_of_two_geometric_sequences(share: float, tmp_path: Path) -> None:
    rates = (1e-3, 0.01, 0.1)  # real roots where the rate is small, complex ones where it is not
    found = _path(tmp_path, f"momentum[momentum={share}]", rates)
    assert found.shape == (60, 2, len(rates))
    for coordinate, run in np.ndindex(2, len(rates)):
        pull = rates[run] * CURVATURES[coordinate]
        roots = np.roots([1, -(1 + share - pull), share]).astype(complex)
        first_two = START[coordinate] * np.array([1, 1 - pull])
        weights = np.linalg.solve([[1, 1], roots], first_two)
        expected = (roots ** np.arange(1, 61)[:, None] @ weights).real
        np.testing.assert_allclose(found[:, coordinate, run], expected, rtol=0, atol=1e-12 * abs(START[coordinate]))


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("settings", ["", "beta_1=0.5,epsilon_corrected=true"])
def test_no_weight_decay_is_adam_to_the_last_bit(settings: str, dtype: str) -> None:
    asked: dict[str, Any] = {"steps": 100, "dtype": dtype, "starts": {"random": 5}}
    plain = f"adam[{settings}]" if settings else "adam"
    decayed = f"adamw[{','.join(filter(None, [settings, 'weight_decay=0.0']))}]"
    adam, adamw = (programs.run("beale", name, (1e-3, 0.1, 10.0), **asked) for name in (plain, decayed))
    np.testing.assert_array_equal(adam.final_x, adamw.final_x)
    assert not np.array_equal(adam.final_x, programs.run("beale", "adamw", (1e-3, 0.1, 10.0), **asked).final_x)
