"""Whether an optimizer or a loss is right: small checks that its author can run in seconds."""

from reportgen.checks.report import Checked, Verdict
from reportgen.checks.session import check

__all__ = ["Checked", "Verdict", "check"]
