"""Every built-in loss as a sympy expression, written from its formula in the literature and not from our code."""

from __future__ import annotations

from loss_forms import classic, mgh

__all__ = ["FORMS"]

FORMS = {**classic.FORMS, **mgh.FORMS}
"""By name: a function of as many symbols as the loss has coordinates."""
