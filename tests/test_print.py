"""The pages in print: complete, not cut off, and on white paper for a dark theme too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

PAPER = {"a4": 794 - 90, "letter": 816 - 90}
"""Width in CSS pixels without the margins."""
CUT_OFF = """() => [...document.querySelectorAll("table, pre, img, svg, p, h1, h2")].filter(each => {
    const box = each.getBoundingClientRect();
    return box.width && !each.closest(".hidden, .skip, .shared") && (box.right > innerWidth + 1 || box.left < -1);
}).map(each => each.outerHTML.slice(0, 120))"""
CLOSED = """() => [...document.querySelectorAll("details > :not(summary, button, .contents *)")]
    .filter(each => !each.checkVisibility({contentVisibilityAuto: true}) || !each.getBoundingClientRect().height)
    .map(each => each.outerHTML.slice(0, 120))"""


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    context = browser.new_context(color_scheme="dark", java_script_enabled=True)
    made = context.new_page()
    made.emulate_media(media="print")
    yield made
    context.close()


@pytest.mark.parametrize("paper", PAPER)
def test_nothing_is_cut_off_or_closed(site: Path, page: Any, paper: str) -> None:
    page.set_viewport_size({"width": PAPER[paper], "height": 1000})
    details = 0
    for path in sorted(site.rglob("*.html")):
        page.goto(path.as_uri())
        assert page.evaluate(CUT_OFF) == [], path.name
        assert page.evaluate(CLOSED) == [], path.name
        details += page.locator("details").count()
    assert details > 0


def test_paper_is_white_for_a_dark_theme_too(site: Path, page: Any) -> None:
    page.goto((site / "index.html").as_uri())
    html = page.locator("html")
    paper, ink = (html.evaluate(f"html => getComputedStyle(html).{name}") for name in ("backgroundColor", "color"))
    assert paper == "rgb(255, 255, 255)"
    assert ink == "rgb(28, 36, 48)"


def test_the_single_file_prints_on_several_pages(site: Path, page: Any) -> None:
    page.goto((site / "report.html").as_uri())
    made = page.pdf(format="A4")
    parts = len(list((site / "losses").iterdir())) + len(list((site / "optimizers").iterdir()))
    assert made.count(b"/Type /Page\n") > parts
