"""The pages of the site: valid, complete without JavaScript or network, and accessible at every width."""

from __future__ import annotations

import itertools
import re
import shutil
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import synthetic
from page_checks import VIEWS, View, problems, remove_scripts

from reportgen.report.site import Site

CONFIG = Path(__file__).with_name("htmlvalidate.json")


def pages(site: Path) -> list[Path]:
    found = sorted(site.rglob("*.html"))
    assert found, "no page was rendered"
    return found


class Links(HTMLParser):
    """The links and anchors of a page."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.targets: list[str] = []
        self.feed(page.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.anchors.add(value)
            elif name in ("href", "src", "poster") and value:
                self.targets.append(value)
            elif name == "srcset" and value:
                self.targets += [part.split()[0] for part in value.split(",")]


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    yield context.new_page()
    context.close()


@pytest.mark.slow
def test_every_page_is_valid_html(site: Path, html_validate: Path) -> None:
    done = subprocess.run(
        [html_validate, "--config", CONFIG, "--formatter", "text", *pages(site)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_there_is_a_page_for_each_loss_and_each_optimizer(site: Path) -> None:
    assert (site / "index.html").exists()
    assert len(list((site / "losses").glob("*.html"))) == 3
    assert len(list((site / "optimizers").glob("*.html"))) == 3


def test_links_lead_to_files_and_anchors_of_the_site(site: Path) -> None:
    links = {page: Links(page) for page in pages(site)}
    broken = [
        f"{page.relative_to(site)}: {target}"
        for page, found in links.items()
        for target in found.targets
        if not _leads_somewhere(target, page, site, links)
    ]
    assert broken == []


def _leads_somewhere(target: str, page: Path, site: Path, links: dict[Path, Links]) -> bool:
    parts = urlsplit(target)
    if parts.scheme == "data":
        return True
    if parts.scheme or parts.netloc:
        return False
    file = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    if not file.is_file() or not file.is_relative_to(site.resolve()):
        return False
    return not parts.fragment or unquote(parts.fragment) in links[file].anchors


def test_no_page_scrolls_sideways_with_all_sections_open(site: Path, page: Any) -> None:
    page.set_viewport_size({"width": 360, "height": 900})
    for path in pages(site):
        page.goto(path.as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path.name


TOPS = """[...document.querySelectorAll('.panels')].map(panels => [...panels.querySelectorAll('.panel')].map(
  panel => [Math.round(panel.getBoundingClientRect().top),
            Math.round(panel.querySelector('img, .empty').getBoundingClientRect().top)]))"""
"""The tops of each small multiple and of its picture."""


def test_pictures_of_small_multiples_are_level_if_a_caption_wraps(site: Path, page: Any) -> None:
    page.goto((site / "losses" / "beale.html").as_uri())
    page.evaluate("document.querySelectorAll('.panel figcaption')[0].append(' and many words more'.repeat(9))")
    rows = [row for panels in page.evaluate(TOPS) for row in panels]
    assert len(rows) >= 4
    by_row: dict[int, set[int]] = {}
    for top, picture in rows:
        by_row.setdefault(top, set()).add(picture)
    assert max(picture - top for top, pictures in by_row.items() for picture in pictures) > 60, "a caption wraps"
    assert [pictures for pictures in by_row.values() if len(pictures) > 1] == []


def test_the_colours_of_a_background_have_a_key_with_their_gaps(site: Path, page: Any) -> None:
    page.goto((site / "losses" / "beale.html").as_uri())
    key = page.locator(".key", has=page.locator(".chip.contours")).inner_text()
    number = r"[\d.]+(·10[⁰¹²³⁴-⁹]+)?"
    assert re.fullmatch(rf"Background of the pictures: gap {number} or less\s+{number} or more \(logarithmic\)", key), (
        key
    )


def test_the_first_page_shows_bands_areas_and_expected_times(site: Path, page: Any) -> None:
    page.goto((site / "index.html").as_uri())
    profiles = page.locator("#profiles")
    assert "pointwise 95 % bands of" in profiles.locator("figcaption").first.inner_text()
    profiles.locator("details").evaluate_all("all => all.forEach(each => { each.open = true; })")
    scores = profiles.locator("table.anytime tbody tr")
    assert scores.count() == 2
    assert float(scores.first.locator("strong").inner_text()) > 0
    times = profiles.locator("table.expected")
    assert times.locator("thead th").all_inner_texts() == ["Optimizer", "quartic", "rosenbrock", "beale"]
    assert times.locator("tbody tr").count() == 3
    failed = times.locator("tbody tr", has_text="Lookahead").locator("td").last
    assert failed.inner_text() == "∞ (0/4)"


def test_pages_are_complete_without_javascript(site: Path, browser: Any) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    for path in pages(site):
        page.goto(path.as_uri())
        for kind in ("h1", "h2", "table", ":is(img, svg.picture)"):
            assert page.locator(f"{kind}:visible").count() > 0, f"{path.name} shows no {kind}"
    context.close()


@pytest.fixture(scope="module")
def plain(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site without scripts."""
    copy = Path(shutil.copytree(site, tmp_path_factory.mktemp("plain") / "site"))
    remove_scripts(pages(copy))
    return copy


@pytest.mark.parametrize("view", VIEWS, ids=str)
def test_every_page_is_sound_in_every_view(site: Path, plain: Path, browser: Any, axe: str, view: View) -> None:
    assert problems(pages(site if view.has_scripts else plain), view, browser, axe) == []


def test_a_square_of_the_matrix_leads_to_its_trajectory(site: Path, page: Any) -> None:
    page.goto((site / "index.html").as_uri())
    square = page.locator("article", has_text="Beale").locator("table.heat td a").first
    tip = square.locator(".tip")
    assert tip.bounding_box()["height"] <= 1
    square.focus()
    assert tip.bounding_box()["height"] > 10
    optimizer, at, learning_rate = tip.inner_text().partition(":")[0].partition(" at ")
    assert at
    square.click()
    assert page.url.partition("#")[0] == (site / "losses" / "beale.html").as_uri()
    row = page.locator(".player tbody tr", has_text=optimizer).first
    assert row.locator("[type=checkbox]").is_checked()
    chosen = row.locator("select").evaluate("select => select.selectedOptions[0].textContent")
    assert chosen.startswith(learning_rate)


@pytest.mark.parametrize("per_decade", [2, 5])
def test_headings_and_squares_of_the_matrix_do_not_overflow(tmp_path: Path, page: Any, per_decade: int) -> None:
    rates = [10 ** (k / per_decade) for k in range(-4 * per_decade, per_decade + 1)]
    made = synthetic.results([synthetic.BEALE], ["gradient_descent", "adam"], rates, starts=2, steps=20)
    for width in (400, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(Site(tmp_path / str(width)).write(made).as_uri())
        boxes = page.evaluate(
            """() => [...document.querySelectorAll("table.heat tr")].map(row =>
                [...row.querySelectorAll("th span, td span")].filter(text => !text.matches(".hidden, .tip"))
                    .map(text => text.getBoundingClientRect()).filter(box => box.width > 1)
                    .map(box => [box.left, box.right]))"""
        )
        assert sum(map(len, boxes)) > 5
        for row in boxes:
            assert all(right <= left + 0.5 for (_, right), (left, _) in itertools.pairwise(row)), (width, row)


def test_the_theme_can_be_chosen_and_is_remembered(site: Path, page: Any) -> None:
    page.emulate_media(color_scheme="light")
    background = "getComputedStyle(document.documentElement).backgroundColor"
    page.goto((site / "index.html").as_uri())
    light = page.evaluate(background)
    page.locator(".theme select").select_option("dark")
    dark = page.evaluate(background)
    assert dark != light
    page.goto((site / "losses" / "beale.html").as_uri())
    assert page.evaluate(background) == dark
    page.emulate_media(color_scheme="dark")
    page.locator(".theme select").select_option("light")
    assert page.evaluate(background) == light
    page.locator(".theme select").select_option("auto")
    assert page.evaluate(background) == dark


def test_the_theme_can_be_chosen_where_nothing_can_be_stored(site: Path, page: Any) -> None:
    page.add_init_script("Object.defineProperty(window, 'localStorage', { get() { throw new Error('denied'); } });")
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto((site / "index.html").as_uri())
    page.locator(".theme select").select_option("dark")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert errors == []
