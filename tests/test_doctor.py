"""``reportgen doctor`` and shell completion."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from reportgen.cli import main
from reportgen.execute.events import WorkerLostError
from reportgen.execute.local_workers import LocalWorkers

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder of the test, on a machine with a processor."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(LocalWorkers, "device_names", lambda *_: ["cpu:0"])
    return tmp_path


def examined() -> tuple[int, dict[str, str]]:
    """Exit code, and the lines by name."""
    done = CliRunner().invoke(main, ["doctor"])
    lines = [line.split(maxsplit=2) for line in done.stdout.splitlines() if line.startswith("  ")]
    return done.exit_code, {name: f"{status} {detail}" for status, name, detail in lines}


def test_a_sound_installation_is_0(folder: Path) -> None:
    code, facts = examined()
    assert code == 0
    assert facts["devices"] == "ok cpu:0"
    assert facts["config"] == "ok no reportgen.toml here; the default matrix is used"
    assert facts["output"] == "ok output is writable"
    assert {"python", "reportgen", "tensorflow", "numpy", "torch", "optax", "s3", "gs", "disk"} <= facts.keys()
    assert list(folder.iterdir()) == []


def test_each_problem_is_a_sentence_and_the_exit_code_1(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "reportgen.toml").write_text('steps = 0\noutput = "out"\n')
    (folder / "output").write_text("")
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=2**20))

    def lost(*_: object) -> list[str]:
        raise WorkerLostError("lost")

    monkeypatch.setattr(LocalWorkers, "device_names", lost)
    code, facts = examined()
    assert code == 1
    assert facts["config"].startswith("FAILED reportgen.toml: steps = 0: expected a value >= 1")
    assert facts["output"] == f"FAILED {folder.resolve() / 'output'} is a file; choose another folder with --output"
    assert facts["disk"].startswith("FAILED 0.0 GiB free")
    assert facts["devices"] == "FAILED a process that imports TensorFlow ends at once: no message"
    (folder / "reportgen.toml").write_text('output = "out"\n')
    assert examined()[1]["config"] == "ok reportgen.toml loads"


def test_a_missing_extra_is_no_problem_and_names_the_command(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    code, facts = examined()
    assert code == 0
    assert facts["torch"] == "ok optional, not installed: pip install 'optimizer-reportgen[torch]'"


def test_a_worker_names_the_devices(tmp_path: Path) -> None:
    with LocalWorkers(tmp_path / "worker.log") as workers:
        found = workers.device_names(600.0)
    assert isinstance(found, list)
    assert "cpu:0" in found


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("build -l rosenb", {"rosenbrock"}),
        ("run -o adam", {"adam", "adamax"}),
        ("list losses rosenb", {"rosenbrock"}),
        ("list optimizers mome", {"momentum"}),
        ("check my_op", {"my_opt.py"}),
        ("build -l suite:cl", {"suite:classic-2d"}),
    ],
)
def test_shells_complete_names_without_tensorflow(tmp_path: Path, shell: str, words: str, expected: set[str]) -> None:
    (tmp_path / "my_opt.py").write_text("")
    program = (
        "import sys\nfrom reportgen.cli import main\ntry:\n    main(prog_name='reportgen')\n"
        "finally:\n    assert 'tensorflow' not in sys.modules, 'tensorflow'\n"
    )
    typed = f"reportgen {words}"
    environment = os.environ | {
        "_REPORTGEN_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": typed,
        "COMP_CWORD": words.split()[-1] if shell == "fish" else str(len(typed.split()) - 1),
    }
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    found = {line.removeprefix("plain,").partition("\t")[0] for line in done.stdout.splitlines()}
    assert expected <= found
