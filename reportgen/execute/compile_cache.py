"""Compiled programs kept on disk for the next worker.

TensorFlow trusts what it finds in its cache, and fails where it cannot write there. So it is given a folder of its own,
in which only entries are linked that are what their names say, and what it adds is taken over from there. An entry that
is damaged, cut short, foreign or written by two at once costs a recompile and nothing else.
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
"""Bytes that all entries may have together; beyond it the oldest go."""

_ABANDONED = 24 * 3600.0
"""Seconds after which the working folder of a process that was killed is taken away."""

_WORK = "work-"


def cache_folder() -> Path:
    """The folder of all entries, the user's own."""
    return platformdirs.user_cache_path("reportgen") / "compiled"


def working_folder(tier: str) -> Path | None:
    """A new folder for the TensorFlow of one process; None where the cache cannot be used."""
    try:
        cache_folder().mkdir(parents=True, exist_ok=True)
        if hasattr(os, "geteuid") and cache_folder().stat().st_uid != os.geteuid():
            return None  # its entries are native code, and would be another user's
        cache_folder().chmod(0o700)
        entries = cache_folder() / _name(tier)
        entries.mkdir(exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=_WORK, dir=entries))
    except OSError:
        return None


def _name(tier: str) -> str:
    """What decides whether native code of one process suits another: TensorFlow, the processor, and the flags."""
    facts = [_processor(), *XLA_FLAGS[tier], *users_xla_flags(), os.environ.get("TF_XLA_FLAGS", "")]
    return f"tensorflow-{tensorflow_version()}-{tier}-{_digest(chr(10).join(facts).encode())}"


def _processor() -> str:
    """Model and instruction sets, as Linux tells them, or what there is elsewhere."""
    told = [platform.machine(), platform.processor()]
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        told += sorted({line for line in lines if line.startswith(("model name", "flags", "Features", "CPU part"))})
    return "\n".join(told)


def link_entries(work: Path) -> None:
    """Link into a working folder what is kept; what is not as it was written is thrown away."""
    for entry in _entries(work.parent):
        digest, _, name = entry.name.partition("-")
        with contextlib.suppress(OSError):
            if name and _digest(entry.read_bytes()) == digest:
                os.link(entry, work / name)
            else:
                entry.unlink()


def store_entries(work: Path) -> None:
    """Keep what TensorFlow has added to a working folder, while it writes nothing there."""
    for added in work.glob("*.pb"):
        with contextlib.suppress(OSError):
            if added.stat().st_nlink == 1:
                os.link(added, work.parent / f"{_digest(added.read_bytes())}-{added.name}")


def remove_entries(work: Path) -> None:
    """Take away a working folder, those of processes that were killed, and the oldest entries beyond the limit."""
    shutil.rmtree(work, ignore_errors=True)
    aged = []
    for folder in cache_folder().glob("*"):
        for left in folder.glob(f"{_WORK}*"):
            with contextlib.suppress(OSError):
                if time.time() - left.stat().st_mtime > _ABANDONED:
                    shutil.rmtree(left, ignore_errors=True)
        for entry in _entries(folder):
            with contextlib.suppress(OSError):
                facts = entry.stat()
                aged.append((facts.st_mtime, facts.st_size, entry))
    size = 0
    for _, bytes_, entry in sorted(aged, reverse=True):
        size += bytes_
        if size > LIMIT:
            entry.unlink(missing_ok=True)


def _entries(folder: Path) -> Iterator[Path]:
    return (path for path in folder.glob("*") if not path.name.startswith(_WORK))


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]
