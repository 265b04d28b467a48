"""The player: its data are small and exact; it works by mouse and keyboard, and for readers who need less motion."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import synthetic
from conftest import stop_clock

from reportgen.analysis.loss_view import LossView, loss_view
from reportgen.figures.paths import box_of
from reportgen.figures.player_stage import INNER, stage_pixels
from reportgen.report import render
from reportgen.report.player import MOST_BYTES, player
from reportgen.report.player_encoding import DIGITS, encode_integers, encoded_length, gap_codes, sample_steps
from reportgen.results.result_tables import Results

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
NAMES = ("gradient_descent", "momentum", "adam")
RATES = (1e-3, 1e-2, 1.0)


def made(**options: Any) -> Results:
    chosen: dict[str, Any] = {"losses": [synthetic.BEALE], "optimizers": NAMES, "rates": RATES, "starts": 2}
    return synthetic.results(**(chosen | options))


@pytest.fixture(scope="module")
def view() -> LossView:
    return loss_view(made(), "beale")


def player_data(view: LossView) -> dict[str, Any]:
    built = player(view)
    assert built
    return dict(json.loads(built.data))


def integers(text: str) -> list[int]:
    """Decodes the base 64 of source maps, as its specification describes."""
    found, value, shift = [], 0, 0
    for digit in map(DIGITS.index, text):
        value |= (digit & 31) << shift
        shift += 5
        if not digit & 32:
            found.append(-(value >> 1) if value & 1 else value >> 1)
            value = shift = 0
    return found


def places(path: dict[str, Any]) -> np.ndarray[Any, Any]:
    return np.cumsum(np.reshape(integers(path["moves"]), (-1, 3)), axis=0)


def test_integers_are_decoded_and_have_the_stated_length() -> None:
    values = np.array([0, 1, -1, 15, -15, 16, -16, 511, 512, -40000, 16, 2**29])
    assert integers(encode_integers(values)) == values.tolist()
    assert len(encode_integers(values)) == encoded_length(values)


def test_paths_are_exact_to_half_a_pixel_and_gaps_to_two_digits(view: LossView) -> None:
    data = player_data(view)
    path = data["paths"][NAMES.index("adam")][RATES.index(1e-2)]
    run = view.first_runs["beale/adam/lr=0.01"]
    at = np.searchsorted(run.step, data["steps"], side="right") - 1
    pixels = stage_pixels(np.asarray(run.x)[at], box_of(view))
    found = places(path)
    assert len(found) == len(at)
    assert np.abs(found[:, :2] / data["grid"] - pixels).max() <= 0.5 / data["grid"]
    power, digits = np.divmod(found[:, 2], 90)
    assert [f"{(d + 10) / 10:.1f}e{p:+03d}" for p, d in zip(power, digits, strict=True)] == [
        f"{gap:.1e}" for gap in run.gap[at]
    ]


def test_a_run_that_leaves_ends_on_the_edge_and_points_outwards(view: LossView) -> None:
    path = player_data(view)["paths"][NAMES.index("gradient_descent")][RATES.index(1.0)]
    run = view.first_runs["beale/gradient_descent/lr=1"]
    step, angle = path["left"]
    points = stage_pixels(np.asarray(run.x), box_of(view))
    index = run.step.tolist().index(step)
    x, y = places(path)[-1][:2] / 2
    assert min(x, y, INNER[0] - x, INNER[1] - y) == 0
    right, down = points[index] - points[index - 1]
    assert abs((angle - np.degrees(np.arctan2(down, right)) + 180) % 360 - 180) <= 0.5
    assert path["diverged"] == run.diverged_at


def test_a_gap_of_zero_is_the_floor_and_codes_grow_with_gaps() -> None:
    gaps = np.array([0.0, -1e-9, 1e-12, 9.94e-4, 9.96e-4, 1e-3, 0.5, 1.0, 123.0])
    codes = gap_codes(gaps, -2000)
    assert codes[:2].tolist() == [-2000, -2000]
    assert (np.diff(codes[2:]) >= 0).all()
    assert codes[4] == codes[5] == -270


def test_all_early_steps_and_the_last_step_are_sampled() -> None:
    steps = np.unique(np.geomspace(1, 2000, 400).round().astype(int)) - 1
    kept = sample_steps(steps, 64)
    assert len(kept) <= 64
    assert kept[:16].tolist() == steps[:16].tolist()
    assert kept[-1] == steps[-1]
    assert sample_steps(steps[:10], 64).tolist() == steps[:10].tolist()


def test_a_page_has_room_for_17_optimizers_at_9_rates(monkeypatch: pytest.MonkeyPatch) -> None:
    names = many(monkeypatch, 17)
    view = loss_view(made(optimizers=names, rates=[10 ** (k / 2) for k in range(-8, 1)], starts=1), "beale")
    built = player(view)
    assert built
    assert len(built.data) < MOST_BYTES
    assert built.left_out == 0
    assert sum(row.is_shown for row in built.rows) == 8


def test_if_not_all_paths_have_room_those_at_the_best_rates_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    names = many(monkeypatch, 24)
    view = loss_view(made(optimizers=names, rates=np.geomspace(1e-4, 0.3, 20).tolist(), starts=1), "beale")
    built = player(view)
    assert built
    assert len(built.data) < MOST_BYTES
    choices = [choice for row in built.rows for choice in row.rates]
    assert all(choice.has_path for choice in choices if choice.best)
    assert all(any(choice.best for choice in row.rates) for row in built.rows)
    assert len(view.cells) - len(choices) == built.left_out > 0
    paths = json.loads(built.data)["paths"]
    assert sum(path is not None for row in paths for path in row) == len(choices)


def many(monkeypatch: pytest.MonkeyPatch, count: int) -> list[str]:
    rules = list(synthetic.OPTIMIZERS.values())
    names = [f"rule_{k}" for k in range(count)]
    for k, name in enumerate(names):
        monkeypatch.setitem(synthetic.OPTIMIZERS, name, rules[k % len(rules)])
    return names


def test_the_same_results_give_the_same_bytes(view: LossView) -> None:
    again = loss_view(made(), "beale")
    assert player(again) == player(view)


@pytest.mark.parametrize(
    "options",
    [
        {"losses": [synthetic.QUARTIC]},
        {"failed": [("beale", name) for name in NAMES]},
        {"losses": [replace(synthetic.BEALE, start=(9.0, 9.0))], "optimizers": ["momentum"], "rates": [1.0]},
    ],
    ids=["one dimension", "all failed", "outside from the start"],
)
def test_without_paths_there_is_no_player(options: dict[str, Any]) -> None:
    results = made(steps=5, **options)
    assert player(loss_view(results, results.manifest.losses[0].label)) is None


def test_without_traces_there_is_no_player(view: LossView) -> None:
    results = view.results
    assert player(loss_view(replace(results, traces=results.traces.head(0)), "beale")) is None


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a loss, with an optimizer's name that looks like markup."""
    output = tmp_path_factory.mktemp("player")
    results = made(rename={"momentum": "</script><b>mine</b>"})
    render(synthetic.write(results, output / "results"), output)
    return output / "losses" / "beale.html"


@pytest.fixture
def page(browser: Any, report: Path) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(report.as_uri())
    yield page
    assert errors == []
    context.close()


def step(page: Any) -> str:
    return str(page.locator(".player .step").first.inner_text())


def test_it_starts_paused_with_the_complete_paths(page: Any) -> None:
    stop_clock(page)
    page.clock.run_for(1000)
    assert step(page) == "300"
    assert page.locator(".play").inner_text() == "Play"
    assert page.locator(".stage .track[d]").count() == len(NAMES)
    page.locator(".stage").scroll_into_view_if_needed()  # images further down are not loaded
    assert page.locator(".stage img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 640


def test_it_plays_and_pauses_by_mouse_and_states_the_step(page: Any) -> None:
    stop_clock(page)
    page.locator(".speed").select_option("2")
    page.locator(".play").click()
    assert page.locator(".play").inner_text() == "Pause"
    page.clock.run_for(1000)
    page.locator(".play").click()
    paused = step(page)
    assert 10 <= int(paused) < 300
    page.clock.run_for(1000)
    assert step(page) == paused
    assert f"Paused at step {paused}" in page.locator(".player [role=status]").inner_text()
    page.locator(".stage").click()
    assert page.locator(".play").inner_text() == "Pause"


def test_it_stops_at_the_end(page: Any) -> None:
    stop_clock(page)
    page.locator(".seek").fill(page.evaluate("String(document.querySelector('.seek').max - 2)"))
    page.locator(".play").click()
    assert page.locator(".playing").count() == 1
    page.clock.run_for(1000)
    assert page.locator(".playing").count() == 0
    assert step(page) == "300"


def test_keys_move_it_only_if_the_focus_is_inside(page: Any) -> None:
    stop_clock(page)  # otherwise the end may come between two keys
    for key in ("Home", "ArrowRight", " "):
        page.keyboard.press(key)
    assert step(page) == "300"
    page.locator(".seek").focus()
    steps = []
    for key in ("Home", "ArrowRight", "ArrowUp", "ArrowLeft", "End"):
        page.keyboard.press(key)
        steps.append(step(page))
    assert steps == ["0", "1", "2", "1", "300"]
    assert page.locator(".seek").get_attribute("aria-valuetext") == "step 300"
    page.keyboard.press("Home")
    page.keyboard.press(" ")
    assert page.locator(".playing").count() == 1
    page.keyboard.press(" ")
    assert page.locator(".playing").count() == 0


def test_a_key_keeps_its_meaning_for_the_control_in_focus(page: Any) -> None:
    page.locator(".choice tbody input").first.focus()
    page.keyboard.press(" ")
    assert page.locator(".playing").count() == 0
    assert page.locator(".stage .track[d]").count() == len(NAMES) - 1
    page.keyboard.press("Home")
    assert step(page) == "0"
    page.locator(".choice tbody select").first.focus()
    page.keyboard.press("ArrowDown")
    assert step(page) == "0"


def test_optimizers_and_rates_can_be_chosen(page: Any) -> None:
    row = page.locator(".choice tbody tr").nth(NAMES.index("adam"))
    solved = row.locator(".state").inner_text()
    assert solved.startswith("● solved at ")
    row.locator("select").select_option(str(RATES.index(1e-3)))
    assert page.locator(".all").input_value() == "mixed"
    assert row.locator(".state").inner_text() == "exhausted"
    assert re.fullmatch(r"\d\.\d+", row.locator(".gap").inner_text())
    page.locator(".all").select_option(str(RATES.index(1.0)))
    first = page.locator(".choice tbody tr").first
    assert first.locator(".state").inner_text().startswith("✕ diverged at ")
    assert first.locator(".gap").inner_text() == "∞"
    assert page.locator(".head.left .wedge").first.is_visible()
    page.locator(".all").select_option("best")
    assert row.locator(".state").inner_text() == solved


def test_gaps_have_the_format_of_the_rest_of_the_page(page: Any, view: LossView) -> None:
    from reportgen.analysis.number_format import number

    page.locator(".all").select_option(str(RATES.index(1e-2)))
    gap = page.locator(".choice tbody tr").nth(NAMES.index("adam")).locator(".gap")
    run = view.first_runs["beale/adam/lr=0.01"]
    page.locator(".seek").focus()
    page.keyboard.press("Home")
    expected, seen = [], []
    for place in range(0, 120, 12):
        page.locator(".seek").fill(str(place))
        at = run.step.tolist().index(int(step(page)))
        expected.append(number(float(f"{run.gap[at]:.1e}")))
        seen.append(gap.inner_text())
    assert seen == expected


def test_reduced_motion_shows_the_complete_paths_and_plays_nothing(browser: Any, report: Path) -> None:
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(report.as_uri())
    assert page.locator(".play").is_disabled()
    assert page.locator(".still").is_visible()
    page.locator(".stage").click()
    page.keyboard.press(" ")
    assert page.locator(".playing").count() == 0
    assert step(page) == "300"
    page.keyboard.press("ArrowLeft")
    assert step(page) != "300"
    page.emulate_media(reduced_motion="no-preference")
    page.wait_for_selector(".play:enabled")
    context.close()


def test_without_javascript_the_figures_remain_and_there_is_no_player(browser: Any, report: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report.as_uri())
    assert not page.locator(".player").is_visible()
    assert page.locator(".panels img:visible").count() == 2 * len(NAMES)
    context.close()


def test_several_players_on_one_page_are_independent(page: Any, report: Path) -> None:
    text = report.read_text(encoding="utf-8")
    begin, end = text.index('<div class="player"'), text.index('<div class="panels">', text.index('class="player"'))
    two = report.with_name("two.html")
    two.write_text(text[:end] + text[begin:end] + text[end:], encoding="utf-8")
    page.goto(two.as_uri())
    page.locator(".seek").last.focus()
    page.keyboard.press("Home")
    page.locator(".choice").last.locator("input").first.uncheck()
    assert page.locator(".player:visible .step").all_inner_texts() == ["300", "0"]
    assert page.locator(".stage .track[d]").count() == 2 * len(NAMES) - 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_meets_wcag_aa_during_use(page: Any, axe: str, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)
    page.locator(".all").select_option(str(RATES.index(1.0)))
    page.locator(".choice tbody input").first.uncheck()
    page.evaluate(axe)
    report = page.evaluate("tags => axe.run('.player', {runOnly: tags})", WCAG)
    assert report["passes"]
    assert [f"{rule['id']}: {rule['nodes'][0]['html'][:200]}" for rule in report["violations"]] == []


@pytest.mark.parametrize("width", [360, 768, 1440])
def test_it_fits_every_width(page: Any, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    inside = "node => node.scrollWidth <= node.clientWidth"
    assert page.locator(".choice").evaluate(inside)
