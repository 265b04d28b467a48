"""Maps of the basins of attraction: exact, reused, drawn in few bytes, and readable without pictures."""

from __future__ import annotations

import io
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from conftest import stop_clock
from page_checks import VIEWS, View, problems, remove_scripts
from PIL import Image

from reportgen.cli import main
from reportgen.engine.basins import DIVERGED, INSIDE, OUTSIDE, SOLVED_ELSEWHERE, classify
from reportgen.results.basin_table import BASINS, BasinMap, read_basins
from reportgen.results.manifest import find_manifest

pytestmark = pytest.mark.slow

SIZE, STEPS = 12, 300
RATES = (0.001, 0.01, 0.1)


def run(folder: Path, *arguments: str, command: str = "build") -> Result:
    """Map gradient descent on three losses."""
    rates = [word for rate in RATES for word in ("--lr", str(rate))]
    losses = [word for loss in ("quartic", "himmelblau", "rosenbrock[dim=5]") for word in ("-l", loss)]
    options = ["--steps", str(STEPS), "--starts", "1", "--dtype", "float64", "--output", str(folder)]
    return CliRunner().invoke(main, [command, *losses, *rates, *options, *arguments])


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("basins") / "output"
    done = run(folder, "--basins", str(SIZE), "-o", "gradient_descent", "-o", "momentum")
    assert done.exit_code == 0, done.output
    return folder


def maps(folder: Path) -> dict[tuple[str, str, float], BasinMap]:
    manifest = find_manifest(folder / "results")
    assert manifest
    found = read_basins(folder / "results", manifest)
    return {(each.loss, each.optimizer, each.learning_rate): each for each in found}


def himmelblau_gradient(x: float, y: float) -> tuple[float, float]:
    first, second = x * x + y - 11, x + y * y - 7
    return 4 * x * first + 2 * second, 2 * first + 4 * y * second


def descend(x: float, y: float, rate: float) -> tuple[float, float]:
    """The end of gradient descent on himmelblau, computed without reportgen."""
    for _ in range(STEPS):
        dx, dy = himmelblau_gradient(x, y)
        x, y = x - rate * dx, y - rate * dy
        if not np.isfinite([x, y]).all() or max(abs(x), abs(y)) > 1e100:
            return np.inf, np.inf
    return x, y


def test_the_ends_are_those_of_a_plain_loop(built: Path) -> None:
    manifest = find_manifest(built / "results")
    assert manifest
    info = next(each for each in manifest.losses if each.label == "himmelblau")
    points = np.array([*info.minima, *info.local_minima, *info.saddles])
    low, high = np.array(info.domain).T
    found = maps(built)["himmelblau", "gradient_descent", 0.01]
    xs, ys = (np.linspace(*interval, SIZE) for interval in found.box)
    expected = np.empty((SIZE, SIZE), int)
    for row, y in enumerate(ys):
        for column, x in enumerate(xs):
            end = np.array(descend(x, y, 0.01))
            if np.isinf(end).any():
                expected[row, column] = DIVERGED
                continue
            distances = (np.abs(end - points) / (high - low)).max(axis=1)
            outside = ((end < low) | (end > high)).any()
            near = int(distances.argmin())
            expected[row, column] = near if distances[near] <= 0.02 else OUTSIDE if outside else INSIDE
    np.testing.assert_array_equal(found.ends, expected)
    assert set(range(4)) <= set(np.unique(found.ends))  # the basins of all four minima
    assert (found.steps[found.ends < 4] >= 0).mean() > 0.9


def test_every_configuration_has_a_map_also_on_a_line_and_on_a_plane(built: Path) -> None:
    runs = pd.read_parquet(built / "results" / "runs.parquet", columns=["loss", "optimizer", "learning_rate"])
    configurations = runs.astype({"loss": str, "optimizer": str}).drop_duplicates().itertuples(index=False, name=None)
    found = maps(built)
    assert set(configurations) == set(found)
    assert found["quartic", "momentum", 0.01].ends.shape == (SIZE,)
    assert found["rosenbrock[dim=5]", "momentum", 0.01].ends.shape == (SIZE, SIZE)


def test_ends_are_told_apart() -> None:
    from reportgen.catalogue import find_loss

    loss = find_loss("himmelblau", Path())
    ends = np.array([loss.minima[1], loss.saddles[0], [0.0, 4.9], [0.0, 4.9], [9.0, 0.0], [np.nan, 0], loss.minima[0]])
    diverged = np.array([False] * 6 + [True])
    solved = np.array([True, False, True, False, False, False, False])
    codes = classify(loss, ends, diverged, solved)
    saddle = len(loss.minima) + len(loss.local_minima)
    assert codes.tolist() == [1, saddle, SOLVED_ELSEWHERE, INSIDE, OUTSIDE, DIVERGED, DIVERGED]


def test_a_second_build_does_nothing(built: Path) -> None:
    before = (built / "results" / BASINS).read_bytes()
    options = ("--basins", str(SIZE), "-o", "gradient_descent", "-o", "momentum")
    done = run(built, *options)
    assert "Up to date" in done.output
    assert (built / "results" / BASINS).read_bytes() == before


def test_more_optimizers_change_no_map_and_no_maps_remove_the_file(tmp_path: Path) -> None:
    folder = tmp_path / "output"
    assert run(folder, "--basins", "5", "-o", "adam", command="run").exit_code == 0
    before = maps(folder)
    assert run(folder, "--basins", "5", "-o", "adam", "-o", "signsgd", command="run").exit_code == 0
    after = maps(folder)
    assert before.keys() < after.keys()
    for key, found in before.items():
        np.testing.assert_array_equal(after[key].ends, found.ends)
    assert run(folder, "-o", "adam", command="run").exit_code == 0
    assert not (folder / "results" / BASINS).exists()


def test_the_pictures_have_a_tile_for_each_rate_and_are_small(built: Path) -> None:
    files = sorted((built / "assets").glob("basins.*.png"))
    assert len(files) == 6
    assert sum(file.stat().st_size for file in files) < 10_000
    picture = Image.open(io.BytesIO((built / "assets" / "basins.himmelblau.momentum.png").read_bytes()))
    assert picture.size == (3 * SIZE + 2 * 2, SIZE)
    assert picture.convert("RGBA").getpixel((SIZE, 0)) == (0, 0, 0, 0)  # the gap


def test_the_page_says_in_words_and_numbers_where_runs_end(built: Path) -> None:
    text = (built / "losses" / "himmelblau.html").read_text()
    assert "find a minimum from" in text or "finds a minimum from" in text
    assert "ends at the minimum (3, 2)" in text
    assert "Where momentum ends on himmelblau from each start" in text


def test_damaged_maps_are_refused_in_one_sentence(built: Path, tmp_path: Path) -> None:
    import shutil

    folder = tmp_path / "results"
    shutil.copytree(built / "results", folder)
    content = (folder / BASINS).read_bytes()
    for damaged in (content[:100], b"", (folder / "runs.parquet").read_bytes()):
        (folder / BASINS).write_bytes(damaged)
        done = CliRunner().invoke(main, ["render", str(folder), "--output", str(tmp_path / "site")])
        assert done.exit_code == 2
        assert f"{BASINS}: " in done.output
        assert "Traceback" not in done.output


def test_a_wrong_size_is_one_sentence(tmp_path: Path) -> None:
    done = run(tmp_path / "output", "--basins", "1000", "-o", "adam")
    assert done.exit_code == 2
    assert "--basins" in done.output


@pytest.mark.parametrize("view", VIEWS, ids=str)
def test_pages_with_maps_are_sound_in_every_view(
    built: Path, tmp_path: Path, browser: Any, axe: str, view: View
) -> None:
    copy = Path(shutil.copytree(built, tmp_path / "copy"))
    pages = [copy / "losses" / "himmelblau.html", copy / "report.html"]
    assert all('class="basins' in page.read_text(encoding="utf-8") for page in pages)
    if not view.has_scripts:
        remove_scripts(pages)
    assert problems(pages, view, browser, axe) == []


def test_the_slider_shows_the_tile_of_a_rate(built: Path, browser: Any) -> None:
    page = browser.new_page()
    stop_clock(page)
    page.goto((built / "losses" / "himmelblau.html").as_uri())
    assert page.locator(".basin-player").is_visible()
    slider = page.locator(".basin-player input")
    shifts = []
    for place in ("0", "2"):
        slider.fill(place)
        shifts.append(page.locator(".basin-crop > *").first.evaluate("e => e.style.transform"))
    assert shifts[0] != shifts[1]
    assert page.locator(".basin-player output").inner_text() == "10⁻¹"
    page.close()
