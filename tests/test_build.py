"""``reportgen build`` as a user runs it: from a folder of its own, and mostly a process of its own."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from conftest import PATIENCE

from reportgen.cli import main

pytestmark = pytest.mark.slow

SMALL = [
    "-o",
    "adam",
    "-o",
    "momentum",
    "-l",
    "quartic",
    "--lr",
    "0.01",
    "--lr",
    "0.1",
    "--steps",
    "100",
    "--starts",
    "1",
]


NOW = "1700000000"


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "reportgen", *arguments]


def reportgen(folder: Path, *arguments: str, expect: int = 0) -> subprocess.CompletedProcess[str]:
    """Run the command in ``folder`` and check its exit code."""
    return finished(command(*arguments), folder, expect)


def finished(asked: list[str], folder: Path, expect: int = 0) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"SOURCE_DATE_EPOCH": NOW}
    done = subprocess.run(asked, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == expect, done.stderr
    return done


def messages(done: Result | subprocess.CompletedProcess[str]) -> str:
    """What it printed on stderr, without the lines of progress that a busy machine adds."""
    lines = done.stderr.splitlines(keepends=True)
    return "".join(line for line in lines if not re.match(r"planning$|\d+/\d+ programs, ", line))


@pytest.fixture
def invoke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, one_worker: None) -> Callable[..., Result]:
    """The command in this process and in a folder of the test: two processes less to start."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", NOW)
    return lambda *arguments: CliRunner().invoke(main, arguments)


def contents(folder: Path) -> dict[str, str]:
    """The hash of every file of a site but the manifest, which holds timings, and the record made from it."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if path.name not in ("manifest.json", "site.json")
    }


IMPORTED = """
import sys
from pathlib import Path
from reportgen.cli import main
try:
    main(sys.argv[1:])
finally:
    heavy = (name for name in ("tensorflow", "matplotlib", "pandas", "pyarrow") if name in sys.modules)
    Path("imported.txt").write_text(" ".join(heavy))
"""


def importing(folder: Path) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """A build, and what of that which is slow to import it imported."""
    done = finished([sys.executable, "-c", IMPORTED, "build", *SMALL], folder)
    return done, (folder / "imported.txt").read_text().split()


@dataclass(frozen=True)
class Built:
    folder: Path
    done: subprocess.CompletedProcess[str]
    imported: list[str]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("built")
    return Built(folder, *importing(folder))


def test_a_notebook_s_backend_of_matplotlib_is_not_needed(
    built: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    shutil.copytree(built.folder / "output" / "results", tmp_path / "output" / "results")
    assert not list((tmp_path / "output").rglob("*.svg"))
    reportgen(tmp_path, "build", *SMALL)
    assert list((tmp_path / "output").rglob("*.svg"))


def test_it_makes_the_site_and_says_where(built: Built) -> None:
    folder, done = built.folder, built.done
    made = contents(folder / "output")
    for name in ("index.html", "losses/quartic.html", "optimizers/adam.html", "results/runs.parquet", ".nojekyll"):
        assert name in made
    assert "output/index.html" in done.stdout
    assert "quartic" in done.stdout
    assert messages(done) == ""
    assert not (folder / "output" / "results" / "parts").exists()
    assert not (folder / "output" / "results" / "worker.log").exists()


def test_a_second_build_of_the_same_matrix_is_the_same_bytes(
    built: Built, tmp_path: Path, invoke: Callable[..., Result]
) -> None:
    assert invoke("build", *SMALL).exit_code == 0
    assert contents(tmp_path / "output") == contents(built.folder / "output")


def test_the_command_never_imports_tensorflow_and_does_nothing_lightly(built: Built) -> None:
    assert "tensorflow" not in built.imported
    assert "matplotlib" in built.imported
    again, imported = importing(built.folder)
    assert imported == []
    assert again.stdout == built.done.stdout
    assert "quartic\n" in again.stdout
    assert "Up to date." in again.stderr


def test_a_failed_cell_is_exit_code_3_and_in_the_report(tmp_path: Path, invoke: Callable[..., Result]) -> None:
    (tmp_path / "mine.py").write_text("raise RuntimeError('this <b>cannot</b> be loaded')\n")
    done = invoke("build", *SMALL, "-o", "mine.py:Mine")
    assert done.exit_code == 3, done.stderr
    assert "2 configurations failed: mine.py:Mine on quartic: RuntimeError: this <b>cannot</b>" in done.stderr
    assert done.stderr.count("RuntimeError") == 1
    assert "Traceback" not in done.stderr
    page = (tmp_path / "output" / "losses" / "quartic.html").read_text()
    assert "mine.py:Mine" in page
    assert "this &lt;b&gt;cannot&lt;/b&gt; be loaded" in "".join(
        path.read_text() for path in (tmp_path / "output").rglob("*.html")
    )


def test_an_error_is_exit_code_2_with_the_nearest_name(tmp_path: Path) -> None:
    done = reportgen(tmp_path, "build", "-o", "adamm", "-l", "quartik", expect=2)
    assert "adam" in done.stderr
    assert "quartic" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "output").exists()


@pytest.mark.parametrize(
    ("flag", "meant"), [("--epochs", "--steps"), ("--learning-rate", "--lr"), ("--precision", "--dtype")]
)
def test_a_flag_of_another_tool_is_answered_with_ours(flag: str, meant: str) -> None:
    done = CliRunner().invoke(main, ["build", f"{flag}=3"])
    assert done.exit_code == 2
    assert f"Did you mean '{meant}'?" in done.stderr


def test_a_missing_device_is_reported_before_anything_runs(tmp_path: Path, invoke: Callable[..., Result]) -> None:
    done = invoke("build", *SMALL, "--device", "cpu:7")
    assert done.exit_code == 2
    assert messages(done) == 'device "cpu:7": TensorFlow finds no such device; it finds cpu:0\n'
    assert not (tmp_path / "output" / "results" / "runs.parquet").exists()


def test_ctrl_c_keeps_what_is_finished_and_is_exit_code_130(tmp_path: Path, invoke: Callable[..., Result]) -> None:
    asked = ["build", *SMALL, "-l", "beale", "-l", "rosenbrock"]
    process = subprocess.Popen(
        command(*asked),
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        # Tests that run side by side ignore Ctrl-C, and what they start would inherit that.
        preexec_fn=functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    parts = tmp_path / "output" / "results" / "parts"
    while not (parts.is_dir() and any(not path.name.startswith(".") for path in parts.iterdir())):
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert "Traceback" not in stderr
    assert "Finished programs are saved" in stderr
    done = invoke(*asked)
    assert done.exit_code == 0
    assert re.search(r"Reused [1-6] of 6 programs\.", done.stderr)


ENDLESS = """
import os, subprocess, time
from dataclasses import dataclass
from pathlib import Path
from reportgen.optimizer import Optimizer

@dataclass(frozen=True)
class Endless(Optimizer):
    def step(self, x, state, problem):
        child = subprocess.Popen(["sleep", "3600"])
        Path("pids.new").write_text(f"{os.getpid()} {child.pid}")
        Path("pids.new").rename("pids")
        while True:
            time.sleep(0.01)
"""


def test_nothing_runs_on_when_the_command_is_killed(tmp_path: Path) -> None:
    (tmp_path / "endless.py").write_text(ENDLESS)
    process = subprocess.Popen(command("run", "-o", "endless.py:Endless", "-l", "quartic", "--lr", "0.1"), cwd=tmp_path)
    while not (tmp_path / "pids").exists():
        assert process.poll() is None
        time.sleep(0.02)
    worker, child = map(int, (tmp_path / "pids").read_text().split())
    assert is_running(worker)
    assert is_running(child)
    process.kill()
    process.wait()
    while is_running(worker) or is_running(child):  # forever, if they are orphans
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def test_another_baseline_redraws_the_report_and_runs_nothing(
    built: Built, tmp_path: Path, invoke: Callable[..., Result]
) -> None:
    output = tmp_path / "output"
    shutil.copytree(built.folder / "output", output)
    assert "baseline-heading" not in (output / "index.html").read_text()
    for baseline, other in (("adam", "momentum"), ("momentum", "adam")):
        done = invoke("build", *SMALL, "--baseline", baseline)
        assert done.exit_code == 0
        assert messages(done) == "Reused 2 of 2 programs.\n"
        assert f"Points above {baseline}" in done.stdout
        page = (output / "index.html").read_text().partition('<table class="baseline">')[2].partition("</table>")[0]
        assert f">{other}</a>" in page
        assert f">{baseline}</a>" not in page
        assert f"### Compared with <code>{baseline}</code>" in (output / "summary.md").read_text()
        again = invoke("build", *SMALL, "--baseline", baseline)
        assert (again.exit_code, messages(again), again.stdout) == (0, "Up to date.\n", done.stdout)
    run = invoke("run", *SMALL, "--baseline", "adam")
    assert run.exit_code == 0
    assert "Points above adam" in run.stdout


def test_a_baseline_outside_the_matrix_is_one_sentence(tmp_path: Path) -> None:
    done = reportgen(tmp_path, "build", *SMALL, "--baseline", "adm", expect=2)
    (line,) = done.stderr.splitlines()
    assert line.startswith('baseline = "adm": not an optimizer of the matrix; expected one of: adam, momentum.')
    assert line.endswith('Did you mean "adam"?')
    assert not (tmp_path / "output").exists()


def test_a_dry_run_counts_what_is_stored_and_estimates_from_its_times(built: Built, tmp_path: Path) -> None:
    shutil.copytree(built.folder / "output", tmp_path / "output")
    before = contents(tmp_path / "output")
    manifest = tmp_path / "output" / "results" / "manifest.json"
    content = json.loads(manifest.read_text())
    for program in content["programs"]:
        program["seconds"] = {"trace": 1.0, "compile": 2.0, "run": 4.0}  # 400 run-steps each, so 100 per second
    manifest.write_text(json.dumps(content))
    done = reportgen(tmp_path, "build", *SMALL, "-l", "beale", "--dry-run")
    assert done.stdout.splitlines() == [
        "programs        4: 2 to run, 2 reused",
        "configurations  8",
        "runs            16",
        "run-steps       8.0e+02 to run",
        "time            about 0:19, without figures and pages",
        "memory          about 0.3 GiB for the report",
        "Estimated from the times of the last build.",
    ]
    assert contents(tmp_path / "output") == before


def test_verbose_shows_where_the_time_goes(tmp_path: Path, invoke: Callable[..., Result]) -> None:
    done = invoke("build", *SMALL, "-v")
    stages = [line[:20].strip() for line in messages(done).splitlines()]
    assert stages[:2] == ["planning", "start of worker"]
    assert stages[-1] == "total"
    assert {"programs", "trace", "compile", "run"} <= set(stages)


def test_render_needs_only_the_results(built: Built, tmp_path: Path, invoke: Callable[..., Result]) -> None:
    done = invoke("render", str(built.folder / "output" / "results"), "--output", "elsewhere")
    assert done.exit_code == 0, done.output
    assert "elsewhere/index.html" in done.stdout
    ours, theirs = contents(tmp_path / "elsewhere"), contents(built.folder / "output")
    assert ours["assets/site.css"] == theirs["assets/site.css"]
    assert ours.keys() == {name for name in theirs if not name.startswith("results")}
