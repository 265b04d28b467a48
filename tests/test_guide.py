"""The nine cells of TensorFlow's guide "Optimizers with Core APIs": the same steps, and honest outcomes."""

from __future__ import annotations

from functools import cache

import numpy as np
import programs
import pytest

from reportgen.engine.outcome import Judged
from reportgen.engine.result import ProgramResult

pytestmark = pytest.mark.slow

RATES = (1e-3, 1e-2, 1e-1)

# The guide's own classes, run eagerly in float32 with TensorFlow 2.21: final x, and the step where the guide stopped.
GUIDE = {
    "gradient_descent": [(0.04764411970973015, 2000), (0.005390834994614124, 2000), (None, 5)],
    "momentum[momentum=0.7]": [(0.015380343422293663, 2000), (-1.124998688697815, 80), (None, 5)],
    "adam[epsilon=1e-07]": [
        (0.8223549127578735, 2000),
        (0.06739827990531921, 2000),
        (-1.1249970197677612, 1156),
    ],
}
UNCHANGED = {"momentum[momentum=0.7]": [-1, 80, -1], "adam[epsilon=1e-07]": [-1, -1, 1156]}
OUTCOMES = {
    "gradient_descent": ["exhausted", "stationary", "diverged"],
    "momentum[momentum=0.7]": ["exhausted", "solved", "diverged"],
    "adam[epsilon=1e-07]": ["exhausted", "exhausted", "solved"],
}


@cache
def guide_run(optimizer: str) -> tuple[ProgramResult, Judged]:
    """The nine cells of the guide, three for each optimizer."""
    return programs.judged("quartic", optimizer, RATES)


@pytest.mark.parametrize("optimizer", GUIDE)
def test_steps_are_those_of_the_guide(optimizer: str) -> None:
    columns = guide_run(optimizer)[0].columns
    exploded = [5 if x is None else -1 for x, _ in GUIDE[optimizer]]
    assert columns["first_unchanged"].tolist() == UNCHANGED.get(optimizer, [-1, -1, -1])
    assert columns["diverged_at"].tolist() == exploded


@pytest.mark.parametrize(
    ("optimizer", "rate", "expected", "steps"),
    [
        (optimizer, rate, x, steps)
        for optimizer, cells in GUIDE.items()
        for rate, (x, steps) in zip(RATES, cells, strict=True)
        if x is not None
    ],
)
def test_final_x_is_the_guides_to_a_few_ulps(optimizer: str, rate: float, expected: float, steps: int) -> None:
    x = programs.run("quartic", optimizer, (rate,), steps=steps).final_x[0, 0]
    # Compiled code may contract and reorder: an ulp of the start, x = 2, is 32 ulps of the smallest x here.
    assert abs(x - np.float32(expected)) <= 8 * np.spacing(np.float32(abs(expected)))


@pytest.mark.parametrize("optimizer", OUTCOMES)
def test_outcomes_tell_the_inflection_from_the_minimum(optimizer: str) -> None:
    outcomes, reasons = guide_run(optimizer)[1]
    assert list(outcomes) == OUTCOMES[optimizer]
    for outcome, reason in zip(outcomes, reasons, strict=True):
        if outcome == "stationary":
            assert "1.07 above the minimum" in reason
        if outcome == "diverged":
            assert "not finite at step 5; at step 3 the loss was" in reason
