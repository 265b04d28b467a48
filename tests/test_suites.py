"""Losses by suite, tag, folder and parameter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reportgen import catalogue
from reportgen.config import load
from reportgen.plan import Plan, make_plan

LOCAL_LOSS = """
from reportgen.loss import loss

@loss(minima=[(0.0, 0.0)], minimum=0.0, start=(1.0, 1.0), domain=[(-2.0, 2.0)] * 2, formula="a x^2 + y^2",
      source="test", tags=("convex",))
def bowl(x, y, *, steepness=1.0):
    return steepness * (x * x) + y * y
"""


def plan(folder: Path, toml: str) -> Plan:
    (folder / "reportgen.toml").write_text(f"{toml}\noptimizers = ['adam']\nlearning_rates = [0.1]")
    return make_plan(load(None, folder=folder, environ={}))


def test_a_suite_expands_to_its_losses_without_duplicates(tmp_path: Path) -> None:
    expanded = plan(tmp_path, "losses = ['beale', 'suite:mgh', 'tag:sum-of-squares']")
    labels = list(expanded.losses)
    assert labels[0] == "beale"
    assert len(labels) == len(set(labels))
    assert set(catalogue.suites()["mgh"]) <= set(labels)


@pytest.mark.parametrize("suite", ["classic-2d", "mgh", "multimodal"])
def test_every_suite_has_losses(suite: str) -> None:
    members = [catalogue.losses()[name] for name in catalogue.suites()[suite]]
    assert members
    if suite == "classic-2d":
        assert {each.dim for each in members} == {2}
    if suite == "multimodal":
        assert all("multimodal" in each.tags for each in members)


def test_a_helper_of_built_in_losses_is_part_of_their_fingerprint(monkeypatch: pytest.MonkeyPatch) -> None:
    read = Path.read_bytes
    before = catalogue.source_hash(catalogue.losses()["salomon"]), catalogue.source_hash(catalogue.losses()["beale"])
    monkeypatch.setattr(Path, "read_bytes", lambda path: read(path) + b"#" * (path.name == "guarded.py"))
    after = catalogue.source_hash(catalogue.losses()["salomon"]), catalogue.source_hash(catalogue.losses()["beale"])
    assert before[0] != after[0]
    assert before[1] == after[1]


@pytest.mark.usefixtures("plugins_here")
def test_a_folder_of_losses_next_to_the_config_is_found_with_its_tags(tmp_path: Path) -> None:
    (tmp_path / "losses").mkdir()
    (tmp_path / "losses" / "mine.py").write_text(LOCAL_LOSS)
    assert "bowl" in plan(tmp_path, "losses = ['tag:convex']").losses
    expanded = plan(tmp_path, "losses = ['bowl', { name = 'bowl', steepness = 4.0 }, 'bowl[steepness=9]']")
    assert list(expanded.losses) == ["bowl", "bowl[steepness=4]", "bowl[steepness=9]"]
    found: Any = expanded.losses["bowl[steepness=9]"]
    assert found(2.0, 1.0) == 37.0
    assert len({program.fingerprint for program in expanded.programs}) == 3


def test_a_name_that_is_also_built_in_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "losses").mkdir()
    (tmp_path / "losses" / "mine.py").write_text(LOCAL_LOSS.replace("def bowl", "def beale"))
    with pytest.raises(
        catalogue.UnknownNameError, match=r"name clash: beale is both built in and defined in losses/mine\.py"
    ):
        catalogue.find_loss("beale", tmp_path)
    assert catalogue.find_loss("rosenbrock", tmp_path).dim == 2
