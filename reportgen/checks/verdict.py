"""What checking comes to: one verdict a check, and a comparison that judges nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

OK = "ok"
FAILED = "FAILED"
NOTE = "note"
"""Nothing is wrong, but the author may want to know."""


@dataclass(frozen=True)
class Verdict:
    """How one check ended."""

    name: str
    status: str
    """``OK``, ``FAILED`` or ``NOTE``."""
    detail: str
    """What was checked; where it failed: where, what was found and what was expected."""

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return self.status != FAILED


@dataclass(frozen=True)
class CheckReport:
    """All verdicts on one optimizer or loss."""

    name: str
    """Its label: ``my_opt.py:HeavyBall``."""
    verdicts: tuple[Verdict, ...]
    comparison: tuple[dict[str, Any], ...] = ()
    """Of an optimizer, by loss: ``loss``, and in ``optimizers`` for this one and gradient descent the best
    learning_rate, solved of runs, and gap; nothing where a check failed."""

    @property
    def passed(self) -> bool:
        """Whether no check failed."""
        return all(verdict.passed for verdict in self.verdicts)

    def as_json(self) -> dict[str, Any]:
        """The same as JSON knows it."""
        checks = [{"name": each.name, "passed": each.passed, "detail": each.detail} for each in self.verdicts]
        return {"name": self.name, "passed": self.passed, "checks": checks, "comparison": list(self.comparison)}
