"""The outcome of each run, exactly one, the first that holds; each with its reason in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from reportgen.engine.result import NEVER, Array, ProgramResult
from reportgen.loss import Loss
from reportgen.plan import Settings

Judged = tuple[Array, Array]
"""Outcomes and reasons, each [runs]."""

PROGRESS = 0.01
"""A run whose gap still falls by this share in the second half of its steps is not stationary."""


def judge(result: ProgramResult, loss: Loss, settings: Settings) -> Judged:
    """Return the outcome and the reason of each run; docs/methodology.md defines the outcomes."""
    columns = result.columns
    tightest = int(np.argmin(settings.targets))
    vanishing = settings.gradient_tolerance * np.maximum(1.0, columns["gradient_scale"])
    is_small = np.isfinite(vanishing) & (columns["final_gradient_norm"] <= vanishing)
    below, outside = below_minimum(result, loss, settings.dtype), _outside(result.final_x, loss)
    holds = {
        "diverged": columns["diverged_at"] != NEVER,
        "escaped": below | outside,
        "solved": result.hits[tightest] != NEVER,
        "stationary": is_small & ~_progresses(columns["middle_loss"], columns["final_loss"], loss.minimum),
        "stalled": columns["last_moved"] < columns["steps"],
    }
    outcomes = np.select(list(holds.values()), list(holds), "exhausted")
    reasons = np.empty(len(outcomes), object)
    text = _Reasons(result, settings, result.hits[tightest], loss)
    for outcome in np.unique(outcomes).tolist():
        at = np.flatnonzero(outcomes == outcome)
        reasons[at] = getattr(text, outcome)(at)
    return outcomes, reasons


def below_minimum(result: ProgramResult, loss: Loss, dtype: str) -> Array:
    """Whether each run ended below the known minimum by more than rounding errors, bool [runs].

    Cancellation may cost half of the digits, not more.
    """
    rounding = np.sqrt(np.finfo(dtype).eps) * max(1.0, abs(loss.minimum))
    below: Array = result.columns["final_loss"].astype(float) < loss.minimum - rounding
    return below


def _outside(x: Array, loss: Loss) -> Array:
    """Whether each row of ``x`` [runs, dim] is where the minimum of the loss does not hold."""
    if not loss.domain_only:
        return np.zeros(len(x), bool)
    low, high = np.array(loss.domain, x.dtype).T
    outside: Array = ((x < low) | (x > high)).any(axis=1)
    return outside


def _progresses(middle: Array, final: Array, minimum: float) -> Array:
    """Whether the gap still fell in the second half of each run; without a known minimum, the size of the loss."""
    fell = middle.astype(float) - final
    of = np.abs(final.astype(float)) if not np.isfinite(minimum) else middle.astype(float) - minimum
    progresses: Array = fell > PROGRESS * of
    return progresses


class _Reasons:
    """The reasons of each outcome, for all of its runs at once: there may be millions."""

    def __init__(self, result: ProgramResult, settings: Settings, hits: Array, loss: Loss) -> None:
        self._result = result
        self._settings = settings
        self._hits = hits
        self._loss = loss

    def _columns(self, at: Array, *names: str) -> Iterator[tuple[Any, ...]]:
        """The values of some columns of some runs, as Python's numbers."""
        return zip(*(self._result.columns[name][at].tolist() for name in names), strict=True)

    def solved(self, at: Array) -> list[str]:
        verb = "stays within" if self._settings.judged_by == "last" else "hit"
        begin = "from step" if self._settings.judged_by == "last" else "at step"
        target = f"{verb} target {min(self._settings.targets):g} {begin}"
        return [f"{target} {step}" for step in self._hits[at].tolist()]

    def escaped(self, at: Array) -> list[str]:
        return [
            f"ended with loss {loss:.3g} at x = ({place}), "
            + ("outside of the domain" if outside else f"below the declared minimum {self._loss.minimum:.6g}")
            for (loss,), place, outside in zip(
                self._columns(at, "final_loss"),
                _places(self._result.final_x[at]),
                _outside(self._result.final_x[at], self._loss),
                strict=True,
            )
        ]

    def stationary(self, at: Array) -> list[str]:
        minimum = self._loss.minimum
        known = np.isfinite(minimum)
        return [
            f"gradient norm {norm:.3g} after {steps} steps, with the loss "
            + (f"{loss - minimum:.3g} above the minimum" if known else f"{loss:.6g}")
            for norm, steps, loss in self._columns(at, "final_gradient_norm", "steps", "final_loss")
        ]

    def stalled(self, at: Array) -> list[str]:
        return [
            f"position unchanged since step {step}, although the gradient norm is {norm:.3g}"
            for step, norm in self._columns(at, "last_moved", "final_gradient_norm")
        ]

    def exhausted(self, at: Array) -> list[str]:
        return [f"still moving after {steps} steps" for (steps,) in self._columns(at, "steps")]

    def diverged(self, at: Array) -> list[str]:
        columns = self._columns(at, "diverged_at", "last_finite", "last_finite_x", "final_loss")
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
