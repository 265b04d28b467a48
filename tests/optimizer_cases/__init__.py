"""The evidence table: every built-in optimizer with several settings, and the implementations it must agree with."""

from __future__ import annotations

from optimizer_cases import adams, coupled, elementwise
from optimizer_cases.case import LOSSES, STEPS, Case, Oracle

__all__ = ["CASES", "LOSSES", "STEPS", "Case", "Oracle"]

CASES: tuple[Case, ...] = (*elementwise.CASES, *adams.CASES, *coupled.CASES)
