"""``reportgen build`` as a user runs it: a process of its own, from a folder of its own."""

from __future__ import annotations

import functools
import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

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


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "reportgen", *arguments]


def reportgen(folder: Path, *arguments: str, expect: int = 0) -> subprocess.CompletedProcess[str]:
    """Run the command in ``folder`` and check its exit code."""
    environment = os.environ | {"SOURCE_DATE_EPOCH": "1700000000"}
    done = subprocess.run(command(*arguments), cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == expect, done.stderr
    return done


def contents(folder: Path) -> dict[str, str]:
    """The hash of every file of a site but the manifest, which holds timings, and the record made from it."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if path.name not in ("manifest.json", "site.json")
    }


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    folder = tmp_path_factory.mktemp("built")
    return folder, reportgen(folder, "build", *SMALL)


def test_it_makes_the_site_and_says_where(built: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, done = built
    made = contents(folder / "output")
    for name in ("index.html", "losses/quartic.html", "optimizers/adam.html", "results/runs.parquet", ".nojekyll"):
        assert name in made
    assert "output/index.html" in done.stdout
    assert "quartic" in done.stdout
    assert done.stderr == ""
    assert not (folder / "output" / "results" / "parts").exists()
    assert not (folder / "output" / "results" / "worker.log").exists()


def test_a_second_build_of_the_same_matrix_is_the_same_bytes(
    built: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    reportgen(tmp_path, "build", *SMALL)
    assert contents(tmp_path / "output") == contents(built[0] / "output")


IMPORTED = """
import sys
from reportgen.cli import main
try:
    main(sys.argv[1:])
except SystemExit as stop:
    assert not stop.code, stop.code
print(*(name for name in ("tensorflow", "matplotlib", "pandas", "pyarrow") if name in sys.modules), file=sys.stderr)
"""


def test_the_command_never_imports_tensorflow_and_does_nothing_lightly(tmp_path: Path) -> None:
    imported = []
    for _ in range(2):
        script = [sys.executable, "-c", IMPORTED, "build", *SMALL]
        done = subprocess.run(script, cwd=tmp_path, capture_output=True, text=True, check=True)
        imported.append(done.stderr.splitlines()[-1].split())
    assert "tensorflow" not in imported[0]
    assert "matplotlib" in imported[0]
    assert imported[1] == []
    assert "Nothing to do" in done.stderr


def test_a_failed_cell_is_exit_code_3_and_in_the_report(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("raise RuntimeError('this <b>cannot</b> be loaded')\n")
    done = reportgen(tmp_path, "build", *SMALL, "-o", "mine.py:Mine", expect=3)
    assert "2 cells failed" in done.stderr
    assert "Traceback" not in done.stderr
    page = (tmp_path / "output" / "losses" / "quartic.html").read_text()
    assert "mine.py:Mine" in page
    assert "this &lt;b&gt;cannot&lt;/b&gt; be loaded" in "".join(
        path.read_text() for path in (tmp_path / "output").rglob("*.html")
    )


def test_a_mistake_is_exit_code_2_with_the_nearest_name(tmp_path: Path) -> None:
    done = reportgen(tmp_path, "build", "-o", "adamm", "-l", "quartik", expect=2)
    assert "adam" in done.stderr
    assert "quartic" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "output").exists()


def test_ctrl_c_keeps_what_is_finished_and_is_exit_code_130(tmp_path: Path) -> None:
    asked = [
        "build",
        "-o",
        "adam",
        "-o",
        "momentum",
        "-o",
        "adagrad",
        "-l",
        "quartic",
        "-l",
        "beale",
        "-l",
        "rosenbrock",
    ]
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
    _, told = process.communicate(timeout=10)
    assert process.returncode == 130
    assert "Traceback" not in told
    assert "kept" in told
    done = reportgen(tmp_path, *asked)
    assert "of 9 programs were there already" in done.stderr


def test_render_needs_only_the_results(built: tuple[Path, subprocess.CompletedProcess[str]], tmp_path: Path) -> None:
    done = reportgen(tmp_path, "render", str(built[0] / "output" / "results"), "--output", "elsewhere")
    assert "elsewhere/index.html" in done.stdout
    ours, theirs = contents(tmp_path / "elsewhere"), contents(built[0] / "output")
    assert ours["assets/site.css"] == theirs["assets/site.css"]
    assert ours.keys() == {name for name in theirs if not name.startswith("results")}
