"""Keras optimizers by name and by instance: the compiled loop gives their own trajectory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import programs
import pytest

from reportgen import catalogue
from reportgen.foreign import names
from reportgen.optimizer import hyperparameters

pytestmark = pytest.mark.slow

RATES = (2.0**-10, 2.0**-7)
WRONG_IN_KERAS = {"ScheduleFreeAdamW"}
"""On TensorFlow its averages are the same variable as the position."""


def eager(name: str, start: tuple[float, ...], rate: float, steps: int, **arguments: Any) -> Any:
    import keras

    keras.config.set_floatx("float64")
    optimizer = getattr(keras.optimizers, name)(learning_rate=rate, **arguments)
    x = keras.Variable(np.array(start), dtype="float64")
    for _ in range(steps):
        a, b = x.numpy()
        off = b - a * a
        optimizer.apply_gradients([(np.array([-400 * (a * off) - 2 * (1 - a), 200 * off]), x)])
    return x.numpy()


@pytest.mark.parametrize("name", [name for name in names() if name not in WRONG_IN_KERAS])
def test_trajectory_is_kerass_own(name: str) -> None:
    settings: dict[str, Any] = {"steps": 30, "dtype": "float64", "starts": {"random": 1}}
    result = programs.run("rosenbrock", f"keras:{name}", RATES, **settings)
    program = programs.program("rosenbrock", f"keras:{name}", RATES, **settings)
    finite = result.columns["diverged_at"] == -1
    assert finite.sum() >= 2
    for run, (cell, _, start) in enumerate(program.iter_runs()):
        if finite[run]:
            expected = eager(name, start, cell.learning_rate, 30)
            np.testing.assert_allclose(result.final_x[run], expected, rtol=1e-9, err_msg=str(cell))
    assert result.note.startswith("TensorFlow compiled these steps")
    assert "first 30 steps of one run" in result.note


def test_its_arguments_are_structural_hyperparameters() -> None:
    asked = [{"name": "keras:SGD", "momentum": 0.875, "nesterov": True, "clipnorm": 1.0}]
    settings: dict[str, Any] = {"optimizers": asked, "steps": 30, "dtype": "float64"}
    result = programs.run("rosenbrock", "", RATES, **settings)
    for run, rate in enumerate(RATES):
        expected = eager("SGD", (-1.2, 1.0), rate, 30, momentum=0.875, nesterov=True, clipnorm=1.0)
        np.testing.assert_allclose(result.final_x[run], expected, rtol=1e-9)


def test_a_schedule_shapes_its_rate() -> None:
    shaped = programs.run("quartic", "keras:SGD[schedule=linear]", (2.0**-10,), steps=40)
    ours = programs.run("quartic", "gradient_descent[schedule=linear]", (2.0**-10,), steps=40)
    np.testing.assert_allclose(shaped.final_x, ours.final_x, rtol=1e-6)


INSTANCES = """
import tensorflow as tf
tuned = tf.keras.optimizers.RMSprop(learning_rate=0.3, rho=0.75, centered=True)
"""


def test_an_edited_instance_is_another_program(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(INSTANCES)
    before = programs.program("rosenbrock", "mine.py:tuned", RATES, base=tmp_path).fingerprint
    (tmp_path / "mine.py").write_text(INSTANCES.replace("0.75", "0.5"))
    assert programs.program("rosenbrock", "mine.py:tuned", RATES, base=tmp_path).fingerprint != before


def test_a_misspelt_name_is_reported() -> None:
    with pytest.raises(catalogue.UnknownNameError, match='Did you mean "AdamW"'):
        catalogue.find_optimizer("keras:AdamWW", Path())


LISTS = """
import sys
from pathlib import Path
from reportgen import catalogue
from reportgen.optimizer import hyperparameters
print(sorted(hyperparameters(catalogue.find_optimizer("keras:Adam", Path()))))
print([name for name in ("keras", "tensorflow") if name in sys.modules])
"""


def test_declarations_are_read_without_importing_keras() -> None:
    import keras

    done = subprocess.run([sys.executable, "-c", LISTS], capture_output=True, text=True, check=True)
    declared, imported = done.stdout.splitlines()
    assert imported == "[]"
    assert set(eval(declared)) <= set(vars(keras.optimizers.Adam())) | {"schedule"}
    assert "beta_1" in declared
    for item in hyperparameters(catalogue.find_optimizer("keras:Adam", Path())).values():
        if item.name != "schedule":
            assert getattr(keras.optimizers.Adam(), item.name) == item.default, item.name
