"""Optimizers of other frameworks give the numbers of their own framework, whatever they do."""

from __future__ import annotations

import importlib.util
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import programs
import pytest
import tensorflow as tf

pytestmark = pytest.mark.slow

STARTS = [(-1.2, 1.0), (1.5, 2.0), (0.3, -0.8)]
RATES = (1e-4, 1e-3)
HEAD = "import keras\nimport numpy as np\nimport tensorflow as tf\nfrom keras import ops\n"


def gradient(x: Any) -> Any:
    off = x[1] - x[0] * x[0]
    return tf.stack([-400 * (x[0] * off) - 2 * (1 - x[0]), 200 * off])


def module(path: Path) -> Any:
    """The file, executed once more."""
    spec = importlib.util.spec_from_file_location(f"fresh_{next(itertools.count())}", path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def own_end(make: Callable[[float], Any], start: Any, rate: float, steps: int, dtype: str) -> Any:
    """Where a new object leads, called as its framework calls it."""
    import keras

    keras.config.set_floatx(dtype)
    optimizer = make(rate)
    is_keras = isinstance(optimizer, keras.optimizers.Optimizer)
    variable = (keras.Variable if is_keras else tf.Variable)(np.array(start, dtype))
    for _ in range(steps):
        slope = gradient(tf.convert_to_tensor(variable))
        if is_keras:
            optimizer.apply_gradients([(slope, variable)])
        else:
            optimizer.apply_gradients([slope], [variable])
    return tf.convert_to_tensor(variable).numpy()


def check(
    file: Path, name: str, steps: int, make: Callable[[float], Any], dtype: str = "float64", rates: Any = RATES
) -> str:
    """Every run of reportgen ends where the object itself ends; the note says how it was run."""
    starts = {"standard": False, "random": 0, "points": [list(start) for start in STARTS]}
    result = programs.run(
        "rosenbrock", f"{file.name}:{name}", rates, steps=steps, dtype=dtype, starts=starts, base=file.parent
    )
    wanted = [own_end(make, start, rate, steps, dtype) for rate in rates for start in STARTS]
    close = 1e-9 if dtype == "float64" else 1e-4
    finite = np.isfinite(wanted).all(axis=1)
    assert finite.sum() >= 3
    np.testing.assert_allclose(result.final_x[finite], np.array(wanted)[finite], rtol=close, atol=close)
    return result.note


KERAS = {
    "an entry point of its own": """
class Mine(keras.optimizers.SGD):
    def apply_gradients(self, grads_and_vars):
        super().apply_gradients([(ops.clip(g, -1.0, 1.0), v) for g, v in grads_and_vars])
""",
    "a variable as an attribute": """
class Mine(keras.optimizers.SGD):
    def __init__(self, **others):
        super().__init__(**others)
        self.mean = tf.Variable(np.zeros(2))
    def update_step(self, gradient, variable, learning_rate):
        self.mean.assign(0.9 * self.mean + 0.1 * gradient)
        super().update_step(tf.convert_to_tensor(self.mean), variable, learning_rate)
""",
    "an inner optimizer": """
class Mine(keras.optimizers.SGD):
    def __init__(self, learning_rate=0.1, **others):
        super().__init__(learning_rate=learning_rate, **others)
        self.inner = keras.optimizers.Adam(learning_rate)
    def apply_gradients(self, grads_and_vars):
        return self.inner.apply_gradients(grads_and_vars)
""",
    "a comparison over a vector": """
class Mine(keras.optimizers.SGD):
    def update_step(self, gradient, variable, learning_rate):
        large = ops.any(ops.abs(gradient) > 100)
        super().update_step(ops.where(large, 0.01 * gradient, gradient), variable, learning_rate)
""",
    "a norm": """
class Mine(keras.optimizers.SGD):
    def __init__(self, **others):
        super().__init__(**{"clipnorm": 1.0, "momentum": 0.5} | others)
""",
    "slots that begin at the position": """
class Mine(keras.optimizers.SGD):
    def build(self, variables):
        super().build(variables)
        self.slow = [keras.Variable(v.numpy()) for v in variables]
    def update_step(self, gradient, variable, learning_rate):
        super().update_step(gradient, variable, learning_rate)
        slow = self.slow[self._get_variable_index(variable)]
        slow.assign(0.9 * slow + 0.1 * ops.convert_to_tensor(variable))
        variable.assign(ops.convert_to_tensor(slow))
""",
    "accumulated gradients": """
class Mine(keras.optimizers.SGD):
    def __init__(self, **others):
        super().__init__(**{"gradient_accumulation_steps": 3} | others)
""",
    "an average that overwrites": """
class Mine(keras.optimizers.SGD):
    def __init__(self, **others):
        super().__init__(**{"use_ema": True, "ema_momentum": 0.5, "ema_overwrite_frequency": 7} | others)
""",
    "a counter of Python's": """
class Mine(keras.optimizers.SGD):
    def __init__(self, **others):
        super().__init__(**others)
        self.calls = 0
    def update_step(self, gradient, variable, learning_rate):
        self.calls += 1
        super().update_step(gradient, variable, learning_rate * (0.1 if self.calls > 30 else 1.0))
""",
}


@pytest.mark.parametrize("what", KERAS)
def test_a_keras_class_makes_its_own_steps(what: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(HEAD + KERAS[what])
    own = module(file)
    check(file, "Mine", 60, lambda rate: own.Mine(learning_rate=rate))


CLASSES = {
    "Python's if on a counter": (
        "self.t = 0",
        "self.t += 1\n        rate = self.lr if self.t < 40 else 0.1 * self.lr\n        v.assign_sub(rate * g)",
    ),
    "a closure that counts": (
        "count = [0]\n        def slow():\n            count[0] += 1\n"
        "            return 0.1 if count[0] > 40 else 1.0\n"
        "        self.slow = slow",
        "v.assign_sub(self.slow() * self.lr * g)",
    ),
    "a list that grows": (
        "self.history = []",
        "self.history.append(g)\n        v.assign_sub(self.lr * tf.add_n(self.history[-3:]))",
    ),
    "a number that is read": (
        "pass",
        "v.assign_sub(self.lr * (0.1 if float(tf.norm(g)) > 100 else 1.0) * g)",
    ),
    "assignments in tf.cond": (
        "self.m = tf.Variable(np.zeros(2))",
        "tf.cond(tf.norm(g) > 100, lambda: self.m.assign(0.1 * g), lambda: self.m.assign(g))\n"
        "        v.assign_sub(self.lr * self.m)",
    ),
    "tf.group": (
        "self.m = tf.Variable(np.zeros(2))",
        "update = self.m.assign(0.5 * self.m + g)\n"
        "        with tf.control_dependencies([update]):\n            tf.group(v.assign_sub(self.lr * self.m))",
    ),
    "parts of a variable": (
        "pass",
        "with tf.device(v.device):\n            assert v.handle is not None\n            v.assign_sub(self.lr * g)",
    ),
    "not a number": ("self.best = float('nan')", "v.assign_sub(self.lr * g)"),
    "a slot that begins at the position": (
        "self.slow = None",
        "if self.slow is None:\n            self.slow = tf.Variable(v)\n        v.assign_sub(self.lr * g)\n"
        "        self.slow.assign(0.9 * self.slow + 0.1 * v)\n        v.assign(self.slow)",
    ),
    "a text that changes": (
        "self.t = 0",
        "self.t += 1\n        self.label = f'step {self.t}'\n        v.assign_sub(self.lr * g)",
    ),
}


@pytest.mark.parametrize("what", CLASSES)
def test_a_class_makes_its_own_steps(what: str, tmp_path: Path) -> None:
    init, body = CLASSES[what]
    file = tmp_path / "mine.py"
    file.write_text(
        f"{HEAD}class Mine:\n    def __init__(self, lr=0.1):\n        if lr <= 0:\n            raise ValueError('lr')\n"
        f"        self.lr = lr\n        {init}\n"
        f"    def apply_gradients(self, grads, variables):\n        (g,), (v,) = grads, variables\n        {body}\n"
    )
    own = module(file)
    check(file, "Mine", 60, own.Mine)


def test_a_change_after_the_longest_trial_counts(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        f"{HEAD}class Mine:\n    def __init__(self, lr=0.1):\n        self.lr, self.t = lr, 0\n"
        "    def apply_gradients(self, grads, variables):\n        self.t += 1\n"
        "        variables[0].assign_sub((self.lr / 10 if self.t > 700 else self.lr) * grads[0])\n"
    )
    own = module(file)
    assert "uncompiled" in check(file, "Mine", 800, own.Mine, rates=RATES[:1])  # Python makes each of the steps


INSTANCES = {
    "a replaced method": """
mine = keras.optimizers.SGD(0.5)
def halved(step):
    return lambda gradient, variable, rate: step(gradient * 0.5, variable, rate)
mine.update_step = halved(mine.update_step)
""",
    "arguments": "mine = keras.optimizers.RMSprop(0.5, rho=0.75, centered=True)\n",
    "an incomplete config": """
class Boosted(keras.optimizers.SGD):
    def __init__(self, boost=1.0, **others):
        super().__init__(**others)
        self.boost = boost
    def update_step(self, gradient, variable, learning_rate):
        super().update_step(gradient * self.boost, variable, learning_rate)
mine = Boosted(boost=3.0, learning_rate=0.1)
""",
}


@pytest.mark.parametrize("what", INSTANCES)
def test_an_instance_keeps_everything_but_the_learning_rate(what: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(HEAD + INSTANCES[what])

    def make(rate: float) -> Any:
        instance = module(file).mine
        instance.learning_rate = rate
        return instance

    check(file, "mine", 60, make)


def test_a_schedule_of_keras_begins_at_the_learning_rate_of_the_run(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(f"{HEAD}mine = keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5))\n")

    def make(rate: float) -> Any:
        import keras

        return keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(rate, 10, 0.5))

    check(file, "mine", 60, make)


WRONG = {
    "random numbers": ("", "v.assign_sub(self.lr * np.random.rand() * g)"),
    "a counter in the module": ("", "global CALLS\n        CALLS += 1\n        v.assign_sub(self.lr / CALLS * g)"),
    "a counter in the class": ("", "type(self).calls += 1\n        v.assign_sub(self.lr / self.calls * g)"),
    "a variable of the module": ("", "SHARED.assign_add(1.0)\n        v.assign_sub(self.lr / SHARED * g)"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_not_reproducible_is_refused(what: str, tmp_path: Path) -> None:
    init, body = WRONG[what]
    file = tmp_path / "mine.py"
    file.write_text(
        f"{HEAD}CALLS = 0\nSHARED = tf.Variable(np.float64(0))\nclass Mine:\n    calls = 0\n"
        f"    def __init__(self, lr=0.1):\n        self.lr = lr\n        {init or 'pass'}\n"
        f"    def apply_gradients(self, grads, variables):\n        (g,), (v,) = grads, variables\n        {body}\n"
    )
    with pytest.raises(TypeError, match="two new objects of the optimizer make different steps"):
        programs.run("rosenbrock", "mine.py:Mine", RATES, steps=50, dtype="float64", base=tmp_path)


def test_what_it_raises_is_what_is_reported(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "class Mine:\n    def __init__(self, lr=0.1): pass\n"
        "    def apply_gradients(self, grads, variables):\n        raise ValueError('not today')\n"
    )
    with pytest.raises(ValueError, match="not today"):
        programs.run("rosenbrock", "mine.py:Mine", RATES, steps=50, base=tmp_path)


def test_a_state_of_another_dtype_is_named(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        f"{HEAD}class Mine:\n    def __init__(self, lr=0.1):\n"
        "        self.lr, self.m = lr, tf.Variable(tf.zeros([2]))\n"
        "    def apply_gradients(self, grads, variables):\n"
        "        variables[0].assign_sub(self.lr * (self.m + grads[0]))\n"
    )
    with pytest.raises(TypeError, match="create its variables with the dtype of the position"):
        programs.run("rosenbrock", "mine.py:Mine", RATES, steps=5, dtype="float64", base=tmp_path)
