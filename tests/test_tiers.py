"""Large programs are compiled in another tier than small ones, and with up to 8 coordinates to the same bits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import programs
import pytest
from conftest import PATIENCE

from reportgen.config import Config
from reportgen.execute.local_workers import LocalWorkers
from reportgen.failure import Failure
from reportgen.plan import Program, make_plan
from reportgen.tf_setup import FULL_FROM

pytestmark = pytest.mark.slow

STEPS = 400
RATES = (1e-3, 1e-1)


def planned(random: int) -> Program:
    """Adam on Rosenbrock from the standard start and some random ones."""
    asked = {"losses": ["rosenbrock"], "optimizers": ["adam"], "learning_rates": RATES, "steps": STEPS}
    (program,) = make_plan(Config.model_validate(asked | {"starts": {"random": random}})).programs
    return program


def test_a_run_of_a_large_program_is_that_of_a_small_one_to_the_last_bit(tmp_path: Path) -> None:
    large, small = planned(8_191), planned(20)
    assert large.run_steps * 2 >= FULL_FROM > small.run_steps * 2
    with LocalWorkers(tmp_path / "worker.log") as workers:
        done = [item for item in workers.run([large], PATIENCE) if isinstance(item, tuple)]
    ((_, found),) = done
    expected: Any = programs.run("rosenbrock", "adam", RATES, steps=STEPS, starts={"random": 20})
    # The first 21 starts of each rate are the same in both.
    same = np.concatenate([np.arange(21), 8_192 + np.arange(21)])
    assert not isinstance(found, Failure), found
    np.testing.assert_array_equal(found.final_x[same], expected.final_x)
    np.testing.assert_array_equal(found.hits[:, same], expected.hits)
    np.testing.assert_array_equal(found.trace_loss[:, same], expected.trace_loss)


def test_a_large_result_is_not_sent_in_pieces() -> None:
    """A process that dies after half a message would make its parent wait for the other half."""
    from reportgen.execute.worker import Finished, _is_small

    assert _is_small(Finished("beale/adam", Failure("no")))
    assert not _is_small(Finished("beale/adam", np.zeros(1_000)))
    assert not _is_small(Finished("beale/adam", lambda: None))
