"""Everything that was looked at for the checks of one loss."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reportgen.checks.optimizer_runs import MissingResultError
from reportgen.engine.result import Array, ProgramResult
from reportgen.engine.sampled import Ask, Sample
from reportgen.loss import Loss, Point
from reportgen.plan import Program

Sampler = Callable[[Sequence[Ask]], Sequence[Any]]
"""For each Ask a Sample, or a text that says why there is none."""


@dataclass(frozen=True)
class LossSamples:
    """A loss, what it gave at points of the checks' choice, and the runs that were made on it."""

    loss: Loss
    sampler: Sampler
    typical: Sample
    """At the points that are drawn from the domain, in float64."""
    programs: Mapping[str, Program]
    results: Mapping[str, ProgramResult | str]
    """By program; a text: why there is none."""

    def at(self, points: Any, dtype: str = "float64", samples: Array | None = None) -> Sample:
        """The loss at ``points`` [points, dim], over all samples or some; raises Missing where it raises."""
        (found,) = self.sampler([Ask(np.atleast_2d(np.asarray(points, float)), dtype, samples)])
        if isinstance(found, str):
            raise MissingResultError(found)
        sample: Sample = found
        return sample

    def of(self, name: str) -> ProgramResult:
        """The result of a program; raises Missing where it has none."""
        result = self.results[name]
        if isinstance(result, str):
            raise MissingResultError(result)
        return result

    def slack(self) -> float:
        """Differences of the value that are too small to matter: far below the tightest target of a run."""
        start = float(self.at(self.loss.start).value[0])
        known = self.loss.minimum if np.isfinite(self.loss.minimum) else 0.0
        gap = abs(start - known) if np.isfinite(start) else 1.0
        return 1e-9 * (abs(known) + gap) + 1e-14

    def steepness(self) -> float:
        """The gradient norm that is usual in the domain."""
        norms = np.linalg.norm(self.typical.gradient, axis=1)
        norms = norms[np.isfinite(norms)]
        return float(np.median(norms)) if len(norms) else 1.0


def format_point(point: Point | Array) -> str:
    """A point with all its digits, that it may be copied; the first three of many coordinates."""
    shown = [repr(float(c)) for c in point[:3]] + (["..."] if len(point) > 3 else [])
    return f"({', '.join(shown)}{',' if len(point) == 1 else ''})"
