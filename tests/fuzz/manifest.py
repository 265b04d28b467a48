"""Damaged manifests, given to render, compare and load."""

from __future__ import annotations

import json

from . import harness
from .mutations import damage_json, damaged_bytes, write_json
from .results_folder import copied, prepare, use


def run(case: harness.Case) -> tuple[str, str]:
    """Damage the manifest in up to three places."""
    folder = copied(case)
    path = folder / "manifest.json"
    if case.random.random() < 0.1:
        path.write_bytes(damaged_bytes(path.read_bytes(), case.random))
        return use(case, folder)
    content = json.loads(path.read_text())
    for _ in range(case.random.choice((1, 1, 1, 2, 3))):
        damage_json(content, case.random)
    write_json(path, content)
    return use(case, folder)


TARGET = harness.Target(prepare, run)

if __name__ == "__main__":
    harness.main(TARGET, __doc__)
