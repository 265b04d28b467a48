"""Whether an optimizer or a loss is right: small checks that its author can run in seconds."""

from reportgen.checks.runner import check
from reportgen.checks.verdict import CheckReport, Verdict

__all__ = ["CheckReport", "Verdict", "check"]
