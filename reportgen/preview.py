"""What a build would do, and about how long it would take. Nothing is run or written."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from reportgen.config import Config
from reportgen.config.memory import report_memory
from reportgen.plan import Program
from reportgen.results.files import PARTS
from reportgen.results.manifest import ProgramEntry, find_manifest
from reportgen.results.manifest_index import indexed_programs, stored_plan
from reportgen.results.program_store import read_entry
from reportgen.shards import Shard, programs_of

_START = 5.0
"""Seconds in which a worker imports TensorFlow."""
_COMPILE = 1.0
"""Seconds to compile a program, if nothing is known about this machine."""
_PACE = 1e7
"""Run-steps per second, likewise."""


@dataclass(frozen=True)
class Preview:
    """The plan of a build."""

    programs: int
    reused: int
    """Programs with valid results on disk."""
    configurations: int
    runs: int
    """Runs of all programs."""
    run_steps: int
    """Total number of steps of the runs that are missing."""
    seconds: float
    """Estimated time of the missing programs."""
    basis: str
    """What the estimate is based on."""
    memory: int | None
    """Estimated peak memory of the process that writes the report, bytes; None for a shard, which has no report."""
    may_grow: bool
    """Whether grids of learning rates may grow by further programs."""

    @property
    def missing(self) -> int:
        """Programs that have to run."""
        return self.programs - self.reused


def preview(config: Config, shard: Shard | None = None) -> Preview:
    """Return the plan of ``config`` and what of it has results; ConfigError as for ``pipeline.build``.

    Args:
        config: the matrix.
        shard: the shard that is asked for; None: the whole matrix.
    """
    folder = config.output / "results"
    plan = stored_plan(folder, config)
    if shard:
        plan = replace(plan, programs=programs_of(plan, shard))
    manifest = find_manifest(folder)
    finished = indexed_programs(folder, manifest)
    missing = [program for program in plan.programs if not _is_stored(folder, program, finished)]
    pace = _measured_pace(list(finished.values()), manifest.steps if manifest else 0)
    compile_seconds, run_steps_per_second, basis = pace or (
        _COMPILE,
        _PACE,
        f"assuming {_COMPILE:g} s to compile a program, and {_PACE:.0e} run-steps/s",
    )
    run_steps = sum(program.run_steps for program in missing)
    seconds = _START + len(missing) * compile_seconds + run_steps / run_steps_per_second if missing else 0.0
    configurations = sum(len(program.cells) for program in plan.programs)
    runs = sum(program.runs for program in plan.programs)
    return Preview(
        programs=len(plan.programs),
        reused=len(plan.programs) - len(missing),
        configurations=configurations,
        runs=runs,
        run_steps=run_steps,
        seconds=seconds,
        basis=basis,
        memory=None if shard else report_memory(configurations, runs),
        may_grow=bool(plan.extensions),
    )


def _is_stored(folder: Path, program: Program, finished: dict[str, ProgramEntry]) -> bool:
    """Whether valid results are stored, in the tables or in a folder of an unfinished build."""
    part = read_entry(folder / PARTS / program.fingerprint)
    entry = part or finished.get(program.fingerprint)
    return entry is not None and not entry.failed


def _measured_pace(entries: Collection[ProgramEntry], steps: int) -> tuple[float, float, str] | None:
    """Seconds to compile a program, run-steps per second, and where they come from; None without earlier programs."""
    measured = [entry for entry in entries if entry.seconds]
    running = sum(entry.seconds.get("run", 0.0) for entry in measured)
    if not running:
        return None
    compiling = sum(sum(entry.seconds.values()) for entry in measured) - running
    pace = sum(entry.runs for entry in measured) * steps / running
    return compiling / len(measured), pace, "from the times of the last build"
