"""The programs that the checks of a loss need: many descents in one batch, and one of them alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from reportgen.checks.sample_points import domain_extent
from reportgen.config import Config
from reportgen.loss import Loss
from reportgen.plan import Program, make_plan

DESCENTS = 1000
"""Number of descents in few dimensions."""
STEPS = 1000
"""Steps of each descent."""
RATE_SHARES = (1e-3, 3e-3, 1e-2, 3e-2)
"""Learning rates as shares of the extent of the domain; a step of Adam moves a coordinate by about that."""
_MAX_UPDATES = 1_000_000_000
"""Limit of dimensions x descents x steps: in many dimensions there are fewer descents."""


def descents(loss: Loss, label: str, base: Path) -> Program:
    """Return a program of Adam from starts all over the domain, with a learning rate that decays to zero.

    Args:
        loss: the loss.
        label: its label.
        base: the folder that plug-in files are relative to.
    """
    count = max(len(RATE_SHARES), min(DESCENTS, _MAX_UPDATES // (STEPS * loss.dim)))
    starts = count // len(RATE_SHARES)
    extent = float(np.median(domain_extent(loss)))
    config = {
        "losses": [label],
        "optimizers": [{"name": "adam", "schedule": "cosine"}],
        "learning_rates": [float(f"{share * extent:.4g}") for share in RATE_SHARES],
        "starts": {"random": starts - 1 if starts > 1 else 1},
        "steps": STEPS,
        "dtype": "float64",
        "trace_points": 16,
        "device": "cpu",
        "base": base,
    }
    (program,) = make_plan(Config.model_validate(config)).programs
    return replace(program, id="descents")


def last_run_alone(program: Program) -> Program:
    """Return a program with only the last run of ``program``."""
    return replace(program, cells=program.cells[-1:], starts=program.starts[-1:], id="alone")
