"""The programs that the checks of a loss need: many descents at once, and one of them by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from reportgen.checks.sample_points import domain_extent
from reportgen.config import Config
from reportgen.loss import Loss
from reportgen.plan import Program, make_plan

DESCENTS = 1000
STEPS = 1000
SHARES = (1e-3, 3e-3, 1e-2, 3e-2)
"""The learning rates, as shares of the domain: what Adam moves in a step at most."""
_MOST = 10_000_000
"""Coordinates times descents times steps, in hundreds: in many dimensions there are fewer descents."""


def descents(loss: Loss, label: str, base: Path) -> Program:
    """Runs of Adam from all over the domain, whose steps fade to nothing."""
    starts = max(len(SHARES), min(DESCENTS, _MOST * 100 // (STEPS * loss.dim))) // len(SHARES)
    asked = {
        "starts": {"random": starts - 1 if starts > 1 else 1},
        "steps": STEPS,
        "dtype": "float64",
        "trace_points": 16,
        "optimizers": [{"name": "adam", "schedule": "cosine"}],
    }
    return replace(_program(loss, label, base, asked), id="descents")


def alone(program: Program) -> Program:
    """The last run of a program by itself."""
    return replace(program, cells=program.cells[-1:], starts=program.starts[-1:], id="alone")


def _program(loss: Loss, label: str, base: Path, asked: Mapping[str, Any]) -> Program:
    width = float(np.median(domain_extent(loss)))
    rates = [float(f"{share * width:.4g}") for share in SHARES]
    config = {"losses": [label], "learning_rates": rates, "base": base, "device": "cpu", **asked}
    (program,) = make_plan(Config.model_validate(config)).programs
    return program
