"""Checks whether two optimizers make the same steps."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from reportgen.analysis.number_format import count, number, rate
from reportgen.checks.verdict import FAILED, OK, CheckReport, Verdict
from reportgen.config import Config, OptimizerEntry
from reportgen.config.validation import parse_optimizer
from reportgen.engine.result import Parting, StepComparison
from reportgen.execute.local_workers import LocalWorkers
from reportgen.failure import Failure
from reportgen.plan import Program, make_plan

STEPS = 200
"""Steps of each run."""
ULPS = 16.0
"""Positions that differ by at most this many ulps of the largest coordinate are equal: the last bits may be rounded in
another order."""
LOSSES = ("rosenbrock", "beale")
RATES = (1e-4, 1e-3, 1e-2)
RANDOM_STARTS = 2
DEADLINE = 120.0


def check_same_steps(one: str, other: str, base: Path, deadline: float = DEADLINE) -> CheckReport:
    """Compare the steps of two optimizers in both precisions.

    Args:
        one: the label of an optimizer.
        other: the label of another one, of any framework.
        base: the folder that plug-in files are relative to.
        deadline: seconds for each loss in each precision.

    Raises:
        ConfigError: one of them does not exist, or has no such hyperparameters.
    """
    entries = (parse_optimizer(one, base), parse_optimizer(other, base))
    return compare_entries(entries, f"{one} against {other}", base, deadline=deadline)


def compare_entries(
    entries: tuple[OptimizerEntry, OptimizerEntry],
    name: str,
    base: Path,
    *,
    steps: int = STEPS,
    ulps: float = ULPS,
    deadline: float = DEADLINE,
) -> CheckReport:
    """Compare the steps of two optimizers in both precisions.

    Args:
        entries: two optimizers, of any framework.
        name: what is compared, for the report.
        base: the folder that plug-in files are relative to.
        steps: steps of each run.
        ulps: positions are equal if they differ by at most this many ulps of the largest coordinate.
        deadline: seconds for each loss in each precision.
    """
    with tempfile.TemporaryDirectory() as folder, LocalWorkers(Path(folder, "worker.log"), tasks=16) as workers:
        verdicts = []
        for dtype in ("float64", "float32"):
            for loss in LOSSES:
                first, second = (_program(entry, loss, dtype, base, steps) for entry in entries)
                failure = first.failure or second.failure
                found = failure or workers.compare_steps(first, second, steps, ulps, deadline)
                verdicts.append(_verdict(dtype, loss, found))
    return CheckReport(name, tuple(verdicts))


def _program(entry: OptimizerEntry, loss: str, dtype: str, base: Path, steps: int) -> Program:
    asked: dict[str, Any] = {
        "losses": [loss],
        "optimizers": [entry],
        "learning_rates": RATES,
        "starts": {"random": RANDOM_STARTS},
        "steps": steps,
        "dtype": dtype,
        "base": base,
    }
    (program,) = make_plan(Config.model_validate(asked)).programs
    return program


def _verdict(dtype: str, loss: str, found: StepComparison | Failure) -> Verdict:
    name = f"{dtype} {loss}"
    if isinstance(found, Failure):
        return Verdict(name, FAILED, found.reason)
    steps = found.steps * found.runs
    if found.first is None:
        largest = count(float(f"{found.largest:.2g}"), "ulp")
        return Verdict(name, OK, f"all {number(steps, 9)} steps are equal within {largest}")
    share = f"{number(found.differing, 9)} of {number(steps, 9)} steps differ"
    return Verdict(name, FAILED, f"{share}; {_first(found.first)}")


def _first(first: Parting) -> str:
    start = f"start {first.start}" if first.start else "the standard start"
    values = next(
        (one, other)
        for digits in range(6, 18)
        for one, other in [(f"{first.one:.{digits}g}", f"{first.other:.{digits}g}")]
        if one != other or digits == 17
    )
    return (
        f"first step {first.step} at learning rate {rate(first.learning_rate)} from {start}: x[{first.coordinate}] is "
        f"{values[0]} and {values[1]}, {number(first.ulps, 2)} ulps apart"
    )
