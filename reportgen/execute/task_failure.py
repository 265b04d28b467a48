"""Says why a task of a worker failed."""

from __future__ import annotations

import signal
from concurrent.futures import Future
from concurrent.futures import TimeoutError as DeadlineError
from typing import Any

from pebble import ProcessExpired

from reportgen.execute.worker import MEMORY_EXCEEDED
from reportgen.failure import Failure


def failure_of(future: Future[Any], deadline: float, memory_limit: int) -> Failure | None:
    """Return why a task that has ended has no result; None if it has one.

    Args:
        future: the task.
        deadline: its time limit, in seconds.
        memory_limit: the memory that its worker may use, in bytes.
    """
    error = future.exception()
    if error is None:
        return None
    if isinstance(error, DeadlineError):
        return Failure(f"exceeded the deadline of {deadline:g} s and was stopped")
    if isinstance(error, ProcessExpired):
        if memory_limit and error.exitcode == MEMORY_EXCEEDED:
            return Failure(f"used more than the memory limit of {memory_limit / 2**30:.3g} GiB and was stopped")
        return Failure(f"its process died ({_exit_in_words(error.exitcode)})")
    return Failure(f"{type(error).__name__}: {error}")  # for example a result that cannot be pickled


def _exit_in_words(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    if code == -signal.SIGKILL:
        return "killed, perhaps because the machine had no memory left"
    try:
        return f"signal {signal.Signals(-code).name}"
    except ValueError:
        return f"signal {-code}"
