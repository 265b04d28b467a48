"""What an optimizer of another framework remembers in its object, and how it is declared."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import programs
import pytest

from reportgen import catalogue
from reportgen.config import ConfigError, load

pytestmark = pytest.mark.slow

HEAD = "import functools, itertools\nimport collections\nimport numpy as np\nimport tensorflow as tf\n"


def written(folder: Path, before: str, init: str, factor: str) -> None:
    (folder / "mine.py").write_text(
        f"{HEAD}{before}class X:\n    def __init__(self, learning_rate=0.1):\n"
        f"        self.learning_rate = learning_rate\n        {init}\n"
        "    def apply_gradients(self, grads, vars):\n"
        "        if hasattr(self, 't'):\n            self.t += 1\n"
        "        for g, v in zip(grads, vars):\n"
        f"            v.assign_sub(self.learning_rate * ({factor}) * g)\n"
    )


SEEN = {
    "an array changed in place": ("", "self.t = np.zeros(1)", "0.5 ** (self.t // 20)"),
    "a late change": ("", "self.t = 0", "tf.where(self.t > 30, tf.constant(0.5, g.dtype), tf.constant(1.0, g.dtype))"),
    "a namedtuple": (
        "P = collections.namedtuple('P', 'a b')\n",
        "self.p = P(0.0, 1.0)",
        "[setattr(self, 'p', P(self.p.a + 1, self.p.b * 0.99)), self.p.b / (1.0 + 0.1 * self.p.a)][1]",
    ),
    "objects that know one another": (
        "class Node:\n    pass\n",
        "self.nodes = [Node() for _ in range(12)]\n        for n in self.nodes: n.friends = self.nodes; n.t = 1.0",
        "[[setattr(n, 't', n.t * 0.9) for n in self.nodes[:2]], self.nodes[0].t][1]",
    ),
}


@pytest.mark.parametrize("where", SEEN)
def test_what_is_remembered_in_the_object_is_carried(where: str, tmp_path: Path) -> None:
    before, init, factor = SEEN[where]
    written(tmp_path, before, init, factor)
    result = programs.run("rosenbrock", "mine.py:X", (1e-4,), steps=60, base=tmp_path, dtype="float64")
    namespace: dict[str, Any] = {"__file__": "mine.py"}
    exec((tmp_path / "mine.py").read_text(), namespace)
    import tensorflow as tf

    optimizer, x = namespace["X"](1e-4), tf.Variable(np.array([-1.2, 1.0]))
    for _ in range(60):
        a, b = x.numpy()
        off = b - a * a
        optimizer.apply_gradients([tf.constant([-400 * (a * off) - 2 * (1 - a), 200 * off])], [x])
    np.testing.assert_allclose(result.final_x[0], x.numpy(), rtol=1e-9)


METHODS = {
    "under tf.function": "@tf.function\n    def apply_gradients(self, grads, vars):\n        (g,), (v,) = grads, vars",
    "with a name": "def apply_gradients(self, grads_and_vars, name=None):\n        ((g, v),) = grads_and_vars",
}


@pytest.mark.parametrize("how", METHODS)
def test_the_usual_signatures_are_understood(how: str, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        f"{HEAD}class X(tf.Module):\n    def __init__(self, learning_rate=0.1, momentum=0):\n"
        "        super().__init__()\n        self.learning_rate = learning_rate\n        self.mu = momentum\n"
        f"        self.v = tf.Variable(tf.zeros([2]))\n    {METHODS[how]}\n"
        "        self.v.assign(self.mu * self.v + g)\n        v.assign_sub(self.learning_rate * self.v)\n"
    )
    mine = programs.run("rosenbrock", "mine.py:X[momentum=0.9]", (1e-4,), steps=60, base=tmp_path)
    ours = programs.run("rosenbrock", "momentum", (1e-4,), steps=60)
    np.testing.assert_allclose(mine.final_x, ours.final_x, rtol=1e-5)


def test_a_schedule_that_would_change_nothing_is_refused(tmp_path: Path) -> None:
    written(tmp_path, "", "self.alpha = 2 * learning_rate; self.learning_rate = 1.0", "self.alpha / self.learning_rate")
    with pytest.raises(TypeError, match="does not use it"):
        programs.run("rosenbrock", "mine.py:X[schedule=linear]", (1e-4,), steps=20, base=tmp_path)


KERAS = """
import keras

class Boosted(keras.optimizers.SGD):
    def __init__(self, boost=1.0, **others):
        super().__init__(**others)
        self.boost = boost

    def update_step(self, gradient, variable, learning_rate):
        super().update_step(gradient * self.boost, variable, learning_rate)

class Halving(keras.optimizers.schedules.LearningRateSchedule):
    def __call__(self, step):
        return 0.1 / (1.0 + step)

    def get_config(self):
        return {}

scheduled = keras.optimizers.SGD(Halving())
"""


def test_arguments_of_a_keras_class_are_hyperparameters_and_some_schedules_are_refused(
    tmp_path: Path,
) -> None:
    (tmp_path / "mine.py").write_text(KERAS)
    own = programs.run("rosenbrock", "mine.py:Boosted[boost=3.0]", (1e-4,), steps=30, base=tmp_path, dtype="float64")
    ours = programs.run("rosenbrock", "gradient_descent", (3e-4,), steps=30, dtype="float64")
    np.testing.assert_allclose(own.final_x, ours.final_x, rtol=1e-7)
    with pytest.raises(catalogue.BrokenPluginError, match="neither a number nor a schedule with an initial"):
        catalogue.find_optimizer("mine.py:scheduled", tmp_path)


def test_what_cannot_be_wrapped_is_a_config_error(tmp_path: Path) -> None:
    (tmp_path / "reportgen.toml").write_text("optimizers = ['lookahead[base=keras:Adam]']")
    with pytest.raises(ConfigError, match="keras:Adam cannot be wrapped"):
        load(None, folder=tmp_path, environ={})


def test_a_base_in_another_module_of_a_package_is_part_of_the_fingerprint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "late_package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "base.py").write_text("class Base:\n    def apply_gradients(self, grads, vars):\n        pass\n")
    (package / "mine.py").write_text(
        "from late_package.base import Base\n"
        "class Mine(Base):\n    def __init__(self, learning_rate=0.1):\n        pass\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    before = programs.program("beale", "late_package.mine:Mine", (0.1,)).fingerprint
    (package / "base.py").write_text((package / "base.py").read_text() + "# edited\n")
    for name in [name for name in sys.modules if name.startswith("late_package")]:
        monkeypatch.delitem(sys.modules, name)
    assert programs.program("beale", "late_package.mine:Mine", (0.1,)).fingerprint != before
