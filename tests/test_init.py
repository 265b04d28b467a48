"""``reportgen init``: what it writes is a config that loads and an optimizer that passes its check."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from conftest import PATIENCE

from reportgen.checks import check
from reportgen.cli import main
from reportgen.config import Config, load
from reportgen.plan import make_plan

FILES = ["my_optimizer.py", "reportgen.toml"]


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["init", *arguments])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("init") / "new" / "comparison"
    assert invoke(str(made)).exit_code == 0
    return made


def test_stdout_lists_the_files_and_stderr_the_next_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = invoke()
    assert (result.exit_code, sorted(result.stdout.split())) == (0, FILES)
    assert sorted(path.name for path in tmp_path.iterdir()) == FILES
    assert "  reportgen check my_optimizer.py " in result.stderr
    assert "  reportgen build --open " in result.stderr
    assert "cd " not in result.stderr
    assert "  cd mine\n" in invoke("mine").stderr


@pytest.mark.parametrize("name", FILES)
def test_nothing_is_ever_overwritten(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    result = invoke(str(tmp_path))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == f"{tmp_path / name}: already exists; nothing was written. Choose another folder\n"
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "mine"


def test_a_file_instead_of_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = invoke(str(tmp_path / "file"))
    assert (result.exit_code, result.stderr) == (2, f"{tmp_path / 'file'}: is a file; expected a folder\n")


def test_the_config_loads_and_shows_every_key_and_every_way_to_ask_for_an_optimizer(folder: Path) -> None:
    config = load(environ={}, folder=folder)
    matrix = make_plan(config)
    assert not any(program.failure for program in matrix.programs)
    assert {"lookahead[base=momentum]", "momentum[schedule=cosine]", "adam[beta_2=0.99]", "adam"} <= set(
        matrix.optimizers
    )
    assert "my_optimizer.py:RestartedMomentum" in matrix.optimizers
    said = (folder / "reportgen.toml").read_text(encoding="utf-8").splitlines()
    keys = [line.partition(" =")[0] for line in said if line[:1].isalpha()]
    assert set(keys) == set(Config.model_fields) - {"base"}
    # Each of them is explained in the line above it.
    assert all(said[said.index(line) - 1].startswith("# ") for line in said if line[:1].isalpha())


@pytest.mark.usefixtures("one_worker", "brief_comparison")
def test_the_optimizer_passes_its_check_with_nothing_to_note(folder: Path) -> None:
    (checked,) = check("my_optimizer.py", folder, PATIENCE)
    assert {verdict.name: verdict.detail for verdict in checked.verdicts if verdict.status != "ok"} == {}
