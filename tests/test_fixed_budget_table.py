"""The table of gaps after fixed budgets."""

from __future__ import annotations

import handmade
import numpy as np
import synthetic

from reportgen.analysis.loss_view import loss_view
from reportgen.report.fixed_budget_table import fixed_budget_table

INF = np.inf


def test_gaps_are_those_of_the_trajectories_at_each_budget() -> None:
    made = handmade.results({"start": [1], "dim": 1}, traces=[[(0, 9.0), (1, 4.0), (10, 2.0), (100, 1.0)]])
    found = fixed_budget_table(loss_view(made, "bowl"))
    assert found is not None
    assert found.budgets == (1, 10, 100)
    ((name, gaps),) = found.rows
    assert (name, [gap.median for gap in gaps]) == ("adam", [4, 2, 1])
    assert [gap.interval for gap in gaps] == [None] * 3


def test_six_random_starts_give_intervals() -> None:
    view = loss_view(synthetic.results([synthetic.QUARTIC], ["adam"], [0.1], starts=9, steps=100), "quartic")
    found = fixed_budget_table(view)
    assert found is not None
    gaps = found.rows[0][1]
    assert len(gaps) == 3
    assert all(gap.interval is not None and gap.interval[0] <= gap.median <= gap.interval[1] for gap in gaps)


def test_there_is_no_table_without_all_trajectories_or_a_minimum() -> None:
    one = [(0, 9.0), (100, 1.0)]
    made = handmade.results({"start": [1, 2], "dim": 1}, traces=[one])
    assert fixed_budget_table(loss_view(made, "bowl")) is None
    unknown = handmade.results({"start": [1], "dim": 1}, traces=[one], minimum=None)
    assert fixed_budget_table(loss_view(unknown, "bowl")) is None
    failed = handmade.results({"start": [1, 2], "outcome": ["exhausted", "failed"], "dim": 1}, traces=[one])
    found = fixed_budget_table(loss_view(failed, "bowl"))
    assert found is not None
    assert [gap.median for gap in found.rows[0][1]] == [INF] * 3
