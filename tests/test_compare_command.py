"""`reportgen compare` as it is typed: what it prints and writes, its page, and its exit codes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import changed
import pytest
import synthetic
from click.testing import CliRunner, Result
from test_pages import CONFIG, WCAG

from reportgen.cli import main
from reportgen.report import render


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    top = tmp_path_factory.mktemp("made")
    return {rule: changed.write(top / rule / "results", rule) for rule in changed.RULES}


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def pages(made: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The page of a regression with all there can be on it, that of nothing changed, and that without histories."""
    top = tmp_path_factory.mktemp("pages")
    other = changed.write(
        top / "other",
        "diverging",
        edit=lambda manifest: manifest["losses"][0].update(minimum=0.25),
        optimizers=("rmsprop", "adam", "momentum"),
        rates=(1e-2, 1e-1, 1.0),
        rename={"rmsprop": "<script>alert(1)</script>"},
    )
    alone = top / "alone.parquet"
    shutil.copy(made["slower"] / "runs.parquet", alone)
    for name, head in (("all", other), ("equal", made["equal"]), ("alone", alone)):
        assert invoke("compare", made["equal"], head, "--output", top / name).exit_code == 0
    return [top / name / "index.html" for name in ("all", "equal", "alone")]


def test_identical_is_one_line_and_exit_code_0(made: dict[str, Path]) -> None:
    result = invoke("compare", made["equal"], made["equal"].parent, "--fail-on", "worse")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "Identical: 144 runs are equal bit by bit.\n"
    assert Path("compare/comparison.md").read_text(encoding="utf-8").startswith("## Nothing changed\n")


@pytest.mark.parametrize(
    ("base", "head", "code"),
    [
        ("equal", "slower", 4),
        ("equal", "broken", 4),
        ("slower", "equal", 0),
        ("equal", "bits", 0),
    ],
)
def test_the_gate(made: dict[str, Path], base: str, head: str, code: int) -> None:
    result = invoke("compare", made[base], made[head], "--fail-on", "worse")
    assert result.exit_code == code
    lines = result.stderr.splitlines()
    if code:
        assert lines[0] == "The gate did not hold: 2 worse."
        assert {line.split(":")[0].strip() for line in lines[1:]} == {"adam on quartic", "adam on beale"}
    else:
        assert lines == []


def test_without_a_gate_what_got_worse_is_a_table_and_no_failure(made: dict[str, Path]) -> None:
    result = invoke("compare", made["equal"], made["diverging"])
    assert result.exit_code == 0
    header, first, second, blank, told, page = result.stdout.splitlines()
    assert header.split()[:5] == ["verdict", "optimizer", "loss", "best", "rate"]
    assert first.startswith("worse    adam       quartic")
    assert first.endswith("9/9 → 0/9")
    assert second.startswith("worse    adam       beale")
    assert blank == ""
    assert told.startswith("Of 4 pairs of optimizer and loss: 2 worse, 2 same; ")
    assert page == "compare/index.html"


def test_a_gate_with_nothing_to_look_at_says_so(made: dict[str, Path], tmp_path: Path) -> None:
    other = changed.write(tmp_path / "other", edit=lambda manifest: manifest.update(steps=7))
    result = invoke("compare", made["equal"], other, "--fail-on", "worse")
    assert result.exit_code == 0
    assert "Nothing can be compared: the number of steps was 200 and is 7." in result.stdout
    assert "The gate had nothing to look at" in result.stderr


def test_results_without_a_run_in_common(made: dict[str, Path], tmp_path: Path) -> None:
    other = changed.write(tmp_path / "other", optimizers=("rmsprop",))
    result = invoke("compare", made["equal"], other)
    assert result.exit_code == 0
    assert "Nothing can be compared: the two have no run in common." in result.stdout
    assert "8 cells added" in Path("compare/comparison.md").read_text(encoding="utf-8")


def test_a_side_that_has_no_histories_is_said_on_the_page(made: dict[str, Path], tmp_path: Path) -> None:
    failed = changed.write(tmp_path / "failed", failed=[("quartic", "adam")])
    assert invoke("compare", made["equal"], failed).exit_code == 0
    text = Path("compare/index.html").read_text(encoding="utf-8")
    assert "Nothing is drawn of after: no run has kept its history." in text
    assert "quartic/adam failed in head: ValueError: step() returned a position of another shape" in text


def test_json_alone_is_on_stdout_and_the_thresholds_are_heard(made: dict[str, Path]) -> None:
    strict = invoke("compare", made["equal"], made["slower"], "--json", "--fail-on", "worse")
    told = json.loads(strict.stdout)
    assert strict.exit_code == 4
    assert told["verdicts"]["worse"] == len(told["failures"]) == 2
    lenient = invoke("compare", made["equal"], made["slower"], "--min-effect", "2", "--json")
    assert len(json.loads(lenient.stdout)["failures"]) < 2


def test_the_markdown_is_printed_or_written_and_two_comparisons_give_the_same_bytes(made: dict[str, Path]) -> None:
    printed = invoke("compare", made["equal"], made["slower"], "--output", "a", "--summary", "-").stdout
    invoke("compare", made["equal"], made["slower"], "--output", "b", "--markdown", "deep/down.md")
    assert printed.startswith("## ▼ 2 worse\n")
    assert printed == Path("deep/down.md").read_text(encoding="utf-8")
    assert printed == Path("a/comparison.md").read_text(encoding="utf-8")
    for path in Path("a").rglob("*.*"):
        assert path.read_bytes() == (Path("b") / path.relative_to("a")).read_bytes(), path


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--min-effect", "1"], "--min-effect 1: a ratio above 1"),
        (["--confidence", "95"], "--confidence 95: a share from 0.5 to below 1"),
        (["--json", "--summary", "-"], "both want stdout"),
    ],
)
def test_wrong_usage_is_told(made: dict[str, Path], arguments: list[str], said: str) -> None:
    result = invoke("compare", made["equal"], made["equal"], *arguments)
    assert result.exit_code == 2
    assert said in result.stderr


def test_what_is_no_result_is_told_for_both_sides(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.parquet").write_text("no")
    for path, said in (("empty", "holds no results"), ("gone", "is not there"), ("text.parquet", "no Parquet file")):
        result = invoke("compare", path, path)
        assert result.exit_code == 2
        assert result.stderr.count(said) == 2, result.stderr


def test_a_damaged_results_folder_is_told(made: dict[str, Path], tmp_path: Path) -> None:
    shutil.copytree(made["equal"], tmp_path / "damaged")
    (tmp_path / "damaged" / "traces.parquet").unlink()
    result = invoke("compare", made["equal"], "damaged")
    assert result.exit_code == 2
    assert "is no whole results folder, traces.parquet not found in it" in result.stderr


@pytest.mark.parametrize("name", ["index.html", "manifest.json"])
def test_files_of_others_are_not_overwritten(made: dict[str, Path], tmp_path: Path, name: str) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / name).write_text("precious")
    result = invoke("compare", made["equal"], made["slower"], "--output", str(tmp_path / "mine"))
    assert result.exit_code == 1
    assert "holds files of others; choose another --output" in result.stderr
    assert [(path.name, path.read_text()) for path in (tmp_path / "mine").iterdir()] == [(name, "precious")]


def test_a_comparison_never_spoils_a_report(made: dict[str, Path], tmp_path: Path) -> None:
    shutil.copytree(made["equal"], tmp_path / "site" / "results")
    render(tmp_path / "site" / "results", tmp_path / "site")
    before = (tmp_path / "site" / "index.html").read_bytes()
    result = invoke("compare", made["equal"], "site", "--output", "site")
    assert result.exit_code == 1
    assert "holds a report; choose another --output" in result.stderr
    assert (tmp_path / "site" / "index.html").read_bytes() == before


def test_the_next_comparison_leaves_nothing_of_the_last(made: dict[str, Path]) -> None:
    invoke("compare", made["equal"], made["slower"])
    assert list(Path("compare/assets").glob("*.svg"))
    Path("compare/mine.txt").write_text("keep")
    invoke("compare", made["equal"], made["equal"])
    assert sorted(p.name for p in Path("compare/assets").iterdir()) == ["site.css", "site.js"]
    assert Path("compare/mine.txt").exists()


def test_comparing_imports_no_tensorflow(made: dict[str, Path]) -> None:
    code = (
        "import sys; from click.testing import CliRunner; from reportgen.cli import main;"
        f"CliRunner().invoke(main, ['compare', {str(made['equal'])!r}, {str(made['slower'])!r}]);"
        "sys.exit('tensorflow' in sys.modules or 'matplotlib' not in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_pages_are_valid_html(pages: list[Path], html_validate: Path) -> None:
    command = [html_validate, "--config", CONFIG, "--formatter", "text", *pages]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_page_shows_all_there_is(pages: list[Path]) -> None:
    text = pages[0].read_text(encoding="utf-8")
    assert "its known minimum was 0.932128906 and is 0.25" in text
    assert "&lt;script&gt;" in text
    assert text.count("<script") == text.count('<script src="assets/site.js" defer></script>') == 1
    for heading in ("What differs, the worst first", "What cannot be compared, and why", "Added", "Removed"):
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
        report = page.evaluate("tags => axe.run({runOnly: tags})", WCAG)
        assert [(rule["id"], rule["nodes"][0]["html"]) for rule in report["violations"]] == []
        images = page.evaluate("[...document.images].map(image => [image.naturalWidth, image.alt.length])")
        assert all(width and alt for width, alt in images)
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []
    context.close()


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
