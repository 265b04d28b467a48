"""What the loop records: targets, best, divergence, outcome, traces, and the device it runs on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import programs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.engine.outcome import judge
from reportgen.engine.sampling import trace_steps

TARGETS = (1e-1, 1e-3, 1e-5, 1e-7)


def replay(rate: float, steps: int) -> tuple[list[float], list[float]]:
    """Positions and losses of gradient descent on the quartic from 2 in float64."""
    x = [2.0]
    for _ in range(steps):
        x.append(x[-1] - rate * (8 * x[-1] ** 3 + 9 * x[-1] ** 2))
    return x, [2 * p**4 + 3 * p**3 + 2 for p in x]


def test_targets_and_best_are_exact() -> None:
    rate, steps = 0.02, 300
    result = programs.run("quartic", "gradient_descent", (rate,), steps=steps, dtype="float64")
    _, losses = replay(rate, steps)
    minimum = 1909 / 2048
    levels = [minimum + tau * (losses[0] - minimum) for tau in TARGETS]
    expected = [next((t for t, loss in enumerate(losses) if loss <= level), -1) for level in levels]
    assert result.hits[:, 0].tolist() == expected
    assert expected[0] > 0
    assert result.columns["best_loss"][0] == pytest.approx(min(losses), rel=1e-12)
    assert result.columns["final_loss"][0] == pytest.approx(losses[-1], rel=1e-12)


def test_trace_is_the_history_at_its_steps() -> None:
    result = programs.run("quartic", "gradient_descent", (0.01,), steps=500, dtype="float64", trace_points=32)
    x, losses = replay(0.01, 500)
    steps = result.trace_steps
    assert steps[-1] == 500
    np.testing.assert_allclose(result.trace_x[:, 0, 0], [x[t] for t in steps], rtol=1e-12)
    np.testing.assert_allclose(result.trace_loss[:, 0], [losses[t] for t in steps], rtol=1e-12)
    gradients = [abs(8 * x[t] ** 3 + 9 * x[t] ** 2) for t in steps]
    np.testing.assert_allclose(result.trace_gradient_norm[:, 0], gradients, rtol=1e-11)


@given(steps=st.integers(1, 10**7), points=st.integers(16, 500))
def test_schedule_increases_to_the_last_step(steps: int, points: int) -> None:
    schedule = trace_steps(steps, points)
    assert len(schedule) == min(steps, points)
    assert (schedule[0], schedule[-1]) == (1, steps)
    assert (np.diff(schedule) > 0).all()


def test_a_diverged_run_keeps_its_last_finite_position() -> None:
    result = programs.run("rosenbrock", "gradient_descent", (1.0, 1e-4), steps=50)
    columns = result.columns
    assert 1 <= columns["diverged_at"][0] <= 10
    assert columns["diverged_at"][1] == -1
    assert columns["steps"].tolist() == [columns["diverged_at"][0], 50]
    assert np.isfinite(result.final_x).all()
    assert np.isfinite(columns["final_loss"]).all()
    x, y = result.final_x[0].astype(float)
    assert columns["final_loss"][0] == pytest.approx((1 - x) ** 2 + 100 * (y - x * x) ** 2, rel=1e-5)


OVERFLOWS = """
from reportgen.loss import loss

@loss(minima=[(0.0,)], minimum=0.0, start=(1e10,), domain=[(-1.0, 1.0)], formula="x^4", source="a test")
def steep(x):
    return (x * x) * (x * x)

@loss(minima=[(0.0,)], minimum=0.0, start=(1.0,), domain=[(-1.0, 1.0)], formula="0 x", source="a test")
def flat(x):
    return 0.0 * x

@loss(minima=[], minimum=float("-inf"), start=(1.0,), domain=[(-1.0, 1.0)], formula="-x", source="a test")
def unbounded(x):
    return -x

@loss(minima=[(0.0,)], minimum=0.0, start=(1e8,), domain=[(-1.0, 1.0)], formula="x", source="a test")
def far(x):
    return 1.0 * x

@loss(minima=[(0.0,)], minimum=0.0, start=(1.0,), domain=[(-1.0, 1.0)], formula="x", source="a test")
def cliff(x):
    return 1e160 * x
"""


@pytest.mark.parametrize(
    ("name", "outcome", "reason"),
    [
        ("steep", "diverged", "loss or gradient not finite at the start"),
        ("flat", "solved", "reached at step 0"),
        ("unbounded", "exhausted", "still moving after 20 steps"),
        ("far", "stalled", "x last moved at step 0"),
    ],
)
def test_each_outcome_and_its_reason(name: str, outcome: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(OVERFLOWS)
    result = programs.run(f"mine.py:{name}", "gradient_descent", (0.1,), steps=20, base=tmp_path)
    minimum = float("-inf") if name == "unbounded" else 0.0
    outcomes, reasons = judge(result, TARGETS, minimum, 1e-5)
    assert outcomes.tolist() == [outcome]
    assert reason in reasons[0]
    if outcome == "diverged":
        assert (result.hits == -1).all()


def test_divergence_at_the_last_step_is_reported_as_divergence() -> None:
    result = programs.run("quartic", "gradient_descent", (0.1,), steps=4)
    assert result.columns["diverged_at"].tolist() == [4]
    _, reasons = judge(result, TARGETS, 1909 / 2048, 1e-5)
    assert reasons[0].startswith("loss or gradient not finite at step 4; at step 3")


def test_a_gradient_whose_square_overflows_is_not_vanishing(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(OVERFLOWS)
    result = programs.run("mine.py:cliff", "gradient_descent", (1e-170,), steps=5, base=tmp_path, dtype="float64")
    assert result.columns["final_gradient_norm"].tolist() == [1e160]
    outcomes, _ = judge(result, TARGETS, 0.0, 1e-5)
    assert outcomes.tolist() == ["exhausted"]


def test_a_batch_that_is_finished_stops(tmp_path: Path) -> None:
    # 10^9 steps of a run that is over at once: only a loop that stops comes back.
    (tmp_path / "mine.py").write_text(OVERFLOWS)
    result = programs.run("mine.py:steep", "gradient_descent", (0.1,), steps=10**9, base=tmp_path)
    assert result.columns["diverged_at"].tolist() == [1]


@pytest.mark.slow
def test_more_runs_than_a_tile_are_the_same_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = programs.run("beale", "adam", (0.01, 0.1), starts={"random": 19}, steps=30)
    monkeypatch.setattr("reportgen.engine.compiled.CHUNK", 16)
    tiled = programs.run("beale", "adam", (0.01, 0.1), starts={"random": 19}, steps=30)
    np.testing.assert_array_equal(whole.final_x, tiled.final_x)
    np.testing.assert_array_equal(whole.hits, tiled.hits)
    np.testing.assert_array_equal(whole.trace_loss, tiled.trace_loss)


DEVICES = """
import sys
from reportgen.tf_setup import import_tensorflow
import_tensorflow()
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from reportgen.engine import device
for requested in sys.argv[1:]:
    try:
        print(device.choose(requested).name)
    except ValueError as error:
        print(error)
kinds = [type("D", (), {"name": f"/device:{k}:0", "device_type": k}) for k in ("CPU", "TPU")]
tf.config.list_logical_devices = lambda: kinds
print(device.choose("auto").name)
"""


@pytest.mark.slow
def test_device_is_chosen_among_those_that_tensorflow_sees() -> None:
    asked = ["auto", "cpu", "cpu:1", "gpu"]
    done = subprocess.run([sys.executable, "-c", DEVICES, *asked], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "/device:CPU:0",
        "/device:CPU:0",
        "/device:CPU:1",
        "device 'gpu' is not here: TensorFlow sees cpu:0, cpu:1",
        "/device:TPU:0",
    ]
