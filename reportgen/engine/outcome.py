"""The outcome of each run, exactly one, the first that holds; each with its reason in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from reportgen.engine.result import NEVER, Array, ProgramResult

Judged = tuple[Array, Array]
"""Outcomes and reasons, one a run."""


def judge(result: ProgramResult, targets: Sequence[float], minimum: float, tolerance: float) -> Judged:
    """Outcome and reason of each run.

    ``diverged``: x, loss or gradient not finite at some step. ``solved``: the tightest of ``targets`` reached.
    ``stationary``: ended with a gradient norm <= ``tolerance`` * max(1, norm at the start). ``stalled``: the last step
    did not move x. ``exhausted``: none of these, so steps were used up while x still moved.
    """
    columns = result.columns
    vanishing = tolerance * np.maximum(1.0, columns["initial_gradient_norm"])
    tightest = int(np.argmin(targets))
    holds = {
        "diverged": columns["diverged_at"] != NEVER,
        "solved": result.hits[tightest] != NEVER,
        "stationary": np.isfinite(vanishing) & (columns["final_gradient_norm"] <= vanishing),
        "stalled": columns["last_moved"] < columns["steps"],
    }
    outcomes = np.select(list(holds.values()), list(holds), "exhausted")
    reasons = np.empty(len(outcomes), object)
    tell = _Teller(result, targets[tightest], result.hits[tightest], minimum)
    for outcome in np.unique(outcomes).tolist():
        at = np.flatnonzero(outcomes == outcome)
        reasons[at] = getattr(tell, outcome)(at)
    return outcomes, reasons


class _Teller:
    """For each outcome its reason in words, for all runs that came to it at once: there may be millions."""

    def __init__(self, result: ProgramResult, target: float, hits: Array, minimum: float) -> None:
        self._result = result
        self._target = target
        self._hits = hits
        self._minimum = minimum

    def _of(self, at: Array, *names: str) -> Iterator[tuple[Any, ...]]:
        """The values of some columns of some runs, as Python's numbers."""
        return zip(*(self._result.columns[name][at].tolist() for name in names), strict=True)

    def solved(self, at: Array) -> list[str]:
        return [f"target {self._target:g} reached at step {step}" for step in self._hits[at].tolist()]

    def stationary(self, at: Array) -> list[str]:
        least = self._minimum
        return [
            f"gradient norm {norm:.3g} after {steps} steps, while the loss is {loss - least:.3g} above the minimum"
            for norm, steps, loss in self._of(at, "final_gradient_norm", "steps", "final_loss")
        ]

    def stalled(self, at: Array) -> list[str]:
        return [
            f"x last moved at step {step}, though the gradient norm is still {norm:.3g}"
            for step, norm in self._of(at, "last_moved", "final_gradient_norm")
        ]

    def exhausted(self, at: Array) -> list[str]:
        return [f"still moving after {steps} steps" for (steps,) in self._of(at, "steps")]

    def diverged(self, at: Array) -> list[str]:
        columns = self._of(at, "diverged_at", "last_finite", "last_finite_x", "final_loss")
        places = _places(self._result.final_x[at])
        return [_diverged(of_run, place) for of_run, place in zip(columns, places, strict=True)]


def _places(x: Array) -> list[str]:
    """The first coordinates of each row, in words."""
    more = ", ..." if x.shape[1] > 3 else ""
    return [", ".join(f"{value:.3g}" for value in row) + more for row in x[:, :3].tolist()]


def _diverged(of_run: tuple[Any, ...], place: str) -> str:
    at, last, last_x, loss = of_run
    if last == NEVER:
        return "loss or gradient not finite at the start"
    what = "x" if last_x == last else "loss or gradient"
    return f"{what} not finite at step {at}; at step {last} the loss was {loss:.3g} at x = ({place})"
