"""What to do after a failed check, in one sentence."""

from __future__ import annotations

from reportgen.checks.verdict import CheckReport

_ADVICE = {
    "loads": "correct the error above",
    "runs": "correct the error above; step() gets the plain tensors of one run, see docs/optimizers.md",
    "state": "return everything that step() remembers in the state that it returns",
    "repeats": "keep everything in the state, and draw random numbers from problem.random only",
    "batch": "use only the position and state of the run itself in step()",
    "precision": "take the dtype of new tensors from x, as in tf.zeros_like(x)",
    "dimensions": "take the shape of new tensors from x, and use no fixed number of coordinates",
    "descends": "compare the sign and the size of the step with the formula",
    "gradient": "compare the formula at the point above with its source",
}
"""By the name of the check."""
_DEADLINE = "make it faster: a group of short runs has to end before the deadline"


def next_step(report: CheckReport) -> str:
    """Return the next step for the author after the first failure of a report; empty if all checks passed."""
    failed = next((verdict for verdict in report.verdicts if not verdict.passed), None)
    if failed is None:
        return ""
    slow = failed.detail.startswith("exceeded the deadline")
    advice = _DEADLINE if slow else _ADVICE.get(failed.name, "correct what the first failed check reports")
    return f"Next: {advice}. Then run reportgen check again."
