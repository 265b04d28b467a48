"""What holds for any optimizer whatever the batch: order, neighbours and the names of the coordinates do not matter."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import programs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optimizer_cases import adams, elementwise

from reportgen import catalogue

pytestmark = pytest.mark.slow

ANY = st.sampled_from(list(catalogue.optimizers()))
BY_COORDINATE = st.sampled_from(sorted({row.optimizer for row in (*elementwise.CASES, *adams.CASES)}))
# Rates that a cell's id tells apart, up to those at which everything diverges.
RATES = st.lists(st.integers(-6, 6).map(lambda power: 10.0**power), min_size=2, max_size=6, unique=True)
COORDINATE = st.floats(-2, 2, allow_subnormal=False)
few = settings(max_examples=8, deadline=None, derandomize=True)

SYMMETRIC = """
import tensorflow as tf
from reportgen.loss import loss

@loss(dim=3, minima=lambda dim: [(1.0,) * dim], minimum=0.0, start=lambda dim: (0.5,) * dim,
      domain=lambda dim: [(-2.0, 2.0)] * dim, formula="", source="test")
def wells(x):
    wall = x * x - 1
    return tf.reduce_sum(wall * wall + 0.5 * ((x - 1) * (x - 1)), axis=0)
"""


@few
@given(name=ANY, rates=RATES, data=st.data())
def test_order_and_neighbours_in_the_batch_do_not_matter(name: str, rates: list[float], data: Any) -> None:
    asked: dict[str, Any] = {"steps": 30, "starts": {"random": 1}}
    together = _by_cell("beale", name, rates, **asked)
    chosen = data.draw(st.permutations(rates))[: data.draw(st.integers(1, len(rates)))]
    apart = _by_cell("beale", name, chosen, **asked)
    assert len(apart) == 2 * len(chosen)
    for cell, found in apart.items():
        np.testing.assert_array_equal(found, together[cell], err_msg=str(cell))


def _by_cell(loss: str, name: str, rates: list[float], **asked: Any) -> dict[Any, Any]:
    """The final positions by learning rate and start."""
    planned = programs.program(loss, name, tuple(rates), **asked)
    result = programs.run(loss, name, tuple(rates), **asked)
    keys = [(cell.learning_rate, number) for cell, number, _ in planned.iter_runs()]
    return dict(zip(keys, result.final_x, strict=True))


@few
@given(
    name=BY_COORDINATE,
    point=st.tuples(COORDINATE, COORDINATE, COORDINATE),
    order=st.permutations(range(3)),
    rate=st.sampled_from([1e-3, 1e-2, 1e-1]),
)
def test_permuted_coordinates_permute_the_trajectory(name: str, point: Any, order: list[int], rate: float) -> None:
    swapped = tuple(point[i] for i in order)
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        (base / "symmetric.py").write_text(SYMMETRIC)
        starts = {"standard": False, "random": 0, "points": [point, swapped]}
        result = programs.run("symmetric.py:wells", name, (rate,), base=base, starts=starts, steps=40)
    np.testing.assert_array_equal(result.final_x[0][order], result.final_x[1])
