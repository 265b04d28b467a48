"""The command line: the configs it builds, what it prints where, and its exit codes."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from fake_pipeline import FakePipeline, installed, invoke

import reportgen.report
from reportgen import __version__
from reportgen.cli import main
from reportgen.config import Config, LossEntry, OptimizerEntry
from reportgen.report.render_options import RenderOptions


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakePipeline:
    return installed(monkeypatch, tmp_path)


def test_build_without_arguments_runs_the_default_matrix(fake: FakePipeline, tmp_path: Path) -> None:
    assert invoke("build").exit_code == 0
    assert fake.configs == [Config(base=tmp_path.resolve())]


def test_flags_set_the_matrix(fake: FakePipeline) -> None:
    matrix = "-o adam -o momentum[momentum=0.5] -l rosenbrock[dim=20] --lr 1e-3 --lr 1e-2 --steps 500"
    rest = "--starts 3 --dtype float64 --device cpu --output elsewhere"
    result = invoke("run", *f"{matrix} {rest}".split())
    assert result.exit_code == 0, result.output
    (config,) = fake.configs
    assert config.optimizers == (
        OptimizerEntry(name="adam"),
        OptimizerEntry(name="momentum", hyperparameters={"momentum": (0.5,)}),
    )
    assert config.losses == (LossEntry(name="rosenbrock", dim=20),)
    assert (config.learning_rates, config.steps, config.starts.random) == ((1e-3, 1e-2), 500, 3)
    assert (config.dtype, config.device, config.output) == ("float64", "cpu", Path("elsewhere"))


def test_the_environment_sets_values(fake: FakePipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPORTGEN_STEPS", "77")
    invoke("build")
    assert fake.configs[0].steps == 77


def test_a_config_file_can_be_named(fake: FakePipeline, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("steps = 9\n")
    assert invoke("build", "mine.toml", "--lr", "0.5").exit_code == 0
    assert (fake.configs[0].steps, fake.configs[0].learning_rates) == (9, (0.5,))


def test_the_summary_of_a_build_is_printed_alone_or_written(fake: FakePipeline) -> None:
    Path("output").mkdir()
    Path("output/summary.md").write_text("## It\n")
    assert invoke("build", "--summary", "-").stdout == "## It\n"
    assert invoke("build", "--summary", "down/here.md").stdout.endswith("output/index.html\n")
    assert Path("down/here.md").read_text() == "## It\n"


def test_an_interrupt_ends_with_130_and_one_sentence(fake: FakePipeline) -> None:
    fake.answer = KeyboardInterrupt()
    result = invoke("build")
    assert result.exit_code == 130
    assert result.stderr == "Interrupted. Finished programs are saved; run the command again to resume.\n"


def test_a_file_system_error_is_one_sentence(fake: FakePipeline) -> None:
    fake.answer = PermissionError(13, "Permission denied", "output")
    result = invoke("build")
    assert (result.exit_code, result.stderr) == (1, "Error: output: Permission denied\n")


def test_all_errors_are_printed_and_nothing_is_run(fake: FakePipeline) -> None:
    result = invoke("build", "--steps", "0", "-o", "adm", "--dtype", "half")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert sorted(line.split(" = ")[0].split(": ")[0] for line in result.stderr.splitlines()) == [
        "--dtype",
        "--optimizer",
        "--steps",
    ]
    assert fake.configs == []


@pytest.mark.parametrize("path", ["none.toml", "."])
def test_a_config_that_cannot_be_read_is_one_sentence(fake: FakePipeline, path: str) -> None:
    result = invoke("build", path)
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"{path}: cannot be read: ")
    assert fake.configs == []


def test_open_shows_the_report(fake: FakePipeline, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shown: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda url: shown.append(url) or True)
    assert invoke("build").exit_code == 0
    assert shown == []
    assert invoke("build", "--open").exit_code == 0
    assert shown == [(tmp_path.resolve() / "output" / "index.html").as_uri()]
    monkeypatch.setattr("webbrowser.open", lambda _: False)
    assert invoke("build", "--open").stderr.startswith("No browser was found")


def results_folder(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for name in ("runs.parquet", "traces.parquet", "grids.parquet", "paths.parquet"):
        (folder / name).touch()
    (folder / "manifest.json").write_text('{"format": 1}')
    return folder


def test_render_writes_the_report_of_the_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    calls: list[tuple[Path, Path, RenderOptions]] = []

    def render(
        results: Path, output: Path, on_figure: Callable[[str], None], options: RenderOptions, *, workers: int
    ) -> Path:
        assert workers == min((os.cpu_count() or 1) - 1, 7)
        on_figure("beale/paths")
        calls.append((results, output, options))
        return output / "index.html"

    monkeypatch.setattr(reportgen.report, "render", render, raising=False)
    folder = results_folder(tmp_path / "output" / "results")
    result = invoke("render", str(folder), "--output", "site")
    assert result.exit_code == 0, result.output
    assert calls == [(folder, Path("site"), RenderOptions())]
    assert Path(result.stdout.strip()) == Path("site/index.html")


def test_a_folder_without_results_is_one_sentence(tmp_path: Path) -> None:
    folder = results_folder(tmp_path / "output" / "results")
    cases = {
        tmp_path / "none": "does not exist; expected a results folder",
        folder / "manifest.json": "is a file; expected a results folder",
        folder.parent: f"did you mean {folder}?",
    }
    for path, expected in cases.items():
        result = invoke("render", str(path))
        assert (result.exit_code, result.stdout) == (2, "")
        (line,) = result.stderr.splitlines()
        assert line.startswith(f"{path}: ")
        assert line.endswith(expected)


@pytest.mark.parametrize("manifest", ["{", "[]", "{}", '{"format": 1}', '{"format": 2}'])
def test_an_invalid_manifest_is_one_sentence(tmp_path: Path, manifest: str) -> None:
    folder = results_folder(tmp_path / "results")
    (folder / "manifest.json").write_text(manifest)
    result = invoke("render", str(folder))
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1


def test_every_command_is_documented_with_examples() -> None:
    for name, command in main.commands.items():
        text = invoke(name, "--help").stdout
        assert f"Examples:\n    reportgen {name}" in text
        assert all(option.help for option in command.params if isinstance(option, click.Option))
    assert "Examples:\n    reportgen build" in invoke("--help").stdout


def test_version() -> None:
    assert invoke("--version").stdout == f"reportgen, version {__version__}\n"


def test_help_imports_click_and_nothing_heavy() -> None:
    program = """
import sys
from reportgen.cli import main
main(["build", "--help"], standalone_mode=False)
heavy = {"tensorflow", "pydantic", "rich", "pandas", "numpy", "matplotlib", "reportgen.pipeline"}
assert not heavy & sys.modules.keys(), heavy & sys.modules.keys()
"""
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)


def on_a_terminal(*arguments: str, **environ: str) -> str:
    """What ``reportgen`` writes to a terminal."""
    screen, terminal = pty.openpty()
    command = [sys.executable, "-m", "reportgen", *arguments]
    environment = {**os.environ, "TERM": "xterm", **environ}
    with subprocess.Popen(command, stdout=terminal, stderr=terminal, env=environment):
        os.close(terminal)
        text = b""
        try:
            while chunk := os.read(screen, 65536):
                text += chunk
        except OSError:
            pass  # on Linux, the other end is closed
    os.close(screen)
    return text.decode()


def test_colour_only_on_a_terminal_that_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b[" in on_a_terminal("list", "losses")
    assert "\x1b[" not in on_a_terminal("list", "losses", NO_COLOR="1")
    assert "\x1b[" not in on_a_terminal("list", "losses", TERM="dumb")
    assert "\x1b[" not in on_a_terminal("list", "losses", "--no-color", FORCE_COLOR="1")
    assert "\x1b[" not in invoke("list", "losses").stdout
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[" in invoke("list", "losses").stdout
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in invoke("list", "losses").stdout


def test_a_table_is_cut_to_the_screen() -> None:
    lines = on_a_terminal("list", "losses", NO_COLOR="1", COLUMNS="80").splitlines()
    assert max(map(len, lines)) <= 80
    assert any("…" in line for line in lines)
