"""What ``build`` and ``run`` print: results, failures, progress, times and plans."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import synthetic
from fake_pipeline import BEST, NEVER, FakePipeline, installed, invoke, row
from rich.console import Console

from reportgen.analysis.best_rows import FailedCells
from reportgen.analysis.head_to_head import Difference, HeadToHead
from reportgen.cli.progress_lines import ProgressLines
from reportgen.cli.stage_times import StageTimes, program_seconds
from reportgen.execute.events import (
    CompileStart,
    Event,
    FigureStart,
    PlanReady,
    ProgramEnd,
    ReportEnd,
    RunStart,
    StepProgress,
)
from reportgen.pipeline import BuildSummary
from reportgen.progress import Progress
from reportgen.results.manifest import read_manifest


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakePipeline:
    return installed(monkeypatch, tmp_path)


def test_results_by_loss_and_the_path_go_to_stdout(fake: FakePipeline) -> None:
    mine = row("beale", "mine.py:Mine", custom=True, failed=9)
    fake.answer = replace(fake.summary, best=[BEST, mine, NEVER])
    result = invoke("build")
    assert result.stdout.splitlines() == [
        "  optimizer     rate  solved  median gap  steps",
        "beale",
        "  adam           0.1     9/9     2.0e-15     57",
        "* mine.py:Mine     -  failed           -      -",
        "quartic",
        "  adam           0.1     0/9           -      -",
        "* custom optimizer",
        "",
        str(Path("output/index.html")),
    ]
    assert result.stderr == ""


def test_results_fit_60_columns_and_names_keep_both_ends(fake: FakePipeline) -> None:
    rows = [row("a" * 99, f"lookahead[base=adam,base.beta_2=0.{n}]", learning_rate=0.0003162) for n in range(10, 13)]
    fake.answer = replace(fake.summary, best=[replace(each, gap=1.2345e-300, steps=123456.0) for each in rows])
    lines = invoke("build").stdout.splitlines()[:-2]
    assert {len(line) for line in lines} == {60}
    assert len(set(lines)) == 5
    assert all("…" in line for line in lines[1:])


def test_a_long_table_keeps_the_best_of_each_loss_and_custom_optimizers(fake: FakePipeline) -> None:
    names = [("first", False), ("second", False), ("mine.py:Mine", True)]
    rows = [row(f"loss{n}", name, custom=custom) for n in range(14) for name, custom in names]
    fake.answer = replace(fake.summary, best=rows)
    lines = invoke("build").stdout.splitlines()
    assert "second" not in "".join(lines)
    assert sum("first" in line for line in lines) == sum(line.startswith("* mine.py:Mine") for line in lines) == 14
    assert "Shown: the best optimizer of each loss, and custom ones." in lines
    fake.answer = replace(fake.summary, best=rows[:39])
    assert sum("second" in line for line in invoke("build").stdout.splitlines()) == 13


def test_a_comparison_with_the_baseline_fits_60_columns(fake: FakePipeline) -> None:
    hits, speed = Difference(12.0, (3.0, 21.0), True), Difference(-5.0, (-12.0, 2.0), False)
    facts = {"hits": hits, "speed": speed, "faster": 2, "slower": 1, "losses": 3}
    against = HeadToHead("my_opt.py:Mine", "adam", **facts)  # type: ignore[arg-type]
    fake.answer = replace(fake.summary, best=(), head_to_head=[against])
    assert invoke("build", "--baseline", "adam").stdout.splitlines()[:3] == [
        "Points above adam (95 % CI)",
        "optimizer         targets hit          speed  faster",
        "my_opt.py:Mine  +12 (3 to 21)  −5 (−12 to 2)     2/3",
    ]
    assert fake.configs[-1].baseline == "adam"
    wide = Difference(-88.8, (-99.9, -11.1), False)
    long = replace(against, optimizer="o" * 99, baseline="b" * 99, hits=wide, speed=wide)
    fake.answer = replace(fake.summary, best=(), head_to_head=[long])
    assert all(len(line) == 60 for line in invoke("build").stdout.splitlines()[:3])


def test_quiet_prints_the_path_and_errors_alone(fake: FakePipeline) -> None:
    failure = FailedCells(2, ("adam",), ("quartic",), "no")
    fake.answer = replace(fake.summary, reused=1, failed_cells=2, failures=[failure])
    for command in ("build", "run"):
        result = invoke(command, "-q")
        assert Path(result.stdout.strip()) == Path("output/index.html")
        assert result.stderr == "2 configurations failed: adam on quartic: no\n"
        assert result.exit_code == 3
    assert invoke("build", "-q", "-v").exit_code == 2


def test_json_is_a_summary_for_scripts(fake: FakePipeline) -> None:
    failure = FailedCells(2, ("adam",), ("quartic",), "no")
    fake.answer = replace(fake.summary, reused=1, failed_cells=2, failures=[failure])
    result = invoke("build", "--json")
    assert json.loads(result.stdout) == {
        "programs": 2,
        "reused": 1,
        "up_to_date": False,
        "failed_configurations": 2,
        "failures": [{"configurations": 2, "optimizers": ["adam"], "losses": ["quartic"], "reason": "no"}],
        "best": [asdict(BEST), asdict(NEVER)],
        "head_to_head": [],
        "results": str(Path("output/results")),
        "page": str(Path("output/index.html")),
    }
    assert result.exit_code == 3
    assert invoke("build", "--json", "--summary", "-").exit_code == 2


def test_verbose_prints_the_time_of_each_stage(fake: FakePipeline) -> None:
    assert [line.split()[0] for line in invoke("build", "-v").stderr.splitlines()] == ["planning", "total"]


def test_the_time_of_a_stage_ends_where_the_next_one_begins(tmp_path: Path) -> None:
    now = 0.0
    times = StageTimes(lambda: now)
    events = [
        (2.0, PlanReady(2, 0, 10, 90, 180_000)),
        (5.0, CompileStart("beale/adam")),
        (6.0, CompileStart("quartic/adam")),
        (7.0, FigureStart("early")),
        (9.0, ProgramEnd("beale/adam", None, 90_000)),
        (9.5, PlanReady(3, 0, 10, 90, 180_000)),
        (11.0, ProgramEnd("quartic/adam", None, 90_000)),
        (12.0, FigureStart("paths")),
        (15.0, ReportEnd(Path("index.html"))),
    ]
    for at, event in events:
        now = at
        times.note(event)
    assert list(times.seconds()) == [
        ("planning", 2.0),
        ("start of worker", 3.0),
        ("programs", 6.0),
        ("figures", 1.0),
        ("pages", 3.0),
        ("total", 15.0),
    ]
    made = synthetic.write(synthetic.results(), tmp_path / "results")
    ids = [entry.id for entry in read_manifest(made).programs][:2]
    seconds = program_seconds(made, set(ids))
    assert seconds == {"trace": pytest.approx(0.2), "compile": pytest.approx(0.8), "run": pytest.approx(0.2)}


def test_a_matrix_that_needs_more_memory_than_there_is_is_announced(
    fake: FakePipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reportgen.config.memory.machine_memory", lambda: 16 << 30)
    matrix = ["-o", "adam", "-l", "quartic", "--lr", "0.1"]
    assert "memory" not in invoke("build", *matrix).stderr
    (tmp_path / "reportgen.toml").write_text(
        "seeds = 100_000\nlosses = [{ name = 'quartic', noise = { relative = 0.1 } }]\n"
    )
    huge = ["-o", "adam", "--lr", "0.1", "--starts", "9_999"]
    result = invoke("build", *huge)
    assert result.exit_code == 0
    (warning,) = (line for line in result.stderr.splitlines() if line.startswith("Warning"))
    assert warning.startswith("Warning: this report needs about 1,025 GiB of memory; this machine has 16 GiB.")
    assert "Warning" not in invoke("run", *huge).stderr
    assert "Warning" not in invoke("build", *huge, "--quiet").stderr
    assert "memory          about 1,024.8 GiB for the report" in invoke("build", *huge, "--dry-run").stdout


def test_a_dry_run_plans_and_writes_nothing(fake: FakePipeline, tmp_path: Path) -> None:
    matrix = ["-o", "adam", "-l", "quartic", "-l", "beale", "--lr", "0.1", "--steps", "100", "--starts", "3"]
    for command in ("build", "run"):
        result = invoke(command, *matrix, "--dry-run")
        assert result.exit_code == 0
        assert result.stdout.splitlines() == [
            "programs        2: 2 to run, 0 reused",
            "configurations  2",
            "runs            8",
            "run-steps       8.0e+02 to run",
            "time            about 0:07, without figures and pages",
            "memory          about 0.3 GiB for the report",
            "Estimated assuming 1 s to compile a program, and 1e+07 run-steps/s.",
        ]
    assert invoke("build", "--dry-run").stdout.splitlines()[-1] == "The grids of learning rates may still grow."
    assert json.loads(invoke("build", *matrix, "--dry-run", "--json").stdout)["missing"] == 2
    assert invoke("build", *matrix, "--dry-run", "--baseline", "lion").exit_code == 2
    assert fake.configs == []
    assert list(tmp_path.iterdir()) == []


def test_reused_programs_are_reported_on_stderr(fake: FakePipeline) -> None:
    results = Path("output/results")
    fake.answer = BuildSummary(results, None, programs=3, reused=2)
    assert invoke("run").stderr == "Reused 2 of 3 programs.\n"
    fake.answer = BuildSummary(results, None, programs=3, reused=3, up_to_date=True)
    assert invoke("run").stderr == "Up to date.\n"
    assert Path(invoke("run").stdout.strip()) == results


def test_failed_configurations_end_with_3_and_each_reason_once(fake: FakePipeline) -> None:
    failures = [
        FailedCells(2, ("mine.py:Mine",), ("quartic",), "mine.py:Mine: RuntimeError: no (mine.py:1)"),
        FailedCells(1, ("adam", "lion"), ("beale",), "exceeded the deadline"),
    ]
    fake.answer = replace(fake.summary, best=(), failed_cells=3, failures=failures)
    result = invoke("build")
    assert (result.exit_code, Path(result.stdout.strip())) == (3, Path("output/index.html"))
    assert result.stderr.splitlines() == [
        "2 configurations failed: mine.py:Mine on quartic: RuntimeError: no (mine.py:1)",
        "1 configuration failed: adam and lion on beale: exceeded the deadline",
    ]


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
    for expected in (
        "20 configurations, 180 runs",
        "1/2",
        "compiling beale/adam[beta_2=0.99]",
        "running beale/adam",
        "2/2",
        "beale/adam failed: ValueError: [bold] is no number",
        "drawing beale/paths",
    ):
        assert expected in text.getvalue()


def test_a_line_of_progress_fits_60_columns_and_a_reason_is_shown_once() -> None:
    text = StringIO()
    console = Console(file=text, force_terminal=True, color_system=None, width=60)
    long = "o" * 99
    shown(
        console,
        PlanReady(1200, 1199, 20, 180, 90_000),
        CompileStart(f"beale/{long}"),
        RunStart("beale/adam"),
        ProgramEnd("beale/adam", "no", 90_000),
        ProgramEnd("quartic/adam", "no", 90_000),
    )
    lines = [re.sub(r"\x1b\[[0-9?]*[a-zA-Z]", "", line) for line in re.split(r"[\r\n]", text.getvalue())]
    assert max(map(len, lines)) == 60
    assert any(line.startswith("compiling beale/ooo") and line.endswith("…") for line in lines)
    assert sum("failed: no" in line for line in lines) == 1


def test_a_log_gets_a_line_with_the_time_left_every_10_s() -> None:
    now = 0.0
    lines: list[str] = []
    progress = ProgressLines(lines.append, lambda: now)

    def at(second: float, *events: Event) -> list[str]:
        nonlocal now
        now = second
        lines.clear()
        for event in events:
            progress.show(event)
        progress.tick()
        return list(lines)

    assert at(3.0, PlanReady(3, 1, 20, 180, 60_000)) == []
    assert at(9.9) == []
    assert at(10.0) == ["1/3 programs, starting TensorFlow"]
    assert at(11.0, CompileStart("beale/" + "o" * 99)) == []
    (line,) = at(20.5)
    assert line.startswith("1/3 programs, compiling beale/ooo")
    assert len(line) == 60
    assert at(25.0, RunStart("beale/adam")) == []
    assert at(35.0, StepProgress("beale/adam", 10_000)) == ["1/3 programs, 1.0e+03 run-steps/s, 0:50 left"]
    assert at(40.0, ProgramEnd("beale/adam", None, 60_000), FigureStart("beale/paths")) == []
    assert at(45.0) == ["2/3 programs, drawing beale/paths"]


def test_a_log_gets_lines_between_two_events_and_a_short_build_prints_none(
    fake: FakePipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert invoke("build").stderr == ""
    monkeypatch.setattr("reportgen.cli.progress_lines.SECONDS", 0.01)
    fake.pause = 0.2
    lines = invoke("build").stderr.splitlines()
    assert len(lines) > 1
    assert set(lines) == {"0/2 programs, starting TensorFlow"}
    assert invoke("build", "--quiet").stderr == ""


def test_progress_is_silent_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    shown(None, PlanReady(1, 0, 1, 1, 1), CompileStart("a"), ProgramEnd("a", "reason", 1))
    assert capsys.readouterr() == ("", "")
