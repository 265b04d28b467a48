"""A Dask cluster runs the same matrix with the same bytes, whatever happens to its scheduler, workers and plug-ins."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner, Result
from conftest import PATIENCE, KeptWorker
from dask_processes import Processes, dask_processes, wait_until

from reportgen.cli import main
from reportgen.cli.progress_lines import ProgressLines
from reportgen.config import Config
from reportgen.config.cluster import Cluster
from reportgen.execute import dask_cluster
from reportgen.execute.events import ClusterError, ClusterState, CompileStart, Event, PlanReady, RunStart
from reportgen.execute.job import Job, OtherCodeError, check_code
from reportgen.pipeline import run
from reportgen.plan import Program, make_plan
from reportgen.results.manifest import read_manifest

pytestmark = pytest.mark.slow

TABLES = ("runs.parquet", "traces.parquet", "grids.parquet", "paths.parquet")
MATRIX = """
losses = ["quartic", "lib/valleys.py:valley"]
optimizers = ["gradient_descent", "adam"]
learning_rates = [0.01, 0.1]
starts = { random = 1 }
steps = 50
"""
VALLEY = """
from reportgen.loss import loss
from shared import FACTOR

@loss(start=(1.0, 1.0), domain=((-2, 2), (-2, 2)), minimum=0.0, minima=((0.0, 0.0),))
def valley(x, y):
    return x**2 + FACTOR * y**2
"""


def reportgen(*arguments: object) -> Result:
    return CliRunner().invoke(main, list(map(str, arguments)))


def digests(results: Path) -> dict[str, str]:
    return {name: hashlib.sha256((results / name).read_bytes()).hexdigest() for name in TABLES}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    """One worker, because each of them imports TensorFlow for each run. It is alone between two tests."""
    with dask_processes(tmp_path_factory.mktemp("dask"), workers=1) as processes:
        yield processes


@pytest.fixture
def two_workers(cluster: Processes) -> Iterator[Processes]:
    with cluster.more_workers():
        yield cluster


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory, kept_worker: KeptWorker) -> Path:
    """A config with a plug-in that has a neighbour, and the results of this machine."""
    folder = tmp_path_factory.mktemp("matrix")
    (folder / "lib").mkdir()
    (folder / "lib" / "valleys.py").write_text(VALLEY, encoding="utf-8")
    (folder / "lib" / "shared.py").write_text("FACTOR = 10\n", encoding="utf-8")
    (folder / "matrix.toml").write_text(MATRIX, encoding="utf-8")
    with kept_worker():
        ran = reportgen("run", folder / "matrix.toml", "--output", folder / "here")
    assert ran.exit_code == 0, ran.output
    return folder


def test_the_same_matrix_gives_the_same_bytes(two_workers: Processes, matrix: Path, tmp_path: Path) -> None:
    ran = reportgen("run", matrix / "matrix.toml", "--cluster", two_workers.file, "--output", tmp_path)
    assert ran.exit_code == 0, ran.output
    assert digests(tmp_path / "results") == digests(matrix / "here" / "results")
    manifest = read_manifest(tmp_path / "results")
    assert all(entry.host and entry.device for entry in manifest.programs)
    assert "cluster" not in (tmp_path / "results" / "manifest.json").read_text(encoding="utf-8")


def test_the_report_is_drawn_here(
    cluster: Processes, matrix: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPORTGEN_CLUSTER", str(cluster.file))
    built = reportgen("build", matrix / "matrix.toml", "-l", "quartic", "--output", tmp_path)
    assert built.exit_code == 0, built.output
    assert (tmp_path / "index.html").is_file()
    assert "Up to date." in reportgen("build", matrix / "matrix.toml", "-l", "quartic", "--output", tmp_path).stderr


FAULTS = {
    "raises.py": "raise ValueError('not today')",
    "exits.py": "import os; os._exit(7)",
}
FAULTY = """
from reportgen.optimizer import Optimizer

class Faulty(Optimizer):
    def step(self, x, state, problem):
        {}
"""


def test_a_faulty_optimizer_costs_only_its_own_configurations(cluster: Processes, tmp_path: Path) -> None:
    for name, fault in FAULTS.items():
        (tmp_path / name).write_text(FAULTY.format(fault), encoding="utf-8")
    optimizers = ["adam", *(f"{name}:Faulty" for name in FAULTS)]
    (tmp_path / "matrix.toml").write_text(
        f'losses = ["quartic"]\noptimizers = {optimizers}\n'
        f'learning_rates = [0.1]\nsteps = 10\n[cluster]\naddress = "{cluster.file}"\n',
        encoding="utf-8",
    )
    ran = reportgen("run", tmp_path / "matrix.toml", "--output", tmp_path / "output")
    assert ran.exit_code == 3, ran.output
    runs = pd.read_parquet(tmp_path / "output" / "results" / "runs.parquet")
    reasons = runs.loc[runs["outcome"] == "failed"].groupby("optimizer", observed=True)["reason"].first()
    assert reasons["raises.py:Faulty"] == "ValueError: not today (raises.py:6)"
    assert reasons["exits.py:Faulty"] == "its process died (exit code 7)"
    assert set(runs.loc[runs["outcome"] != "failed", "optimizer"]) == {"adam"}
    assert "not today" in (tmp_path / "output" / "results" / "worker.log").read_text(encoding="utf-8")


def test_an_optimizer_that_kills_every_worker_is_given_up(tmp_path: Path) -> None:
    kill = "import os, psutil; psutil.Process(psutil.Process().parents()[2].pid).kill()"
    (tmp_path / "kills.py").write_text(FAULTY.format(kill), encoding="utf-8")
    config = {
        "losses": ["quartic"],
        "optimizers": ["kills.py:Faulty", "adam"],
        "learning_rates": [0.1],
        "steps": 10,
        "base": tmp_path,
        "output": tmp_path / "output",
    }
    with dask_processes(tmp_path, DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0") as processes:
        asked = config | {"cluster": {"address": str(processes.file), "retries": 1}}
        summary = run(Config.model_validate(asked), lambda _: None)
    (failure,) = summary.failures
    assert failure.optimizers == ("kills.py:Faulty",)
    assert failure.reason == "given up after 2 attempts: each worker that took it ended"
    assert {row.optimizer: row.failed for row in summary.best}["adam"] == 0


def test_a_worker_that_is_lost_while_it_runs_is_replaced_by_another(matrix: Path, tmp_path: Path) -> None:
    with dask_processes(tmp_path) as processes:
        lost = processes.workers[0]

        def lose(event: Event) -> None:
            if isinstance(event, RunStart) and lost.returncode is None:
                os.killpg(lost.pid, signal.SIGKILL)
                lost.returncode = lost.poll() or -signal.SIGKILL

        summary = run(_config(matrix, processes, tmp_path), lose)
    assert summary.failed_cells == 0
    assert digests(tmp_path / "output" / "results") == digests(matrix / "here" / "results")


def _config(matrix: Path, processes: Processes, folder: Path) -> Config:
    from reportgen.config import load

    flags = {"cluster": str(processes.file), "output": str(folder / "output")}
    return load(matrix / "matrix.toml", flags=flags, environ={})


def test_a_scheduler_that_is_started_again_goes_on(matrix: Path, tmp_path: Path) -> None:
    with dask_processes(tmp_path) as processes:
        with processes.client() as client:
            port = int(client.scheduler.address.rpartition(":")[2])
        restarted: list[int] = []

        def restart(event: Event) -> None:
            if isinstance(event, RunStart) and not restarted:
                restarted.append(port)
                assert processes.scheduler
                processes.scheduler.kill()
                processes.scheduler.wait()
                processes.start_scheduler(port)
                processes.start_workers(1)

        summary = run(_config(matrix, processes, tmp_path), restart)
    assert restarted
    assert summary.failed_cells == 0
    assert digests(tmp_path / "output" / "results") == digests(matrix / "here" / "results")


def test_a_scheduler_that_stays_away_ends_the_run_with_one_sentence(
    matrix: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_cluster, "RECONNECT_SECONDS", 2.0)
    started = dask_cluster.DaskCluster._receive
    with dask_processes(tmp_path, workers=1) as processes:

        def stop(cluster: Any, event: Any) -> None:
            assert processes.scheduler
            processes.scheduler.kill()
            started(cluster, event)

        monkeypatch.setattr(dask_cluster.DaskCluster, "_receive", stop)
        ran = reportgen("run", matrix / "matrix.toml", "--cluster", processes.file, "--output", tmp_path / "output")
    assert ran.exit_code == 1, ran.output
    assert ran.stderr.splitlines()[-1].startswith(f"Error: {processes.file}: no Dask scheduler answers there")


def test_ctrl_c_leaves_nothing_running_on_the_cluster(cluster: Processes, tmp_path: Path) -> None:
    (tmp_path / "hangs.py").write_text(
        FAULTY.format(
            f"import time, tempfile; tempfile.mkstemp(dir={str(tmp_path)!r}, prefix='runs'); time.sleep(3600)"
        )
    )
    command = [sys.executable, "-m", "reportgen", "run", "-o", "hangs.py:Faulty", "-l", "quartic", "--lr", "0.1"]
    command += ["--cluster", str(cluster.file), "--output", "output"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, start_new_session=True) as process:
        wait_until(lambda: list(tmp_path.glob("runs*")) or process.poll() is not None)
        os.killpg(process.pid, signal.SIGINT)
        _, error = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert error.decode().splitlines()[-1].startswith("Interrupted. Finished programs are saved")
    with cluster.client() as client:
        wait_until(lambda: not any(client.processing().values()))
        # Only the name of this module is known to the workers.
        busy = "__import__('reportgen.execute.cluster_task', fromlist=['_']).get_servers().busy"
        assert not any(client.run(eval, busy).values())


def test_tasks_wait_for_a_worker_with_their_resources(
    cluster: Processes, matrix: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_cluster, "RECONNECT_SECONDS", 1.0)
    asked = {"losses": ["quartic"], "optimizers": ["adam"], "learning_rates": [0.1], "steps": 10}
    asked |= {"cluster": {"address": str(cluster.file), "resources": {"GPU": 1.0}}, "output": tmp_path / "output"}
    with pytest.raises(ClusterError, match=r"no worker with GPU = 1 for \d+ s; start one"):
        run(Config.model_validate(asked | {"deadline": 1.0}), lambda _: None)
    events: list[Event] = []
    with cluster.more_workers("--resources", "GPU=1"):
        summary = run(Config.model_validate(asked), events.append)
    assert summary.failed_cells == 0
    assert {event.workers for event in events if isinstance(event, ClusterState)} == {1}


def test_progress_shows_workers_and_tasks() -> None:
    printed: list[str] = []
    times = iter(range(0, 1000, 20))
    lines = ProgressLines(printed.append, lambda: float(next(times)))
    lines.show(PlanReady(4, 0, 8, 8, 8000))
    lines.show(ClusterState(3, 12, 5))
    lines.show(CompileStart("quartic/adam"))
    assert printed[-1] == "3 workers, 5/12 tasks: 0/4 programs, compiling quartic/adam"


def test_a_worker_with_another_version_is_refused(matrix: Path, tmp_path: Path) -> None:
    (tmp_path / "older.py").write_text("import reportgen.execute.job\nreportgen.execute.job.__version__ = '0.0.1'\n")
    processes = Processes(tmp_path, {})
    try:
        processes.start_scheduler()
        processes.start_workers(1, "--preload", str(tmp_path / "older.py"))
        ran = reportgen("run", matrix / "matrix.toml", "--cluster", processes.file, "--output", tmp_path / "output")
    finally:
        processes.stop()
    assert ran.exit_code == 1
    assert "has reportgen 0.0.1 and TensorFlow " in ran.stderr
    assert "; expected reportgen " in ran.stderr


def test_a_machine_with_other_code_is_refused(matrix: Path) -> None:
    config = Config.model_validate({"losses": ["quartic"], "optimizers": ["adam"], "base": matrix})
    program = make_plan(config).programs[0]
    check_code([program])
    with pytest.raises(OtherCodeError, match="has other code of quartic/adam; expected the same as here"):
        check_code([replace(program, sources=("0" * 64,))])


def _planned(base: Path, loss: str) -> tuple[Program, ...]:
    return make_plan(Config.model_validate({"losses": [loss], "optimizers": ["adam"], "base": base})).programs


def _no_store(parts: Path, program: Program, engine: Any, host: str = "") -> None:
    """Stand for a function that stores results."""


def test_plugin_files_travel_with_their_neighbours(matrix: Path, tmp_path: Path) -> None:
    lib = tmp_path / "lib"
    shutil.copytree(matrix / "lib", lib)
    (tmp_path / "cfg").mkdir()
    programs = _planned(tmp_path / "cfg", "../lib/valleys.py:valley")
    job = Job.of(programs, 600, 0, _no_store)
    assert {Path(name).name for name in job.files} == {"valleys.py", "shared.py"}
    shutil.rmtree(lib)
    unpacked = job.unpacked(tmp_path / "there")
    check_code(unpacked)
    assert [program.fingerprint for program in unpacked] == [program.fingerprint for program in programs]
    elsewhere = replace(unpacked[0], base=tmp_path)
    with pytest.raises(OtherCodeError, match=r"cannot load .*no file is called"):
        check_code([elsewhere])


def test_an_absolute_path_of_a_plugin_is_refused(matrix: Path) -> None:
    name = f"{matrix / 'lib' / 'valleys.py'}:valley"
    with pytest.raises(ClusterError, match="absolute path; with a Dask cluster, name plug-ins relative to the config"):
        Job.of(_planned(matrix, name), 600, 0, _no_store)


def test_workers_import_tensorflow_before_they_have_a_task(cluster: Processes, tmp_path: Path) -> None:
    idle = "len(__import__('reportgen.execute.cluster_task', fromlist=['_']).get_servers()._idle)"
    settings = Cluster(address=str(cluster.file))
    with dask_cluster.DaskCluster(settings, tmp_path, 0), cluster.client() as client:
        wait_until(lambda: all(client.run(eval, idle).values()))
        assert set(client.run(eval, idle).values()) == {1}


def test_a_flag_without_an_address_runs_here(tmp_path: Path) -> None:
    from reportgen.config import load

    (tmp_path / "matrix.toml").write_text('[cluster]\naddress = "a"\n', encoding="utf-8")
    assert load(tmp_path / "matrix.toml", flags={"cluster": ""}, environ={}).cluster is None


def test_an_address_without_a_scheduler_is_named(matrix: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_cluster, "CONNECT_SECONDS", 0.5)
    for address, text in (
        ("tcp://127.0.0.1:1", "no Dask scheduler answers there"),
        ("nowhere", "no Dask scheduler answers there"),
        ("missing.json", "cannot be read; expected the scheduler file of a Dask cluster"),
    ):
        ran = reportgen("run", matrix / "matrix.toml", "--cluster", address, "--output", tmp_path)
        assert ran.exit_code == 1, ran.output
        assert ran.stderr.splitlines()[-1].startswith(f"Error: {address}: {text}")


def test_dask_that_is_not_installed_is_named(matrix: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    ran = reportgen("run", matrix / "matrix.toml", "--cluster", "tcp://127.0.0.1:1", "--output", tmp_path)
    assert ran.exit_code == 1
    assert "Error: a cluster needs Dask: pip install 'optimizer-reportgen[cluster]'" in ran.stderr


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ("cluster = 3", "cluster = 3: expected a table"),
        ("cluster = { resources = { GPU = 1 } }", 'cluster: missing key "address"'),
        (
            'cluster = "http://a:1"',
            'cluster.address = "http://a:1": expected an address such as "tcp://scheduler:8786"',
        ),
        ('cluster = "127.0.0.1:port"', 'cluster.address = "127.0.0.1:port": expected an address such as'),
        ('cluster = { address = "a", retries = -1 }', "cluster.retries = -1: expected a value >= 0"),
        ('cluster = { address = "a", resources = { GPU = 0 } }', "cluster.resources.GPU = 0: expected a value > 0"),
        ('cluster = { address = "a", gpu = 1 }', "cluster.gpu = 1: unknown key"),
    ],
)
def test_a_wrong_table_is_refused(tmp_path: Path, table: str, text: str) -> None:
    (tmp_path / "matrix.toml").write_text(f"{table}\n", encoding="utf-8")
    ran = reportgen("run", tmp_path / "matrix.toml")
    assert ran.exit_code == 2
    assert f"matrix.toml: {text}" in ran.stderr


def test_a_flag_changes_the_address_and_keeps_the_rest(tmp_path: Path) -> None:
    from reportgen.config import load

    (tmp_path / "matrix.toml").write_text('[cluster]\naddress = "a"\nretries = 5\n', encoding="utf-8")
    found = load(tmp_path / "matrix.toml", flags={"cluster": "b"}, environ={"REPORTGEN_CLUSTER": "c"}).cluster
    assert found
    assert (found.address, found.retries) == ("b", 5)
