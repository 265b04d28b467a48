"""How long each stage of a build took, for ``--verbose``."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from reportgen.execute.events import CompileStart, Event, FigureStart, PlanReady, ProgramEnd, ReportEnd

_STAGES = ("planning", "start of worker", "programs", "figures", "pages")


class StageTimes:
    """Measures the stages of a build from its events."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start the clock, which returns seconds."""
        self._clock = clock
        self._begin = clock()
        self._ends: dict[str, float] = {}
        """When each stage ended, in their order."""
        self.ran: set[str] = set()
        """Ids of the programs that have run."""

    def note(self, event: Event) -> None:
        """Note what an event ends."""
        match event:
            case PlanReady():
                self._ends.setdefault("planning", self._clock())
            case CompileStart():
                self._ends.setdefault("start of worker", self._clock())
            case ProgramEnd():
                self.ran.add(event.program)
                self._ends["programs"] = self._clock()
            case FigureStart():
                self._ends["figures"] = self._clock()
            case ReportEnd():
                self._ends["pages"] = self._clock()

    def seconds(self) -> Iterator[tuple[str, float]]:
        """Yield the stages that took place, and the total. Figures that are drawn while programs run do not count."""
        end = self._begin
        for stage in _STAGES:
            if self._ends.get(stage, -1.0) >= end:
                yield stage, self._ends[stage] - end
                end = self._ends[stage]
        yield "total", self._clock() - self._begin


def program_seconds(results: Path, ran: set[str]) -> Mapping[str, float]:
    """The seconds in which the programs ``ran`` were traced, compiled and run, each added up, from the manifest."""
    from reportgen.results.manifest import find_manifest

    manifest = find_manifest(results)
    total: dict[str, float] = {}
    for entry in manifest.programs if manifest else ():
        if entry.id in ran:
            for stage, seconds in entry.seconds.items():
                total[stage] = total.get(stage, 0.0) + seconds
    return total


def time_lines(times: StageTimes, results: Path) -> Iterator[str]:
    """The table of times, line by line."""
    for stage, seconds in times.seconds():
        yield f"{stage:20}{seconds:8.1f} s"
        if stage == "programs":
            inside = program_seconds(results, times.ran)
            yield from (f"  {name:18}{inside[name]:8.1f} s" for name in ("trace", "compile", "run") if name in inside)
