"""A tuned report, as a user makes and reads it: table, pictures, entries to copy, comparison with itself."""

from __future__ import annotations

import html
import re
import shutil
import tomllib
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pandas as pd
import pytest
from click.testing import CliRunner, Result
from conftest import KeptWorker
from page_checks import VIEWS, View, problems, remove_scripts

from reportgen.api.run_results import Results
from reportgen.cli import main

pytestmark = pytest.mark.slow

CONFIG = """
losses = ["quartic", "beale"]
optimizers = [
    "gradient_descent",
    { name = "momentum", momentum = { from = 0.5, to = 0.999, scale = "1 - log" }, dampening = 0.0 },
]
steps = 200
tune = { trials = 12 }
"""


def reportgen(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments)])


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, kept_worker: KeptWorker) -> Path:
    folder = tmp_path_factory.mktemp("tuned")
    (folder / "reportgen.toml").write_text(CONFIG)
    with kept_worker():
        done = reportgen("build", folder / "reportgen.toml", "--output", folder / "output")
    assert done.exit_code == 0, done.output
    return folder / "output"


def table(page: Path, name: str) -> list[list[str]]:
    """The rows of a table, as texts."""
    found = re.search(rf'aria-label="{name}">\s*<table>(.*?)</table>', page.read_text(encoding="utf-8"), re.DOTALL)
    assert found, f"no table {name}"
    rows = re.findall(r"<tr>(.*?)</tr>", found.group(1), re.DOTALL)
    cells = (re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows)
    return [[html.unescape(re.sub(r"<[^>]*>", " ", cell)).strip() for cell in row] for row in cells]


def test_the_first_page_compares_defaults_learning_rate_and_everything(built: Path) -> None:
    header, *rows = table(built / "index.html", "Tuning")
    assert header[1:4] == ["Targets hit, defaults", "Learning rate tuned", "Everything tuned"]
    assert {row[0] for row in rows} == {"gradient_descent", "momentum"}
    by_name = {row[0]: row for row in rows}
    assert by_name["gradient_descent"][3] == "nothing else"
    # With 12 trials, the variance that the learning rate explains is known only if the groups are large enough.
    assert by_name["momentum"][-1].startswith(("learning_rate", "–"))


def test_trials_of_the_learning_rate_alone_appear_nowhere_else(built: Path) -> None:
    runs = pd.read_parquet(built / "results" / "runs.parquet", columns=["optimizer"])
    assert "momentum (learning rate only)" in set(runs["optimizer"].astype(str))
    pages = [path.read_text(encoding="utf-8") for path in built.rglob("*.html")]
    assert len(pages) >= 6
    assert not [page for page in pages if "learning rate only" in page]
    assert "2 optimizers × 12 trials (learning rates" in pages[0]


def test_the_columns_by_learning_rate_are_half_decades(built: Path) -> None:
    page = (built / "losses" / "beale.html").read_text(encoding="utf-8")
    found = re.search(r"Optimizer <span[^>]*>.*?</tr>", page, re.DOTALL)
    assert found
    columns = re.findall(r'<th scope="col">(.*?)</th>', found.group())
    assert 3 <= len(columns) <= 19
    assert "10⁻²" in columns


def test_the_page_of_a_loss_claims_nothing_about_rates_of_different_trials(built: Path) -> None:
    page = (built / "losses" / "beale.html").read_text(encoding="utf-8")
    assert "Usable range" not in page
    assert "Too high from" not in page
    assert "other trials could have been drawn" in (built / "index.html").read_text(encoding="utf-8")


def test_an_entry_to_copy_gives_the_same_runs(built: Path, tmp_path: Path, one_worker: None) -> None:
    _, *rows = table(built / "optimizers" / "momentum.html", "Best trials of momentum")
    loss, number, _, entry = next(row for row in rows if row[0] == "beale")
    config = tomllib.loads(f"optimizers = [{entry}]")["optimizers"][0]
    assert config.keys() >= {"name", "learning_rates"}
    (tmp_path / "one.toml").write_text(f'losses = ["{loss}"]\nsteps = 200\noptimizers = [{entry}]\n')
    done = reportgen("run", tmp_path / "one.toml", "--output", tmp_path / "output")
    assert done.exit_code == 0, done.output
    again = pd.read_parquet(tmp_path / "output" / "results" / "runs.parquet")
    before = pd.read_parquet(built / "results" / "runs.parquet")
    before = before[before["cell_id"] == f"{loss}/momentum/trial={number}"]
    assert len(before) == 9
    assert again["final_loss"].tolist() == before["final_loss"].tolist()


def test_more_trials_keep_the_first_ones(built: Path, tmp_path: Path, one_worker: None) -> None:
    config = built.parent / "reportgen.toml"
    done = reportgen("run", config, "--trials", "70", "--dry-run", "--output", tmp_path)
    assert "programs        8" in done.output  # the first 64 trials and the others, on two losses
    again = reportgen("build", config, "--output", built)
    assert again.exit_code == 0
    assert "Up to date." in again.output


def test_the_terminal_names_each_tuned_optimizer_once(built: Path) -> None:
    shown = reportgen("build", built.parent / "reportgen.toml", "--output", built).output
    assert shown.count("momentum ") == 2  # on two losses
    assert "only" not in shown


def test_tuned_results_compare_with_tuned_results(built: Path, tmp_path: Path) -> None:
    done = reportgen("compare", built, built, "--output", tmp_path / "compare")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "compare" / "index.html").is_file()


def test_other_ranges_and_numbers_of_trials_are_named_in_a_comparison(
    built: Path, tmp_path: Path, one_worker: None
) -> None:
    config = built.parent / "reportgen.toml"
    for name, text in {"more": CONFIG.replace("12", "16"), "wider": CONFIG.replace("0.999", "0.99")}.items():
        config.with_name(f"{name}.toml").write_text(text)
        done = reportgen("run", config.with_name(f"{name}.toml"), "--output", tmp_path / name)
        assert done.exit_code == 0, done.output
        done = reportgen("compare", built, tmp_path / name, "--output", tmp_path / f"compare-{name}")
        assert done.exit_code == 0, done.output
    pages = {name: (tmp_path / f"compare-{name}" / "index.html").read_text() for name in ("more", "wider")}
    assert "Tuned with 12 trials in base and 16 in head. Only the common trials are compared." in pages["more"]
    assert "momentum: tuned over other ranges. Trials at the same place in the ranges are compared" in pages["wider"]
    assert "have no counterpart" not in pages["wider"]


def test_figures_and_tables_for_papers_include_tuning(built: Path, tmp_path: Path) -> None:
    only = [word for name in ("tuned*", "trials*", "coordinates*") for word in ("--only", name)]
    kinds = ["--format", "svg", "--format", "tex"]
    done = reportgen("figures", built / "results", "--output", tmp_path, *kinds, *only)
    assert done.exit_code == 0, done.output
    names = {path.name for path in tmp_path.iterdir()}
    curves = {f"{kind}-{name}.svg" for kind in ("tuned", "trials") for name in ("gradient_descent", "momentum")}
    assert names == {*curves, "coordinates-momentum.svg", "tuned.tex"}


def test_the_summary_and_the_data_files_have_the_numbers(built: Path) -> None:
    summary = (built / "summary.md").read_text(encoding="utf-8")
    assert "| Optimizer | Targets hit, defaults | Learning rate tuned | Everything tuned |" in summary
    trials = pd.read_csv(built / "data" / "trials.csv")
    assert trials.groupby("optimizer")["trial"].apply(list).to_dict() == {
        "gradient_descent": list(range(12)),
        "momentum": list(range(12)),
    }
    curves = pd.read_csv(built / "data" / "tuned.csv")
    momentum = curves[(curves["optimizer"] == "momentum") & (curves["tuned"] == "everything")]
    assert momentum["trials"].tolist() == [1, 2, 4, 8, 12]
    assert ((momentum["low"] <= momentum["targets_hit"]) & (momentum["targets_hit"] <= momentum["high"])).all()
    best = trials[trials["optimizer"] == "momentum"].nlargest(1, "targets_hit")
    page = (built / "optimizers" / "momentum.html").read_text(encoding="utf-8")
    assert f"learning_rates = [{best['learning_rate'].item():g}]" in page


def test_python_reads_tuned_results(built: Path) -> None:
    results = Results(built / "results", None)
    assert set(results.ranking["optimizer"]) == {"gradient_descent", "momentum"}
    assert len(results.cells) == 2 * 2 * 12


def test_basins_cannot_be_mapped_under_tuning(built: Path, tmp_path: Path) -> None:
    done = reportgen("run", built.parent / "reportgen.toml", "--basins", "8", "--output", tmp_path)
    assert done.exit_code == 2
    assert "--basins = 8: expected 0 with trials" in done.output


def test_every_picture_is_complete(built: Path) -> None:
    files = sorted((built / "assets").glob("*.svg"))
    assert len(files) > 20
    sizes = {path.name: ElementTree.parse(path).getroot().get("width") for path in files}
    assert [name for name, width in sizes.items() if not width] == []


@pytest.mark.parametrize("view", VIEWS, ids=str)
def test_pages_of_tuning_are_accessible(built: Path, view: View, browser: Any, axe: str, tmp_path: Path) -> None:
    pages = [built / "index.html", built / "optimizers" / "momentum.html"]
    if not view.has_scripts:
        shutil.copytree(built, tmp_path / "plain", ignore=shutil.ignore_patterns("results"))
        pages = [tmp_path / "plain" / page.relative_to(built) for page in pages]
        remove_scripts(pages)
    assert problems(pages, view, browser, axe) == []
