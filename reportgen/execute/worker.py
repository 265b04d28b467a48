"""The tasks of a worker process, the only kind of process that imports TensorFlow."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing.queues import SimpleQueue
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from reportgen import catalogue
from reportgen.catalogue import plugin
from reportgen.engine.sampled import Ask, LossRef
from reportgen.execute import compile_cache
from reportgen.execute.events import CompileStart, RunStart, StepProgress, WorkerEvent
from reportgen.failure import Failure
from reportgen.plan import Program
from reportgen.tf_setup import import_tensorflow

if TYPE_CHECKING:
    from reportgen.engine.result import Grid, ProgramResult, Replay
    from reportgen.engine.run import Engine
    from reportgen.engine.sampled import Sample

Result = TypeVar("Result")
Collect = Callable[[Program, "Engine"], Result]
"""Turns a program and the engine that runs it into a result; picklable."""

_events: SimpleQueue[WorkerEvent]
"""The queue to the parent process, set by ``prepare``."""
_cache: Path | None = None
"""The folder in which TensorFlow caches compiled programs; None: no cache."""


class CacheWriteFailure:
    """A program failed because its compiled code could not be written to the cache."""


def prepare(events: SimpleQueue[WorkerEvent], log: str, tier: str, cache: Path | None) -> None:
    """Make this process a worker: import TensorFlow, redirect all output to the log, and ignore Ctrl-C.

    Args:
        events: the queue to the parent process, which decides what Ctrl-C does.
        log: the file for the output of TensorFlow and plug-ins.
        tier: the tier that determines the flags of TensorFlow.
        cache: a working folder of the compile cache; None: no cache.
    """
    global _events, _cache
    _events, _cache = events, cache
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with Path(log).open("a", encoding="utf-8") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    linking = threading.Thread(target=compile_cache.link_entries, args=[cache]) if cache else None
    if linking:
        linking.start()
    import_tensorflow(tier, cache)
    import reportgen.engine.run  # noqa: F401 - imported now, so that the first program does not wait for it

    if linking:
        linking.join()


def collect_result(_: Program, engine: Engine) -> ProgramResult:
    """Return the result of all runs."""
    from reportgen.engine.run import whole as result_of  # imports TensorFlow, which only a worker may

    return result_of(engine)


def run_programs(programs: Sequence[Program], collect: Collect[Result]) -> list[Result | Failure | CacheWriteFailure]:
    """Run the programs at the same time; return for each what ``collect`` returns, or why it failed."""
    with ThreadPoolExecutor(len(programs)) as threads:
        results = list(threads.map(partial(_run_program, collect=collect), programs))
    if _cache:
        compile_cache.store_entries(_cache)
    return results


def _run_program(program: Program, collect: Collect[Result]) -> Result | Failure | CacheWriteFailure:
    from reportgen.engine.naming import named_after  # imports TensorFlow, which only a worker may
    from reportgen.engine.run import Engine

    _events.put(CompileStart(program.id))
    try:
        steps = program.settings.steps
        with named_after(program.fingerprint):
            engine = Engine(
                program,
                lambda: _events.put(RunStart(program.id)),
                lambda runs: _events.put(StepProgress(program.id, runs * steps)),
            )
            return collect(program, engine)
    except Exception as error:  # whatever a plug-in raises is the result of its program
        traceback.print_exc()
        return CacheWriteFailure() if _cache and str(_cache) in str(error) else _failure(error)


def _failure(error: Exception) -> Failure:
    """In one line: type, message, and the last line of the traceback outside of libraries and the engine."""
    frames = traceback.extract_tb(error.__traceback__)
    plugin_frames = [frame for frame in frames if not _is_internal(frame.filename)]
    where = f" ({Path(plugin_frames[-1].filename).name}:{plugin_frames[-1].lineno})" if plugin_frames else ""
    message = " ".join(str(error).split())
    return Failure(f"{type(error).__name__}: {message[:500]}{where}")


def _is_internal(filename: str) -> bool:
    """Whether a file belongs to Python, a library or the engine, and not to a loss or an optimizer."""
    package = Path(__file__).parent.parent
    path = Path(filename)
    return filename.startswith(("<", sys.prefix, sys.base_prefix)) or (
        path.is_relative_to(package) and path.parent.name in ("engine", "execute", "reportgen")
    )


def no_op() -> None:
    """Do nothing. This task starts a worker before there is work."""


def replay(program: Program, steps: int) -> Replay | Failure:
    """Return the first ``steps`` steps of the program, run without compilation."""
    from reportgen.engine.replay import replay as replay_program  # imports TensorFlow, which only a worker may

    try:
        return replay_program(program, steps)
    except Exception as error:  # whatever a plug-in raises
        traceback.print_exc()
        return _failure(error)


def sample(ref: LossRef, asks: Sequence[Ask]) -> list[Sample | Failure]:
    """Return value and gradient of a loss at the points of each ask."""
    return [_sample(ref, ask) for ask in asks]


def _sample(ref: LossRef, ask: Ask) -> Sample | Failure:
    from reportgen.engine.sample import sample as sample_loss  # imports TensorFlow, which only a worker may

    try:
        loss = catalogue.find_loss(ref.name, ref.base, ref.dim, ref.parameters)
        return sample_loss(loss, ask.points, ask.dtype, ask.samples)
    except Exception as error:  # whatever a plug-in raises
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
    except Exception as error:  # whatever a plug-in raises
        return _failure(error)


def try_load(ref: str, base: Path) -> None:
    """Load an optimizer, a loss or a file, to see whether this process survives it.

    Exceptions are ignored: the parent process reports them when it loads the plug-in itself.
    """
    if ref.endswith(".py"):
        with contextlib.suppress(Exception):
            plugin.load(f"{ref}:", "optimizer", base)
        return
    for find in (catalogue.find_optimizer, catalogue.find_loss):
        with contextlib.suppress(Exception):
            find(ref, base)
