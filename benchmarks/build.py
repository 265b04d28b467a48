"""Print how long a user waits, relative to the imports that cannot be avoided, measured in the same rounds.

Each command runs in a new process, in an empty folder with a separate cache:
  build, cold            the default matrix with its report, from nothing
  build after an edit    six optimizers with their report, after one of them was edited
  build, up to date      the default matrix again
  --help                 the command alone
  6 x 4 x 5, cold        6 optimizers x 4 learning rates x 5 losses, 1,000 steps, with report; and the size of its pages

Example: python benchmarks/build.py --rounds 5
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import median

REPORTGEN = [Path(sys.executable).with_name("reportgen")]
IMPORTS = {
    "tensorflow": "import tensorflow",
    "click, pydantic, rich": "import click, pydantic, rich",
}
"""Peers: what the imports of a command cost at least."""
MINE = """
from reportgen.optimizer import Optimizer

class Mine(Optimizer):
    def step(self, x, state, problem):
        _, gradient = problem.value_and_gradient(x)
        return x - 0.5 * problem.learning_rate * gradient, state
"""
HEAVY = ("tensorflow", "matplotlib", "pandas")
LOSSES = ("quartic", "rosenbrock", "beale", "himmelblau", "booth")
RATES = ("1e-3", "1e-2", "1e-1", "1")
LARGER = [
    *("build", "--steps", "1000", "--output", "larger"),
    *(word for loss in LOSSES for word in ("-l", loss)),
    *(word for rate in RATES for word in ("--lr", rate)),
]


def seconds(command: Sequence[str | Path], folder: Path) -> float:
    """The wall time of ``command`` in ``folder``; exits if the command fails."""
    begin = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=_environment(folder), capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{command} failed with {done.returncode}:\n{done.stdout}{done.stderr}")
    return time.perf_counter() - begin


def heavy_imports(folder: Path) -> list[str]:
    """The heavy packages that an up-to-date build imports, from Python's import log."""
    command = [sys.executable, "-X", "importtime", "-m", "reportgen", "build"]
    done = subprocess.run(command, cwd=folder, env=_environment(folder), capture_output=True, text=True, check=True)
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if "|" in line}
    return sorted(imported & set(HEAVY))


def _environment(folder: Path) -> dict[str, str]:
    """The user's environment without our settings, and with an empty cache in ``folder``."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("REPORTGEN_")}
    cache = str(folder / "cache")
    # Matplotlib stores its list of fonts there; the variable that it reads depends on the system.
    return inherited | {"XDG_CACHE_HOME": cache, "MPLCONFIGDIR": cache, "TF_CPP_MIN_LOG_LEVEL": "3"}


def megabytes(folder: Path) -> float:
    """The size of all pages."""
    return sum(page.stat().st_size for page in folder.rglob("*.html")) / 1e6


def measure(rounds: int) -> dict[str, list[float]]:
    """Times of each command. The commands alternate, so that other load on the machine affects all of them."""
    times: dict[str, list[float]] = defaultdict(list)
    heavy: list[str] = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for package, command in IMPORTS.items():
                times[package].append(seconds([sys.executable, "-c", command], folder))
            times["cold"].append(seconds([*REPORTGEN, "build"], folder))
            times["second"].append(seconds([*REPORTGEN, "build"], folder))
            times["help"].append(seconds([*REPORTGEN, "--help"], folder))
            heavy += heavy_imports(folder)
            times["edited"].append(edited(folder))
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            times["larger"].append(seconds([*REPORTGEN, *LARGER], folder))
            times["pages"].append(megabytes(folder / "larger"))
    if heavy:
        sys.exit(f"an up-to-date build imported {', '.join(sorted(set(heavy)))}")
    return times


def edited(folder: Path) -> float:
    """The time of a build after one optimizer of six was edited."""
    optimizers = [*("adam", "rmsprop", "momentum", "nesterov", "adagrad"), "mine.py:Mine"]
    command: list[str | Path] = [
        *REPORTGEN,
        "build",
        *(word for name in optimizers for word in ("-o", name)),
        "--output",
        "edited",
    ]
    (folder / "mine.py").write_text(MINE)
    seconds(command, folder)
    (folder / "mine.py").write_text(MINE.replace("0.5", "0.6"))
    return seconds(command, folder)


def table(times: dict[str, list[float]]) -> str:
    """Medians, ratios to the peer that was measured in the same rounds, and goals."""
    medians = {name: median(values) for name, values in times.items()}
    rows = [
        ("build, cold", "cold", "tensorflow", "1.6"),
        ("build after an edit", "edited", "tensorflow", "1.3"),
        ("build, up to date", "second", "click, pydantic, rich", "2"),
        ("--help", "help", "click, pydantic, rich", ""),
    ]
    lines = [f"{'':<22}{'s':>8}   {'import of':<22}{'s':>8}{'ratio':>8}   goal"]
    for name, ours, peer, goal in rows:
        ratio = medians[ours] / medians[peer]
        lines.append(f"{name:<22}{medians[ours]:>8.2f}   {peer:<22}{medians[peer]:>8.2f}{ratio:>8.2f}   {goal}")
    larger, pages = medians["larger"], medians["pages"]
    lines.append(f"6 x 4 x 5 x 1,000 steps, cold, to HTML: {larger:.1f} s, {pages:.2f} MB of pages")
    return "\n".join(line.rstrip() for line in lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="times that each command is measured (default: 3)")
    rounds = parser.parse_args().rounds
    if rounds < 1:
        parser.error("--rounds must be 1 or more")
    times = measure(rounds)
    print(table(times))
    print(f"medians of {rounds} alternating rounds")
    print(f"an up-to-date build imported neither {' nor '.join(HEAVY)}")


if __name__ == "__main__":
    main()
