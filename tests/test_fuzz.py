"""A short run of each fuzzer; ``python -m tests.fuzz.TARGET`` runs more cases."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import made_once
from fuzz import harness, results_folder, shards


@pytest.fixture(autouse=True)
def _draw_figures_afterwards() -> Iterator[None]:
    """A fuzzer replaces what draws figures; other tests of this process need it again."""
    yield
    harness.restore_figures()


@pytest.fixture(autouse=True)
def _run_once(name: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tiny matrix is run once for all fuzzers of results, and once in shards: it takes longer than most cases."""
    if name == "shards":
        monkeypatch.setattr(shards, "made", made_once(tmp_path_factory, "fuzz-shards", shards.prepare))
    elif name not in ("config", "environment"):
        monkeypatch.setattr(results_folder, "made", made_once(tmp_path_factory, "fuzz-results", results_folder.prepare))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "cases"),
    [
        ("manifest", 30),
        ("tables", 30),
        ("comparison_pairs", 20),
        ("published_sites", 30),
        ("shards", 15),
        ("config", 60),
        ("flags", 40),
        ("environment", 20),
    ],
)
def test_damaged_input_ends_in_success_or_in_a_sentence(name: str, cases: int, tmp_path: Path) -> None:
    # The first case of a fuzzer draws figures, and the last one of each hundred is a huge table.
    summary = harness.run(importlib.import_module(f"fuzz.{name}").TARGET, range(cases), 0, tmp_path)
    assert summary.details == {}
    assert sum(summary.counts.values()) == cases


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "case", "seed"),
    [
        pytest.param("comparison_pairs", 79, 7, id="a footer that is not UTF-8"),
        pytest.param("shards", 1, 0, id="the columns of a program in another order"),
        pytest.param("config", 377, 5, id="a name of two million characters"),
    ],
)
def test_what_longer_runs_found_is_fixed(name: str, case: int, seed: int, tmp_path: Path) -> None:
    summary = harness.run(importlib.import_module(f"fuzz.{name}").TARGET, [case], seed, tmp_path)
    assert summary.details == {}
    assert summary.counts["refused"] == 1
