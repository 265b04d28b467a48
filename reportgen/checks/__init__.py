"""Whether an optimizer or a loss is right: small checks that its author can run in seconds."""

from reportgen.checks.runner import check
from reportgen.checks.verdict import Checked, Verdict

__all__ = ["Checked", "Verdict", "check"]
