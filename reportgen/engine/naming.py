"""Names of traced functions that do not depend on what else was traced: compiled code is kept under them.

TensorFlow numbers all functions of a process in the order of their tracing, which differs from build to build where
several programs are traced at a time, and the number goes into the key of the compile cache.
"""

from __future__ import annotations

import threading
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

from tensorflow.python.framework import ops

_here = threading.local()
_numbers: defaultdict[int, Iterator[int]] = defaultdict(count)
_theirs: Callable[[], int] | None = getattr(ops, "uid", None)
"""TensorFlow's own; it promises none to anyone, and without it names stay as they are."""


@contextmanager
def named_after(key: str) -> Iterator[None]:
    """What this thread traces is numbered by itself, for ``key``."""
    _here.base = (zlib.crc32(key.encode()) >> 2) + 1
    try:
        yield
    finally:
        _here.base = 0


def _numbered(theirs: Callable[[], int]) -> Callable[[], int]:
    def uid() -> int:
        base = getattr(_here, "base", 0)
        # Unlike any number that TensorFlow itself gives, and going on where the same key comes again.
        return (base << 32 | next(_numbers[base])) if base else theirs()

    return uid


if _theirs:
    ops.uid = _numbered(_theirs)
