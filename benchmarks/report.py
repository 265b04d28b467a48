"""Print how long the report of existing results takes, relative to importing the packages that draw it.

  imports                pandas and matplotlib: the measure of the machine
  render                 the complete report into an empty folder
  render again           the same with nothing changed
  render, one changed    the same after the results of one optimizer changed

Example: python benchmarks/report.py --rounds 5
"""

from __future__ import annotations

import argparse
import json
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
    """The wall time of ``command``; exits if the command fails."""
    begin = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{command} failed with {done.returncode}:\n{done.stderr}")
    return time.perf_counter() - begin


def changed(results: Path, folder: Path) -> Path:
    """Copy ``results`` to ``folder``, with slightly larger final gaps of the last optimizer. Returns ``folder``."""
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    shutil.copytree(results, folder)
    table = pq.read_table(folder / "runs.parquet")
    runs = table.to_pandas()
    is_last = runs["optimizer"] == runs["optimizer"].iloc[-1]
    runs["gap"] = runs["gap"].where(~is_last, runs["gap"] * 1.01)
    pq.write_table(pa.Table.from_pandas(pd.DataFrame(runs), schema=table.schema), folder / "runs.parquet")
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["config"]["title"] = "One changed"
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, nargs="?", help="a results folder (default: run the default matrix)")
    parser.add_argument("--rounds", type=int, default=3, help="times that each command is measured (default: 3)")
    options = parser.parse_args()
    times: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        results = options.results or Path(scratch) / "default" / "results"
        if not options.results:
            seconds([REPORTGEN, "run", "--output", str(results.parent)])
        other = changed(results, Path(scratch) / "changed")
        for number in range(options.rounds):
            output = ["--output", str(Path(scratch) / f"site{number}")]
            steps: dict[str, list[str | Path]] = {
                "imports": [*IMPORTS],
                "render": [REPORTGEN, "render", results, *output],
                "render again": [REPORTGEN, "render", results, *output],
                "render, one changed": [REPORTGEN, "render", other, *output],
            }
            for name, command in steps.items():
                times.setdefault(name, []).append(seconds(command))
        figures = len(list((Path(scratch) / "site0" / "assets").glob("*.svg")))
    base = median(times["imports"])
    print(f"{figures} figures; medians of {options.rounds} rounds")
    for name, values in times.items():
        print(f"{name:<22}{median(values):8.2f} s{median(values) / base:8.2f}")


if __name__ == "__main__":
    main()
