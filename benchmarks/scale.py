"""How time and memory grow with the number of runs, and the cost of a million runs of 1,000 steps with their report.

    python benchmarks/scale.py [--most 7] [--end-to-end]

Adam on Rosenbrock, 1,000 learning rates from the necessary number of starts, 100 steps each, as ``reportgen run`` in a
new process and an empty folder. The time of 1,000 runs is the fixed cost. The exponents are from a log-log fit to the
time beyond the fixed cost: over all sizes, and over the last two, for which the fixed cost is small. Memory is the peak
of each process of the command, as reported by Linux.
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
    """The cost of a command."""

    seconds: float
    engine: float
    """Seconds in the engine: tracing, compiling and running."""
    peaks: list[float]
    """Peak memory of each process in MiB, the largest first."""
    disk: float
    """Size of the results in MiB."""


def cost(command: str, starts: int, steps: int) -> Cost:
    """The cost of ``reportgen COMMAND`` for 1,000 learning rates.

    Args:
        command: ``run`` or ``build``.
        starts: their number, with the standard start.
        steps: steps of each run.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rates = [float(f"{10 ** (-4 + 4 * k / (RATES - 1)):.6g}") for k in range(RATES)]
        matrix = f'losses = ["rosenbrock"]\noptimizers = ["adam"]\nlearning_rates = {rates}\nsteps = {steps}\n'
        (folder / "reportgen.toml").write_text(f"{matrix}starts = {{ random = {starts - 1} }}\n")
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("REPORTGEN_")}
        environment = inherited | {"XDG_CACHE_HOME": str(folder / "cache")}
        arguments = [sys.executable, "-m", "reportgen", command]
        begin = time.perf_counter()
        process = subprocess.Popen(arguments, cwd=folder, env=environment, stdout=subprocess.DEVNULL)
        peaks: dict[int, float] = {}
        watcher = threading.Thread(target=_watch, args=(process, peaks))
        watcher.start()
        code = process.wait()
        seconds = time.perf_counter() - begin
        watcher.join()
        if code:
            sys.exit(f"{command} with {RATES * starts:,} runs failed with {code}")
        results = folder / "output" / "results"
        (program,) = json.loads((results / "manifest.json").read_text())["programs"]
        disk = sum(path.stat().st_size for path in results.iterdir()) / 2**20
        return Cost(seconds, sum(program["seconds"].values()), sorted(peaks.values(), reverse=True), disk)


def _watch(process: subprocess.Popen[bytes], peaks: dict[int, float]) -> None:
    """Write the largest resident size of the process and its descendants into ``peaks``, in MiB by process id."""
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
    """The slope of a least-squares line of log seconds over log runs."""
    x, y = [math.log(value) for value in runs], [math.log(value) for value in seconds]
    middle_x, middle_y = sum(x) / len(x), sum(y) / len(y)
    return sum((a - middle_x) * (b - middle_y) for a, b in zip(x, y, strict=True)) / sum((a - middle_x) ** 2 for a in x)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--most", type=int, default=7, choices=range(4, 8), help="largest number of runs, as power of ten"
    )
    parser.add_argument(
        "--end-to-end", action="store_true", help="measure only a million runs of 1,000 steps with their report"
    )
    options = parser.parse_args()
    if not options.end_to_end:
        fixed = cost("run", 1, STEPS).seconds
        columns = (f"{'runs':>12}", f"{'seconds':>10}", f"{'engine':>9}", f"{'us per run':>11}")
        print("".join(columns) + f"{'peak MiB of each process':>28}{'disk MiB':>10}")
        costs: dict[int, Cost] = {}
        for power in range(4, options.most + 1):
            costs[10**power] = each = cost("run", 10**power // RATES, STEPS)
            print(_row(10**power, each, each.seconds - fixed), flush=True)
        runs, beyond = list(costs), [max(each.seconds - fixed, 0.1) for each in costs.values()]
        print(f"exponents beyond the fixed {fixed:.1f} s (goal: 1.05): {exponent(runs, beyond):.2f} over all", end="")
        print(f", {exponent(runs[-2:], beyond[-2:]):.2f} over the last two" if len(runs) > 1 else "")
    total = cost("build", 1000, 1000)
    print("\n1,000,000 runs x 1,000 steps with the report (goal: engine 10 s, total 40 s, 2048 MiB)")
    print(_row(1_000_000, total, total.seconds))


def _row(runs: int, total: Cost, seconds: float) -> str:
    """One line of the table; ``seconds`` are those beyond the fixed cost."""
    times = f"{total.seconds:>10.1f}{total.engine:>9.1f}{seconds / runs * 1e6:>11.1f}"
    peaks = " + ".join(f"{peak:.0f}" for peak in total.peaks if peak > 50)
    return f"{runs:>12,}{times}{peaks:>28}{total.disk:>10.1f}"


if __name__ == "__main__":
    main()
