"""Kills a build at seeded moments, and compares the tables of the next build with those of an undisturbed one.

    python -m tests.fuzz.kills --cases 50 --seed 0

Half of the cases extend finished results, so that the tables are replaced while the process ends. A case kills the
command, its newest worker, or both.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from reportgen.results.files import MANIFEST, TABLES

SMALL = ("-l", "beale", "-l", "booth", "-o", "adam", "-o", "momentum")
LARGE = (*SMALL, "-l", "matyas", "-o", "rmsprop")
OPTIONS = ("--steps", "100", "--starts", "2", "--lr", "0.01", "--lr", "0.1", "-q")
TARGETS = ("command", "worker", "both")


@dataclass(frozen=True)
class Case:
    """One kill."""

    target: str
    extends: bool
    """Whether results of a smaller matrix were there before."""
    moment: float
    """Share of the time of an undisturbed build."""


def cases(count: int, seed: int) -> list[Case]:
    """The kills of a seed."""
    draw = random.Random(seed)
    return [Case(TARGETS[i % 3], i % 2 == 0, draw.uniform(0.02, 1.0)) for i in range(count)]


def build(folder: Path, matrix: tuple[str, ...]) -> subprocess.Popen[str]:
    """Start a build."""
    command = [sys.executable, "-m", "reportgen", "build", *matrix, *OPTIONS, "--output", str(folder)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def finish(folder: Path, matrix: tuple[str, ...]) -> tuple[int, str]:
    """Build, and return the exit code and what was printed on stderr."""
    process = build(folder, matrix)
    _, errors = process.communicate()
    return process.returncode, errors


def digests(folder: Path) -> dict[str, str]:
    """The tables of a report by name."""
    return {name: sha256((folder / "results" / name).read_bytes()).hexdigest() for name in TABLES}


def workers_of(pid: int) -> list[int]:
    """Process ids of the workers of a command, the newest last: processes that lead their own session."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and _is_below(int(folder.name), pid):
            found.append(int(folder.name))
    return sorted(found)


def _is_below(pid: int, ancestor: int) -> bool:
    while pid > 1:
        try:
            pid = int((Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            return False
        if pid == ancestor:
            return True
    return False


def run(case: Case, folder: Path, seconds: float, expected: dict[str, str]) -> str:
    """How a case ended: ``ok``, or what was wrong."""
    if case.extends:
        finish(folder, SMALL)
    process = build(folder, LARGE)
    time.sleep(case.moment * seconds)
    victims = [process.pid] if case.target != "worker" else []
    if case.target != "command":
        victims += workers_of(process.pid)[-1:]
    for pid in victims:
        with contextlib.suppress(ProcessLookupError):  # it has ended meanwhile
            os.kill(pid, signal.SIGKILL)
    _, errors = process.communicate()
    if "Traceback" in errors:
        return "traceback of the build that was killed"
    code, errors = finish(folder, LARGE)
    if code != 0 or "Traceback" in errors:
        return f"exit code {code} of the next build: {errors[-200:]}"
    if digests(folder) != expected:
        return "other tables than those of an undisturbed build"
    return "ok" if (folder / "results" / MANIFEST).is_file() else "no manifest"


def run_all(count: int, seed: int) -> dict[str, int]:
    """Run the cases, and count how they ended."""
    ended: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as scratch:
        undisturbed = Path(scratch, "undisturbed")
        finish(undisturbed, SMALL)  # warms the caches of the file system
        shutil.rmtree(undisturbed)
        began = time.monotonic()
        finish(undisturbed, LARGE)
        seconds = time.monotonic() - began
        expected = digests(undisturbed)
        for number, case in enumerate(cases(count, seed)):
            folder = Path(scratch, str(number))
            outcome = run(case, folder, seconds, expected)
            ended[outcome] = ended.get(outcome, 0) + 1
            if outcome != "ok":
                print(f"case {number}: {case}: {outcome}", flush=True)
            shutil.rmtree(folder, ignore_errors=True)
    return ended


def main() -> None:
    """Run the cases that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    ended = run_all(options.cases, options.seed)
    for outcome, count in sorted(ended.items()):
        print(f"{count:6}  {outcome}")
    sys.exit(set(ended) != {"ok"})


if __name__ == "__main__":
    main()
