"""Loads plug-ins in processes of their own, so that a plug-in cannot harm the process that asks about it.

A plug-in is code: importing it may hang, end its process, or change other modules. So only workers and the processes of
this module import plug-ins, each file or module in its own process. All others ask these processes.
"""

from __future__ import annotations

import atexit
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, TypeVar

from reportgen.catalogue.errors import BrokenPluginError, UnknownNameError
from reportgen.spawn import end_with_parent, kill_group, temporary_folder, worker_context

Answer = TypeVar("Answer")

MOST_SECONDS = 120.0
"""Seconds after which loading a plug-in counts as hanging, unless a config says less."""

_MOST_PROCESSES = 32

_loads_here = False
_deadline = ContextVar("_deadline", default=MOST_SECONDS)
_lock = threading.RLock()
_processes: dict[str, _PluginProcess] = {}
"""By source; the one that was asked last is at the end."""
_failures: dict[tuple[str, object], str] = {}
"""Why a plug-in could not be loaded, by its source and the state of its file."""


def load_plugins_here() -> None:
    """Let this process import plug-ins itself, because it is a worker."""
    global _loads_here
    _loads_here = True


@contextmanager
def loading_deadline(seconds: float) -> Iterator[None]:
    """Within this context, loading a plug-in may take at most ``seconds``, and at most ``MOST_SECONDS``."""
    token = _deadline.set(min(seconds, MOST_SECONDS))
    try:
        yield
    finally:
        _deadline.reset(token)


def runs_elsewhere(source: str) -> bool:
    """Return whether this process must not import a file or module: it is a plug-in, and this is no worker."""
    return not _loads_here and not f"{source}.".startswith("reportgen.")


def ask(ref: str, base: Path, question: Callable[..., Answer], *arguments: object) -> Answer:
    """Return what ``question`` returns in the process of a plug-in.

    Args:
        ref: the plug-in, as in a config; for error messages.
        base: the folder that its file is relative to.
        question: a function of this package.
        arguments: its arguments.

    Raises:
        BrokenPluginError: the plug-in cannot be loaded, ends its process, or takes too long.
        UnknownNameError, ValueError: as ``question`` raises them.
    """
    source = source_of(ref, base)
    state = _state(source)
    with _lock:
        if (source, state) in _failures:
            raise BrokenPluginError(ref, _failures[source, state])
        process = _processes.pop(source, None)
        if process is None or not process.is_alive():
            process = _PluginProcess()
        _processes[source] = process
        while len(_processes) > _MOST_PROCESSES:
            _processes.pop(next(iter(_processes))).stop()
        try:
            answer: Any = process.ask(question, arguments, _deadline.get())
        except _LostError as error:
            process.stop()
            del _processes[source]
            _failures[source, state] = str(error)
            raise BrokenPluginError(ref, str(error)) from None
    if isinstance(answer, BaseException):
        raise answer
    found: Answer = answer
    return found


def source_of(ref: str, base: Path) -> str:
    """Return the absolute path of the file of a plug-in, or the name of its module."""
    source = ref.rpartition(":")[0]
    return str((base / source).resolve()) if source.endswith(".py") else source


def _state(source: str) -> object:
    """Changes when a file is edited; a module is imported only once."""
    try:
        found = Path(source).stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


class _LostError(Exception):
    """The process of a plug-in has ended or hangs, and why."""


class _PluginProcess:
    """A process that loads one plug-in."""

    def __init__(self) -> None:
        context = worker_context()
        self._connection, other = context.Pipe()
        self._process: BaseProcess = context.Process(target=_serve, args=(other, temporary_folder()), daemon=True)  # type: ignore[attr-defined]
        self._process.start()
        other.close()

    def is_alive(self) -> bool:
        return self._process.is_alive()

    def ask(self, question: Callable[..., object], arguments: tuple[object, ...], deadline: float) -> object:
        """Return the answer, which may be an exception; raises _LostError without one in ``deadline`` seconds."""
        try:
            self._connection.send((question, arguments))
            if not self._connection.poll(deadline):
                raise _LostError(f"exceeded the deadline of {deadline:g} s while it was loaded")
            return self._connection.recv()
        except (OSError, EOFError):
            self._process.join()
            raise _LostError(f"ended its process (exit code {self._process.exitcode}) while it was loaded") from None

    def stop(self) -> None:
        kill_group(self._process)
        self._connection.close()


@atexit.register
def _stop_all() -> None:
    for process in _processes.values():
        process.stop()


def _serve(connection: Connection, temporary: str) -> None:
    """Answer questions until the parent process closes the connection."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C does
    end_with_parent(temporary)
    load_plugins_here()
    while True:
        try:
            question, arguments = connection.recv()
        except EOFError:
            return
        answer: object
        try:
            answer = question(*arguments)
        except (BrokenPluginError, UnknownNameError) as error:
            answer = error
        except ValueError as error:
            answer = ValueError(str(error))  # its class may be one of the plug-in
        except BaseException as error:  # whatever a plug-in raises
            answer = BrokenPluginError(str(arguments[0]), f"{type(error).__name__}: {error}")
        connection.send(answer)
