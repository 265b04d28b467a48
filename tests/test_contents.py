"""The table of contents of ``report.html``: complete, always within reach, and usable without JavaScript."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Opened = Callable[..., Any]
LINKS = ".contents a:visible"


@pytest.fixture
def opened(site: Path, browser: Any) -> Iterator[Opened]:
    """Opens the single file in a window of some width."""
    contexts = []

    def opened(width: int, **options: Any) -> Any:
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.goto((site / "report.html").as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()


def wait_for_mark(page: Any, link: str) -> None:
    """Waits until the link to ``link`` is marked."""
    page.locator(f'.contents a[href="#{link}"][aria-current]').wait_for(state="attached")


def test_without_a_script_it_lists_all_pages_and_sections_in_the_order_of_the_file(opened: Opened) -> None:
    page = opened(1440, java_script_enabled=False)
    listed = page.locator(LINKS).evaluate_all("all => all.map(link => link.hash.slice(1))")
    sections = "main h2[id], .page h3[id]"
    expected = page.evaluate(f"[...document.querySelectorAll('#content, .page, {sections}')].map(each => each.id)")
    assert listed == expected
    assert {"content", "ranking-heading", "losses-beale", "losses-beale--paths-heading"} <= set(listed)
    names = page.locator(".contents li:not(.group) > a").all_inner_texts()
    assert names[0] == "Overview"
    assert names.count("All configurations") == 6


@pytest.mark.parametrize("width", [1024, 1440])
def test_in_a_wide_window_it_stays_next_to_the_text_and_marks_the_section_in_view(opened: Opened, width: int) -> None:
    page = opened(width)
    page.locator('.contents [href="#content"][aria-current]').wait_for()
    assert page.locator('.contents [href="#losses-beale--paths-heading"]').is_hidden()
    page.locator('.contents [href="#losses-beale"]').click()
    wait_for_mark(page, "losses-beale")
    page.locator('.contents [href="#losses-beale--paths-heading"]').click()
    wait_for_mark(page, "losses-beale--paths-heading")
    assert page.locator(".contents [aria-current]").count() == 1
    box, text = page.locator(".contents").bounding_box(), page.locator("main").bounding_box()
    assert (box["x"] >= 0, box["y"]) == (True, 0)
    assert box["x"] + box["width"] <= text["x"]
    assert text["y"] < -1000
    page.evaluate("scrollTo(0, 1e6)")
    wait_for_mark(page, page.locator(".page h3[id]").last.get_attribute("id"))


def test_in_a_narrow_window_it_is_folded_at_the_top_and_works_from_the_keyboard(opened: Opened) -> None:
    page = opened(360)
    summary = page.locator(".contents summary")
    assert page.locator(LINKS).count() == 0
    summary.focus()
    page.keyboard.press("Enter")
    page.locator('.contents [href="#losses-beale"]').focus()
    page.keyboard.press("Enter")
    wait_for_mark(page, "losses-beale")
    assert page.locator(LINKS).count() == 0, "it covers the page after a choice"
    assert summary.inner_text() == "Contents · beale"
    bar, heading = summary.bounding_box(), page.locator("#losses-beale h2").bounding_box()
    assert bar["y"] == 0
    assert heading["y"] >= bar["height"]
    summary.focus()
    page.keyboard.press("Enter")
    page.locator(LINKS).first.focus()
    page.keyboard.press("Escape")
    assert page.locator(LINKS).count() == 0
    assert page.evaluate("document.activeElement.localName") == "summary"


def test_it_is_not_printed(opened: Opened) -> None:
    page = opened(720)
    page.emulate_media(media="print")
    assert page.locator(".contents").is_hidden()
    assert page.locator("main").bounding_box()["x"] < 20
