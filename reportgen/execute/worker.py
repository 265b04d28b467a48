"""What happens inside a worker process: TensorFlow is imported here and nowhere else."""

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
from pathlib import Path
from typing import Any

from reportgen import catalogue
from reportgen.catalogue import plugin
from reportgen.engine.sampled import Ask, LossRef
from reportgen.execute import compile_cache
from reportgen.execute.events import CompileStart, RunStart, StepProgress
from reportgen.plan import Program
from reportgen.tf_setup import import_tensorflow

_events: Any = None
_compiled: Path | None = None
"""Where TensorFlow keeps what it compiled; None: nowhere."""


class CacheWriteFailure:
    """A program that came to nothing because what was compiled of it could not be kept."""


def prepare(events: Any, log: str, tier: str, compiled: Path | None) -> None:
    """Make this process a worker: quiet, deaf to Ctrl-C (its parent decides), with TensorFlow imported for a tier.

    ``events`` is the queue to the parent; what TensorFlow and plug-ins print goes to the file ``log``, and what it
    compiles to the folder ``compiled``, if there is one.
    """
    global _events, _compiled
    _events, _compiled = events, compiled
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with Path(log).open("a", encoding="utf-8") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    filling = threading.Thread(target=compile_cache.link_entries, args=[compiled]) if compiled else None
    if filling:
        filling.start()
    import_tensorflow(tier, compiled)
    import reportgen.engine.run  # noqa: F401 - the point of this function

    if filling:
        filling.join()


Collect = Callable[[Program, Any], Any]
"""What is made of a program and the ``reportgen.engine.run.Engine`` that runs it; it can be sent to a worker."""


def collect_result(_: Program, engine: Any) -> Any:
    """The ProgramResult of all runs."""
    from reportgen.engine.run import whole as result_of  # imports TensorFlow, which only a worker may

    return result_of(engine)


def run_programs(programs: Sequence[Program], keep: Collect) -> list[Any]:
    """For each program, run at the same time, what ``keep`` makes of it, or a text: why there is nothing."""
    with ThreadPoolExecutor(len(programs)) as threads:
        done = list(threads.map(partial(_run_program, keep=keep), programs))
    if _compiled:
        compile_cache.store_entries(_compiled)
    return done


def _run_program(program: Program, keep: Collect) -> Any:
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
            return keep(program, engine)
    except Exception as error:  # whatever a plug-in raises is its program's result
        traceback.print_exc()
        return CacheWriteFailure() if _compiled and str(_compiled) in str(error) else _reason(error)


def _reason(error: Exception) -> str:
    """One line: type, message, and the last line of the traceback that is not TensorFlow's or the engine's."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not _foreign(frame.filename)]
    where = f" ({Path(own[-1].filename).name}:{own[-1].lineno})" if own else ""
    message = " ".join(str(error).split())
    return f"{type(error).__name__}: {message[:500]}{where}"


def _foreign(filename: str) -> bool:
    engine = Path(__file__).parent.parent
    path = Path(filename)
    return filename.startswith(("<", sys.prefix, sys.base_prefix)) or (
        path.is_relative_to(engine) and path.parent.name in ("engine", "execute", "reportgen")
    )


def ready() -> None:
    """Nothing: the task that starts a worker before there is work."""


def replay(program: Program, steps: int) -> Any:
    """The Replay of the program's first steps, or a text: why there is none."""
    from reportgen.engine.replay import replay as replay_program  # imports TensorFlow, which only a worker may

    try:
        return replay_program(program, steps)
    except Exception as error:  # whatever a plug-in raises
        traceback.print_exc()
        return _reason(error)


def sample(ref: LossRef, asks: Sequence[Ask]) -> list[Any]:
    """For each, a Sample of the loss, or a text: why there is none."""
    return [_answer(ref, ask) for ask in asks]


def _answer(ref: LossRef, ask: Ask) -> Any:
    from reportgen.engine.sample import sample as sample_loss  # imports TensorFlow, which only a worker may

    try:
        loss = catalogue.find_loss(ref.name, ref.base, ref.dim, ref.parameters)
        return sample_loss(loss, ask.points, ask.dtype, ask.samples)
    except Exception as error:  # whatever a plug-in raises
        return _reason(error)


def grids(refs: Sequence[LossRef]) -> list[Any]:
    """For each loss its Grid in float64, None in more than two dimensions, or a text: why there is none."""
    return [_grid(ref) for ref in refs]


def _grid(ref: LossRef) -> Any:
    from reportgen.engine.grid import evaluate_grid, evaluate_plane  # imports TensorFlow, which only a worker may

    try:
        loss = catalogue.find_loss(ref.name, ref.base, ref.dim, ref.parameters)
        box = ref.domain or loss.domain
        if ref.plane:
            return evaluate_plane(loss, ref.plane, box, "float64")
        return evaluate_grid(replace(loss, domain=box), "float64")
    except Exception as error:  # whatever a plug-in raises
        return _reason(error)


def load(ref: str, base: Path) -> None:
    """Load an optimizer or a loss, or a whole file; what that raises is told where it is loaded to be used."""
    if ref.endswith(".py"):
        with contextlib.suppress(Exception):
            plugin.load(f"{ref}:", "optimizer", base)
        return
    for find in (catalogue.find_optimizer, catalogue.find_loss):
        with contextlib.suppress(Exception):
            find(ref, base)
