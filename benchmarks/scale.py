"""How time and memory grow with the number of runs, and what a million runs of 1,000 steps cost with their report.

    python benchmarks/scale.py [--most 7] [--end-to-end]

Adam on Rosenbrock, 1,000 learning rates from as many starts as it takes, 100 steps each, as ``reportgen run`` in a new
process and an empty folder. What a matrix of 1,000 runs takes is the fixed cost; the exponents are those of a log-log
fit to what is beyond it, over all sizes and over the last two, where the fixed cost hardly matters. Memory is the peak
of each process that the command had, as Linux tells it.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

RATES = 1000
STEPS = 100


@dataclass(frozen=True)
class Cost:
    """What a command took."""

    seconds: float
    engine: float
    """Of these, in the engine: tracing, compiling and running."""
    peaks: list[float]
    """MiB of each of its processes, the largest first."""
    disk: float
    """MiB of the results."""


def cost(command: str, starts: int, steps: int) -> Cost:
    """The cost of ``reportgen COMMAND`` for 1,000 rates and so many starts."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rates = [float(f"{10 ** (-4 + 4 * k / (RATES - 1)):.6g}") for k in range(RATES)]
        matrix = f'losses = ["rosenbrock"]\noptimizers = ["adam"]\nlearning_rates = {rates}\nsteps = {steps}\n'
        (folder / "reportgen.toml").write_text(f"{matrix}starts = {{ random = {starts - 1} }}\n")
        own = {key: value for key, value in os.environ.items() if not key.startswith("REPORTGEN_")}
        begin = time.perf_counter()
        told = [sys.executable, "-m", "reportgen", command]
        process = subprocess.Popen(
            told, cwd=folder, env=own | {"XDG_CACHE_HOME": str(folder / "cache")}, stdout=subprocess.DEVNULL
        )
        peaks: dict[int, float] = {}
        watcher = threading.Thread(target=_watch, args=(process, peaks))
        watcher.start()
        code = process.wait()
        seconds = time.perf_counter() - begin
        watcher.join()
        if code:
            sys.exit(f"{command} with {RATES * starts:,} runs ended with {code}")
        results = folder / "output" / "results"
        (program,) = json.loads((results / "manifest.json").read_text())["programs"]
        disk = sum(path.stat().st_size for path in results.iterdir()) / 2**20
        return Cost(seconds, sum(program["seconds"].values()), sorted(peaks.values(), reverse=True), disk)


def _watch(process: subprocess.Popen[bytes], peaks: dict[int, float]) -> None:
    """The largest resident size so far of the process and of all below it, by process id."""
    while process.poll() is None:
        waiting = [process.pid]
        while waiting:
            pid = waiting.pop()
            try:
                status = Path(f"/proc/{pid}/status").read_text()
                tasks = list(Path(f"/proc/{pid}/task").iterdir())
                waiting += [int(child) for task in tasks for child in (task / "children").read_text().split()]
            except OSError:
                continue
            high = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
            peaks[pid] = max(peaks.get(pid, 0.0), int(high[0]) / 1024 if high else 0.0)
        time.sleep(0.05)


def exponent(runs: list[int], seconds: list[float]) -> float:
    """The slope of a least-squares line through log seconds over log runs."""
    x, y = [math.log(value) for value in runs], [math.log(value) for value in seconds]
    middle_x, middle_y = sum(x) / len(x), sum(y) / len(y)
    return sum((a - middle_x) * (b - middle_y) for a, b in zip(x, y, strict=True)) / sum((a - middle_x) ** 2 for a in x)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--most", type=int, default=7, choices=range(4, 8), help="the power of ten of the most runs")
    parser.add_argument(
        "--end-to-end", action="store_true", help="only the million runs of 1,000 steps with their report"
    )
    asked = parser.parse_args()
    if not asked.end_to_end:
        fixed = cost("run", 1, STEPS).seconds
        print(
            f"{'runs':>12}{'seconds':>10}{'engine':>9}{'us a run':>10}{'peak MiB of each process':>28}{'disk MiB':>10}"
        )
        found: dict[int, Cost] = {}
        for power in range(4, asked.most + 1):
            found[10**power] = made = cost("run", 10**power // RATES, STEPS)
            print(_row(10**power, made, made.seconds - fixed), flush=True)
        runs, beyond = list(found), [max(made.seconds - fixed, 0.1) for made in found.values()]
        print(f"exponents beyond the fixed {fixed:.1f} s (to reach: 1.05): {exponent(runs, beyond):.2f} in all", end="")
        print(f", {exponent(runs[-2:], beyond[-2:]):.2f} over the last two" if len(runs) > 1 else "")
    made = cost("build", 1000, 1000)
    print("\n1,000,000 runs x 1,000 steps with the report (to reach: engine 10 s, in all 40 s, 2048 MiB)")
    print(_row(1_000_000, made, made.seconds))


def _row(runs: int, made: Cost, seconds: float) -> str:
    peaks = " + ".join(f"{peak:.0f}" for peak in made.peaks if peak > 50)
    return (
        f"{runs:>12,}{made.seconds:>10.1f}{made.engine:>9.1f}{seconds / runs * 1e6:>10.1f}{peaks:>28}{made.disk:>10.1f}"
    )


if __name__ == "__main__":
    main()
