"""Print how often copies of Adam with other trials differ significantly, in real runs on the default losses.

Each copy declares a hyperparameter of its own that changes nothing, so its trials are other ones. There are 28 pairs of
eight copies in each report. A difference counts in targets hit, or in speed, if the report would call it significant.

Example: python benchmarks/tuning_copies.py --seeds 3
"""

from __future__ import annotations

import argparse
import itertools
import subprocess
import sys
import tempfile
from pathlib import Path

COPIES = 8
HEAD = """
from dataclasses import dataclass
from reportgen.optimizer import Search, hyperparameter
from reportgen.optimizers.adam import Adam
"""
COPY = """
@dataclass(frozen=True)
class C{0}(Adam):
    unused_{0}: float = hyperparameter(0.5, search=Search(0.0, 1.0, "linear"))
"""


def significant_pairs(folder: Path, trials: int, steps: int, seed: int) -> tuple[int, int]:
    """How many pairs differ significantly in targets hit and in speed."""
    from reportgen.analysis.lead import hit_lead, speed_lead
    from reportgen.analysis.report_analysis import ReportAnalysis
    from reportgen.results.result_tables import Results

    names = ", ".join(f'"copies.py:C{number}"' for number in range(COPIES))
    (folder / "copies.py").write_text(HEAD + "".join(map(COPY.format, range(COPIES))), encoding="utf-8")
    text = f"optimizers = [{names}]\ntune = {{ trials = {trials} }}\nsteps = {steps}\nstarts = {{ seed = {seed} }}\n"
    (folder / "copies.toml").write_text(text, encoding="utf-8")
    output = folder / f"{trials}-{steps}-{seed}"
    command = [
        sys.executable,
        "-m",
        "reportgen",
        "run",
        str(folder / "copies.toml"),
        "--output",
        str(output),
        "--quiet",
    ]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    board = ReportAnalysis(Results.for_report(output / "results")).leaderboard
    assert board is not None
    pairs = list(itertools.permutations(range(COPIES), 2))
    hits, speed = (sum(lead.is_significant(*pair) for pair in pairs) for lead in (hit_lead(board), speed_lead(board)))
    return hits, speed


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3, help="reports of each kind (default: 3)")
    seeds = parser.parse_args().seeds
    pairs = seeds * COPIES * (COPIES - 1) // 2
    print(f"{'trials':>6}{'steps':>7}{'pairs':>7}{'hits':>6}{'speed':>7}")
    for trials in (8, 16, 64):
        for steps in (300, 2000):
            with tempfile.TemporaryDirectory() as folder:
                found = [significant_pairs(Path(folder), trials, steps, seed) for seed in range(seeds)]
            hits, speed = map(sum, zip(*found, strict=True))
            print(f"{trials:>6}{steps:>7}{pairs:>7}{hits:>6}{speed:>7}", flush=True)


if __name__ == "__main__":
    main()
