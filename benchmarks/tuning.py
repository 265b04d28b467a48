"""Print the time per run-step with 64 trials of all hyperparameters, and with 64 learning rates alone.

Both have the same number of runs on Rosenbrock, each in a separate process. A value of a hyperparameter is the same for
all runs without trials, and differs from run to run with them.

Example: python benchmarks/tuning.py --rounds 5
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from statistics import median

from engine import BATCH, STEPS, step_time

TRIALS = 64
OPTIMIZERS = ("momentum", "adam", "nadam")


def measured(optimizer: str, *, tuned: bool) -> float:
    """Nanoseconds per run-step, in this process."""
    from reportgen.config import from_values
    from reportgen.plan import make_plan

    rates = {"learning_rates": tuple(1e-5 * 1.2**k for k in range(TRIALS))}
    values = {"losses": ["rosenbrock"], "optimizers": [optimizer], "steps": STEPS}
    values |= {"starts": {"random": 2 * BATCH // TRIALS - 1}} | ({"tune": {"trials": TRIALS}} if tuned else rates)

    program = make_plan(from_values(values, Path())).programs[0]
    cells = tuple(cell for cell in program.cells if cell.optimizer == optimizer)
    return step_time(replace(program, cells=cells), BATCH)


def in_process(optimizer: str, kind: str) -> float:
    """The same in a process of its own."""
    command = [sys.executable, __file__, "--measure", optimizer, kind]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parent)
    return float(done.stdout.split()[-1])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each (default: 5)")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.measure:
        optimizer, kind = asked.measure
        print(measured(optimizer, tuned=kind == "tuned"))
        return
    print(f"{'':<12}{'one value':>12}{'trials':>9}{'ratio':>8}")
    for optimizer in OPTIMIZERS:
        pairs = [[in_process(optimizer, kind) for kind in ("plain", "tuned")] for _ in range(asked.rounds)]
        plain, tuned = (median(column) for column in zip(*pairs, strict=True))
        ratio = median(second / first for first, second in pairs)
        print(f"{optimizer:<12}{plain:>9.2f} ns{tuned:>6.2f} ns{ratio:>8.2f}", flush=True)


if __name__ == "__main__":
    main()
