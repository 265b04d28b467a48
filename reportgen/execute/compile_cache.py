"""Caches compiled programs on disk for the next worker.

TensorFlow trusts its cache without checks, and fails if it cannot write to it. So each process gives TensorFlow a new
working folder. Only entries that match their digest are linked into it, and new entries are linked back from it. An
entry that is damaged, truncated or written twice therefore costs one recompilation and nothing else.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import platformdirs

from reportgen.plan import tensorflow_version
from reportgen.tf_setup import XLA_FLAGS, users_xla_flags

LIMIT = 256 * 2**20
"""Maximum size of all entries in bytes; beyond it, the oldest entries are removed."""

_STALE_AFTER = 24 * 3600.0
"""Seconds after which a working folder is removed, because a killed process left it behind."""

_WORK_PREFIX = "work-"


def cache_folder() -> Path:
    """Return the folder of all entries, which belongs to the current user."""
    return platformdirs.user_cache_path("reportgen") / "compiled"


def working_folder(tier: str) -> Path | None:
    """Create a working folder for the TensorFlow of one process; None if the cache cannot be used.

    Args:
        tier: the tier of the worker, ``quick`` or ``full``.
    """
    try:
        cache_folder().mkdir(parents=True, exist_ok=True)
        if hasattr(os, "geteuid") and cache_folder().stat().st_uid != os.geteuid():
            return None  # entries are native code, and these would be another user's
        cache_folder().chmod(0o700)
        entries = cache_folder() / _platform_name(tier)
        entries.mkdir(exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=_WORK_PREFIX, dir=entries))
    except OSError:
        return None


def _platform_name(tier: str) -> str:
    """The name of a folder of entries: it differs if TensorFlow, the processor or the flags differ."""
    facts = [_processor(), *XLA_FLAGS[tier], *users_xla_flags(), os.environ.get("TF_XLA_FLAGS", "")]
    return f"tensorflow-{tensorflow_version()}-{tier}-{_digest(chr(10).join(facts).encode())}"


def _processor() -> str:
    """Model and instruction sets of the processor on Linux, less detail elsewhere."""
    facts = [platform.machine(), platform.processor()]
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        facts += sorted({line for line in lines if line.startswith(("model name", "flags", "Features", "CPU part"))})
    return "\n".join(facts)


def link_entries(work: Path) -> None:
    """Link all valid entries into the working folder ``work``, and delete the others."""
    for entry in _entries(work.parent):
        digest, _, name = entry.name.partition("-")
        with contextlib.suppress(OSError):
            if name and _digest(entry.read_bytes()) == digest:
                os.link(entry, work / name)
            else:
                entry.unlink()


def store_entries(work: Path) -> None:
    """Store what TensorFlow has added to the working folder ``work``. Call it only while TensorFlow does not write."""
    for added in work.glob("*.pb"):
        with contextlib.suppress(OSError):
            if added.stat().st_nlink == 1:
                os.link(added, work.parent / f"{_digest(added.read_bytes())}-{added.name}")


def clean_up(work: Path) -> None:
    """Remove the working folder ``work``, stale working folders, and the oldest entries beyond the limit."""
    shutil.rmtree(work, ignore_errors=True)
    ages = []
    for folder in cache_folder().glob("*"):
        for other in folder.glob(f"{_WORK_PREFIX}*"):
            with contextlib.suppress(OSError):
                if time.time() - other.stat().st_mtime > _STALE_AFTER:
                    shutil.rmtree(other, ignore_errors=True)
        for entry in _entries(folder):
            with contextlib.suppress(OSError):
                status = entry.stat()
                ages.append((status.st_mtime, status.st_size, entry))
    total = 0
    for _, size, entry in sorted(ages, reverse=True):
        total += size
        if total > LIMIT:
            entry.unlink(missing_ok=True)


def _entries(folder: Path) -> Iterator[Path]:
    return (path for path in folder.glob("*") if not path.name.startswith(_WORK_PREFIX))


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]
