"""``reportgen compare``: what it prints and writes, its page, and its exit codes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import changed
import pytest
import synthetic
from click.testing import CliRunner, Result
from page_checks import VIOLATIONS, WCAG
from test_pages import CONFIG

from reportgen.cli import main
from reportgen.report import render


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    top = tmp_path_factory.mktemp("results")
    return {rule: changed.write(top / rule / "results", rule) for rule in changed.RULES}


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def pages(results: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A page with everything that a page can have, one of identical results, and one without trajectories."""
    top = tmp_path_factory.mktemp("pages")
    other = changed.write(
        top / "other",
        "diverging",
        change=lambda manifest: manifest["losses"][0].update(minimum=0.25),
        optimizers=("rmsprop", "adam", "momentum"),
        rates=(1e-2, 1e-1, 1.0),
        rename={"rmsprop": "<script>alert(1)</script>"},
    )
    alone = top / "alone.parquet"
    shutil.copy(results["slower"] / "runs.parquet", alone)
    for name, head in (("all", other), ("equal", results["equal"]), ("alone", alone)):
        assert invoke("compare", results["equal"], head, "--output", top / name).exit_code == 0
    return [top / name / "index.html" for name in ("all", "equal", "alone")]


def test_identical_is_one_line_and_exit_code_0(results: dict[str, Path]) -> None:
    result = invoke("compare", results["equal"], results["equal"].parent, "--fail-on", "worse")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "All 144 runs are bitwise identical.\n"
    assert Path("compare/comparison.md").read_text(encoding="utf-8").startswith("## No changes\n")


@pytest.mark.parametrize(
    ("base", "head", "code"),
    [
        ("equal", "slower", 4),
        ("equal", "broken", 4),
        ("slower", "equal", 0),
        ("equal", "bits", 0),
    ],
)
def test_the_gate(results: dict[str, Path], base: str, head: str, code: int) -> None:
    result = invoke("compare", results[base], results[head], "--fail-on", "worse")
    assert result.exit_code == code
    lines = result.stderr.splitlines()
    if code:
        assert lines[0] == "Regression gate failed: 2 regressions."
        assert {line.split(":")[0].strip() for line in lines[1:]} == {"adam on quartic", "adam on beale"}
    else:
        assert lines == []


def test_without_a_gate_regressions_are_a_table_and_no_failure(results: dict[str, Path]) -> None:
    result = invoke("compare", results["equal"], results["diverging"])
    assert result.exit_code == 0
    header, first, second, blank, answer, summary, page = result.stdout.splitlines()
    assert header.split()[:7] == ["verdict", "optimizer", "loss", "evaluations,", "head", "/", "base"]
    assert first.startswith("worse    adam       quartic")
    assert "slower: × 4 or more" in first
    assert "16 → 0" in first
    assert second.startswith("worse    adam       beale")
    assert blank == ""
    assert answer == "Worse: adam on quartic and beale."
    assert summary.startswith("4 optimizer-loss pairs: 2 worse, 2 same. ")
    assert page == "compare/index.html"


@pytest.mark.parametrize(
    ("base", "head", "answer", "direction"),
    [
        ("equal", "slower", "Worse: adam on beale and quartic.", "slower: × "),
        ("slower", "equal", "Better: adam on quartic and beale.", "faster: × 0."),
        ("descent", "descent, half of the step", "Unclear: adam on quartic and beale.", "slower or faster: × 0."),
        ("equal", "bits", "No difference of a factor of 1.1 or more on any loss.", "p = "),
    ],
)
def test_the_first_screen_says_whether_head_is_better_and_how_sure(
    results: dict[str, Path], base: str, head: str, answer: str, direction: str
) -> None:
    assert answer in invoke("compare", results[base], results[head]).stdout
    page = Path("compare/index.html").read_text(encoding="utf-8")
    first_screen = page[: page.index("How to read this table")]
    for text in (answer, direction, ", 9 starts"):
        assert text in first_screen
    assert f"<strong>{answer}</strong>" in Path("compare/comparison.md").read_text(encoding="utf-8")


def test_a_gate_without_comparable_runs_says_so(results: dict[str, Path], tmp_path: Path) -> None:
    other = changed.write(tmp_path / "other", change=lambda manifest: manifest["config"].update(steps=700))
    result = invoke("compare", results["equal"], other, "--fail-on", "worse")
    assert result.exit_code == 0
    assert "Not comparable: the number of steps is 200 in base and 700 in head." in result.stdout
    assert "Regression gate: no comparable runs." in result.stderr


def test_a_gate_refuses_other_starts(results: dict[str, Path], tmp_path: Path) -> None:
    made = changed.results()
    runs = made.runs.copy()
    runs["x0"] = [x + 0.5 if start else x for start, x in zip(runs["start"], runs["x0"], strict=True)]
    other = synthetic.write(replace(made, runs=runs), tmp_path / "other")
    sentence = "Not comparable: in the configurations of both results, only 16 of 144 runs in base and of 144 in"
    result = invoke("compare", results["equal"], other, "--fail-on", "worse")
    assert result.exit_code == 2
    assert f"Regression gate: {sentence}" in result.stderr
    assert sentence in Path("compare/comparison.md").read_text(encoding="utf-8")
    without = invoke("compare", results["equal"], other)
    assert without.exit_code == 0
    assert sentence in without.stdout


def test_results_without_a_run_in_common(results: dict[str, Path], tmp_path: Path) -> None:
    other = changed.write(tmp_path / "other", optimizers=("rmsprop",))
    assert invoke("compare", results["equal"], other, "--fail-on", "worse").exit_code == 2
    result = invoke("compare", results["equal"], other)
    assert result.exit_code == 0
    assert "Not comparable: the two results have no run in common." in result.stdout
    assert "8 configurations added" in Path("compare/comparison.md").read_text(encoding="utf-8")


def test_a_side_without_trajectories_is_reported_on_the_page(results: dict[str, Path], tmp_path: Path) -> None:
    failed = changed.write(tmp_path / "failed", failed=[("quartic", "adam")])
    assert invoke("compare", results["equal"], failed).exit_code == 0
    text = Path("compare/index.html").read_text(encoding="utf-8")
    assert "Not drawn: head (no trajectories recorded)." in text
    assert "quartic/adam failed in head: ValueError: step() returned a position of another shape" in text


def test_json_alone_is_on_stdout_and_the_thresholds_apply(results: dict[str, Path]) -> None:
    strict = invoke("compare", results["equal"], results["slower"], "--json", "--fail-on", "worse")
    facts = json.loads(strict.stdout)
    assert strict.exit_code == 4
    assert facts["verdicts"]["worse"] == len(facts["failures"]) == 2
    lenient = invoke("compare", results["equal"], results["slower"], "--min-effect", "2", "--json")
    assert len(json.loads(lenient.stdout)["failures"]) < 2


def test_the_markdown_is_printed_or_written_and_two_comparisons_give_the_same_bytes(results: dict[str, Path]) -> None:
    printed = invoke("compare", results["equal"], results["slower"], "--output", "a", "--summary", "-").stdout
    invoke("compare", results["equal"], results["slower"], "--output", "b", "--markdown", "deep/down.md")
    assert printed.startswith("## ▼ 2 worse\n")
    assert printed == Path("deep/down.md").read_text(encoding="utf-8")
    assert printed == Path("a/comparison.md").read_text(encoding="utf-8")
    written = sorted(Path("a").rglob("*.*"))
    assert Path("a/assets/curves.quartic.adam.svg") in written
    for path in written:
        assert path.read_bytes() == (Path("b") / path.relative_to("a")).read_bytes(), path


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--min-effect", "1"], "--min-effect 1: expected a ratio above 1"),
        (["--confidence", "95"], "--confidence 95: expected a number from 0.5 to below 1"),
        (["--json", "--summary", "-"], "both print to stdout"),
    ],
)
def test_wrong_usage_is_reported(results: dict[str, Path], arguments: list[str], expected: str) -> None:
    result = invoke("compare", results["equal"], results["equal"], *arguments)
    assert result.exit_code == 2
    assert expected in result.stderr


def test_missing_results_are_reported_for_both_sides(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.parquet").write_text("no")
    for path, expected in (
        ("empty", "holds no results"),
        ("gone", "gone: not found; expected a results folder"),
        ("text.parquet", "not a Parquet file"),
    ):
        result = invoke("compare", path, path)
        assert result.exit_code == 2
        assert result.stderr.count(expected) == 2, result.stderr


def test_a_damaged_results_folder_is_reported(results: dict[str, Path], tmp_path: Path) -> None:
    shutil.copytree(results["equal"], tmp_path / "damaged")
    (tmp_path / "damaged" / "traces.parquet").unlink()
    result = invoke("compare", results["equal"], "damaged")
    assert result.exit_code == 2
    assert "damaged: the results are incomplete; missing traces.parquet" in result.stderr


@pytest.mark.parametrize("name", ["index.html", "manifest.json"])
def test_files_of_others_are_not_overwritten(results: dict[str, Path], tmp_path: Path, name: str) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / name).write_text("precious")
    result = invoke("compare", results["equal"], results["slower"], "--output", str(tmp_path / "mine"))
    assert result.exit_code == 1
    assert "holds files that are not a comparison; choose another --output" in result.stderr
    assert [(path.name, path.read_text()) for path in (tmp_path / "mine").iterdir()] == [(name, "precious")]


def test_a_comparison_never_spoils_a_report(results: dict[str, Path], tmp_path: Path) -> None:
    shutil.copytree(results["equal"], tmp_path / "site" / "results")
    render(tmp_path / "site" / "results", tmp_path / "site")
    before = (tmp_path / "site" / "index.html").read_bytes()
    result = invoke("compare", results["equal"], "site", "--output", "site")
    assert result.exit_code == 1
    assert "holds a report; choose another --output" in result.stderr
    assert (tmp_path / "site" / "index.html").read_bytes() == before


def test_a_comparison_removes_the_files_of_the_last_one(results: dict[str, Path]) -> None:
    invoke("compare", results["equal"], results["slower"])
    assert list(Path("compare/assets").glob("*.svg"))
    Path("compare/mine.txt").write_text("keep")
    invoke("compare", results["equal"], results["equal"])
    assert sorted(p.name for p in Path("compare/assets").iterdir()) == ["site.css", "site.js"]
    assert Path("compare/mine.txt").exists()


@pytest.mark.slow
def test_comparing_imports_no_tensorflow(results: dict[str, Path]) -> None:
    code = (
        "import sys; from click.testing import CliRunner; from reportgen.cli import main;"
        f"CliRunner().invoke(main, ['compare', {str(results['equal'])!r}, {str(results['slower'])!r}]);"
        "sys.exit('tensorflow' in sys.modules or 'matplotlib' not in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.slow
def test_pages_are_valid_html(pages: list[Path], html_validate: Path) -> None:
    command = [html_validate, "--config", CONFIG, "--formatter", "text", *pages]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_page_shows_all_there_is(pages: list[Path]) -> None:
    text = pages[0].read_text(encoding="utf-8")
    assert "its known minimum is 0.932128906 in base and 0.25 in head" in text
    assert "&lt;script&gt;" in text
    assert text.count("<script") == text.count('<script src="assets/site.js" defer></script>') == 1
    for heading in ("Differences, worst first", "Not comparable", "Added", "Removed"):
        assert f">{heading}</h2>" in text
    assert "assets/curves.beale.adam.svg" in text
    assert "assets/paths.beale.adam.svg" in text
    alone = pages[2].read_text(encoding="utf-8")
    assert "▼" in alone
    assert "<img" not in alone


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_are_readable_by_all_at_every_width(pages: list[Path], browser: Any, axe: str, scheme: str) -> None:
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    for path in pages:
        for width in (360, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            page.goto(path.as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path.parent.name, width)
        page.evaluate(axe)
        violations = page.evaluate(VIOLATIONS, WCAG)
        assert [(rule["id"], rule["nodes"][0]["html"]) for rule in violations] == []
        images = page.evaluate("[...document.images].map(image => [image.naturalWidth, image.alt.length])")
        assert all(width and alt for width, alt in images)
    assert requests
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []
    context.close()


@pytest.mark.slow
def test_every_report_has_its_summary_and_render_prints_it(tmp_path: Path) -> None:
    folder = synthetic.write(changed.results(failed=[("beale", "momentum")]), tmp_path / "results")
    printed = invoke("render", folder, "--output", "site", "--summary", "-")
    text = Path("site/summary.md").read_text(encoding="utf-8")
    assert printed.stdout == text
    assert "! <strong>momentum on beale failed</strong>: ValueError: step() returned" in text
    assert "| 1 | <code>adam</code> |" in text
    assert "summary.md" in json.loads(Path("site/site.json").read_text(encoding="utf-8"))["files"]
    written = invoke("render", folder, "--output", "site", "--summary", "pr.md")
    assert written.stdout == "site/index.html\n"
    assert Path("pr.md").read_text(encoding="utf-8") == text
