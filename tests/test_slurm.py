"""Slurm runs the same matrix with the same bytes, also if jobs or the submitting command are killed."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import pandas as pd
import pytest
from click.testing import CliRunner
from conftest import PATIENCE, KeptWorker
from dask_processes import wait_until
from slurm_processes import slurm_processes

from reportgen.cli import main
from reportgen.config import load
from reportgen.execute import slurm_cluster
from reportgen.execute.job import OtherCodeError
from reportgen.failure import Failure
from reportgen.plan import make_plan
from reportgen.results.manifest import read_manifest
from reportgen.results.store import Store

pytestmark = pytest.mark.slow

Done = subprocess.CompletedProcess[str]

TABLES = ("runs.parquet", "traces.parquet", "grids.parquet", "paths.parquet")
MATRIX = """
losses = ["quartic"]
optimizers = [{optimizers}]
learning_rates = [0.01, 0.1]
starts = {{ random = 1 }}
steps = 50
[cluster]
address = "slurm"
jobs = 2
cpus = 1
memory = 1.5
retries = 1
"""
FAULTY = """
from reportgen.optimizer import Optimizer

class Faulty(Optimizer):
    def step(self, x, state, problem):
        {}
"""


@pytest.fixture(scope="module", autouse=True)
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with slurm_processes(tmp_path_factory.mktemp("slurm")):
        yield


def write_matrix(folder: Path, *optimizers: str) -> Path:
    path = folder / "matrix.toml"
    path.write_text(MATRIX.format(optimizers=", ".join(f'"{name}"' for name in optimizers)), encoding="utf-8")
    return path


def run(*arguments: object, environ: Mapping[str, str] = MappingProxyType({})) -> Done:
    """Run in a process of its own: submitit replaces the logging of its process, and so that of pytest."""
    code = "import sys; from reportgen.execute import slurm_cluster; slurm_cluster.RESULT_SECONDS = 3.0; "
    code += "slurm_cluster.POLL_SECONDS = 0.2; from reportgen.cli import main; main(sys.argv[1:])"
    command = [sys.executable, "-c", code, "run", *map(str, arguments)]
    return subprocess.run(command, env=os.environ | environ, capture_output=True, text=True, check=False)


def digests(output: Path) -> dict[str, str]:
    return {name: hashlib.sha256((output / "results" / name).read_bytes()).hexdigest() for name in TABLES}


def queue() -> str:
    return subprocess.run(["squeue", "--noheader"], capture_output=True, text=True, check=True).stdout


def test_the_same_matrix_gives_the_same_bytes(tmp_path: Path, kept_worker: KeptWorker) -> None:
    matrix = write_matrix(tmp_path, "gradient_descent", "adam")
    ran = run(matrix, "--output", tmp_path / "there")
    assert ran.returncode == 0, ran.stderr
    with kept_worker():
        plain = matrix.read_text(encoding="utf-8").partition("[cluster]")[0]
        matrix.write_text(plain, encoding="utf-8")
        here = CliRunner().invoke(main, ["run", str(matrix), "--output", str(tmp_path / "here")])
        assert here.exit_code == 0, here.output
    assert digests(tmp_path / "there") == digests(tmp_path / "here")
    manifest = read_manifest(tmp_path / "there" / "results")
    assert all(entry.host and entry.device for entry in manifest.programs)
    assert not (tmp_path / "there" / "results" / "slurm").exists()


def test_programs_that_fail_or_kill_their_job_cost_only_their_own_configurations(tmp_path: Path) -> None:
    # Its parents are the process that forks workers, and the job.
    kill = "import os, psutil; psutil.Process().parents()[1].kill()"
    (tmp_path / "kills.py").write_text(FAULTY.format(kill), encoding="utf-8")
    (tmp_path / "raises.py").write_text(FAULTY.format("raise ValueError('not today')"), encoding="utf-8")
    matrix = write_matrix(tmp_path, "kills.py:Faulty", "raises.py:Faulty", "adam")
    ran = run(matrix, "--output", tmp_path / "output")
    assert ran.returncode == 3, ran.stderr
    runs = pd.read_parquet(tmp_path / "output" / "results" / "runs.parquet")
    reasons = runs.loc[runs["outcome"] == "failed"].groupby("optimizer", observed=True)["reason"].first()
    assert reasons["raises.py:Faulty"] == "ValueError: not today (raises.py:6)"
    assert reasons["kills.py:Faulty"].startswith("its Slurm jobs were lost ")
    assert set(runs.loc[runs["outcome"] != "failed", "optimizer"]) == {"adam"}
    assert 'File "' in (tmp_path / "output" / "results" / "worker.log").read_text(encoding="utf-8")  # the traceback


def test_a_job_with_other_code_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = make_plan(load(write_matrix(tmp_path, "adam"), environ={})).programs

    def differs(_: object) -> None:
        raise OtherCodeError("has other code of quartic/adam; expected the same as here")

    monkeypatch.setattr(slurm_cluster, "check_code", differs)
    folder = tmp_path / "results" / "slurm"
    folder.mkdir(parents=True)
    slurm_cluster.run_element(programs, tmp_path / "results", Store(tmp_path / "results").store_program, 60, 0)
    (text,) = (path.read_text(encoding="utf-8") for path in folder.glob("*.failure"))
    assert text.endswith("has other code of quartic/adam; expected the same as here")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_ends_early_keeps_what_is_finished_and_leaves_no_jobs(
    tmp_path: Path, number: signal.Signals
) -> None:
    hang = "import time; time.sleep(3600)"
    (tmp_path / "hangs.py").write_text(FAULTY.format(hang), encoding="utf-8")
    matrix = write_matrix(tmp_path, "adam", "hangs.py:Faulty")
    command = [sys.executable, "-m", "reportgen", "run", str(matrix), "--output", str(tmp_path / "output")]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, start_new_session=True) as process:
        wait_until(lambda: list((tmp_path / "output" / "results" / "parts").glob("*/program.json")))
        os.killpg(process.pid, number)
        process.communicate(timeout=PATIENCE)
    assert process.returncode == (130 if number == signal.SIGINT else -signal.SIGKILL)
    if number == signal.SIGINT:
        wait_until(lambda: not queue())
    (tmp_path / "hangs.py").write_text(FAULTY.format("return x, state"), encoding="utf-8")
    again = run(matrix, "--output", tmp_path / "output")
    assert again.returncode == 0, again.stderr
    assert "Reused 1 of 2 programs." in again.stderr
    wait_until(lambda: not queue())


def test_a_program_that_failed_earlier_runs_again(tmp_path: Path) -> None:
    matrix = write_matrix(tmp_path, "adam")
    (program,) = make_plan(load(matrix, environ={})).programs
    Store(tmp_path / "output" / "results").store_failure(program, Failure("the machine was switched off"))
    ran = run(matrix, "--output", tmp_path / "output")
    assert ran.returncode == 0, ran.stderr
    assert "Reused" not in ran.stderr


def test_a_machine_without_slurm_is_named(tmp_path: Path) -> None:
    ran = run(write_matrix(tmp_path, "adam"), "--output", tmp_path / "output", environ={"PATH": str(tmp_path)})
    assert ran.returncode == 1
    assert "Error: slurm: found no command sbatch; expected a machine on which jobs are submitted" in ran.stderr


def test_what_slurm_does_not_accept_is_named(tmp_path: Path) -> None:
    matrix = write_matrix(tmp_path, "adam")
    matrix.write_text(matrix.read_text(encoding="utf-8") + 'partition = "nowhere"\n', encoding="utf-8")
    ran = run(matrix, "--output", tmp_path / "output")
    assert ran.returncode == 1
    assert "Error: slurm: the jobs were not accepted: " in ran.stderr
    assert "invalid partition" in ran.stderr
