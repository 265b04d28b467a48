"""``reportgen list losses --gallery``: one valid page without other files, with a faithful picture of each loss."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from conftest import KeptWorker

from reportgen import catalogue
from reportgen.cli import main
from reportgen.figures.loss_contour import central_part, height_levels, too_fine

CONFIG = Path(__file__).with_name("htmlvalidate.json")
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


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


def test_it_needs_no_other_file_and_no_script(gallery: Path) -> None:
    text = gallery.read_text(encoding="utf-8")
    assert "<script" not in text
    assert 'href="http' not in text
    assert 'src="http' not in text


def test_it_is_valid_html(gallery: Path, html_validate: Path) -> None:
    command = [html_validate, "--config", CONFIG, "--formatter", "text", gallery]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_meets_wcag_aa_and_shows_all_pictures(gallery: Path, browser: Any, axe: str, scheme: str) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 900}, color_scheme=scheme)
    page.goto(gallery.as_uri())
    page.evaluate(axe)
    report = page.evaluate("tags => axe.run({runOnly: tags})", WCAG)
    assert [f"{rule['id']}: {rule['nodes'][0]['html'][:200]}" for rule in report["violations"]] == []
    page.evaluate("document.querySelectorAll('img').forEach(image => { image.loading = 'eager' })")
    page.wait_for_function("[...document.images].every(image => image.complete)")
    assert page.evaluate("[...document.images].filter(image => !image.naturalWidth || !image.alt).length") == 0
    page.set_viewport_size({"width": 360, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.close()


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
