"""A pipe, a device, a folder or a huge file in place of an input: one sentence, at once."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from publishing import publish, published

from reportgen.cli import main


def pipe(path: Path) -> None:
    os.mkfifo(path)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def folder(path: Path) -> None:
    path.mkdir()


def huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(10**10)  # a hole: it takes no space


ODD = {
    pipe: "is a named pipe; expected a file",
    device: "is a device; expected a file",
    folder: "Is a directory",
    huge: "is too large; expected at most",
}
PLAIN = {odd: problem for odd, problem in ODD.items() if odd is not folder}

Odd = Callable[[Path], None]


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments)])


def assert_one_sentence(done: Result, *parts: str, code: int = 2) -> None:
    assert done.exit_code == code, done.output
    assert isinstance(done.exception, SystemExit)
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert not [part for part in parts if part not in done.stderr], done.stderr


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("name", ["mine.toml", "reportgen.toml", "pyproject.toml"])
def test_a_config(odd: Odd, name: str, here: Path) -> None:
    odd(here / name)
    arguments = [name] if name == "mine.toml" else []
    assert_one_sentence(invoke("run", "--dry-run", *arguments), name, ODD[odd])


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("kind", ["-o", "-l"])
def test_a_plug_in(odd: Odd, kind: str, here: Path) -> None:
    odd(here / "mine.py")
    done = invoke("list", "optimizers" if kind == "-o" else "losses", "mine.py:Mine")
    assert_one_sentence(done, "mine.py", ODD[odd], code=1)


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("name", ["adam.py", "mine.py"])
def test_a_file_in_the_folder_of_plug_ins(odd: Odd, name: str, here: Path) -> None:
    (here / "optimizers").mkdir()
    odd(here / "optimizers" / name)
    assert invoke("run", "--dry-run", "-o", "adam", "-l", "quartic").exit_code == 0
    assert_one_sentence(invoke("run", "--dry-run", "-o", "adamm", "-l", "quartic"), 'no optimizer is called "adamm"')


@pytest.mark.slow
@pytest.mark.parametrize("odd", PLAIN)
@pytest.mark.parametrize("name", ["index.html", "mine.js", "assets/logo.png"])
def test_a_template(odd: Odd, name: str, site: Path, tmp_path: Path) -> None:
    (tmp_path / "mine" / "assets").mkdir(parents=True)
    odd(tmp_path / "mine" / name)
    output = tmp_path / "output"
    done = invoke("render", site / "results", "--output", output, "--templates", tmp_path / "mine")
    assert_one_sentence(done, str(tmp_path / "mine" / name), PLAIN[odd])
    assert not output.exists()


@pytest.mark.slow
@pytest.mark.parametrize("odd", ODD)
def test_a_manifest(odd: Odd, site: Path, made: Path) -> None:
    (made / "results" / "manifest.json").unlink()
    odd(made / "results" / "manifest.json")
    assert_one_sentence(invoke("render", made / "results", "--output", made), "manifest.json")
    assert_one_sentence(invoke("compare", site, made, "--output", made / "page"), "manifest.json")


@pytest.mark.slow
@pytest.mark.parametrize("odd", ODD)
def test_the_record_of_a_site(odd: Odd, made: Path, tmp_path: Path) -> None:
    (made / "site.json").unlink()
    odd(made / "site.json")
    assert_one_sentence(publish(made, tmp_path / "www"), str(made))
    done = invoke("render", made / "results", "--output", made)
    if odd is folder:
        assert_one_sentence(done, "site.json", "is a folder; expected a file", code=1)
    elif odd is device:
        assert_one_sentence(done, "site.json", "is a symbolic link", code=1)
    else:
        assert done.exit_code == 0, done.output
        assert published(made, tmp_path / "www")


@pytest.mark.slow
@pytest.mark.parametrize("odd", [pipe, huge])
@pytest.mark.parametrize("name", ["published.json", "reports.json"])
def test_a_record_of_published_files(odd: Odd, name: str, site: Path, tmp_path: Path) -> None:
    odd(tmp_path / name)
    if odd is huge:
        done = publish(site, tmp_path, "--prefix", "main" if name == "reports.json" else "")
        assert_one_sentence(done, str(tmp_path / name), ODD[odd], code=1)
    else:
        assert published(site, tmp_path, "--prefix", "main")


@pytest.mark.slow
@pytest.mark.usefixtures("one_worker")
@pytest.mark.parametrize("odd", ODD)
def test_what_the_terminal_showed_is_forgotten(odd: Odd, here: Path) -> None:
    matrix = ["run", "-o", "adam", "-l", "quartic", "--lr", "1e-2", "--steps", "20", "--starts", "1"]
    assert invoke(*matrix).exit_code == 0
    (here / "output/results/terminal.json").unlink()
    odd(here / "output/results/terminal.json")
    done = invoke(*matrix)
    assert (done.exit_code, done.stderr) == (0, "Up to date.\n")


@pytest.mark.parametrize("odd", [pipe, device, folder])
def test_the_log_of_a_worker(odd: Odd, here: Path) -> None:
    (here / "output" / "results").mkdir(parents=True)
    odd(here / "output" / "results" / "worker.log")
    done = invoke("run", "-o", "adam", "-l", "quartic", "--lr", "1e-2", "--steps", "20")
    problem = "is a folder; expected a file" if odd is folder else ODD[odd]
    assert_one_sentence(done, str(Path("output/results/worker.log")), problem, code=1)


@pytest.mark.slow
@pytest.mark.parametrize("odd", [pipe, folder])
def test_a_results_table(odd: Odd, made: Path) -> None:
    table = made / "results" / "runs.parquet"
    table.unlink()
    odd(table)
    assert_one_sentence(invoke("render", made / "results", "--output", made), "runs.parquet not found")


def test_a_part_of_an_unfinished_build(here: Path) -> None:
    part = here / "output" / "results" / "parts" / ("0" * 64)
    part.mkdir(parents=True)
    pipe(part / "program.json")
    assert invoke("clean").exit_code == 0
    assert json.loads(invoke("run", "--dry-run", "-o", "adam", "-l", "quartic", "--json").stdout)["reused"] == 0
