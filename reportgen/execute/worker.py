"""The tasks of a worker process, the only kind of process that imports TensorFlow."""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from multiprocessing.queues import SimpleQueue
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from reportgen import catalogue
from reportgen.engine.sampled import Ask, LossRef
from reportgen.execute.events import CompileStart, RunStart, StepProgress, WorkerEvent
from reportgen.failure import Failure, WriteError, one_line
from reportgen.plan import Program
from reportgen.spawn import end_with_parent
from reportgen.tf_setup import import_tensorflow

if TYPE_CHECKING:
    from reportgen.engine.result import Grid, ProgramResult, Replay, StepComparison
    from reportgen.engine.run import Engine
    from reportgen.engine.sampled import Sample

Result = TypeVar("Result")
Collect = Callable[[Program, "Engine"], Result]
"""Turns a program and the engine that runs it into a result; picklable."""


_PIPE_BUF = 4096
"""Bytes that Linux writes to a pipe at once."""


@dataclass(frozen=True)
class Finished:
    """A program that has ended, with its result."""

    program_id: str
    result: object
    """What ``collect`` returned, a ``Failure``, or a ``WriteError``."""


@dataclass(frozen=True)
class Suspects:
    """Which programs of a group are to blame if their process ends or hangs now."""

    group: tuple[str, ...]
    """The ids of all its programs."""
    suspects: tuple[str, ...]
    """Empty: it is not known."""


Message = WorkerEvent | Finished | Suspects

_messages: SimpleQueue[Message]
"""The queue to the parent process, set by ``prepare``."""


def prepare(
    messages: SimpleQueue[Message],
    log: str,
    environ: Mapping[str, str],
    temporary: str,
    tier: str,
    omit: Collection[str],
    memory_limit: int,
    verified_steps: int | None = None,
) -> None:
    """Make this process a worker: import TensorFlow, redirect all output to the log, and ignore Ctrl-C.

    The worker ends when its parent does, together with all processes that plug-ins have started.

    Args:
        messages: the queue to the parent process, which decides what Ctrl-C does.
        log: the file for the output of TensorFlow and plug-ins.
        environ: the environment variables of the parent process.
        temporary: the folder for temporary files.
        tier: the tier that determines the XLA flags.
        omit: XLA flags that TensorFlow does not know.
        memory_limit: bytes of memory that this process may use; 0: no limit.
        verified_steps: the most steps by which optimizers of other frameworks are verified; None: the default.
    """
    global _messages
    _messages = messages
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The process from which this one was forked may have been started in another environment.
    for name in os.environ.keys() - environ:
        del os.environ[name]
    os.environ.update(environ)
    end_with_parent(temporary)
    if memory_limit:
        threading.Thread(target=_limit_memory, args=(memory_limit, os._exit), daemon=True).start()
    os._exit = partial(_exit, os._exit)
    catalogue.load_plugins_here()
    with Path(log).open("a", encoding="utf-8") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    sys.stdout = sys.stderr = io.TextIOWrapper(
        _Log(2, "a", closefd=False), errors="backslashreplace", write_through=True
    )
    import_tensorflow(tier, omit)
    if verified_steps is not None:
        from reportgen.engine.foreign.verified_steps import limit_verified_steps

        limit_verified_steps(verified_steps)
    import reportgen.engine.run  # noqa: F401 - imported now, so that the first program does not wait for it


MEMORY_EXCEEDED = 113
"""Exit code of a worker that has used more memory than it may."""


class _Log(io.FileIO):
    """The log. Text is lost if the disk is full: otherwise a plug-in that prints would fail."""

    def write(self, data: Any) -> int:
        """Write bytes."""
        with contextlib.suppress(OSError):
            return super().write(data)
        return len(data)


def _limit_memory(limit: int, end_process: Callable[[int], NoReturn]) -> None:
    """End this process as soon as it uses more than ``limit`` bytes."""
    import resource  # which Windows has not

    unit = 1 if sys.platform == "darwin" else 1024
    while resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit <= limit:
        time.sleep(0.05)
    end_process(MEMORY_EXCEEDED)


def _exit(end_process: Callable[[int], NoReturn], code: int) -> NoReturn:
    """Replaces ``os._exit``: a process that ends with code 0 would look like a worker that has done all its tasks."""
    if code == 0:
        raise SystemExit("os._exit(0) was called")
    end_process(code)


def collect_result(_: Program, engine: Engine) -> ProgramResult:
    """Return the result of all runs."""
    from reportgen.engine.run import run_all  # imports TensorFlow, which only a worker may

    return run_all(engine)


def run_programs(groups: Sequence[Sequence[Program]], collect: Collect[object]) -> list[Finished]:
    """Run programs, the groups at the same time, and send each small result as soon as its program has ended.

    Args:
        groups: programs that may share a loop.
        collect: called with each program and its engine.

    Returns:
        The results that were too large to be sent.
    """
    with ThreadPoolExecutor(len(groups)) as threads:
        return list(chain.from_iterable(threads.map(partial(_run_group, collect=collect), groups)))


def _run_group(programs: Sequence[Program], collect: Collect[object]) -> list[Finished]:
    """Run the programs, and return the results that are too large to be sent."""
    from reportgen.engine.run import make_engines  # imports TensorFlow, which only a worker may

    catalogue.use_references(programs[0].base, programs[0].references)
    group = tuple(program.id for program in programs)
    for program in programs:
        _messages.put(CompileStart(program.id))

    def suspect(suspects: Sequence[Program]) -> None:
        _messages.put(Suspects(group, tuple(program.id for program in suspects)))

    suspect(programs)  # their loss is loaded first
    try:
        engines = make_engines(programs, _report_compiled, _report_runs, suspect)
    except BaseException as error:  # whatever a plug-in raises is the result of its programs
        engines = [error] * len(programs)
    large = []
    for program, engine in zip(programs, engines, strict=True):
        suspect([program])
        finished = Finished(program.id, _run_program(program, engine, collect))
        if _is_small(finished):
            _messages.put(finished)
        else:
            large.append(finished)
    return large


def _is_small(message: Finished) -> bool:
    """Whether a message is written to a pipe at once: a process may die after the first half of a large one."""
    try:
        return len(pickle.dumps(message)) < _PIPE_BUF - 64
    except Exception:  # it cannot be pickled, which is reported when the task returns it
        return False


def _report_compiled(program: Program) -> None:
    _messages.put(RunStart(program.id))


def _report_runs(program: Program, runs: int) -> None:
    _messages.put(StepProgress(program.id, runs * program.settings.steps))


def _run_program(program: Program, engine: Engine | BaseException, collect: Collect[object]) -> object:
    try:
        if isinstance(engine, BaseException):
            raise engine
        return collect(program, engine)
    except WriteError as error:
        return error
    except BaseException as error:  # whatever a plug-in raises is the result of its program
        traceback.print_exc()
        return _failure(error)


def _failure(error: BaseException) -> Failure:
    """In one line: type, message, and the last line of the traceback outside of libraries and the engine."""
    frames = traceback.extract_tb(error.__traceback__)
    plugin_frames = [frame for frame in frames if not _is_internal(frame.filename)]
    where = f" ({Path(plugin_frames[-1].filename).name}:{plugin_frames[-1].lineno})" if plugin_frames else ""
    # TensorFlow adds a dump of the graph.
    message = _text(error).partition(" for '{{node")[0]
    return Failure(f"{type(error).__name__}: {one_line(message)}{where}")


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except BaseException:  # its class may be one of a plug-in
        return "its message cannot be shown"


def _is_internal(filename: str) -> bool:
    """Whether a file belongs to Python, a library or the engine, and not to a loss or an optimizer."""
    package = Path(__file__).parent.parent
    path = Path(filename)
    return filename.startswith(("<", sys.prefix, sys.base_prefix)) or (
        path.is_relative_to(package) and path.parent.name in ("engine", "execute", "reportgen")
    )


def device_failure(device: str) -> Failure | None:
    """Return why there is no such device; None if there is one."""
    from reportgen.engine.device import choose  # imports TensorFlow, which only a worker may

    try:
        choose(device)
    except ValueError as error:
        return Failure(str(error))
    return None


def device_names() -> list[str]:
    """Return the devices that TensorFlow finds, as in a config: ``cpu:0``."""
    from reportgen.engine.device import names  # imports TensorFlow, which only a worker may

    return names()


def no_op() -> None:
    """Do nothing. This task starts a worker before there is work."""


def replay(program: Program, steps: int) -> Replay | Failure:
    """Return the first ``steps`` steps of the program, run without compilation."""
    from reportgen.engine.replay import replay as replay_program  # imports TensorFlow, which only a worker may

    catalogue.use_references(program.base, program.references)
    try:
        return replay_program(program, steps)
    except BaseException as error:  # whatever a plug-in raises
        traceback.print_exc()
        return _failure(error)


def compare_steps(one: Program, other: Program, steps: int, ulps: float) -> StepComparison | Failure:
    """Compare the steps of two optimizers."""
    from reportgen.engine.foreign.step_comparison import compare_steps as compare  # imports TensorFlow

    catalogue.use_references(one.base, one.references)
    try:
        return compare(one, other, steps, ulps)
    except BaseException as error:  # whatever a plug-in raises
        traceback.print_exc()
        return _failure(error)


def sample(ref: LossRef, asks: Sequence[Ask]) -> list[Sample | Failure]:
    """Return value and gradient of a loss at the points of each ask."""
    return [_sample(ref, ask) for ask in asks]


def _sample(ref: LossRef, ask: Ask) -> Sample | Failure:
    from reportgen.engine.sample import sample as sample_loss  # imports TensorFlow, which only a worker may

    try:
        loss = catalogue.find_loss(ref.name, ref.base, ref.dim, ref.parameters)
        return sample_loss(loss, ask)
    except BaseException as error:  # whatever a plug-in raises
        return _failure(error)


def grids(refs: Sequence[LossRef]) -> list[Grid | Failure | None]:
    """Return the grid of each loss in float64; None for a loss of more than two dimensions without a plane."""
    return [_grid(ref) for ref in refs]


def _grid(ref: LossRef) -> Grid | Failure | None:
    from reportgen.engine.grid import evaluate_grid, evaluate_plane  # imports TensorFlow, which only a worker may

    try:
        loss = catalogue.find_loss(ref.name, ref.base, ref.dim, ref.parameters)
        box = ref.domain or loss.domain
        if ref.plane:
            return evaluate_plane(loss, ref.plane, box, "float64")
        return evaluate_grid(replace(loss, domain=box), "float64")
    except BaseException as error:  # whatever a plug-in raises
        return _failure(error)
