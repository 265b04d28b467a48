"""The result of checking an optimizer or a loss: one verdict per check, and an unjudged comparison."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from reportgen.checks.baseline_comparison import BaselineRow

Status = Literal["ok", "FAILED", "note"]
OK: Final = "ok"
FAILED: Final = "FAILED"
NOTE: Final = "note"
"""The check passed, but its author may want to know something."""

Judgement = tuple[Status, str]
"""Status and detail of one check, as in ``Verdict``."""


@dataclass(frozen=True)
class Verdict:
    """The result of one check."""

    name: str
    """The name of the check."""
    status: Status
    detail: str
    """A sentence fragment. What was checked; for a failed check where, what was found and what was expected."""

    @property
    def passed(self) -> bool:
        """Whether the check did not fail."""
        return self.status != FAILED


@dataclass(frozen=True)
class CheckReport:
    """All verdicts on one optimizer or loss."""

    name: str
    """Its label: ``my_opt.py:HeavyBall``."""
    verdicts: tuple[Verdict, ...]
    comparison: tuple[BaselineRow, ...] = ()
    """An optimizer next to gradient descent; empty for a loss, or if a check failed."""

    @property
    def passed(self) -> bool:
        """Whether no check failed."""
        return all(verdict.passed for verdict in self.verdicts)

    def as_json(self) -> dict[str, object]:
        """Return the report as JSON."""
        checks = [{"name": each.name, "passed": each.passed, "detail": each.detail} for each in self.verdicts]
        return {
            "name": self.name,
            "passed": self.passed,
            "checks": checks,
            "comparison": [asdict(row) for row in self.comparison],
        }
