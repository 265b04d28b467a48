"""A write that the system refuses ends a command in one sentence; what was finished stays, and the command goes on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import synthetic
from click.testing import CliRunner
from conftest import KeptWorker
from publishing import contents

from reportgen.cli import main
from reportgen.report import render

LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
sys.argv[1:2] = []
from reportgen.cli import main
main(prog_name="reportgen")
"""
"""The command line where no file can have more bytes than the first argument."""


def limited(limit: int, *arguments: object, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command under the limit. It writes no bytecode: Python 3.11 would leave files that are cut off there."""
    return subprocess.run(
        [sys.executable, "-c", LIMITED, str(limit), *map(str, arguments)],
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )


MATRIX = ("-o", "adam", "-o", "momentum", "-l", "quartic", "--lr", "1e-2", "--lr", "1e-1", "--steps", "100")
TABLES = ("runs.parquet", "traces.parquet", "grids.parquet", "paths.parquet")


def sentence(limit: int, *arguments: object) -> str:
    """What a command says that exceeds the limit: one line, after progress and what matplotlib says of its cache."""
    done = limited(limit, *arguments)
    assert done.returncode == 1, done.stderr
    *before, last = done.stderr.splitlines()
    others = [line for line in before if " programs, " not in line and "font_manager cache" not in line]
    assert not others, done.stderr
    assert last.startswith("Error: ")
    assert "File too large" in last
    return last


def succeed(*arguments: object) -> None:
    done = CliRunner().invoke(main, [*map(str, arguments)])
    assert done.exit_code == 0, done.output


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = synthetic.results(losses=synthetic.LOSSES[:2], optimizers=("gradient_descent", "adam"), starts=2, steps=30)
    return synthetic.write(made, tmp_path_factory.mktemp("made") / "results")


@pytest.fixture(scope="module")
def rendered(results: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rendered")
    render(results, folder)
    return folder


@pytest.fixture(scope="module")
def other_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of other results."""
    made = synthetic.results(losses=synthetic.LOSSES[:1], optimizers=("momentum",), starts=2, steps=30)
    folder = tmp_path_factory.mktemp("other")
    render(synthetic.write(made, folder / "results"), folder / "site")
    return folder / "site"


@pytest.mark.slow
@pytest.mark.parametrize("limit", [5_000, 20_000, 100_000])
def test_render_keeps_the_earlier_site_and_goes_on_later(
    limit: int, results: Path, rendered: Path, other_site: Path, tmp_path: Path
) -> None:
    site = Path(shutil.copytree(other_site, tmp_path / "site"))
    before = contents(site)
    assert str(site) in sentence(limit, "render", results, "--output", site)
    assert contents(site) == before
    succeed("render", results, "--output", site)
    assert contents(site) == contents(rendered)


@pytest.mark.slow
def test_compare_names_the_file_and_goes_on_later(results: Path, tmp_path: Path) -> None:
    assert str(tmp_path / "page") in sentence(1_000, "compare", results, results, "--output", tmp_path / "page")
    succeed("compare", results, results, "--output", tmp_path / "page")
    succeed("compare", results, results, "--output", tmp_path / "fresh")
    assert contents(tmp_path / "page") == contents(tmp_path / "fresh")


@pytest.mark.slow
def test_a_summary_that_cannot_be_written_is_named(results: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(
        main, ["compare", str(results), str(results), "--output", str(tmp_path / "page"), "--summary", "/dev/full"]
    )
    assert done.exit_code == 1
    assert done.stderr == "Error: /dev/full: No space left on device\n"


@pytest.mark.slow
def test_publish_names_the_file_and_goes_on_later(rendered: Path, tmp_path: Path) -> None:
    assert str(tmp_path / "www") in sentence(2_000, "publish", rendered, tmp_path / "www")
    succeed("publish", rendered, tmp_path / "www")
    succeed("publish", rendered, tmp_path / "fresh")
    assert contents(tmp_path / "www") == contents(tmp_path / "fresh")


def test_init_leaves_no_half_file(tmp_path: Path) -> None:
    assert f"{tmp_path / 'reportgen.toml'}: File too large" in sentence(100, "init", tmp_path)
    assert contents(tmp_path) == {}
    succeed("init", tmp_path)
    assert len(contents(tmp_path)) == 2


def test_init_writes_both_files_or_none(tmp_path: Path) -> None:
    succeed("init", tmp_path / "fresh")
    sizes = [(tmp_path / "fresh" / name).stat().st_size for name in ("reportgen.toml", "my_optimizer.py")]
    assert sizes[0] != sizes[1]
    sentence(min(sizes), "init", tmp_path / "mine")
    assert contents(tmp_path / "mine") == {}


def test_clean_says_what_is_in_its_way(tmp_path: Path) -> None:
    (tmp_path / "results" / "parts").mkdir(parents=True)
    (tmp_path / "results" / ".reportgen-complete" / "runs.parquet").mkdir(parents=True)
    (tmp_path / "results" / ".reportgen-complete" / "runs.parquet" / "x").touch()
    (tmp_path / "results" / "runs.parquet").touch()
    done = CliRunner().invoke(main, ["clean", str(tmp_path)])
    assert done.exit_code == 1
    assert done.stderr.startswith(f"Error: {tmp_path / 'results' / 'runs.parquet'}")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("arguments", [["list", "optimizers"], ["--help"], ["schema"]])
def test_a_full_disk_behind_stdout_is_reported(arguments: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "reportgen", *arguments], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (
        1,
        "Error: standard output or a temporary file: No space left on device\n",
    )


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory, kept_worker: KeptWorker) -> dict[str, bytes]:
    """The tables of a run without any error."""
    folder = tmp_path_factory.mktemp("fresh")
    with kept_worker():
        succeed("run", *MATRIX, "--output", folder)
    return {name: (folder / "results" / name).read_bytes() for name in TABLES}


@pytest.mark.usefixtures("one_worker")  # for the command that succeeds
@pytest.mark.parametrize(("command", "limit"), [("run", 600), ("run", 6_000), ("build", 20_000)])
def test_no_optimizer_is_blamed_and_the_same_command_gives_the_tables_of_a_fresh_run(
    command: str, limit: int, fresh: dict[str, bytes], tmp_path: Path
) -> None:
    assert str(tmp_path) in sentence(limit, command, *MATRIX, "--output", tmp_path)
    succeed(command, *MATRIX, "--output", tmp_path)
    assert {name: (tmp_path / "results" / name).read_bytes() for name in TABLES} == fresh


@pytest.mark.slow
def test_an_optimizer_that_prints_on_a_full_disk_does_not_fail(tmp_path: Path) -> None:
    (tmp_path / "chatty.py").write_text(
        "from dataclasses import dataclass\n"
        "from reportgen.optimizers.gradient_descent import GradientDescent\n"
        "print('x' * 100_000, flush=True)\n"
        "@dataclass(frozen=True)\n"
        "class Chatty(GradientDescent):\n"
        "    def step(self, x, state, problem):\n"
        "        print('y' * 100_000, flush=True)\n"
        "        return super().step(x, state, problem)\n",
        encoding="utf-8",
    )
    matrix = ["-o", "chatty.py:Chatty", "-l", "quartic", "--lr", "1e-2", "--steps", "20", "--starts", "1"]
    done = limited(60_000, "run", *matrix, folder=tmp_path)
    assert done.returncode == 0, done.stderr
