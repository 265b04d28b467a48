"""What the pages' script adds: tables that sort and filter and say so, commands to copy, all of a page in print."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import stop_clock

CELLS = "table.cells"


@pytest.fixture
def page(browser: Any, site: Path) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto((site / "losses" / "rosenbrock.html").as_uri())
    yield page
    context.close()


def column(page: Any, name: str) -> list[str]:
    """The texts of a column, in the current order."""
    return [str(text) for text in page.evaluate(COLUMN, [CELLS, name])]


COLUMN = """([table, name]) => {
    const found = document.querySelector(table);
    const at = [...found.tHead.rows[0].cells].findIndex(cell => cell.textContent.includes(name));
    return [...found.tBodies[0].rows].filter(row => !row.hidden).map(row => row.cells[at].textContent.trim());
}"""


def sort(page: Any, name: str) -> str | None:
    """Click the heading; the sort order that it then has."""
    heading = page.locator(f"{CELLS} thead th", has_text=name)
    heading.locator("button").click()
    order: str | None = heading.get_attribute("aria-sort")
    return order


def status(page: Any) -> str:
    return str(page.locator(".tools", has=page.locator("input")).locator("[role=status]").inner_text())


def test_numbers_sort_as_numbers_and_what_is_infinite_stays_last(page: Any) -> None:
    original = column(page, "Median gap")
    values = page.locator(f"{CELLS} tbody tr td:nth-child(5)").evaluate_all("all => all.map(td => td.dataset.value)")
    finite = sorted(float(value) for value in values if value != "inf")
    assert 0 < len(finite) < len(values)
    assert sort(page, "Median gap") == "ascending"
    up = column(page, "Median gap")
    assert status(page) == "Sorted by Median gap, ascending"
    assert sort(page, "Median gap") == "descending"
    down = column(page, "Median gap")
    lost = len(values) - len(finite)
    assert up[-lost:] == down[-lost:] == ["∞"] * lost
    shown = page.locator(f"{CELLS} tbody tr td:nth-child(5)").evaluate_all("all => all.map(td => td.dataset.value)")
    assert [float(value) for value in shown[:-lost]] == finite[::-1]
    assert sort(page, "Median gap") is None
    assert column(page, "Median gap") == original
    assert status(page) == "Original order"


def test_one_column_at_a_time_is_sorted_by_text_where_it_has_no_numbers(page: Any) -> None:
    sort(page, "Rate")
    assert sort(page, "Optimizer") == "ascending"
    names = column(page, "Optimizer")
    assert names == sorted(names)
    assert page.locator(f"{CELLS} [aria-sort]").count() == 1


def test_headings_sort_by_keyboard(page: Any) -> None:
    page.locator(f"{CELLS} thead button", has_text="Rate").focus()
    page.keyboard.press("Enter")
    rates = [float(value) for value in page.locator(f"{CELLS} tbody td:nth-child(2)").evaluate_all(VALUES)]
    assert rates == sorted(rates)


VALUES = "all => all.map(td => td.dataset.value)"


def test_the_filter_leaves_rows_with_all_words_and_counts_them(page: Any) -> None:
    total = page.locator(f"{CELLS} tbody tr").count()
    field = page.get_by_label("Filter rows")
    field.fill("adam 1e-3")
    assert column(page, "Optimizer") == ["adam"]
    assert column(page, "Rate") == ["10⁻³"]
    assert status(page) == f"1 of {total} rows"
    field.fill("Gradient DIVERGED")
    found = column(page, "Outcomes")
    assert 0 < len(found) < total
    assert all("diverged" in text for text in found)
    sort(page, "Targets hit")
    assert len(column(page, "Outcomes")) == len(found)
    field.fill("no such row")
    assert status(page) == f"0 of {total} rows"
    field.fill("")
    assert len(column(page, "Rate")) == total


def test_headings_and_first_column_stay_in_view(page: Any) -> None:
    page.set_viewport_size({"width": 500, "height": 900})
    moved = page.evaluate("""() => {
        const scroll = document.querySelector("table.cells").closest(".scroll");
        scroll.scrollTo(150, 400);
        const edge = scroll.getBoundingClientRect();
        const head = scroll.querySelector("thead th:last-child").getBoundingClientRect();
        const row = [...scroll.querySelectorAll("tbody th")].at(-1).getBoundingClientRect();
        return [scroll.scrollLeft, head.top - edge.top, row.left - edge.left];
    }""")
    assert moved == [150, 0, 0]


def test_without_javascript_tables_are_as_they_were(browser: Any, site: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((site / "losses" / "rosenbrock.html").as_uri())
    assert page.locator("table button, .tools").count() == 0
    assert page.locator(f"{CELLS} tbody tr:visible").count() == page.locator(f"{CELLS} tbody tr").count() > 0
    context.close()


@pytest.mark.parametrize(
    ("clipboard", "says"),
    [
        ("{writeText: async text => { window.copied = text; }}", "Copied"),
        ("undefined", "Selected: press Ctrl+C"),
    ],
    ids=["clipboard", "none"],
)
def test_commands_are_copied_or_else_selected(page: Any, site: Path, clipboard: str, says: str) -> None:
    stop_clock(page)  # "Copied" is shown for some seconds only
    page.add_init_script(f"Object.defineProperty(navigator, 'clipboard', {{value: {clipboard}}})")
    page.goto((site / "index.html").as_uri())
    page.locator("summary", has_text="config").click()
    button = page.get_by_role("button", name="Copy")
    button.click()
    page.get_by_role("button", name=says).wait_for()
    text = page.locator("pre").inner_text()
    assert page.evaluate("window.copied ?? getSelection().toString()").strip() == text.strip()


def test_print_opens_what_is_folded_and_closes_it_again(page: Any, site: Path) -> None:
    page.goto((site / "index.html").as_uri())
    folded = page.locator("details:not([open])").count()
    assert folded > 0
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details:not([open])").count() == folded
