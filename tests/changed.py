"""Synthetic results in which one optimizer is another rule: what `reportgen compare` is given."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import synthetic

from reportgen.results.result_tables import Results

OPTIONS: dict[str, Any] = {
    "losses": (synthetic.QUARTIC, synthetic.BEALE),
    "optimizers": ("momentum", "adam"),
    "rates": (1e-3, 1e-2, 1e-1, 1.0),
    "steps": 200,
}
Change = Callable[[Any], Any]
adam = synthetic.OPTIMIZERS["adam"][0]

RULES: dict[str, synthetic.Rule] = {
    "equal": adam,
    "bits": lambda g, s, lr, t: adam(g * (1 + 3e-16), s, lr, t),
    "slower": lambda g, s, lr, t: adam(g, s, lr, t) if t % 2 else 0 * g,
    "broken": lambda *given: 0 * given[0],
    "diverging": lambda g, s, lr, t: adam(g, s, lr, t) * (1.0 if t < 30 else 1e200),
}


def results(rule: str = "equal", **options: Any) -> Results:
    """The small matrix with Adam as one of ``RULES``."""
    kept = synthetic.OPTIMIZERS["adam"]
    synthetic.OPTIMIZERS["adam"] = (RULES[rule], *kept[1:])
    try:
        return synthetic.results(**(OPTIONS | options))
    finally:
        synthetic.OPTIMIZERS["adam"] = kept


def write(folder: Path, rule: str = "equal", edit: Change | None = None, **options: Any) -> Path:
    """Its results folder, with the manifest as ``edit`` leaves it."""
    made = results(rule, **options)
    if edit:
        edit(made.manifest)
    return synthetic.write(made, folder)
