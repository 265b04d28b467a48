"""Checks whether an optimizer or a loss is correct, in seconds, for its author."""

from reportgen.checks.runner import check
from reportgen.checks.step_checks import check_same_steps
from reportgen.checks.verdict import CheckReport, Verdict

__all__ = ["CheckReport", "Verdict", "check", "check_same_steps"]
