"""Runs the cases of a fuzzer in child processes and prints a table of how they ended."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType
from typing import Any

from click.testing import CliRunner

MOST_SECONDS = 10
"""Processor time of a case."""
MOST_BYTES = 2 << 30
"""Memory of a case."""
BATCH = 200
"""Cases of one child process."""
HANGS = 300
"""Seconds without news after which a child process counts as hung."""
FAILURES = ("traceback", "slow", "memory", "crash", "hang", "wrote outside")


class Overdue(BaseException):
    """The processor time of a case is used up."""


@dataclass
class Case:
    """One case: its random numbers and its folders."""

    random: random.Random
    number: int
    shared: Path
    """What the target prepared once; nothing in it may change."""
    folder: Path
    """Current folder of the case; only ``output`` in it may change."""

    before: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Size and time of each file that must not change."""

    @property
    def output(self) -> Path:
        """Where the command may write."""
        return self.folder / "output"

    def ready(self) -> None:
        """Say that the input is complete: from here on time and memory count, and only the output may change."""
        self.before.update(_files(self.folder.parent))
        _reset_peak()
        signal.setitimer(signal.ITIMER_PROF, MOST_SECONDS)


@dataclass
class Target:
    """A fuzzer."""

    prepare: Callable[[Path], None]
    """Make what all cases share in a folder, once."""
    run: Callable[[Case], tuple[str, str]]
    """Run a case; returns how it ended and a detail. A traceback is what it raises."""


@dataclass
class Ending:
    """How a case ended."""

    case: int
    kind: str
    detail: str = ""


@dataclass
class Summary:
    """How all cases ended."""

    counts: Counter[str] = field(default_factory=Counter)
    details: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    """Failures with the numbers of their cases."""

    def add(self, ending: Ending) -> None:
        """Count a case."""
        self.counts[ending.kind] += 1
        if ending.kind in FAILURES:
            self.details.setdefault((ending.kind, ending.detail), []).append(ending.case)

    @property
    def failed(self) -> int:
        """Number of failures."""
        return sum(self.counts[kind] for kind in FAILURES)

    def lines(self) -> Iterator[str]:
        """The table."""
        for kind, count in sorted(self.counts.items(), key=lambda item: -item[1]):
            yield f"{count:8,}  {kind}"
        for (kind, detail), cases in sorted(self.details.items(), key=lambda item: -len(item[1])):
            yield f"{len(cases):8,}  {kind}: {detail} (case {cases[0]})"


def invoke(arguments: Sequence[object], env: dict[str, str | None] | None = None) -> tuple[str, str]:
    """Run a command in this process; returns ``done`` or ``refused`` and the first line of its errors."""
    from reportgen.cli import main

    result = CliRunner().invoke(main, [str(each) for each in arguments], env=env)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    if "Traceback" in result.output:
        return "traceback", "printed"
    first = result.stderr.strip().splitlines()[:1]
    return ("done" if result.exit_code in (0, 3, 4) else "refused"), first[0] if first else ""


def run(target: Target, cases: Sequence[int], seed: int, scratch: Path) -> Summary:
    """Run cases by number."""
    shared = scratch / "shared"
    shared.mkdir()
    target.prepare(shared)
    summary, pending = Summary(), list(cases)
    while pending:
        batch, pending = pending[:BATCH], pending[BATCH:]
        while batch:
            ended = list(_run_child(target, batch, seed, scratch))
            for each in ended:
                summary.add(each)
                if each.kind in FAILURES:
                    print(f"case {each.case}: {each.kind}: {each.detail}", file=sys.stderr, flush=True)
            batch = batch[len(ended) :]
    return summary


def _run_child(target: Target, cases: list[int], seed: int, scratch: Path) -> Iterator[Ending]:
    """The endings of cases until the child process ends; the case that ended it is a failure."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    child = context.Process(target=_child, args=(target, cases, seed, scratch, theirs))
    child.start()
    theirs.close()
    for number in cases:
        try:
            if not ours.poll(HANGS):
                yield Ending(number, "hang")
                break
            yield ours.recv()
        except EOFError:
            child.join()
            yield Ending(number, "crash", f"exit code {child.exitcode}")
            break
    if child.is_alive():
        child.join(HANGS / 10)
        child.kill()
    child.join()


def _child(target: Target, cases: list[int], seed: int, scratch: Path, pipe: Connection) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
    signal.signal(signal.SIGPROF, _overdue)
    os.environ["MPLBACKEND"] = "agg"
    for number in cases:
        pipe.send(_ending(target, number, seed, scratch))


def _overdue(_number: int, _frame: FrameType | None) -> None:
    raise Overdue


def _ending(target: Target, number: int, seed: int, scratch: Path) -> Ending:
    folder = scratch / "case"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    os.chdir(folder)
    case = Case(random.Random(f"{seed}/{number}"), number, scratch / "shared", folder)
    try:
        kind, detail = target.run(case)
    except Overdue as error:
        return Ending(number, "slow", _place(error))
    except MemoryError as error:
        return Ending(number, "memory", _place(error))
    except Exception as error:
        return Ending(number, "traceback", f"{_place(error)} {type(error).__name__}: {str(error)[:120]!r}")
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    if _peak() > MOST_BYTES:
        return Ending(number, "memory", f"{_peak() >> 20} MiB")
    after = _files(scratch)
    changed = sorted(name for name in {*case.before, *after} if case.before.get(name) != after.get(name))
    return Ending(number, "wrote outside", changed[0]) if changed else Ending(number, kind, detail)


def _place(error: BaseException) -> str:
    """Where in this project an error was raised."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "/reportgen/" in frame.filename]
    if not frames:
        return "?"
    return f"{frames[-1].filename.rpartition('/reportgen/')[2]}:{frames[-1].lineno}"


def _files(scratch: Path) -> dict[str, tuple[int, int]]:
    """Size and time of each file outside of the output."""
    found = {}
    for folder, folders, files in os.walk(scratch):
        if Path(folder) == scratch / "case" and "output" in folders:
            folders.remove("output")
        for name in files:
            status = os.lstat(os.path.join(folder, name))  # noqa: PTH118 - called for each file of each case
            found[f"{folder}/{name}".removeprefix(str(scratch))] = (status.st_size, status.st_mtime_ns)
    return found


def _reset_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def _peak() -> int:
    """Peak memory since ``_reset_peak`` in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM"))


def main(target: Target, doc: str | None) -> None:
    """The command line of a target."""
    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        summary = run(target, range(options.first, options.first + options.cases), options.seed, Path(scratch))
    for line in summary.lines():
        print(line)
    print(f"{options.cases:,} cases in {time.monotonic() - begin:.0f} s, seed {options.seed}")
    sys.exit(1 if summary.failed else 0)


def stub_figures(case: Case) -> None:
    """Draw the figures of each 50th case only: they are most of the time of a report."""
    import reportgen.report.figure_workers
    import reportgen.report.site

    for module in (reportgen.report.figure_workers, reportgen.report.site):
        _real.setdefault(module.__name__, module.draw_figures)
        module.draw_figures = _real[module.__name__] if case.number % 50 == 0 else _write_empty


def restore_figures() -> None:
    """Let this process draw all figures again."""
    for name, draw in _real.items():
        vars(sys.modules[name])["draw_figures"] = draw


_real: dict[str, Any] = {}
"""The functions that draw figures, by module."""


def _write_empty(figures: Sequence[Any], assets: Path, _on_figure: object) -> None:
    assets.mkdir(parents=True, exist_ok=True)
    for figure in figures:
        figure.alt()
        (assets / figure.file).write_text("<svg/>")
