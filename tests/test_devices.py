"""Several devices: the programs are spread over them, and their results do not depend on which one it was."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

pytestmark = pytest.mark.slow

SCRIPT = """
import json
from reportgen.plan import make_plan
from reportgen.config import Config
from reportgen.tf_setup import import_tensorflow

import_tensorflow()
import tensorflow as tf

(processor,) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * 2)
from reportgen.engine.run import run


def ran(device, *losses):
    asked = {"losses": losses, "optimizers": ["adam"], "learning_rates": (0.1,), "steps": 20, "device": device}
    return [run(program) for program in make_plan(Config.model_validate(asked)).programs]


def names_and_ends(device, *losses):
    return [[result.device.name, result.final_x.tolist()] for result in ran(device, *losses)]


LOSSES = ("beale", "quartic", "rosenbrock", "beale[noise.relative=0.1]")
found = {device: names_and_ends(device, *LOSSES) for device in ("cpu", "auto")}
found["cpu:1"] = names_and_ends("cpu:1", "beale", "quartic")
try:
    ran("cpu:2", "beale")
except ValueError as error:
    found["cpu:2"] = str(error)
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    """Results of a process in which TensorFlow sees the CPU as two devices, by the requested device."""
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.mark.parametrize("asked", ["cpu", "auto"])
def test_programs_are_spread_over_the_devices_of_a_kind(found: dict[str, Any], asked: str) -> None:
    used = [name for name, _ in found[asked]]
    assert sorted(used) == ["/device:CPU:0"] * 2 + ["/device:CPU:1"] * 2
    assert used[0] != used[1]


def test_a_device_that_is_named_has_them_all(found: dict[str, Any]) -> None:
    assert [name for name, _ in found["cpu:1"]] == ["/device:CPU:1"] * 2


def test_results_do_not_depend_on_the_device(found: dict[str, Any]) -> None:
    spread, named = found["cpu"], found["cpu:1"]
    assert {name for name, _ in spread[:2]} != {name for name, _ in named}
    assert [x for _, x in spread[:2]] == [x for _, x in named]


def test_a_missing_device_is_reported_with_those_that_exist(found: dict[str, Any]) -> None:
    assert found["cpu:2"] == 'device "cpu:2": TensorFlow finds no such device; it finds cpu:0, cpu:1'
