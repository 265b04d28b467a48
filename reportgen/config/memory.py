"""How much memory the report of a matrix needs, and how much this machine has."""

from __future__ import annotations

import os

_MEMORY = (3.3e8, 1.1e3, 2e4)
"""Bytes that a report needs: in any case, for each run, and for each configuration. A fit to the measurements in
docs/reliability.md."""


def report_memory(configurations: int, runs: int) -> int:
    """Return about how many bytes of memory the report of a matrix needs."""
    base, per_run, per_configuration = _MEMORY
    return round(base + per_run * runs + per_configuration * configurations)


def machine_memory() -> int | None:
    """Return the bytes of memory of this machine, None if the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # Windows has no sysconf
        return None
