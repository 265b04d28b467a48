"""Figures are valid SVG in both themes, the same bytes each time, and can be drawn from any results."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
import synthetic

from reportgen.analysis.loss_view import LossView, loss_view
from reportgen.analysis.profile_bands import profile_bands
from reportgen.analysis.report_analysis import ReportAnalysis
from reportgen.figures.contour_background import log_heights
from reportgen.figures.lines import fit_name, spread_labels
from reportgen.figures.registry import loss_figures, slug
from reportgen.figures.runtime_profiles import MOST_BANDS, banded_optimizers, draw_runtimes
from reportgen.figures.scales import few_ticks, gap_scale
from reportgen.figures.style import COLOURS, series_style
from reportgen.figures.svg import _shorten_path
from reportgen.results.result_tables import Results


@pytest.fixture(scope="module")
def results() -> Results:
    return synthetic.results(optimizers=("gradient_descent", "adam"), starts=3, steps=150)


def drawn(view: LossView) -> dict[str, str]:
    return {picture.file: picture.draw() for picture in loss_figures(view)}


@pytest.mark.parametrize("label", ["quartic", "rosenbrock", "beale"])
def test_figures_are_valid_themed_and_repeatable(results: Results, label: str) -> None:
    first, again = (drawn(loss_view(results, label)) for _ in range(2))
    assert first == again
    assert len(first) == (7 if label == "quartic" else 8)  # the background of the player needs two coordinates
    for text in first.values():
        root = ElementTree.fromstring(text)
        assert root.tag.endswith("svg")
        assert "prefers-color-scheme:dark" in text
        assert "#fe00" not in text
        assert "http" not in re.sub(r'xmlns(:xlink)?="[^"]*"', "", text)


def test_colours_only_come_from_the_theme(results: Results) -> None:
    texts = drawn(loss_view(results, "beale")).values()
    assert len(texts) == 8
    for text in texts:
        style, _, body = text.partition("</style>")
        assert "--paper" in style
        literal = set(re.findall(r"(?:fill|stroke): (#[0-9a-f]{6})", body))
        assert literal == set()


@pytest.mark.parametrize(
    ("kind", "titles"),
    [
        ("convergence", ("step", "median gap")),
        ("rates", ("learning rate", "median final gap")),
        ("runtimes", ("gradient evaluations", "share of targets hit")),
        ("paths", ("x", "y")),
    ],
)
def test_both_axes_have_titles_and_all_texts_one_size(results: Results, kind: str, titles: tuple[str, str]) -> None:
    texts = [text for file, text in drawn(loss_view(results, "beale")).items() if file.startswith(f"{kind}.")]
    assert texts
    for svg in texts:
        assert all(f">{title}</text>" in svg for title in titles)
        assert set(re.findall(r"font-size:([\d.]+)px", svg)) == {"11.5"}


def test_alternative_texts_describe_the_figure(results: Results) -> None:
    pictures = list(loss_figures(loss_view(results, "beale")))
    assert len(pictures) == 8
    for picture in pictures:
        text = picture.alt()
        assert "beale" in text
        assert text.endswith(".")


def _all_diverged() -> Results:
    return synthetic.results([synthetic.ROSENBROCK], ["gradient_descent"], [1.0, 10.0], starts=2, steps=20)


def _all_failed() -> Results:
    return synthetic.results([synthetic.BEALE], ["adam"], [0.1], starts=2, steps=5, failed=[("beale", "adam")])


def _single() -> Results:
    return synthetic.results([synthetic.QUARTIC], ["adam"], [0.1], starts=1, steps=1)


def _no_traces() -> Results:
    made = _single()
    return replace(made, traces=made.traces.head(0))


def _no_grid() -> Results:
    made = synthetic.results([synthetic.BEALE], ["adam"], [0.1], starts=2, steps=20)
    return replace(made, grids=made.grids.head(0))


def _many() -> Results:
    names = dict.fromkeys(synthetic.OPTIMIZERS)
    return synthetic.results([synthetic.BEALE], tuple(names) * 1, [1e-3, 1e-1], starts=40, steps=30)


def _unloadable() -> Results:
    made = _all_failed()
    info = replace(made.manifest.losses[0], dim=None, minimum=None, minima=(), domain=(), start=())
    return replace(made, grids=made.grids.head(0), manifest=replace(made.manifest, losses=(info,)))


@pytest.mark.parametrize(
    ("make", "count"),
    [
        (_all_diverged, 6),
        (_all_failed, 3),
        (_single, 5),
        (_no_traces, 3),
        (_no_grid, 6),
        (_many, 16),
        (_unloadable, 0),
    ],
    ids=lambda given: getattr(given, "__name__", None),
)
def test_figures_survive(make: Callable[[], Results], count: int) -> None:
    results = make()
    texts = drawn(loss_view(results, results.manifest.losses[0].label)).values()
    assert len(texts) == count
    for text in texts:
        ElementTree.fromstring(text)
        assert "nan" not in re.sub(r"<text.*?</text>", "", text, flags=re.S)


def test_there_are_no_paths_above_two_coordinates(results: Results) -> None:
    info = replace(results.manifest.losses[1], dim=5)
    high = LossView(results.of_loss("rosenbrock"), info)
    assert {picture.kind for picture in loss_figures(high)} == {"convergence", "runtimes", "rates"}


def test_a_gap_scale_is_robust_at_both_ends() -> None:
    scale = gap_scale([np.array([1.0, 1e-4, 0.0, 1e30, np.inf])], np.array([10.0]), 1e-6)
    assert (scale.low, scale.high, scale.below) == (-4, 0, "≤ 0")
    placed = scale(np.array([0.0, -1.0, 1.0, 1e30, np.nan]))
    assert placed.tolist() == [scale.floor, scale.floor, 0.0, 0.0, 0.0]
    deep = gap_scale([np.array([1.0, 1e-30])], np.array([10.0]), 1e-6)
    assert (deep.low, deep.below) == (-9, "< 10⁻⁹")


def test_names_at_line_ends_do_not_touch() -> None:
    placed = spread_labels([10.0, 10.0, 11.0, 100.0], 15, 0, 100)
    assert sorted(placed) == placed
    assert min(b - a for a, b in pairwise(placed)) >= 15
    assert max(placed) <= 100


def test_heights_ignore_values_that_are_not_finite() -> None:
    assert log_heights(np.array([0.0, 1.0, np.inf, np.nan]))[2:].tolist() == [1.0, 1.0]


def test_ticks_are_few_and_round() -> None:
    assert few_ticks(-4.5, 4.5) == [-4, -2, 0, 2, 4]
    assert len(few_ticks(-1, 3)) <= 5 + 1


def test_series_differ_in_more_than_colour() -> None:
    looks = [series_style(place) for place in range(56)]
    assert len({(look.colour, look.dash) for look in looks}) == 56
    assert {look.colour for look in looks} <= set(COLOURS)


def test_slugs_are_safe_unique_and_the_label_itself_if_possible() -> None:
    labels = [
        "adam",
        "Adam",
        "adam[beta_2=0.99]",
        "../../etc",
        "損失",
        "損失 2",
        "x" * 200,
        "<script>",
        "my_opt.py:Mine",
        "a.b",
    ]
    slugs = [slug(label) for label in labels]
    assert slugs[0] == "adam"
    assert len({name.lower() for name in slugs}) == len(labels)
    assert all(re.fullmatch(r"[a-z0-9_-]{1,60}", name) for name in slugs)


def test_a_run_leaves_the_plot_only_if_it_does_not_return() -> None:
    from reportgen.figures.paths import exit_index

    box = np.array([[0.0, 0.0], [1.0, 1.0]])
    path = np.array([[0.5, 0.5], [2.0, 0.5], [0.5, 0.5], [0.9, 0.9], [3.0, 0.5], [4.0, 0.5]])
    assert exit_index(path, box) == 4
    assert exit_index(path[:4], box) is None
    assert exit_index(path[4:], box) == 0


def test_a_plateau_at_the_minimum_does_not_flatten_the_background() -> None:
    hinge = np.maximum(np.linspace(-2, 2, 129) - 0.5, 0) ** 2 * np.ones((129, 1))
    assert len(np.unique(log_heights(hinge))) > 20


def test_an_exponential_at_one_side_does_not_flatten_the_background() -> None:
    x = np.linspace(-3, 3, 129)
    wall = x**2 + np.exp(np.maximum(200 * (x - 1.5), 0)) * np.ones((129, 1))
    assert np.ptp(log_heights(wall)[:, x < 1.4]) > 0.1


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("gradient_descent", "gradient_descent"),
        ("x" * 17, "x" * 17),
        ("x" * 18, "x" * 16 + "…"),
        ("優" * 9, "優" * 8 + "…"),
    ],
)
def test_names_next_to_lines_fit_the_margin(name: str, expected: str) -> None:
    assert fit_name(name) == expected


def test_names_without_glyphs_in_matplotlib_are_drawn() -> None:
    results = synthetic.results(optimizers=("adam",), starts=2, steps=30, rename={"adam": "優化器"})
    texts = drawn(loss_view(results, "beale")).values()
    assert any("優化器" in text for text in texts)


def test_the_best_optimizers_of_the_runtime_profile_have_bands() -> None:
    results = synthetic.results(rates=(1e-2, 1e-1), starts=8, steps=100)
    analysis = ReportAnalysis(results)
    board, profile = analysis.leaderboard, analysis.profile
    assert board is not None
    assert profile is not None
    names = banded_optimizers(profile)
    hit_rates = dict(zip(board.names, board.hit_rates, strict=True))
    assert len(names) == MOST_BANDS < len(board.names)
    assert min(hit_rates[name] for name in names) >= sorted(hit_rates.values())[-MOST_BANDS]
    labels = results.manifest.optimizer_labels
    plain, banded = (
        draw_runtimes(profile, labels, bands) for bands in (None, profile_bands(board, names, profile.budget))
    )
    ElementTree.fromstring(banded)
    assert (plain.count("fill-opacity"), banded.count("fill-opacity")) == (0, MOST_BANDS)
    assert len(banded) < 1.6 * len(plain)
    for name in names:
        assert f"fill:var(--{series_style(labels.index(name)).colour}" in banded.replace(" ", "")


@pytest.mark.parametrize(
    ("path", "shorter"),
    [
        ("M 1.04 2 \nL 3.04 2 \nL 3 -4.5 \nL 5 6 \nz\n", "M1 2H3V-4.5L5 6z"),
        ("M 1 2 \nL 1 2 \nM 1 2 \nL 7 2", "M1 2H1M1 2H7"),
        ("M 0 1 \nQ 1 1 2 1 \nL 3 1 \nz", "M0 1Q1 1 2 1L3 1z"),
        ("M 0 1 \nL 3 1 \nz \nM 3 1 \nL 3 2", "M0 1H3zM3 1V2"),
    ],
)
def test_horizontal_and_vertical_lines_are_written_in_few_bytes(path: str, shorter: str) -> None:
    assert _shorten_path(path) == shorter
