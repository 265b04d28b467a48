"""Counts gradient evaluations of runs that need different numbers of them in different steps."""

from __future__ import annotations

import numpy as np

from reportgen.engine.loop import ROWS, Record
from reportgen.engine.result import Array, Spent
from reportgen.plan import Program


class EvaluationCounts:
    """The gradient evaluations of some runs so far."""

    def __init__(self, program: Program, schedule: Array, record: Record) -> None:
        """Begin with zero.

        Args:
            program: the program of the runs.
            schedule: the sampled steps, int32 [points].
            record: before the first step.
        """
        self._by_last = program.settings.judged_by == "last"
        self._schedule = set(schedule.tolist())
        self._points = len(schedule)
        rows = record.steps.numpy()
        self._total = np.zeros(rows.shape[1], np.int64)
        self._at_end = self._total
        self._at_hits = np.zeros((len(rows) - len(ROWS), rows.shape[1]), np.int64)
        self._sampled: list[Array] = []

    def add(self, step: int, evaluations: Array, record: Record) -> None:
        """Add those of a step, int64 [runs]; ``record`` is that after the step."""
        self._total = self._total + evaluations
        rows = record.steps.numpy()
        self._at_end = np.where(rows[ROWS.index("last_finite")] == step, self._total, self._at_end)
        # Judged by the last iterate, the record has the last step after which a run was not within a target.
        hit_now = rows[len(ROWS) :] == (step - 1 if self._by_last else step)
        self._at_hits = np.where(hit_now, self._total, self._at_hits)
        if step in self._schedule:
            self._sampled.append(self._total)

    def spent(self) -> Spent:
        """Return the counts; samples that are missing because no run was left repeat the end."""
        sampled = self._sampled + [self._total] * (self._points - len(self._sampled))
        return Spent(self._total, self._at_end, self._at_hits, np.stack(sampled))
