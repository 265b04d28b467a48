"""What the checks of one loss look at: evaluations at points, and runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from reportgen.checks.optimizer_runs import MissingResultError
from reportgen.engine.result import Array, ProgramResult
from reportgen.engine.sampled import Ask, Sample
from reportgen.failure import Failure
from reportgen.loss import Loss, Point
from reportgen.plan import IntArray, Program

Sampler = Callable[[Sequence[Ask]], Sequence[Sample | Failure]]
"""Evaluates the loss at the points of each ask."""


@dataclass(frozen=True)
class LossSamples:
    """A loss with its evaluations and the runs on it."""

    loss: Loss
    sampler: Sampler
    random_sample: Sample
    """Value and gradient at ``sample_points.random_points``, in float64."""
    programs: Mapping[str, Program]
    """By id."""
    results: Mapping[str, ProgramResult | Failure]
    """By the id of the program."""

    def evaluate(
        self,
        points: npt.ArrayLike,
        dtype: str = "float64",
        samples: IntArray | None = None,
        *,
        traced_again: bool = False,
        compiled: bool = False,
    ) -> Sample:
        """Return value and gradient of the loss at points.

        Args:
            points: [points, dim], or one point [dim].
            dtype: the dtype of the coordinates.
            samples: indices of the samples of its data to average over, [samples]; None: all.
            traced_again: see ``Ask.traced_again``.
            compiled: see ``Ask.compiled``.

        Raises:
            MissingResultError: the loss failed.
        """
        rows = np.atleast_2d(np.asarray(points, float))
        (sample,) = self.sampler([Ask(rows, dtype, samples, traced_again, compiled)])
        if isinstance(sample, Failure):
            raise MissingResultError(sample.reason)
        return sample

    def value_at(self, point: Point | Array) -> float:
        """Return the value in float64 at one point [dim]. Raises MissingResultError if the loss failed."""
        return float(self.evaluate(point).value[0])

    def result(self, program_id: str) -> ProgramResult:
        """Return the result of a program. Raises MissingResultError if it failed."""
        result = self.results[program_id]
        if isinstance(result, Failure):
            raise MissingResultError(result.reason)
        return result

    def value_tolerance(self) -> float:
        """Return the largest difference of values that is ignored, far below the tightest target of a run."""
        start = self.value_at(self.loss.start)
        minimum = self.loss.minimum if np.isfinite(self.loss.minimum) else 0.0
        gap = abs(start - minimum) if np.isfinite(start) else 1.0
        return 1e-9 * (abs(minimum) + gap) + 1e-14

    def median_gradient_norm(self) -> float:
        """Return the median norm of the gradient over the random points; 1 if none is finite."""
        norms = np.linalg.norm(self.random_sample.gradient, axis=1)
        norms = norms[np.isfinite(norms)]
        return float(np.median(norms)) if len(norms) else 1.0


def format_point(point: Point | Array) -> str:
    """Format a point with all digits, so that it can be copied; only the first three of many coordinates."""
    parts = [repr(float(coordinate)) for coordinate in point[:3]] + (["..."] if len(point) > 3 else [])
    return f"({', '.join(parts)}{',' if len(point) == 1 else ''})"
