"""The bits of a run do not depend on which optimizers and which other runs share its loop."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import PATIENCE

from reportgen import catalogue
from reportgen.config import Config
from reportgen.engine.result import ProgramResult
from reportgen.execute.local_workers import LocalWorkers
from reportgen.plan import Program, make_plan
from reportgen.tf_setup import FULL, QUICK

pytestmark = pytest.mark.slow

LOSSES = ("quartic", "beale", "rosenbrock[dim=5]", "rosenbrock[dim=20]")


def planned(loss: str) -> tuple[Program, ...]:
    """The programs of all built-in optimizers and of one from a file, some with several values of hyperparameters."""
    asked: dict[str, Any] = {
        "losses": [loss],
        "optimizers": [
            *catalogue.optimizers(),
            {"name": "coupled.py:Clipped", "limit": [0.5, 2.0]},
            {"name": "adam", "beta_1": [0.9, 0.5], "epsilon": [1e-8, 1e-3]},
            {"name": "prodigy", "growth": [1.0, 1.02]},
        ],
        "learning_rates": (1e-4, 1e-2, 1e-1, 1.0),
        "starts": {"random": 4},
        "steps": 40,
        "base": Path(__file__).parent,
    }
    return make_plan(Config.model_validate(asked)).programs


def shuffled(programs: tuple[Program, ...], draw: np.random.Generator) -> Iterator[list[Program]]:
    """Groups of one to nine programs, in random order, each with some of its cells and starts; a fifth of them all."""
    order = [programs[i] for i in draw.permutation(len(programs))[::5]]
    while order:
        size = int(draw.integers(1, 10))
        yield [smaller(program, draw) for program in order[:size]]
        order = order[size:]


def smaller(program: Program, draw: np.random.Generator) -> Program:
    def some(items: Any) -> tuple[Any, ...]:
        chosen = draw.permutation(len(items))[: draw.integers(1, len(items) + 1)]
        return tuple(items[i] for i in sorted(chosen))

    return replace(program, cells=some(program.cells), starts=some(program.starts))


def results(workers: LocalWorkers, programs: Any) -> dict[str, ProgramResult]:
    found = {item[0].id: item[1] for item in workers.run(programs, PATIENCE) if isinstance(item, tuple)}
    assert found.keys() == {program.id for program in programs}
    assert {name: result for name, result in found.items() if not isinstance(result, ProgramResult)} == {}
    return {name: result for name, result in found.items() if isinstance(result, ProgramResult)}


def numbers(program: Program) -> dict[tuple[str, int], int]:
    """Run numbers by cell and start."""
    return {(cell.cell_id, start): i for i, (cell, start, _) in enumerate(program.iter_runs())}


@pytest.mark.parametrize(
    ("loss", "tier"), [*((loss, QUICK) for loss in LOSSES), ("beale", FULL), ("rosenbrock[dim=20]", FULL)]
)
def test_a_run_has_the_same_bits_in_any_loop(
    loss: str, tier: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reportgen.execute.program_run.tier_of", lambda _: tier)
    programs = planned(loss)
    compared = 0
    with LocalWorkers(tmp_path / "worker.log") as workers:
        expected = results(workers, programs)
        for group in shuffled(programs, np.random.default_rng(len(loss))):
            found = results(workers, group)
            for program in group:
                whole = numbers(next(each for each in programs if each.id == program.id))
                index = [whole[key] for key in numbers(program)]
                compared += len(index)
                assert_same(found[program.id], expected[program.id], index, program.id)
    assert compared >= len(programs) // 2


def assert_same(found: ProgramResult, expected: ProgramResult, index: list[int], name: str) -> None:
    np.testing.assert_array_equal(found.final_x, expected.final_x[index], err_msg=name)
    np.testing.assert_array_equal(found.hits, expected.hits[:, index], err_msg=name)
    for column, values in found.columns.items():
        np.testing.assert_array_equal(values, expected.columns[column][index], err_msg=f"{name}: {column}")
