"""Losses about which little is known: only a function, or an unknown minimum; and facts that a config replaces."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reportgen import pipeline
from reportgen.config import Config
from reportgen.execute.events import CompileStart, Event
from reportgen.loss import loss
from reportgen.report import render
from reportgen.results.manifest import read_manifest
from reportgen.results.result_tables import Results

PLAIN = """
from reportgen.loss import loss

@loss
def bowl(x, y):
    return x * x + 3 * y * y + 7
"""


def config(folder: Path, *optimizers: str, **changes: Any) -> Config:
    (folder / "plain.py").write_text(PLAIN)
    settings: dict[str, Any] = {
        "losses": ["plain.py:bowl"],
        "optimizers": optimizers or ("gradient_descent", "adam"),
        "learning_rates": [0.001, 0.1],
        "starts": {"random": 2},
        "steps": 60,
        "output": folder / "output",
        "base": folder,
    }
    return Config.model_validate(settings | changes)


def compiled(events: list[Event]) -> list[str]:
    return [event.program for event in events if isinstance(event, CompileStart)]


def test_only_the_function_is_required() -> None:
    @loss
    def valley(x: Any, y: Any, *, steepness: float = 2.0) -> Any:
        return x * x + steepness * y * y

    assert (valley.name, valley.dim, valley.title) == ("valley", 2, "Valley")
    assert (valley.start, valley.domain) == ((-2.5, -2.5), ((-5.0, 5.0), (-5.0, 5.0)))
    assert math.isnan(valley.minimum)
    assert (valley.minima, valley.formula, valley.source) == ((), "", "")
    assert valley(3.0, 1.0) == 11


def test_each_fact_stands_for_itself() -> None:
    @loss(start=(1.0, 10.0))
    def one(x: Any, y: Any) -> Any:
        return x * y

    @loss(domain=[(0.0, 4.0)])
    def other(x: Any) -> Any:
        return x

    @loss(dim=3, minimum=None)
    def many(x: Any) -> Any:
        return x

    assert one.domain == ((-4.0, 6.0), (5.0, 15.0))
    assert other.start == (1.0,)
    assert many.at(4).start == (-2.5,) * 4


@pytest.fixture
def results(tmp_path: Path, one_worker: None) -> Results:
    return Results.load(pipeline.run(config(tmp_path), [].append).results)


def test_the_lowest_value_found_takes_the_place_of_an_unknown_minimum(results: Results, tmp_path: Path) -> None:
    (info,) = results.manifest.losses
    lowest = results.runs["best_loss"].min()
    assert (info.minimum, info.minimum_is_declared) == (lowest, False)
    assert lowest == pytest.approx(7, abs=1e-6)
    assert results.runs["gap"].tolist() == (results.runs["final_loss"] - lowest).tolist()
    solved = results.runs[results.runs["outcome"] == "solved"]
    assert set(solved["optimizer"]) == {"gradient_descent"}
    assert len(results.traces) > 0
    render(tmp_path / "output" / "results", tmp_path / "site")
    index = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    assert "is unknown. The lowest value that any run found takes its place: 7." in index
    page = next((tmp_path / "site" / "losses").glob("*.html")).read_text(encoding="utf-8")
    assert "<dt>Lowest value found</dt><dd>7, by any run of this report" in page


@pytest.mark.usefixtures("results")
def test_an_optimizer_that_finds_no_lower_value_runs_alone(tmp_path: Path) -> None:
    folder = tmp_path / "output" / "results"
    lowest = read_manifest(folder).losses[0].minimum
    events: list[Event] = []
    more = config(tmp_path, "gradient_descent", "adam", "momentum")
    pipeline.run(more, events.append)
    assert set(compiled(events)) == {"plain.py:bowl/momentum"}
    assert read_manifest(folder).losses[0].minimum == lowest
    assert pipeline.run(more, events.append).up_to_date


@pytest.mark.usefixtures("one_worker")
def test_an_optimizer_that_finds_a_lower_value_changes_the_gaps_of_all(tmp_path: Path) -> None:
    before = Results.load(pipeline.run(config(tmp_path, "adam"), [].append).results)
    events: list[Event] = []
    after = Results.load(pipeline.run(config(tmp_path), events.append).results)
    assert after.manifest.losses[0].minimum == after.runs["best_loss"].min() < before.manifest.losses[0].minimum
    gaps = after.runs.loc[after.runs["optimizer"] == "adam", "gap"].to_numpy()
    assert (gaps > before.runs["gap"].to_numpy()).all()
    assert compiled(events).count("plain.py:bowl/adam") == 1


@pytest.mark.usefixtures("one_worker")
def test_an_unbounded_loss_has_no_gap(tmp_path: Path) -> None:
    (tmp_path / "slope.py").write_text(
        "from reportgen.loss import loss\n\n\n@loss(minimum=float('-inf'))\ndef slope(x):\n    return x\n"
    )
    folder = pipeline.run(config(tmp_path, losses=["slope.py:slope"]), [].append).results
    results = Results.load(folder)
    assert results.manifest.losses[0].minimum is None
    assert set(results.runs["outcome"]) == {"exhausted"}


@pytest.mark.usefixtures("one_worker")
def test_a_config_may_replace_start_and_domain(tmp_path: Path) -> None:
    entry = {"name": "beale", "start": [0.5, 0.25], "domain": [[0, 1], [0.0, 0.5]]}
    results = Results.load(pipeline.run(config(tmp_path, losses=[entry], starts={"random": 20}), [].append).results)
    (info,) = results.manifest.losses
    assert (info.start, info.domain) == ((0.5, 0.25), ((0.0, 1.0), (0.0, 0.5)))
    x0 = results.runs.drop_duplicates("start").set_index("start")["x0"]
    assert list(x0[0]) == [0.5, 0.25]
    drawn = x0.drop(0).tolist()
    assert len(drawn) == 20
    assert max(max(point) for point in drawn) <= 1
    assert max(point[1] for point in drawn) <= 0.5
    assert min(min(point) for point in drawn) >= 0


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"start": (1.0, math.nan)}, r"start\[1\]: expected a finite number, found nan"),
        ({"start": (1.0,)}, "start has 1 coordinates; expected 2"),
        ({"start": 3}, "start: expected a list, found 3"),
        ({"start": "12"}, "start: expected a list, found '12'"),
        ({"start": (True, 1.0)}, r"start\[0\]: expected a finite number, found True"),
        ({"start": (10**400, 1)}, r"start\[0\]: expected a finite number, found an integer with too many digits"),
        (
            {"domain": [(1, 0), (0, 1)]},
            r"domain\[0\]: expected low < high with a width of 1e-100 to 1e300, found 1 and 0",
        ),
        ({"domain": [(-1e308, 1e308), (0, 1)]}, r"domain\[0\]: expected low < high with a width of"),
        ({"domain": [(0, 5e-324), (0, 1)]}, r"domain\[0\]: expected low < high with a width of"),
        ({"domain": [(0, math.inf), (0, 1)]}, r"domain\[0\]\[1\]: expected a finite number, found inf"),
        ({"domain": [(0, 1, 2), (0, 1)]}, r"domain\[0\]: expected low and high, found 3 numbers"),
        ({"domain": [(0, 1)], "start": (1, 1)}, "domain has 1 coordinates; expected 2"),
        ({"minima": [(0.0, "a")]}, r"minima\[0\]\[1\]: expected a finite number, found 'a'"),
        ({"minimum": math.nan}, "minimum: expected a number, -inf or None, found nan"),
        ({"minimum": math.inf}, "minimum: expected a number, -inf or None, found inf"),
        ({"minimum": 1j}, "minimum: expected a number, found 1j"),
        ({"formula": 3}, "formula: expected a string, found 3"),
        ({"note": "x" * 20_000}, "note: expected at most 10,000 characters, found 20,000"),
    ],
)
def test_a_wrong_fact_is_named_where_it_is_declared(facts: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^loss valley: {message}"):

        @loss(**facts)
        def valley(x: Any, y: Any) -> Any:
            return x * y


def test_numbers_of_numpy_are_numbers_and_texts_can_be_written() -> None:
    @loss(
        start=np.array([1, 2]), domain=np.array([[0, 2], [0, 4]], "float32"), minimum=np.float32(-1), title="a\ud800b"
    )
    def valley(x: Any, y: Any) -> Any:
        return x * y

    assert valley.start == (1.0, 2.0)
    assert valley.domain == ((0.0, 2.0), (0.0, 4.0))
    assert (valley.minimum, valley.title) == (-1.0, "a?b")
