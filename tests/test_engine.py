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

from reportgen.engine.sampling import trace_steps

TARGETS = (1e-1, 1e-3, 1e-5, 1e-7)


def replay(rate: float, steps: int, momentum: float = 0.0) -> tuple[list[float], list[float]]:
    """Positions and losses of gradient descent on the quartic from 2 in float64."""
    x, velocity = [2.0], 0.0
    for _ in range(steps):
        velocity = momentum * velocity + 8 * x[-1] ** 3 + 9 * x[-1] ** 2
        x.append(x[-1] - rate * velocity)
    return x, [2 * p**4 + 3 * p**3 + 2 for p in x]


@pytest.mark.parametrize(("judged_by", "differs"), [("last", True), ("best", False)])
def test_targets_and_best_are_exact(judged_by: str, differs: bool) -> None:
    rate, steps = 0.01, 90
    optimizer = "momentum[momentum=0.9]"
    result = programs.run("quartic", optimizer, (rate,), steps=steps, dtype="float64", judged_by=judged_by)
    _, losses = replay(rate, steps, momentum=0.9)
    minimum = 1909 / 2048
    levels = [minimum + tau * (losses[0] - minimum) for tau in TARGETS]
    first = [next((t for t, loss in enumerate(losses) if loss <= level), -1) for level in levels]
    last = [1 + max((t for t, loss in enumerate(losses) if loss > level), default=-1) for level in levels]
    expected = first if judged_by == "best" else [-1 if step > steps else step for step in last]
    assert result.hits[:, 0].tolist() == expected
    assert (expected != first) == differs, "momentum swings through the minimum and comes back"
    assert -1 in expected
    assert max(expected) > 0
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

@loss(minima=[(0.0,)], minimum=5.0, start=(4.0,), domain=[(-9.0, 9.0)], formula="x^2", source="a test")
def wrong(x):
    return x * x

@loss(
    minima=[(-1.0,)], minimum=-1.0, start=(1.0,), domain=[(-1.0, 1.0)], domain_only=True, formula="x", source="a test",
)
def boxed(x):
    return 1.0 * x

@loss(minima=[(0.0,)], minimum=0.0, start=(1.0,), domain=[(-1.0, 1.0)], formula="x", source="a test")
def cliff(x):
    return 1e160 * x
"""


@pytest.mark.parametrize(
    ("name", "outcome", "reason"),
    [
        ("steep", "diverged", "loss or gradient not finite at the start"),
        ("unbounded", "exhausted", "still moving after 20 steps"),
        ("far", "stalled", "position unchanged since step 0"),
        ("wrong", "escaped", "below the declared minimum 5"),
        ("boxed", "escaped", "at x = (-1.02), outside of the domain"),
    ],
)
def test_each_outcome_and_its_reason(name: str, outcome: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(OVERFLOWS)
    rate = 0.101 if name == "boxed" else 0.1
    result, (outcomes, reasons) = programs.judged(
        f"mine.py:{name}", "gradient_descent", (rate,), steps=20, base=tmp_path
    )
    assert outcomes.tolist() == [outcome]
    assert reason in reasons[0]
    if outcome == "diverged":
        assert (result.hits == -1).all()


def test_a_target_counts_only_inside_the_domain_if_the_minimum_holds_only_there(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(OVERFLOWS)
    config = {"steps": 19, "base": tmp_path, "targets": (0.2, 0.01), "judged_by": "best"}
    result, (outcomes, _) = programs.judged("mine.py:boxed", "gradient_descent", (0.101, 0.3), **config)
    assert outcomes.tolist() == ["exhausted", "escaped"]
    assert result.hits.tolist() == [[16, 6], [-1, -1]], "the second jumps over the tightest target, out of the domain"


def test_targets_are_shares_of_the_gap_at_the_standard_start_or_at_each_start() -> None:
    points = {"starts": {"standard": False, "random": 0, "points": [[0.9, 0.8], [-3.0, 3.0]]}, "steps": 50}
    of_loss, of_run = (
        programs.run("rosenbrock", "gradient_descent", (1e-4,), target_scale=scale, **points)
        for scale in ("loss", "run")
    )
    assert of_loss.columns["scale"].tolist() == pytest.approx([24.2, 24.2], rel=1e-6)
    assert of_run.columns["scale"].tolist() == pytest.approx([0.02, 3616.0], rel=1e-4)
    assert of_loss.hits[:2, 0].tolist() == [0, 0], "0.02 is within a thousandth of 24.2"
    assert of_run.hits[:2, 0].tolist() != [0, 0]


def test_a_run_that_still_progresses_is_not_stationary() -> None:
    """Near the inflection of the quartic the gradient is small. The runs below 0 leave it, those above do not."""
    starts = {"standard": False, "random": 0, "points": [[-0.004], [0.004]]}
    _, (outcomes, _) = programs.judged("quartic", "gradient_descent", (0.02,), starts=starts, steps=1330)
    assert outcomes.tolist() == ["exhausted", "stationary"]


def test_divergence_at_the_last_step_is_reported_as_divergence() -> None:
    result, (_, reasons) = programs.judged("quartic", "gradient_descent", (0.1,), steps=4)
    assert result.columns["diverged_at"].tolist() == [4]
    assert reasons[0].startswith("loss or gradient not finite at step 4; at step 3")


def test_a_gradient_whose_square_overflows_is_not_vanishing(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(OVERFLOWS)
    config = {"steps": 5, "base": tmp_path, "dtype": "float64", "target_scale": "run"}
    result, (outcomes, _) = programs.judged("mine.py:cliff", "gradient_descent", (1e-170,), **config)
    assert result.columns["final_gradient_norm"].tolist() == [1e160]
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
        'device "gpu": TensorFlow finds no such device; it finds cpu:0, cpu:1',
        "/device:TPU:0",
    ]
