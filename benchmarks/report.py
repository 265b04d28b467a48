"""Prints how long a report of results that are there takes, as ratios to importing what draws it.

  imports                pandas and matplotlib, the measure of the machine
  render                 the whole report into an empty folder
  render again           the same where all figures are there already
  render, one changed    where the results of one optimizer have changed since

Example: python benchmarks/report.py --rounds 5
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

REPORTGEN = Path(sys.executable).with_name("reportgen")
IMPORTS = [sys.executable, "-c", "import pandas, matplotlib.backends.backend_svg"]


def seconds(command: Sequence[str | Path]) -> float:
    """The wall time of ``command``; an error of the command is one here."""
    begin = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{command} failed with {done.returncode}:\n{done.stderr}")
    return time.perf_counter() - begin


def changed(results: Path, folder: Path) -> Path:
    """A copy of ``results`` in which the runs of the last optimizer ended a little higher."""
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    shutil.copytree(results, folder)
    table = pq.read_table(folder / "runs.parquet")
    runs = table.to_pandas()
    mine = runs["optimizer"] == runs["optimizer"].iloc[-1]
    runs["gap"] = runs["gap"].where(~mine, runs["gap"] * 1.01)
    pq.write_table(pa.Table.from_pandas(pd.DataFrame(runs), schema=table.schema), folder / "runs.parquet")
    return folder


def main() -> None:
    """Time and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, nargs="?", help="by default those of the default matrix, made first")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    taken: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        results = asked.results or Path(scratch) / "made" / "results"
        if not asked.results:
            seconds([REPORTGEN, "run", "--output", str(results.parent)])
        other = changed(results, Path(scratch) / "changed")
        for number in range(asked.rounds):
            output = ["--output", str(Path(scratch) / f"site{number}")]
            steps: dict[str, list[str | Path]] = {
                "imports": [*IMPORTS],
                "render": [REPORTGEN, "render", results, *output],
                "render again": [REPORTGEN, "render", results, *output],
                "render, one changed": [REPORTGEN, "render", other, *output],
            }
            for name, command in steps.items():
                taken.setdefault(name, []).append(seconds(command))
        figures = len(list((Path(scratch) / "site0" / "assets").glob("*.svg")))
    measure = median(taken["imports"])
    print(f"{figures} figures; medians of {asked.rounds} rounds")
    for name, times in taken.items():
        print(f"{name:<22}{median(times):8.2f} s{median(times) / measure:8.2f}")


if __name__ == "__main__":
    main()
