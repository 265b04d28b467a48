"""Runs programs in workers: which share a loop, which share a process, and who is to blame if that ends."""

from __future__ import annotations

import os
import queue
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from itertools import groupby
from typing import TypeVar

from reportgen.execute import worker
from reportgen.execute.events import FlagsIgnored, WorkerEvent
from reportgen.execute.task_failure import failure_of
from reportgen.execute.worker_pools import Place, WorkerPools, WorkerSettings
from reportgen.failure import Failure, WriteError
from reportgen.plan import Program
from reportgen.tf_setup import tier_of

Result = TypeVar("Result")
Outcome = tuple[Program, Result | Failure]
"""A program with its result, or with the reason why it failed."""
Group = Sequence[Program]
"""Programs on the same loss, which may share a loop."""

LOOPS_PER_TASK = 4
"""Loops that a worker handles at the same time. It traces them one after another, and compiles and runs the others."""

_RULES_PER_LOOP = 16
"""Maximum number of programs that share a loop."""

_PLUGIN_WORKERS = max(os.cpu_count() or 1, 2)
"""Workers of plug-ins at the same time. Each takes a few hundred MB."""


class ProgramRun:
    """One run of some programs."""

    def __init__(
        self, pools: WorkerPools, settings: WorkerSettings, deadline: float, collect: worker.Collect[object]
    ) -> None:
        """Do nothing yet. ``deadline`` and ``collect`` are as in ``LocalWorkers.run``."""
        self._pools = pools
        self._memory_limit = settings.memory_limit
        self._deadline = deadline
        self._collect = collect
        self._ended: queue.SimpleQueue[tuple[Sequence[Group], Future[list[worker.Finished]]]] = queue.SimpleQueue()
        """Tasks that have ended, with the groups of programs that they ran."""
        self._pending: dict[str, Program] = {}
        self._suspects: dict[str, tuple[str, ...]] = {}
        """For each program that runs: the programs of its group that are to blame if its process ends now."""

    def run(self, programs: Sequence[Program]) -> Iterator[Outcome[object] | WorkerEvent]:
        """Yield what ``LocalWorkers.run`` yields."""
        self._pending = {program.id: program for program in programs}
        waiting = deque(
            (place, list(members)) for place, members in groupby(sorted(programs, key=place_of), key=place_of)
        )
        active: dict[Place, list[Program]] = {}
        while self._pending:
            while waiting and self._has_room(waiting[0][0], active):
                place, members = waiting.popleft()
                active[place] = members
                self._submit_all(place, members)
                yield from self._ignored_flags()
            yield from self._receive()
            try:
                ran, future = self._ended.get(timeout=0.05)
            except queue.Empty:
                self._pools.revive()
                continue
            # A task sends its results before it ends.
            yield from self._receive()
            yield from self._end(ran, future)
            for place in [each for each, members in active.items() if not self._left(members)]:
                del active[place]
                if place.plugins:
                    self._pools.stop(place)

    def _has_room(self, place: Place, active: Iterable[Place]) -> bool:
        return not place.plugins or sum(bool(each.plugins) for each in active) < _PLUGIN_WORKERS

    def _left(self, programs: Iterable[Program]) -> list[Program]:
        return [program for program in programs if program.id in self._pending]

    def _ignored_flags(self) -> Iterator[FlagsIgnored]:
        if self._pools.ignored:
            yield FlagsIgnored(tuple(self._pools.ignored))
            self._pools.ignored.clear()

    def _submit_all(self, place: Place, programs: Iterable[Program]) -> None:
        groups = list(_groups(programs))
        for begin in range(0, len(groups), LOOPS_PER_TASK):
            self._submit(place, groups[begin : begin + LOOPS_PER_TASK])

    def _submit(self, place: Place, groups: Sequence[Group]) -> None:
        future = self._pools.schedule(place, worker.run_programs, groups, self._collect, deadline=self._deadline)
        future.add_done_callback(lambda done: self._ended.put((groups, done)))

    def _receive(self) -> Iterator[Outcome[object] | WorkerEvent]:
        """Yield what the workers have sent."""
        messages = self._pools.messages
        while not messages.empty():
            message = messages.get()
            if isinstance(message, worker.Suspects):
                self._suspects |= dict.fromkeys(message.group, message.suspects)
            elif not isinstance(message, worker.Finished):
                yield message
            elif message.program_id in self._pending:
                yield self._pending.pop(message.program_id), _result_of(message)

    def _end(self, ran: Sequence[Group], future: Future[list[worker.Finished]]) -> Iterator[Outcome[object]]:
        """Yield the results of a task that has ended, and start its other programs again."""
        failure = failure_of(future, self._deadline, self._memory_limit)
        for finished in [] if failure else future.result():
            yield self._pending.pop(finished.program_id), _result_of(finished)
        left = [part for group in ran if (part := self._left(group))]
        blamed = self._blamed(left) if failure else []
        for program in blamed:
            yield self._pending.pop(program.id), failure
        # If no program is to blame, the groups are made smaller until the culprit is alone.
        rest = [part for group in left if (part := self._left(group))] if blamed else _split(left)
        for group in rest:
            self._submit(place_of(group[0]), [group])

    def _blamed(self, left: Sequence[Group]) -> list[Program]:
        """The programs that ran code of their own when their process ended."""
        programs = [program for group in left for program in group]
        if len(programs) == 1:
            return programs
        return [program for program in programs if program.id in self._suspects.get(program.id, ())]


def _result_of(finished: worker.Finished) -> object:
    if isinstance(finished.result, WriteError):
        raise finished.result
    return finished.result


def place_of(program: Program) -> Place:
    """Return which worker runs a program."""
    tier = tier_of(program.runs * program.settings.steps * len(program.starts[0][1]))
    return Place(tier, program.plugins)


def _groups(programs: Iterable[Program]) -> Iterator[Group]:
    """The programs, grouped by what those of a loop must have in common."""
    by_loss: dict[str, list[Program]] = {}
    for program in programs:
        facts = (
            *(program.loss, program.loss_ref, program.changes, program.dim),
            *(program.base, program.seeds, program.settings),
        )
        by_loss.setdefault(repr(facts), []).append(program)
    for group in by_loss.values():
        for begin in range(0, len(group), _RULES_PER_LOOP):
            yield group[begin : begin + _RULES_PER_LOOP]


def _split(groups: Sequence[Group]) -> Sequence[Group]:
    """Smaller parts of groups that failed together."""
    return groups if len(groups) > 1 else [[program] for group in groups for program in group]
