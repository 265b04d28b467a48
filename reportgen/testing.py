"""Assertions for the test suites of optimizer libraries.

Each of them chooses starts and learning rates, runs the optimizers in a worker process, and says in its message what it
has seen. The same call gives the same result on every run: starts are random numbers with a fixed seed.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.analysis.lead import Lead, hit_lead, speed_lead
from reportgen.analysis.number_format import rate
from reportgen.api.run import run
from reportgen.api.shipped_objects import LossLike, OptimizerLike, ShippedObjects
from reportgen.config import from_values

if TYPE_CHECKING:
    from reportgen.api.run_results import Results

LOSSES = ("quartic", "beale", "rosenbrock")
"""The default losses: one dimension with an inflection, a plateau with steep walls, and a curved valley."""
STARTS = 16
"""Random starts of each loss, in addition to the standard one."""


def assert_converges(
    optimizer: OptimizerLike,
    *,
    losses: Sequence[LossLike] = LOSSES,
    target: float = 1e-3,
    within: int = 2000,
    seed: int = 0,
) -> None:
    """Assert that an optimizer reduces the gap on each loss from most starts.

    At its best learning rate, the gap must be at most ``target`` times the one at the standard start, from some step on
    to the end, from more than half of the starts. The grid of learning rates grows as needed.

    Args:
        optimizer: as in ``reportgen.run``.
        losses: as in ``reportgen.run``.
        target: the fraction of the gap at the standard start of the loss.
        within: number of steps.
        seed: the seed of the random starts.

    Raises:
        AssertionError: it does not, with what was seen on each of these losses.
    """
    results = run(losses, [optimizer], steps=within, targets=[target], starts={"random": STARTS, "seed": seed})
    missed = list(missed_losses(results))
    if missed:
        raise AssertionError("\n".join(missed))


def missed_losses(results: Results) -> Iterator[str]:
    """Yield what was seen on each loss on which an optimizer missed the only target from half of the starts or more."""
    for _, cell in results.best.iterrows():
        hits = round(cell["hit_rate"] * cell["runs"])
        if 2 * hits > cell["runs"]:
            continue
        tried = results.cells.loc[results.cells["loss"] == cell["loss"], "learning_rate"]
        failed = results.runs.loc[(results.runs["loss"] == cell["loss"]) & (results.runs["outcome"] == "failed")]
        reason = f" {failed['reason'].iloc[0]}." if len(failed) else ""
        yield (
            f"{cell['optimizer']} hits the target on {cell['loss']} from {hits} of {cell['runs']} starts at its best "
            f"learning rate, {rate(cell['learning_rate'])}; median final gap {cell['gap_median']:.3g}.{reason} "
            f"Tried: {rate(tried.min())} to {rate(tried.max())}."
        )


def assert_not_worse(
    optimizer: OptimizerLike,
    than: OptimizerLike,
    *,
    losses: Sequence[LossLike] = LOSSES,
    within: int = 2000,
    seed: int = 0,
) -> None:
    """Assert that no difference is significant by which another optimizer is better.

    Both get the same starts, steps and rule for learning rates. They are compared by the share of targets that they hit
    over all losses, and by speed, as in a report: each start is judged at the learning rate that the other starts
    choose, and the 95 % interval of the difference must not be above 0.

    Args:
        optimizer: as in ``reportgen.run``.
        than: the optimizer that it is compared with.
        losses: as in ``reportgen.run``.
        within: number of steps.
        seed: the seed of the random starts.

    Raises:
        AssertionError: it is worse, with both differences.
    """
    results = run(losses, [than, optimizer], steps=within, starts={"random": STARTS, "seed": seed})
    worse = worse_measures(results)
    if worse:
        raise AssertionError("\n".join(worse))


def worse_measures(results: Results) -> list[str]:
    """By what the second of two optimizers is significantly worse than the first, in sentences."""
    names = results.optimizers
    board = results.leaderboard
    if len(names) != 2 or board is None or set(board.names) != set(names):
        reasons = "; ".join(f"{program}: {reason}" for program, reason in results.failures.items())
        raise AssertionError(f"{' and '.join(names)} cannot be compared{': ' if reasons else ''}{reasons}")
    first, second = (board.names.index(name) for name in names)
    leads: dict[str, Lead] = {"targets hit": hit_lead(board), "speed": speed_lead(board)}
    found = []
    for measure, lead in leads.items():
        if lead.is_significant(first, second) and lead.resampled is not None:
            low, high = lead.resampled.difference(first, second)
            found.append(
                f"{names[1]} is worse than {names[0]} in {measure}: {100 * lead.scores[second]:.1f} and "
                f"{100 * lead.scores[first]:.1f} %; 95 % interval of the difference {100 * low:.1f} to "
                f"{100 * high:.1f} points, {board.draws} random starts on {board.loss_count} losses"
            )
    return found


def assert_same_steps(
    optimizer: OptimizerLike, reference: OptimizerLike, *, steps: int = 200, ulps: float = 16.0
) -> None:
    """Assert that two optimizers make the same steps, in float64 and float32.

    Both get the same positions, gradients and learning rates on two losses, from three starts at three learning rates.
    After each step both go on from the position of the first one.

    Args:
        optimizer: as in ``reportgen.run``.
        reference: the other one, of the same or another framework.
        steps: steps of each run.
        ulps: positions are equal if they differ by at most this many ulps of the largest coordinate. An ulp is the
            distance to the next number.

    Raises:
        AssertionError: they do not, with the first step that differs.
    """
    from reportgen.checks.step_checks import compare_entries

    with tempfile.TemporaryDirectory() as folder:
        shipped = ShippedObjects(Path.cwd(), Path(folder))
        values = {"optimizers": shipped.optimizers([optimizer, reference])}
        shipped.link_files()
        config = from_values(values, shipped.base)
        first, second = config.optimizers
        name = f"{first.name} against {second.name}"
        report = compare_entries((first, second), name, config.base, steps=steps, ulps=ulps)
    failed = [f"{verdict.name}: {verdict.detail}" for verdict in report.verdicts if verdict.status == "FAILED"]
    if failed:
        raise AssertionError("\n".join([name, *failed]))
