"""The suite for verdicts: complete, described, and a table of the kinds that each optimizer passes."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import synthetic
from click.testing import CliRunner
from tried import INF, trials

from reportgen.analysis.cross_fitting import all_resamples, cross_fit
from reportgen.analysis.kinds import kind_scores
from reportgen.analysis.ranking import Leaderboard
from reportgen.catalogue.contest import KINDS, Kind, contest_losses
from reportgen.cli import main
from reportgen.config import from_values
from reportgen.plan import Plan, make_plan
from reportgen.report import render
from reportgen.report.kind_table import kind_table

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan(from_values({"losses": ["suite:contest"], "optimizers": ["adam"]}, Path()))


def test_the_plan_has_the_losses_of_all_kinds_under_their_labels(plan: Plan) -> None:
    assert list(plan.losses) == contest_losses()
    assert len(set(contest_losses())) == 26


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: str(kind.name))
def test_a_kind_has_a_reason_and_several_losses_with_known_minima(kind: Kind, plan: Plan) -> None:
    assert kind.reason.endswith(".")
    assert len(kind.losses) >= 2
    minima = [getattr(plan.losses[label], "minimum", np.nan) for label in kind.losses]
    assert np.isfinite(minima).all()


def test_only_the_kinds_about_noise_have_noise(plan: Plan) -> None:
    noisy = {program.loss for program in plan.programs if program.noise}
    assert noisy == {loss for kind in KINDS if kind.name in ("noise", "minibatches") for loss in kind.losses}


def test_the_documentation_names_every_kind() -> None:
    text = (ROOT / "docs" / "tuning.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \|$", text, re.MULTILINE)
    assert [kind.name for kind in KINDS if kind.name not in rows] == []
    assert f"{len(contest_losses())} losses of nine kinds" in text


def test_the_command_line_lists_the_losses_and_noise_replaces_that_of_all() -> None:
    done = CliRunner().invoke(main, ["list", "losses", "suite:contest"])
    assert done.exit_code == 0, done.output
    assert "rosenbrock" in done.output
    everywhere = from_values({"losses": [{"name": "suite:contest", "noise": {"relative": 0.3}}]}, Path())
    assert {entry.noise.relative for entry in everywhere.losses if entry.noise} == {0.3}


def board(**losses: list[list[float]]) -> Leaderboard:
    """Two optimizers with the steps to one target from each start, on each loss."""
    each = [
        trials({"good": [steps[0]], "bad": [steps[1]]}, loss=label, cluster=label) for label, steps in losses.items()
    ]
    drawn = all_resamples(each, 100)
    return Leaderboard(("good", "bad"), tuple(cross_fit(one, drawn[one.loss]) for one in each))


def test_a_kind_is_passed_by_the_mean_over_its_losses() -> None:
    kinds = (Kind("a", "A.", ("one", "two")), Kind("b", "B.", ("three",)), Kind("c", "C.", ("missing",)))
    found = kind_scores(board(one=[[5, 5], [INF, INF]], two=[[5, INF], [5, 5]], three=[[INF, INF], [5, 5]]), kinds)
    assert [each.kind.name for each in found] == ["a", "b"]
    assert [each.hit_rates for each in found] == [{"good": 0.75, "bad": 0.5}, {"good": 0.0, "bad": 1.0}]
    assert [each.passes("good") for each in found] == [True, False]
    table = kind_table(found, ["bad", "good"])
    assert table is not None
    assert [(row.optimizer, row.passed) for row in table.rows] == [("bad", 1), ("good", 1)]
    assert table.heading == "bad and good pass the most kinds of losses: 1 of 2"
    assert kind_scores(board(one=[[5, 5], [5, 5]]), kinds) == []


def test_the_first_page_has_the_table_if_two_kinds_are_complete(tmp_path: Path) -> None:
    losses = tuple(
        replace(synthetic.BEALE, label=label)
        for kind in KINDS
        if kind.name in ("saddles", "plateaus")
        for label in kind.losses
    )
    made = synthetic.results(
        losses=losses, optimizers=("gradient_descent", "adam"), rates=(0.01, 0.1), starts=3, steps=60
    )
    render(synthetic.write(made, tmp_path / "results"), tmp_path)
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    section = page[page.index('id="kinds"') : page.index("</table>", page.index('id="kinds"'))]
    assert "saddles" in section
    assert "plateaus" in section
    assert section.count("<strong>") >= 1
    assert page.count('id="tuning"') == 0
