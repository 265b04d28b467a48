"""Where an engine gets the outputs of its program's runs from: a loop of its own, or one shared with other programs."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

import numpy as np

from reportgen.engine.compiled import Chunk, CompiledLoop, Member
from reportgen.engine.evaluation import readable
from reportgen.engine.result import Array
from reportgen.plan import Program

MakeLoop = Callable[[Sequence[Member]], CompiledLoop]
"""Makes the loop of some programs on the same loss."""


class Source(Protocol):
    """Runs the runs of one program."""

    @property
    def seconds(self) -> Mapping[str, float]:
        """Wall time of tracing, of compiling with the first call, and of running."""

    def __call__(self, runs: Array) -> Iterator[Chunk]:
        """Yield the outputs of runs, given by their run numbers, int64 [runs]."""


class OwnLoop:
    """A loop for one program, which runs any number of runs in chunks."""

    def __init__(
        self,
        member: Member,
        make_loop: MakeLoop,
        on_compiled: Callable[[], None] = lambda: None,
        threads: int | None = None,
    ) -> None:
        """Compile nothing before the first call.

        Args:
            member: the program.
            make_loop: makes its loop.
            on_compiled: called after the first call.
            threads: calls at the same time; None: as many as keep the device busy.
        """
        self._size = member.size
        self._loop = make_loop([member])
        self._threads = threads or self._loop.threads
        self._on_compiled = on_compiled
        self._is_compiled = False

    @property
    def seconds(self) -> Mapping[str, float]:
        """See ``CompiledLoop.seconds``."""
        return self._loop.seconds

    def __call__(self, runs: Array) -> Iterator[Chunk]:
        """Yield the outputs of runs, a chunk at a time; raises what the optimizer or the loss raises."""
        chunks = (runs[begin : begin + self._size] for begin in range(0, len(runs), self._size))
        if not self._is_compiled:
            yield from (self._compile(first) for first in islice(chunks, 1))
        with ThreadPoolExecutor(self._threads) as threads:
            running = deque(threads.submit(self._run, some) for some in islice(chunks, self._threads))
            while running:
                began = time.perf_counter()
                chunk = running.popleft().result()
                self._loop.seconds["run"] += time.perf_counter() - began
                running.extend(threads.submit(self._run, some) for some in islice(chunks, 1))
                yield chunk

    def _compile(self, runs: Array) -> Chunk:
        for error in self._loop.trace([runs]).values():
            raise error
        began = time.perf_counter()
        try:
            chunk = self._run(runs)
        except Exception as error:
            raise readable(error) from None
        self._loop.seconds["compile"] += time.perf_counter() - began
        self._is_compiled = True
        self._on_compiled()
        return chunk

    def _run(self, runs: Array) -> Chunk:
        (chunk,) = self._loop([runs])
        return chunk


def run_together(
    members: Sequence[Member], make_loop: MakeLoop, on_compiled: Callable[[Program], None]
) -> list[Source | BaseException]:
    """Run all runs of several programs in one loop.

    Args:
        members: the programs. All of their runs fit into one call of the loop.
        make_loop: makes the loop.
        on_compiled: called with each program when it is compiled.

    Returns:
        The source of each program, or what its optimizer or the loss raised.
    """
    all_runs = [np.arange(member.program.runs) for member in members]
    loop = make_loop(members)
    try:
        failures = loop.trace(all_runs)
        if not failures:
            began = time.perf_counter()
            chunks = loop(all_runs)
            loop.seconds["compile"] += time.perf_counter() - began
            for member in members:
                on_compiled(member.program)
            shares = {stage: seconds / len(members) for stage, seconds in loop.seconds.items()}
            return [FinishedRuns(chunk, shares) for chunk in chunks]
    except BaseException as error:  # of the loss, or of XLA, which does not say to which optimizer it belongs
        if len(members) == 1:
            return [readable(error)]
        return [source for member in members for source in run_together([member], make_loop, on_compiled)]
    others = [member for i, member in enumerate(members) if i not in failures]
    sources = iter(run_together(others, make_loop, on_compiled) if others else [])
    return [failures[i] if i in failures else next(sources) for i in range(len(members))]


@dataclass(frozen=True)
class FinishedRuns:
    """The outputs of all runs of a program, which shared a loop with others."""

    chunk: Chunk
    seconds: Mapping[str, float]
    """The share of the program in the wall time of tracing, compiling and running."""

    def __call__(self, runs: Array) -> Iterator[Chunk]:
        """Yield the outputs of some runs."""
        yield self.chunk if len(runs) == len(self.chunk.runs) else self.chunk.take(runs)
