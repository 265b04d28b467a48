"""Print how long a user waits, relative to a bare import of TensorFlow in the same run.

Each command runs in a new process, in an empty folder with a separate cache:
  import tensorflow      a bare import: the measure of the machine
  build, cold            the default matrix with its report, from nothing
  build, compiled        the same with cached programs, but without results
  build, up to date      the same again, with results
  6 x 4 x 5, cold        6 optimizers x 4 learning rates x 5 losses, 1,000 steps, with report; and the pages' size
  its report alone       from those results
  --help                 the command alone

Example: python benchmarks/build.py --rounds 5
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

REPORTGEN = [Path(sys.executable).with_name("reportgen")]
BARE_IMPORT = [sys.executable, "-c", "import tensorflow"]
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
    names = ("import", "cold", "compiled", "second", "help", "larger", "report", "pages")
    times: dict[str, list[float]] = {name: [] for name in names}
    heavy: list[str] = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            times["import"].append(seconds(BARE_IMPORT, folder))
            times["cold"].append(seconds([*REPORTGEN, "build"], folder))
            shutil.rmtree(folder / "output")
            times["compiled"].append(seconds([*REPORTGEN, "build"], folder))
            times["second"].append(seconds([*REPORTGEN, "build"], folder))
            times["help"].append(seconds([*REPORTGEN, "--help"], folder))
            heavy += heavy_imports(folder)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            times["larger"].append(seconds([*REPORTGEN, *LARGER], folder))
            times["pages"].append(megabytes(folder / "larger"))
            times["report"].append(seconds([*REPORTGEN, "render", "larger/results"], folder))
    if heavy:
        sys.exit(f"an up-to-date build imported {', '.join(sorted(set(heavy)))}")
    return times


def table(times: dict[str, list[float]]) -> str:
    """Medians, ratios to the bare import, and goals."""
    medians = {name: median(values) for name, values in times.items()}
    base = medians["import"]
    rows = [
        ("", "seconds", "x import", "goal"),
        ("import tensorflow", f"{base:.2f}", "1.00", ""),
        ("build, cold", f"{medians['cold']:.2f}", f"{medians['cold'] / base:.2f}", "1.6 x import"),
        ("build, compiled", f"{medians['compiled']:.2f}", f"{medians['compiled'] / base:.2f}", "1.2 x import"),
        ("build, up to date", f"{medians['second']:.2f}", f"{medians['second'] / base:.2f}", "0.5 s"),
        ("--help", f"{medians['help']:.2f}", f"{medians['help'] / base:.2f}", "0.2 s"),
        ("6 x 4 x 5, cold", f"{medians['larger']:.2f}", f"{medians['larger'] / base:.2f}", "15 s"),
        ("its report alone", f"{medians['report']:.2f}", f"{medians['report'] / base:.2f}", "2 s"),
        ("its pages, in MB", f"{medians['pages']:.2f}", "", "3 MB"),
    ]
    return "\n".join(f"{name:<22}{took:>9}{ratio:>10}   {goal}".rstrip() for name, took, ratio, goal in rows)


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
