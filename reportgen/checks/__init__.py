"""Checks whether an optimizer or a loss is correct, in seconds, for its author."""

from reportgen.checks.runner import check
from reportgen.checks.verdict import CheckReport, Verdict

__all__ = ["CheckReport", "Verdict", "check"]
