"""Make trajectories.json: what PyTorch, optax and pytorch_optimizer do with the rows of the evidence table.

Needs a virtual environment with torch, optax and pytorch_optimizer, and no TensorFlow:

    python tests/data/make_trajectories.py

Trajectories that are there already are kept: delete the file to make all of them anew.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parent.parent
sys.path.insert(0, str(TESTS))

from optimizer_cases import CASES, Case, Oracle  # noqa: E402 - the tests are no installed package
from oracles import stored  # noqa: E402
from oracles.certify import certified  # noqa: E402


def made(row: Case, oracle: Oracle) -> dict[str, Any]:
    """By loss the positions at the steps that are kept."""
    driver = importlib.import_module(f"oracles.{oracle.library}_oracle").trajectories
    found = certified(row, oracle, driver)
    return {
        loss: {
            str(step): trajectory[step - 1]
            for step in sorted({*stored.SAMPLED, len(trajectory)})
            if step <= len(trajectory)
        }
        for loss, trajectory in found.items()
    }


def rows() -> Iterator[tuple[Case, Oracle]]:
    """Every row with each of its oracles that cannot be run live."""
    return ((row, oracle) for row in CASES for oracle in row.oracles if oracle.library in stored.LIBRARIES)


def main() -> int:
    """Write the file; 1 where a row is too ill-conditioned to be compared."""
    known = stored.read()["trajectories"] if stored.FILE.exists() else {}
    kept: dict[str, Any] = {}
    wrong = []
    for row, oracle in rows():
        key = stored.key(row, oracle)
        try:
            kept[key] = known.get(key) or made(row, oracle)
        except Exception as error:
            wrong.append(f"{row.label}, {oracle.label}: {type(error).__name__}: {error}")
    versions = {library: metadata.version(library.replace("_", "-")) for library in stored.LIBRARIES}
    stored.write(versions, kept)
    print(f"{len(kept)} trajectories, {len(kept.keys() - known.keys())} of them new", *wrong, sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
