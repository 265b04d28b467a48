"""A plug-in costs only itself: built-in optimizers and the plug-ins of other files never share its process."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner, Result
from conftest import Hang, KeptWorker

from reportgen.cli import main

pytestmark = pytest.mark.slow

RULE = """
from dataclasses import dataclass
import tensorflow as tf
from reportgen.loss import loss
from reportgen.optimizer import Optimizer

@dataclass(frozen=True)
class {name}(Optimizer):
    def init(self, x):
        {init}
        return tf.zeros_like(x)

    def step(self, x, state, problem):
        _, gradient = problem.value_and_gradient(x)
        {step}
        return x - problem.learning_rate * gradient, state
"""


def write(folder: Path, name: str, top: str = "pass", init: str = "pass", step: str = "pass") -> str:
    """Write a plug-in file with an optimizer; return its reference."""
    (folder / f"{name.lower()}.py").write_text(RULE.format(name=name, init=init, step=step) + top + "\n")
    return f"{name.lower()}.py:{name}"


def run(folder: Path, *optimizers: str, losses: Sequence[str] = ("beale", "booth"), **environment: str) -> Result:
    """Run optimizers on some losses."""
    arguments = ["run", "--steps", "40", "--starts", "1", "--lr", "0.01", "--lr", "0.1"]
    for loss in losses:
        arguments += ["-l", loss]
    for optimizer in optimizers:
        arguments += ["-o", optimizer]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return CliRunner().invoke(main, arguments, env=environment)


def runs(folder: Path, optimizer: str) -> pd.DataFrame:
    """The finished runs of an optimizer."""
    table = pd.read_parquet(folder / "output" / "results" / "runs.parquet")
    table = table.astype({name: object for name, kind in table.dtypes.items() if kind == "category"})
    return table[(table["optimizer"] == optimizer) & (table["outcome"] != "failed")].reset_index(drop=True)


def reasons(folder: Path) -> dict[str, str]:
    """Why programs failed, by their ids."""
    manifest: dict[str, Any] = json.loads((folder / "output" / "results" / "manifest.json").read_text())
    return {entry["id"]: entry["reason"] for entry in manifest["programs"] if entry.get("reason")}


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory, kept_worker: KeptWorker) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The runs of a built-in optimizer and of a plug-in when nothing else runs."""
    folder = tmp_path_factory.mktemp("untouched")
    other = write(folder, "Other")
    with kept_worker():
        assert run(folder, "momentum", other).exit_code == 0
    return runs(folder, "momentum"), runs(folder, other)


MISCHIEF = {
    "replaces a rule": "from reportgen.optimizers.momentum import Momentum; Momentum.step = lambda s, x, t, p: (x, t)",
    "replaces a function of TensorFlow": "tf.zeros_like = lambda x: tf.ones(x.shape, x.dtype)",
    "replaces a loss": "import reportgen.builtin_losses.beale as b; b.beale = None",
    "switches TensorFlow to version 1": "tf.compat.v1.disable_v2_behavior()",
    "lowers a limit of its process": "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))",
    "closes all files": "import os; os.closerange(0, 3)",
    "changes the folder": "import os; os.chdir('/')",
    "sets an alarm": "import signal; signal.setitimer(signal.ITIMER_REAL, 0.5)",
    "changes the environment": "import os; os.environ.update(XLA_FLAGS='--made_up', TF_ENABLE_ONEDNN_OPTS='7')",
}


# Only the worker of built-in optimizers is kept: those of plug-ins end with a run.
@pytest.mark.usefixtures("one_worker")
@pytest.mark.parametrize("top", list(MISCHIEF.values()), ids=list(MISCHIEF))
def test_what_a_plug_in_changes_does_not_reach_other_optimizers(
    top: str, untouched: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Path
) -> None:
    mean, other = write(tmp_path, "Mean", top), write(tmp_path, "Other")
    done = run(tmp_path, "momentum", mean, other, losses=["beale"])
    assert done.exit_code in (0, 3)
    assert "Traceback" not in done.output
    for optimizer, expected in zip(("momentum", other), untouched, strict=True):
        on_beale = expected[expected["loss"] == "beale"].reset_index(drop=True)
        pd.testing.assert_frame_equal(runs(tmp_path, optimizer), on_beale, check_dtype=False)
    assert set(reasons(tmp_path)) <= {f"beale/{mean}"}


@pytest.mark.usefixtures("one_worker")
@pytest.mark.parametrize(
    ("where", "body", "reason"),
    [
        ("step", "import sys; sys.exit(0)", "SystemExit: 0"),
        ("step", "raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("step", "raise GeneratorExit", "GeneratorExit"),
        ("init", "import os; os._exit(0)", "SystemExit: os._exit(0) was called"),
        ("step", "import os; os._exit(9)", "its process died (exit code 9)"),
        ("step", "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "its process died (signal SIGSEGV)"),
        ("init", "raise ValueError(chr(0xD800) + '\\n' + 'x' * 5_000_000 + 'end')", "ValueError: "),
        ("top", "import os; os._exit(0)", "ended its process (exit code 0) while it was loaded"),
    ],
)
def test_whatever_ends_a_plug_in_is_the_failure_of_its_own_programs(
    where: str, body: str, reason: str, untouched: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Path
) -> None:
    mean = write(tmp_path, "Mean", **{where: body})
    done = run(tmp_path, "momentum", mean)
    assert done.exit_code == 3, done.output
    assert "Traceback" not in done.output
    pd.testing.assert_frame_equal(runs(tmp_path, "momentum"), untouched[0], check_dtype=False)
    found = reasons(tmp_path)
    assert set(found) == {f"beale/{mean}", f"booth/{mean}"}
    assert all(reason in text and len(text) < 1000 for text in found.values())


def test_a_program_that_hangs_costs_one_deadline_and_the_others_of_its_file_run(
    tmp_path: Path, overdue_hang: Hang
) -> None:
    mean = write(tmp_path, "Mean", step=overdue_hang.code)
    with (tmp_path / "mean.py").open("a") as file:
        file.write(RULE.format(name="Fine", init="pass", step="pass"))
    assert run(tmp_path, "mean.py:Fine", mean).exit_code == 3
    found = reasons(tmp_path)
    assert set(found) == {f"beale/{mean}", f"booth/{mean}"}
    assert all("exceeded the deadline of 600 s" in text for text in found.values())
    assert overdue_hang.count() == 2  # once for each program
    assert len(runs(tmp_path, "mean.py:Fine")) == 8


def test_a_program_that_needs_too_much_memory_is_stopped(tmp_path: Path) -> None:
    greedy = write(tmp_path, "Greedy", init="kept = []\n        while True: kept.append(bytes(10_000_000))")
    done = run(tmp_path, "momentum", greedy, REPORTGEN_MEMORY_LIMIT="1.5")
    assert done.exit_code == 3
    assert all("used more than the memory limit of 1.5 GiB" in text for text in reasons(tmp_path).values())
    assert len(reasons(tmp_path)) == 2
    assert len(runs(tmp_path, "momentum")) == 8


def test_the_log_of_a_plug_in_that_prints_much_stays_small(tmp_path: Path) -> None:
    prints = (
        "import os; os.write(1, b'first'); [os.write(1, b'x' * 100_000) for _ in range(640)]; raise ValueError('last')"
    )
    loud = write(tmp_path, "Loud", init=prints)
    assert run(tmp_path, loud).exit_code == 3
    text = (tmp_path / "output" / "results" / "worker.log").read_bytes()
    assert len(text) < 20 << 20
    assert b"first" in text[:10_000]
    assert b"bytes left out" in text
    assert b"ValueError: last" in text


def test_processes_that_a_plug_in_starts_end_with_it(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    start = "import subprocess; child = subprocess.Popen(['sleep', '3600']); "
    mean = write(tmp_path, "Mean", init=f"{start} open({str(pid)!r}, 'w').write(str(child.pid))")
    assert run(tmp_path, mean).exit_code == 0
    child = Path("/proc", pid.read_text())
    while child.exists() and b"sleep" in (child / "cmdline").read_bytes():
        pass
