"""Workers that are lost before they begin a task, and what processes leave behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from reportgen.cli import main
from reportgen.execute import worker
from reportgen.spawn import worker_context

pytestmark = pytest.mark.slow

_prepare = worker.prepare


def killed(folder: Path, times: int, *arguments: object) -> None:
    """Start a worker, but kill the first ``times`` of them."""
    if len(list(folder.iterdir())) < times:
        tempfile.mkstemp(dir=folder)
        os.kill(os.getpid(), signal.SIGKILL)
    _prepare(*arguments)  # type: ignore[arg-type]


def run(folder: Path, monkeypatch: pytest.MonkeyPatch, times: int, *arguments: str) -> Result:
    """Run two optimizers while the first workers are killed."""
    lost = folder / "lost"
    lost.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setattr(worker, "prepare", partial(killed, lost, times))
    result = CliRunner().invoke(main, ["run", "-o", "adam", "-o", "momentum", "-l", "quartic", *arguments])
    assert len(list(lost.iterdir())) == times
    return result


def test_a_worker_that_is_killed_while_it_starts_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(tmp_path, monkeypatch, 2, "--steps", "30")
    assert result.exit_code == 0, result.output
    table = pd.read_parquet(tmp_path / "output" / "results" / "runs.parquet")
    assert (table["outcome"] != "failed").all()
    assert set(table["optimizer"]) == {"adam", "momentum"}


def test_workers_that_are_all_killed_are_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(tmp_path, monkeypatch, 3, "--steps", "30")
    assert result.exit_code == 1
    log = Path("output", "results", "worker.log")
    assert f"Error: 3 workers exited before they began to work; see {log}" in " ".join(result.stderr.split())


def test_processes_that_cannot_be_started_are_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_process: object) -> None:
        raise OSError("too many processes")

    monkeypatch.setattr(type(worker_context()).Process, "start", start)
    result = run(tmp_path, monkeypatch, 0)
    assert result.exit_code == 1
    assert "Error: 3 workers exited before they began to work" in result.stderr


def test_the_path_of_the_temporary_folder_may_be_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = tmp_path / ("x" * 100)
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    assert run(tmp_path, monkeypatch, 0, "--steps", "30").exit_code == 0


RULE = """
from dataclasses import dataclass
import os, signal, tempfile, time
import tensorflow as tf
from reportgen.optimizer import Optimizer

tempfile.mkstemp()

@tf.function
def step_of(gradient):
    return 0.1 * gradient

@dataclass(frozen=True)
class Mine(Optimizer):
    def init(self, x):
        return tf.zeros_like(x)

    def step(self, x, state, problem):
        {step}
        _, gradient = problem.value_and_gradient(x)
        return x - step_of(gradient), state
"""


@pytest.mark.parametrize("step", ["pass", "os.kill({command}, signal.SIGKILL); time.sleep(3600)"])
def test_temporary_files_of_plug_ins_are_deleted(tmp_path: Path, step: str) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    command = [sys.executable, "-m", "reportgen", "run", "-l", "quartic", "-o", "mine.py:Mine", "-o", "adam"]
    with subprocess.Popen(
        [sys.executable, "-c", "import os, sys; input(); os.execv(sys.argv[1], sys.argv[1:])", *command],
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(temporary)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        (tmp_path / "mine.py").write_text(RULE.format(step=step.format(command=process.pid)))
        process.communicate(b"\n")
    assert process.returncode == (0 if step == "pass" else -signal.SIGKILL)
    # Workers end a moment after a command that is killed; the test's own time limit is that of the suite.
    while left := [path.name for path in temporary.iterdir() if not path.name.startswith("pymp-")]:
        assert process.returncode, left
