"""Trajectories of libraries that the tests do without, as data/make_trajectories.py stored them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from optimizer_cases import Case, Oracle

FILE = Path(__file__).parent.parent / "data" / "trajectories.json"
LIBRARIES = ("torch", "optax", "pytorch_optimizer")
SAMPLED = (1, 2, 3, 5, 10, 20, 50, 100, 150, 200)
"""The steps that are kept, besides the last one that may be compared."""


def key(row: Case, oracle: Oracle) -> str:
    """What decides a trajectory besides the loss, so that one made for other arguments is not taken for it."""
    return f"{oracle.label} lr={row.rate!r} on {', '.join(row.losses)}"


def read() -> dict[str, Any]:
    """The file's content: ``versions``, and by key and loss the positions by step."""
    content: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return content


def write(versions: dict[str, str], trajectories: dict[str, Any]) -> None:
    """One line a trajectory, so that a change shows as one."""
    lines = [f"    {json.dumps(name)}: {json.dumps(trajectories[name])}" for name in sorted(trajectories)]
    listed = ",\n".join(lines)
    text = f'{{\n  "versions": {json.dumps(versions)},\n  "trajectories": {{\n{listed}\n  }}\n}}\n'
    FILE.write_text(text, encoding="utf-8")
