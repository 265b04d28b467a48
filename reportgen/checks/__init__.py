"""Whether an optimizer is right: small checks that its author can run in seconds."""

from reportgen.checks.report import Checked, Verdict
from reportgen.checks.session import check_optimizers

__all__ = ["Checked", "Verdict", "check_optimizers"]
