"""Every row of the evidence table: the engine's trajectories are those of independent implementations."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest
from optimizer_cases import CASES, STEPS, Case, Oracle
from oracles import stored
from oracles.certify import FEWEST, certified, relative_difference
from programs import import_tensorflow

from reportgen.config import Config
from reportgen.plan import Plan, make_plan

pytestmark = pytest.mark.slow

PAIRS = [(row, oracle) for row in CASES for oracle in row.oracles]
TOLERANCE = 1e-12
PROGRAMS_PER_LOOP = 16

Positions = Mapping[int, Any]
"""By step, shape [dim]."""


@pytest.mark.parametrize(("row", "oracle"), PAIRS, ids=lambda each: each.label)
def test_trajectory_is_that_of_an_independent_implementation(row: Case, oracle: Oracle) -> None:
    expected = _expected(row, oracle)
    assert set(expected) == set(row.losses)
    for loss, positions in expected.items():
        assert max(positions) >= FEWEST
        found = _found(loss)[_cell_id(row, loss)]
        for step, position in positions.items():
            worst = relative_difference(found[step], position)
            assert worst <= TOLERANCE, f"{loss}, step {step}: {found[step]} against {position}"


def test_stored_trajectories_follow_the_table() -> None:
    asked = {stored.key(row, oracle) for row, oracle in PAIRS if oracle.library in stored.LIBRARIES}
    assert asked == _stored().keys()


def _expected(row: Case, oracle: Oracle) -> dict[str, Positions]:
    if oracle.library in stored.LIBRARIES:
        kept = _stored().get(stored.key(row, oracle))
        assert kept is not None, "no stored trajectory: run tests/data/make_trajectories.py"
        return {loss: {int(step): x for step, x in positions.items()} for loss, positions in kept.items()}
    driver = importlib.import_module(f"oracles.{oracle.library}_oracle").trajectories
    return {loss: dict(enumerate(xs, 1)) for loss, xs in certified(row, oracle, driver).items()}


@cache
def _stored() -> dict[str, Any]:
    return stored.read()["trajectories"]


@cache
def _found(loss: str) -> dict[str, Positions]:
    """The positions of all rows on one loss, by cell: settings and rates share programs, and programs share loops."""
    import_tensorflow()
    from reportgen.engine.run import Engine, make_engines, run_all

    found = {}
    rows = [row for row in CASES if loss in row.losses]
    optimizers = dict.fromkeys(row.optimizer for row in rows)
    plans = (_plan([row for row in rows if row.optimizer == optimizer], loss) for optimizer in optimizers)
    programs = [program for plan in plans for program in plan.programs]
    for begin in range(0, len(programs), PROGRAMS_PER_LOOP):
        for engine in make_engines(programs[begin : begin + PROGRAMS_PER_LOOP]):
            assert isinstance(engine, Engine), engine
            result = run_all(engine)
            for i, cell in enumerate(engine.program.cells):
                xs = result.paths if len(result.shown) else result.trace_x
                found[cell.cell_id] = dict(zip(result.trace_steps.tolist(), xs[:, :, i], strict=True))
    return found


def _cell_id(row: Case, loss: str) -> str:
    (program,) = _plan([row], loss).programs
    return program.cells[0].cell_id


def _plan(rows: list[Case], loss: str) -> Plan:
    asked = {tuple(row.settings.items()): {"name": row.optimizer, **row.settings} for row in rows}
    config = {
        "losses": [loss],
        "optimizers": list(asked.values()),
        "learning_rates": sorted({row.rate for row in rows}),
        "starts": {"random": 0},
        "steps": STEPS,
        "trace_points": STEPS,
        "dtype": "float64",
    }
    return make_plan(Config.model_validate(config))
