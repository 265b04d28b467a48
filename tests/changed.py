"""Synthetic results with a changed optimizer, as input for `reportgen compare`."""

from __future__ import annotations

import json
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
    "descent": lambda g, _s, lr, _t: lr * g,
    "descent, half of the step": lambda g, _s, lr, _t: lr * g / 2,
    "descent, fifth of the step": lambda g, _s, lr, _t: lr * g / 5,
}


def results(rule: str = "equal", **options: Any) -> Results:
    """The results of a small matrix in which Adam follows one of ``RULES``."""
    original = synthetic.OPTIMIZERS["adam"]
    synthetic.OPTIMIZERS["adam"] = (RULES[rule], *original[1:])
    try:
        return synthetic.results(**(OPTIONS | options))
    finally:
        synthetic.OPTIMIZERS["adam"] = original


def write(folder: Path, rule: str = "equal", change: Change | None = None, **options: Any) -> Path:
    """Write such results into ``folder``; ``change`` changes the JSON of the manifest."""
    made = synthetic.write(results(rule, **options), folder)
    if change:
        edit(folder, change)
    return made


def edit(folder: Path, change: Change) -> None:
    """Change the JSON of the manifest of written results."""
    file = folder / "manifest.json"
    manifest = json.loads(file.read_text(encoding="utf-8"))
    change(manifest)
    file.write_text(json.dumps(manifest), encoding="utf-8")
