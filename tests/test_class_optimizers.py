"""Classes with apply_gradients, run unchanged: the compiled loop gives their eager trajectory, or says why not."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import guide_classes
import numpy as np
import programs
import pytest
import tensorflow as tf

from reportgen import catalogue

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
RATES = (1e-4, 3e-3, 1e-2)
STARTS = {"random": 2}
NAMES = ["GradientDescent", "Momentum", "Adam", "AssignedSlots", "KeyedById", "Normalised", "Checked"]


def gradient(loss: str, x: Any) -> Any:
    """Of a vector, in the operation order of the losses."""
    if loss == "quartic":
        return 8 * (x * x * x) + 9 * (x * x)
    off = x[1] - x[0] * x[0]
    return tf.stack([-400 * (x[0] * off) - 2 * (1 - x[0]), 200 * off])


def eager(kind: type, loss: str, start: Any, rate: float, steps: int, each: bool, dtype: str) -> Any:
    """The position after some steps, as TensorFlow's guide runs an optimizer."""
    takes_pairs = kind is guide_classes.KeyedById
    optimizer = kind(**{"lr" if takes_pairs else "learning_rate": rate})
    x = np.array(start, dtype)
    variables = [tf.Variable(part) for part in (x if each else [x])]
    for _ in range(steps):
        values = tf.stack(variables) if each else variables[0]
        slopes = gradient(loss, values)
        grads = tf.unstack(slopes) if each else [slopes]
        if takes_pairs:
            optimizer.apply_gradients(list(zip(grads, variables, strict=True)))
        else:
            optimizer.apply_gradients(grads, variables)
    return np.concatenate([np.atleast_1d(variable.numpy()) for variable in variables])


@pytest.mark.parametrize(
    ("name", "variables"),
    [
        *((name, variables) for name in NAMES for variables in ("one", "each")),
        ("Whitened", "one"),  # it takes one vector
    ],
)
def test_trajectory_is_that_of_the_eager_class(name: str, variables: str) -> None:
    loss = "rosenbrock"
    settings: dict[str, Any] = {"steps": 40, "starts": STARTS, "base": HERE}
    asked = [{"name": f"guide_classes.py:{name}", "variables": variables}]
    result = programs.run(loss, "", RATES, optimizers=asked, **settings)
    program = programs.program(loss, "", RATES, optimizers=asked, **settings)
    finite = result.columns["diverged_at"] == -1
    assert finite.sum() >= 3
    for run, (cell, _, start) in enumerate(program.iter_runs()):
        if not finite[run]:
            continue
        kind = getattr(guide_classes, name)
        expected = eager(kind, loss, start, cell.learning_rate, 40, variables == "each", "float32")
        way = np.abs(expected - start).max()
        np.testing.assert_allclose(result.final_x[run], expected, atol=1e-3 * way + 1e-6, err_msg=str(cell))
    assert result.note.startswith("TensorFlow compiled these steps")
    assert "first 40 steps of one run" in result.note


def test_the_guides_nine_cells_come_from_its_own_classes() -> None:
    expected = {
        "GradientDescent": ([-1, -1, -1], [-1, -1, 5], [0.04764411970973015, 0.005390834994614124]),
        "Momentum": ([-1, 80, -1], [-1, -1, 5], [0.015380343422293663, -1.124998688697815]),
        "Adam": ([-1, -1, 1156], [-1, -1, -1], [0.8223549127578735, 0.06739827990531921]),
    }
    for name, (unchanged, diverged, final) in expected.items():
        result = programs.run("quartic", f"guide_classes.py:{name}", (1e-3, 1e-2, 1e-1), base=HERE)
        assert result.columns["first_unchanged"].tolist() == unchanged, name
        assert result.columns["diverged_at"].tolist() == diverged, name
        stayed = [x for x, when in zip(final, unchanged, strict=False) if when == -1]
        found = [x for x, when in zip(result.final_x[:, 0], unchanged, strict=False) if when == -1][: len(stayed)]
        np.testing.assert_allclose(found, stayed, rtol=1e-6, err_msg=name)


def test_the_guides_adam_is_our_adam() -> None:
    ours = programs.run("rosenbrock", "adam[epsilon=1e-07]", RATES, starts=STARTS, steps=200)
    theirs = programs.run("rosenbrock", "guide_classes.py:Adam", RATES, starts=STARTS, steps=200, base=HERE)
    np.testing.assert_allclose(theirs.final_x, ours.final_x, rtol=1e-4)


def test_its_parameters_are_hyperparameters_of_one_program() -> None:
    asked = [{"name": "guide_classes.py:Momentum", "momentum": [0.5, 0.9]}]
    both = programs.run("quartic", "", (1e-3,), optimizers=asked, steps=50, base=HERE)
    ours = programs.run("quartic", "", (1e-3,), optimizers=[{"name": "momentum", "momentum": [0.5, 0.9]}], steps=50)
    np.testing.assert_allclose(both.final_x, ours.final_x, rtol=1e-6)


@pytest.mark.parametrize("name", ["Momentum", "Whitened"])
def test_a_schedule_shapes_its_rate(name: str) -> None:
    constant, shaped = (
        programs.run("quartic", f"guide_classes.py:{name}[schedule={each}]", (1e-3,), steps=50, base=HERE).final_x
        for each in ("constant", "linear")
    )
    assert 2 > shaped[0, 0] > constant[0, 0]


def test_declared_hyperparameters_are_those_of_init() -> None:
    kind = catalogue.find_optimizer("guide_classes.py:Adam", HERE)
    declared = catalogue.declared_hyperparameters(kind, {}, HERE)
    assert [name for name, item in declared.items() if not item.structural] == ["beta_1", "beta_2", "ep"]
    assert kind.__doc__ is not None


UNSUITABLE = {
    "def __init__(self, rate=0.1): pass": "takes no learning_rate, which reportgen varies; it takes rate",
    "def __init__(self, learning_rate, decay): pass": "parameter decay of its __init__ has no default",
    "def __init__(self, lr=0.1, schedule='linear'): pass": "parameter schedule of its __init__ has a name that",
}


@pytest.mark.parametrize("init", UNSUITABLE)
def test_a_class_that_cannot_be_driven_is_a_broken_plugin(init: str, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(f"class Mine:\n    {init}\n    def apply_gradients(self, grads, vars): pass\n")
    with pytest.raises(catalogue.BrokenPluginError, match=UNSUITABLE[init]):
        catalogue.find_optimizer("mine.py:Mine", tmp_path)


def test_an_edited_class_is_another_program(tmp_path: Path) -> None:
    shutil.copy(HERE / "guide_classes.py", tmp_path / "mine.py")
    before = programs.program("quartic", "mine.py:Momentum", RATES, base=tmp_path).fingerprint
    (tmp_path / "mine.py").write_text((tmp_path / "mine.py").read_text() + "\n# edited\n")
    assert programs.program("quartic", "mine.py:Momentum", RATES, base=tmp_path).fingerprint != before


def test_a_parameter_may_be_called_step(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "class Mine:\n    def __init__(self, learning_rate=0.1, step=0.5):\n"
        "        self.learning_rate, self.step = learning_rate, step\n"
        "    def apply_gradients(self, grads, vars):\n"
        "        vars[0].assign_sub(self.learning_rate * self.step * grads[0])\n"
    )
    mine = programs.run("rosenbrock", "mine.py:Mine", (2e-4, 4e-4), steps=30, base=tmp_path, dtype="float64")
    ours = programs.run("rosenbrock", "gradient_descent", (1e-4, 2e-4), steps=30, dtype="float64")
    np.testing.assert_allclose(mine.final_x, ours.final_x, rtol=1e-12)
