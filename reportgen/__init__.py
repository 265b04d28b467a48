"""Honest comparison of gradient-based optimizers: a matrix of runs, turned into a static report."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reportgen import losses, testing
    from reportgen.api.run import build, compare, load, run
    from reportgen.api.run_results import Results
    from reportgen.loss import Loss
    from reportgen.optimizer import Optimizer, Problem, hyperparameter

__version__ = "0.2.0"

__all__ = [
    "Loss",
    "Optimizer",
    "Problem",
    "Results",
    "build",
    "compare",
    "hyperparameter",
    "load",
    "losses",
    "run",
    "testing",
]

_MODULES = {
    **dict.fromkeys(("build", "compare", "load", "run"), "reportgen.api.run"),
    "Results": "reportgen.api.run_results",
    "Loss": "reportgen.loss",
    **dict.fromkeys(("Optimizer", "Problem", "hyperparameter"), "reportgen.optimizer"),
}
"""The module of each public name: nothing is imported before it is used."""


def __getattr__(name: str) -> object:
    if name in ("losses", "testing"):
        return importlib.import_module(f"reportgen.{name}")
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(importlib.import_module(_MODULES[name]), name)
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
