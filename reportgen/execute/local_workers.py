"""Run programs in a worker process on this machine, with a deadline each."""

from __future__ import annotations

import multiprocessing
import os
import queue
from collections.abc import Iterator, Sequence
from concurrent.futures import TimeoutError as DeadlineError
from concurrent.futures import wait
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pebble import ProcessExpired, ProcessPool

from reportgen.engine.sampled import Ask, LossRef
from reportgen.execute import compile_cache, worker
from reportgen.execute.events import CompileStart, RunStart, StepProgress, WorkerLostError
from reportgen.plan import Program
from reportgen.tf_setup import QUICK, tier_of

Done = tuple[Program, Any]
"""A program with what was made of it, or with a text that says why there is none."""
Programs = Sequence[Program]
Kind = tuple[str, bool]
"""Of a worker: its tier, and whether it keeps what it compiles."""
Future = Any
"""Pebble's, which has no types."""

_THREADS = min(os.cpu_count() or 1, 4)
"""Programs that a worker compiles at the same time; tracing is Python and does not get faster beyond a few."""

_GRIDS = 16
"""Losses that are evaluated for their pictures in one task; what ends its process costs these and no others."""

TASKS = 64
"""Groups of programs after which a worker makes way for a new one: TensorFlow keeps some 7 MB of each it compiled."""


class LocalWorkers:
    """Worker processes that run programs, one for each tier that is needed; a context manager that ends them."""

    def __init__(self, log: Path, compile_cache: bool = True) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._events: Any = self._context.SimpleQueue()
        self._log = log
        self._compile_cache = compile_cache
        self._pools: dict[Kind, ProcessPool] = {}
        self._compiled: list[Path] = []

    def start(self, programs: Sequence[Program] = ()) -> None:
        """Have TensorFlow imported before there is work, for these programs or for whatever comes.

        Pebble starts its processes with the first task.
        """
        for tier in sorted({_tier(program) for program in programs}) or [QUICK]:
            self._pool(tier).schedule(worker.ready)

    def _pool(self, tier: str = QUICK, cached: bool = True) -> ProcessPool:
        """That of one worker of a tier, which keeps what it compiles unless it must not."""
        kind = (tier, cached and self._compile_cache)
        if kind not in self._pools:
            compiled = compile_cache.working_folder(tier) if kind[1] else None
            self._compiled += [compiled] if compiled else []
            self._pools[kind] = ProcessPool(
                max_workers=1,
                max_tasks=TASKS,
                initializer=worker.prepare,
                initargs=(self._events, str(self._log), tier, compiled),
                context=self._context,
            )
        return self._pools[kind]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        for pool in self._pools.values():
            pool.stop()  # type: ignore[no-untyped-call]  # Pebble's is without types
        for pool in self._pools.values():
            pool.join()
        for compiled in self._compiled:
            compile_cache.remove_entries(compiled)

    def run(
        self, programs: Sequence[Program], deadline: float, keep: worker.Collect = worker.collect_result
    ) -> Iterator[Done | CompileStart | RunStart | StepProgress]:
        """Yield each program when it is done, with what ``keep`` made of it over there, and events in between.

        Programs run side by side, one a processor. One that takes longer than ``deadline`` seconds, or whose process
        dies, costs itself and no other: those beside it are run again by themselves, and so is it, to be sure. One
        whose compiled code could not be kept, as on a full disk, is run again where nothing is kept.
        """
        finished: queue.SimpleQueue[tuple[Programs, Future]] = queue.SimpleQueue()
        for _, of_tier in groupby(sorted(programs, key=_tier), _tier):
            some = list(of_tier)
            for begin in range(0, len(some), _THREADS):
                self._submit(some[begin : begin + _THREADS], deadline, keep, finished)
        waiting = len(programs)
        while waiting:
            try:
                group, future = finished.get(timeout=0.05)
            except queue.Empty:
                yield from self._reported()
                self._require_alive()
                continue
            yield from self._reported()
            results = self._results(future, deadline)
            if isinstance(results, str) and len(group) > 1:
                for program in group:
                    self._submit([program], deadline, keep, finished)
                continue
            for program, result in zip(group, [results] if isinstance(results, str) else results, strict=True):
                if isinstance(result, worker.CacheWriteFailure):
                    self._submit([program], deadline, keep, finished, cached=False)
                    continue
                waiting -= 1
                yield program, result

    def replay(self, program: Program, steps: int, deadline: float) -> Any:
        """The Replay of the program's first steps, or a text that says why there is none."""
        return self._results(self._pool().schedule(worker.replay, args=[program, steps], timeout=deadline), deadline)

    def sample(self, ref: LossRef, asks: Sequence[Ask], deadline: float) -> list[Any]:
        """For each the Sample of a loss, or a text that says why there is none."""
        found = self._results(self._pool().schedule(worker.sample, args=[ref, asks], timeout=deadline), deadline)
        return [found] * len(asks) if isinstance(found, str) else list(found)

    def grids(self, refs: Sequence[LossRef], deadline: float) -> Iterator[Any]:
        """For each loss its Grid, None where more than two dimensions have no plane, or a text: why there is none."""
        groups = [refs[begin : begin + _GRIDS] for begin in range(0, len(refs), _GRIDS)]
        futures = [self._pool().schedule(worker.grids, args=[group], timeout=deadline) for group in groups]
        for group, future in zip(groups, futures, strict=True):
            found = self._results(future, deadline)
            yield from [found] * len(group) if isinstance(found, str) else found

    def unloadable(self, ref: str, base: Path, deadline: float) -> str | None:
        """Why loading ``ref``, as ``worker.load`` does, would hang or end this process; None where it would not."""
        future = self._pool().schedule(worker.load, args=[ref, base], timeout=deadline)
        reason: str | None = self._results(future, deadline)
        return reason

    def _submit(
        self,
        group: Programs,
        deadline: float,
        keep: worker.Collect,
        finished: queue.SimpleQueue[tuple[Programs, Future]],
        *,
        cached: bool = True,
    ) -> None:
        pool = self._pool(_tier(group[0]), cached)
        future = pool.schedule(worker.run_programs, args=[group, keep], timeout=deadline)
        future.add_done_callback(lambda done: finished.put((group, done)))

    def _reported(self) -> Iterator[CompileStart | RunStart | StepProgress]:
        while not self._events.empty():
            yield self._events.get()

    def _require_alive(self) -> None:
        """WorkerLost where no worker could be started: Pebble gives up then, and leaves the futures as they are."""
        if not all(pool.active for pool in self._pools.values()):
            raise WorkerLostError("the worker process ended before it could begin; its log says why, if anything does")

    def _results(self, future: Future, deadline: float) -> Any:
        """What the worker sent back, or a text: why it could not."""
        while not wait([future], timeout=1).done:
            self._require_alive()
        try:
            return future.result()
        except DeadlineError:
            return f"took longer than the deadline of {deadline:g} s and was ended"
        except ProcessExpired as error:
            return f"its process died (exit code {error.exitcode})"
        except Exception as error:  # for example a result that cannot be sent back
            return f"{type(error).__name__}: {error}"


def _tier(program: Program) -> str:
    return tier_of(program.runs * program.settings.steps * len(program.starts[0][1]))
