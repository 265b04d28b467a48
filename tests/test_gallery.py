"""``reportgen list losses --gallery``: one valid page without other files, with a faithful picture of each loss."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from conftest import KeptWorker
from page_checks import VIEWS, View, problems, remove_scripts

from reportgen import catalogue
from reportgen.cli import main
from reportgen.figures.loss_contour import central_part, height_levels, too_fine

CONFIG = Path(__file__).with_name("htmlvalidate.json")


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory, kept_worker: KeptWorker) -> Path:
    """The page of all built-in losses."""
    file = tmp_path_factory.mktemp("gallery") / "deep" / "all.html"
    with kept_worker():
        result = CliRunner().invoke(main, ["list", "losses", "--gallery", str(file)], catch_exceptions=False)
    assert (result.exit_code, result.stdout) == (0, f"{file}\n")
    return file


def test_it_has_every_loss_with_a_picture(gallery: Path) -> None:
    text = gallery.read_text(encoding="utf-8")
    every = catalogue.losses()
    assert [name for name in every if f"<code>{name}</code>" not in text] == []
    assert text.count("<img ") == len(every)
    assert "A slice through the minimizer, drawn at (0, 0), and the standard start, drawn at (1, 0)." in text


def test_it_needs_no_other_file_and_allows_only_its_own_script(gallery: Path) -> None:
    text = gallery.read_text(encoding="utf-8")
    assert text.count("<script") == text.count("<script>") == 1
    assert text.count("script-src 'sha256-") == 1
    assert 'href="http' not in text
    assert 'src="http' not in text


def test_losses_can_be_found_by_name_alias_and_tag(gallery: Path, browser: Any) -> None:
    page = browser.new_page()
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text))
    page.goto(gallery.as_uri())
    every = catalogue.losses()
    shown, status = page.locator(".exhibit:visible h2"), page.get_by_role("status")
    assert shown.count() == len(every) > 50
    assert status.inner_text() == f"{len(every)} of {len(every)} losses"
    convex = {loss.title for loss in every.values() if "convex" in loss.tags}
    found = {"HIMMELBLAU": {"Himmelblau"}, "bukin_n6": {"Bukin 6"}, "convex ": convex, "zzz": set()}
    for words, titles in found.items():
        page.get_by_role("searchbox").fill(words)
        assert set(shown.all_inner_texts()) == titles
        assert status.inner_text() == f"{len(titles)} of {len(every)} losses"
        letters = page.locator(".letters a:visible")
        assert {text[-1] for text in letters.all_inner_texts()} == {title[0].upper() for title in titles}
        hidden = letters.evaluate_all("all => all.filter(each => document.querySelector(each.hash).hidden).length")
        assert hidden == 0
    page.get_by_role("searchbox").fill("")
    assert shown.count() == len(every)
    assert errors == []
    page.close()


def test_without_a_script_letters_lead_to_the_losses_and_nothing_else_is_offered(gallery: Path, browser: Any) -> None:
    page = browser.new_page(java_script_enabled=False)
    page.goto(gallery.as_uri())
    assert page.locator("input").count() == 0
    titles = [loss.title for loss in catalogue.losses().values()]
    letters = page.locator(".letters a")
    assert [text[-1] for text in letters.all_inner_texts()] == sorted({title[0].upper() for title in titles})
    page.get_by_role("link", name="Losses with H").click()
    first = min(title for title in titles if title[0] == "H")
    bar, heading = page.locator(".finder").bounding_box(), page.locator(".exhibit h2", has_text=first).bounding_box()
    assert bar["y"] == 0
    assert bar["height"] <= heading["y"] < 200
    page.close()


def test_long_formulas_are_broken_or_show_that_they_go_on(gallery: Path, browser: Any) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto(gallery.as_uri())
    formulas = page.locator(".formula")
    cut = formulas.evaluate_all("all => all.filter(each => each.scrollWidth > each.clientWidth).length")
    assert cut < 0.1 * formulas.count()
    assert "linear-gradient" in formulas.first.evaluate("each => getComputedStyle(each).backgroundImage")
    assert page.locator(".terms").count() > 10
    page.close()


def test_it_is_valid_html(gallery: Path, html_validate: Path) -> None:
    command = [html_validate, "--config", CONFIG, "--formatter", "text", gallery]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr


@pytest.mark.parametrize("view", VIEWS, ids=str)
def test_it_is_sound_in_every_view(gallery: Path, tmp_path: Path, browser: Any, axe: str, view: View) -> None:
    page = Path(shutil.copy(gallery, tmp_path))
    if not view.has_scripts:
        remove_scripts([page])
    assert problems([page], view, browser, axe) == []


@pytest.mark.usefixtures("one_worker")
def test_it_can_show_one_loss(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["list", "losses", "rosenbrock[dim=5]", "--gallery"], catch_exceptions=False)
    assert result.stdout == "losses.html\n"
    text = (tmp_path / "losses.html").read_text(encoding="utf-8")
    assert text.count("<article") == 1
    assert "Drawn in two dimensions." in text


def test_optimizers_have_no_gallery() -> None:
    result = CliRunner().invoke(main, ["list", "optimizers", "--gallery"])
    assert result.exit_code == 2
    assert "--gallery: works only with losses" in result.stderr


def test_heights_differ_for_any_kind_of_loss() -> None:
    beale, x = catalogue.losses()["beale"], np.linspace(-1, 1, 129)
    bowl = x[:, np.newaxis] ** 2 + x**2
    hole = 1 - np.exp(-200 * bowl)
    for loss, values in (
        (beale, bowl),
        (beale, 1e12 * bowl),
        (beale, hole),
        (beale, np.where(bowl > 1, np.inf, bowl)),
        (replace(beale, minimum=-np.inf), 1e6 * (x[:, np.newaxis] ** 3 - x)),
    ):
        level = height_levels(loss, values)
        assert (level.min(), level.max()) == (pytest.approx(0, abs=0.01), pytest.approx(1, abs=0.01))
        assert level.std() > 0.05


def test_waves_finer_than_the_grid_are_detected_and_enlarged() -> None:
    beale, x = catalogue.losses()["beale"], np.linspace(-1, 1, 129)
    waves = np.sin(30 * np.pi * x) ** 2 + x[:, np.newaxis] ** 2
    assert too_fine(beale, waves)
    assert not too_fine(beale, waves * 0 + x**2)
    assert central_part(beale).domain == ((1.875, 4.125), (-0.625, 1.625))
