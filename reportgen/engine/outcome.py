"""The outcome of each run, exactly one, the first that holds; each with its reason in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from reportgen.engine.result import NEVER, Array, ProgramResult

Judged = tuple[Array, list[str]]
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
    words: dict[str, Callable[[int], str]] = {
        "diverged": lambda i: _diverged(result, i),
        "solved": lambda i: f"target {targets[tightest]:g} reached at step {result.hits[tightest][i]}",
        "stationary": lambda i: (
            f"gradient norm {columns['final_gradient_norm'][i]:.3g} after {columns['steps'][i]} steps, "
            f"while the loss is {columns['final_loss'][i] - minimum:.3g} above the minimum"
        ),
        "stalled": lambda i: (
            f"x last moved at step {columns['last_moved'][i]}, though the gradient norm is still "
            f"{columns['final_gradient_norm'][i]:.3g}"
        ),
        "exhausted": lambda i: f"still moving after {columns['steps'][i]} steps",
    }
    return outcomes, [words[outcome](i) for i, outcome in enumerate(outcomes)]


def _diverged(result: ProgramResult, i: int) -> str:
    columns = result.columns
    at, last = columns["diverged_at"][i], columns["last_finite"][i]
    if last == NEVER:
        return "loss or gradient not finite at the start"
    what = "x" if columns["last_finite_x"][i] == last else "loss or gradient"
    x = ", ".join(f"{value:.3g}" for value in result.final_x[i][:3])
    more = ", ..." if result.final_x.shape[1] > 3 else ""
    return (
        f"{what} not finite at step {at}; at step {last} the loss was {columns['final_loss'][i]:.3g} at x = ({x}{more})"
    )
