"""The command: what it asks of the session, what it prints where, and its exit codes."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from rich.console import Console

import reportgen.report
from reportgen import __version__, pipeline
from reportgen.catalogue import losses, optimizers
from reportgen.cli import main
from reportgen.config import Config, LossEntry, OptimizerEntry
from reportgen.execute.events import CompileStart, Event, FigureStart, PlanReady, ProgramEnd, ReportEnd, RunStart
from reportgen.pipeline import BuildSummary
from reportgen.progress import Progress
from reportgen.report.render_options import RenderOptions

BEST = {
    "loss": "beale",
    "optimizer": "adam",
    "learning_rate": 0.1,
    "solved": 1.0,
    "gap": 2e-15,
    "steps": 57.0,
}
NEVER = BEST | {"loss": "quartic", "solved": 0.0, "steps": float("nan"), "gap": None}


class Asked:
    """Stands in for a session: keeps what it was asked, and answers with a prepared outcome."""

    def __init__(self) -> None:
        self.configs: list[Config] = []
        self.answer: BuildSummary | BaseException = BuildSummary(
            Path("output/results"), Path("output/index.html"), programs=2, reused=0, best=[BEST, NEVER]
        )

    def __call__(self, config: Config, on_event: Callable[[Event], None]) -> BuildSummary:
        self.configs.append(config)
        on_event(PlanReady(2, 0, 10, 90, 180_000))
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Asked:
    monkeypatch.chdir(tmp_path)
    asked = Asked()
    monkeypatch.setattr(pipeline, "build", asked)
    monkeypatch.setattr(pipeline, "run", asked)
    return asked


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_build_without_anything_asks_for_the_default_matrix(asked: Asked, tmp_path: Path) -> None:
    assert invoke("build").exit_code == 0
    assert asked.configs == [Config(base=tmp_path.resolve())]


def test_flags_say_the_matrix(asked: Asked) -> None:
    matrix = "-o adam -o momentum[momentum=0.5] -l rosenbrock[dim=20] --lr 1e-3 --lr 1e-2 --steps 500"
    rest = "--starts 3 --dtype float64 --device cpu --output elsewhere"
    result = invoke("run", *f"{matrix} {rest}".split())
    assert result.exit_code == 0, result.output
    (config,) = asked.configs
    assert config.optimizers == (
        OptimizerEntry(name="adam"),
        OptimizerEntry(name="momentum", hyperparameters={"momentum": (0.5,)}),
    )
    assert config.losses == (LossEntry(name="rosenbrock", dim=20),)
    assert (config.learning_rates, config.steps, config.starts.random) == ((1e-3, 1e-2), 500, 3)
    assert (config.dtype, config.device, config.output) == ("float64", "cpu", Path("elsewhere"))


def test_the_environment_is_heard(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPORTGEN_STEPS", "77")
    invoke("build")
    assert asked.configs[0].steps == 77


def test_a_config_file_can_be_named(asked: Asked, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("steps = 9\n")
    assert invoke("build", "mine.toml", "--lr", "0.5").exit_code == 0
    assert (asked.configs[0].steps, asked.configs[0].learning_rates) == (9, (0.5,))


def test_best_cells_and_the_path_go_to_stdout_and_nothing_else(asked: Asked) -> None:
    result = invoke("build")
    header, best, never, blank, path = result.stdout.splitlines()
    assert header.split() == ["loss", "optimizer", "learning", "rate", "solved", "gap", "steps"]
    assert best.split() == ["beale", "adam", "0.1", "100%", "2.00e-15", "57"]
    assert never.split() == ["quartic", "adam", "0.1", "0%", "-", "-"]
    assert (blank, Path(path)) == ("", Path("output/index.html"))
    assert result.stderr == ""


def test_the_summary_of_a_build_is_printed_in_place_of_all_else_or_written(asked: Asked) -> None:
    Path("output").mkdir()
    Path("output/summary.md").write_text("## It\n")
    assert invoke("build", "--summary", "-").stdout == "## It\n"
    assert invoke("build", "--summary", "down/here.md").stdout.endswith("output/index.html\n")
    assert Path("down/here.md").read_text() == "## It\n"


def test_what_was_reused_is_said_on_stderr(asked: Asked) -> None:
    results = Path("output/results")
    asked.answer = BuildSummary(results, None, programs=3, reused=2)
    assert invoke("run").stderr == "2 of 3 programs were there already.\n"
    asked.answer = BuildSummary(results, None, programs=3, reused=3, nothing_to_do=True)
    assert invoke("run").stderr == "Nothing to do: everything was there already.\n"
    assert Path(invoke("run").stdout.strip()) == results


def test_failed_cells_end_with_3_after_the_report_is_told(asked: Asked) -> None:
    asked.answer = BuildSummary(Path("results"), Path("index.html"), programs=3, reused=0, failed_cells=4)
    result = invoke("build")
    assert (result.exit_code, result.stdout) == (3, "index.html\n")
    assert result.stderr == "4 cells failed; the results say why.\n"


def test_an_interrupt_ends_with_130_and_one_sentence(asked: Asked) -> None:
    asked.answer = KeyboardInterrupt()
    result = invoke("build")
    assert result.exit_code == 130
    assert result.stderr == "Interrupted: what was finished is kept, and the next build goes on from there.\n"


def test_a_refusal_of_the_file_system_is_one_sentence(asked: Asked) -> None:
    asked.answer = PermissionError(13, "Permission denied", "output")
    result = invoke("build")
    assert (result.exit_code, result.stderr) == (1, "Error: output: Permission denied\n")


def test_all_mistakes_are_printed_and_nothing_is_run(asked: Asked) -> None:
    result = invoke("build", "--steps", "0", "-o", "adm", "--dtype", "half")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert sorted(line.split(" = ")[0] for line in result.stderr.splitlines()) == [
        "--dtype",
        "--optimizer",
        "--steps",
    ]
    assert asked.configs == []


@pytest.mark.parametrize("path", ["none.toml", "."])
def test_a_config_that_cannot_be_read_is_one_sentence(asked: Asked, path: str) -> None:
    result = invoke("build", path)
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith(f"{path}: cannot be read: ")
    assert asked.configs == []


def test_open_shows_the_report(asked: Asked, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
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


def test_render_asks_for_the_report_of_the_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    calls: list[tuple[Path, Path, RenderOptions]] = []

    def render(
        results: Path, output: Path, on_figure: Callable[[str], None], edition: RenderOptions, *, assistants: int
    ) -> Path:
        assert assistants == min((os.cpu_count() or 1) - 1, 7)
        on_figure("beale/paths")
        calls.append((results, output, edition))
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
        tmp_path / "none": "is not there; a results folder is expected",
        folder / "manifest.json": "is a file; a results folder is expected",
        folder.parent: f"did you mean {folder}?",
    }
    for path, said in cases.items():
        result = invoke("render", str(path))
        assert (result.exit_code, result.stdout) == (2, "")
        (line,) = result.stderr.splitlines()
        assert line.startswith(f"{path}: ")
        assert line.endswith(said)


@pytest.mark.parametrize("manifest", ["{", "[]", "{}"])
def test_a_manifest_that_is_none_is_one_sentence(tmp_path: Path, manifest: str) -> None:
    folder = results_folder(tmp_path / "results")
    (folder / "manifest.json").write_text(manifest)
    result = invoke("render", str(folder))
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1


def test_list_losses_is_an_aligned_table() -> None:
    header, *rows = invoke("list", "losses").stdout.splitlines()
    assert header.split() == ["name", "dim", "source", "tags"]
    assert [row.split()[0] for row in rows] == list(losses())
    assert all(row[header.index("source") - 1] == " " for row in rows)
    rosenbrock = next(row for row in rows if row.startswith("rosenbrock"))
    assert rosenbrock.split() == ["rosenbrock", "2+", "Rosenbrock", "1960", "ill-conditioned,", "sum-of-squares"]
    assert "Gill et al. 1972" in next(row for row in rows if row.startswith("penalty_1"))


def test_list_of_a_loss_tells_all_that_it_declares() -> None:
    lines = invoke("list", "losses", "quadratic[condition=10]").stdout.splitlines()
    facts = dict(line.split(maxsplit=1) for line in lines)
    assert facts["name"] == "quadratic[condition=10]"
    assert facts["parameters"] == "condition = 10, seed = 0"
    assert facts["saddles"] == "-"
    camel = json.loads(invoke("list", "losses", "camel_6", "--json").stdout)
    assert camel["aliases"] == ["camel_6"]
    assert len(camel["local_minima"]) == 4
    assert "multimodal" in camel["tags"]


def test_list_of_a_tag_tells_its_losses() -> None:
    _, *rows = invoke("list", "losses", "tag:unbounded").stdout.splitlines()
    assert [row.split()[0] for row in rows] == [name for name, each in losses().items() if "unbounded" in each.tags]


def test_list_optimizers_tells_each_by_its_paper_and_its_rule() -> None:
    header, *rows = invoke("list", "optimizers").stdout.splitlines()
    assert header.split() == ["name", "source", "rule"]
    assert [row.split()[0] for row in rows] == list(optimizers())
    assert next(row for row in rows if row.startswith("adam ")).split()[1:6] == [
        "Kingma",
        "and",
        "Ba",
        "2015",
        "Running",
    ]
    assert {row.split()[0] for row in rows if "(reference)" in row} == {"newton", "lbfgs"}


def test_list_of_an_optimizer_tells_all_that_it_declares() -> None:
    lines = invoke("list", "optimizers", "adam[beta_2=0.99]").stdout.splitlines()
    assert next(line for line in lines if "beta_1" in line and "_t" not in line).endswith(
        "beta_1 = 0.9  (from 0 to 1; decay of the gradient's running mean)"
    )
    assert any("beta_2 = 0.99  (default 0.999; from 0 to 1; " in line for line in lines)
    assert any("schedule = constant  (constant or cosine or linear or " in line for line in lines)
    facts = dict(line.split(maxsplit=1) for line in lines if not line.startswith(" "))
    assert facts["reference"] == "no"
    assert facts["verified"] == optimizers()["adam"].verified
    assert facts["formula"] == optimizers()["adam"].formula


def test_list_of_a_wrapper_tells_what_it_wraps() -> None:
    facts = json.loads(invoke("list", "optimizers", "lookahead[base=adam,base.beta_2=0.9]", "--json").stdout)
    told = {each["name"]: each for each in facts["hyperparameters"]}
    assert (told["base"]["value"], told["base"]["default"]) == ("adam", "momentum")
    assert (told["base.beta_2"]["value"], told["base.beta_2"]["default"]) == (0.9, 0.999)
    assert "base.schedule" not in told
    assert told["base.epsilon_corrected"]["source"]


@pytest.mark.parametrize("kind", ["losses", "optimizers"])
def test_list_gives_json(kind: str) -> None:
    everything = json.loads(invoke("list", kind, "--json").stdout)
    for facts in everything:
        assert json.loads(invoke("list", kind, facts["name"], "--json").stdout) == facts
        assert facts["formula"]
        assert facts["source"]


def test_list_has_the_optimizers_of_the_folder_beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "optimizers").mkdir()
    (tmp_path / "optimizers" / "mine.py").write_text(
        "class MyOwn:\n"
        '    """Stays where it is."""\n'
        "    def __init__(self, learning_rate=0.1, share=0.5): ...\n"
        "    def apply_gradients(self, grads, vars): ...\n"
    )
    assert invoke("list", "optimizers").stdout.splitlines()[-1].split() == ["my_own", "Stays", "where", "it", "is"]
    facts = json.loads(invoke("list", "optimizers", "my_own", "--json").stdout)
    assert {each["name"]: each["default"] for each in facts["hyperparameters"]}["share"] == 0.5


def test_list_knows_labels_and_plug_ins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken.py").write_text("1 / 0\n")
    assert json.loads(invoke("list", "losses", "rosenbrock[dim=3]", "--json").stdout)["start"] == [
        -1.2,
        1,
        -1.2,
    ]
    broken = invoke("list", "optimizers", "broken.py:X")
    assert (broken.exit_code, broken.stderr) == (
        1,
        "Error: broken.py:X: ZeroDivisionError: division by zero (broken.py:1)\n",
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["losses", "baele"], "did you mean beale?"),
        (["losses", "beale[dim=3]"], "fixed dimension of 2"),
        (["optimizers", "adm"], "did you mean adam?"),
        (["optimizers", "adam[beta_3=1]"], "adam has no hyperparameter beta_3"),
        (["optimizers", "lookahead[base=adm]"], "did you mean adam?"),
    ],
)
def test_list_of_an_unknown_name_is_one_sentence(arguments: list[str], said: str) -> None:
    result = invoke("list", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


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
    """What ``reportgen`` writes on a screen."""
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
            pass  # Linux's way to say that the other end is closed
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


def shown(console: Any, *events: Event) -> None:
    with Progress(console) as progress:
        for event in events:
            progress.show(event)
            if console:
                progress._bar.refresh()  # type: ignore[union-attr]


def test_progress_names_what_is_compiled_run_and_drawn() -> None:
    text = StringIO()
    console = Console(file=text, force_terminal=True, color_system=None, width=120)
    shown(
        console,
        PlanReady(2, 1, 20, 180, 90_000),
        CompileStart("beale/adam[beta_2=0.99]"),
        RunStart("beale/adam"),
        ProgramEnd("beale/adam", "ValueError: [bold] is no number", 90_000),
        FigureStart("beale/paths"),
        ReportEnd(Path("index.html")),
    )
    for said in (
        "20 cells, 180 runs",
        "1/2",
        "compiling beale/adam[beta_2=0.99]",
        "running beale/adam",
        "2/2",
        "beale/adam failed: ValueError: [bold] is no number",
        "drawing beale/paths",
    ):
        assert said in text.getvalue()


def test_progress_is_silent_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    shown(None, PlanReady(1, 0, 1, 1, 1), CompileStart("a"), ProgramEnd("a", "reason", 1))
    assert capsys.readouterr() == ("", "")
