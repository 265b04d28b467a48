"""Print how well the ranking of 8 random starts predicts new starts, on runs of the default matrix.

Gradient descent, Adam and RMSprop run from 301 random starts and the standard start. 8 of the random starts are drawn
many times. The first table has mean hit rates on each loss: of the 8 starts at the learning rate that they choose, of
the 8 starts cross-fitted, and of the 293 other starts at the learning rate that the 8 choose.

Then each draw is analysed as a report, with the standard start: how often the lead of Adam over RMSprop is significant,
and how often the 95 % intervals hold the mean over all draws.

Example: python benchmarks/new_starts.py --results FOLDER
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from reportgen.analysis.lead import hit_lead
from reportgen.analysis.ranking import Leaderboard
from reportgen.analysis.rate_rule import best_places, final_gaps, places_without_each, rule_values
from reportgen.analysis.report_analysis import ReportAnalysis
from reportgen.engine.result import Array
from reportgen.results.result_tables import Results

OPTIMIZERS = ("gradient_descent", "adam", "rmsprop")
RANDOM, DRAWN = 301, 8


def loaded(folder: Path) -> Results:
    """The runs, made in ``folder`` if they are not there."""
    folder.mkdir(parents=True, exist_ok=True)
    chosen = [word for name in OPTIMIZERS for word in ("-o", name)]
    command = [sys.executable, "-m", "reportgen", "run", *chosen, "--starts", str(RANDOM), "--trace", "none"]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return Results.load(folder / "output" / "results")


def mean_hit_rates(runs: pd.DataFrame, targets: list[str], draws: list[Array]) -> list[float]:
    """Means over the draws: chosen on the judged starts, cross-fitted, and on new starts.

    Args:
        runs: of one optimizer on one loss from the random starts.
        targets: the columns of hits, the tightest target last.
        draws: places of random starts.
    """
    runs = runs.sort_values(["learning_rate", "start"])
    hits = runs[targets].notna().sum(axis=1).to_numpy(int)
    evaluations = runs[targets[-1]].to_numpy(float, na_value=np.inf)
    by_rate = [each.reshape(-1, RANDOM) for each in (hits, evaluations, final_gaps(runs))]
    rule, shares = rule_values(*by_rate), by_rate[0] / len(targets)
    found = []
    for drawn in draws:
        own, all_once = rule[:, :, drawn], np.ones((1, DRAWN))
        best = best_places(own, all_once).item()
        fitted = shares[places_without_each(own, all_once)[0], drawn]
        found.append([shares[best, drawn].mean(), fitted.mean(), np.delete(shares[best], drawn).mean()])
    return [float(each) for each in np.mean(found, axis=0)]


def leaderboards(results: Results, draws: list[Array]) -> Iterator[Leaderboard]:
    """The leaderboard of each draw with the standard start."""
    config = results.manifest.config
    starts = config.starts.model_copy(update={"random": DRAWN})
    manifest = replace(results.manifest, config=config.model_copy(update={"starts": starts}))
    for drawn in draws:
        numbers = {0: 0} | {1 + int(place): 1 + new for new, place in enumerate(np.sort(drawn))}
        runs = results.runs[results.runs["start"].isin(list(numbers))]
        runs = runs.assign(start=runs["start"].map(numbers))
        runs = runs.sort_values(["loss", "optimizer", "learning_rate", "start"], kind="stable")
        board = ReportAnalysis(replace(results, runs=runs, manifest=manifest)).leaderboard
        assert board is not None
        yield board


def coverage(boards: list[Leaderboard], first: int, second: int) -> Iterator[str]:
    """How often the intervals of scores, and of a difference of hit rates, hold the mean over the draws."""
    for kind in ("hit rate", "speed score"):
        found = [board.resampled_hit_rates if kind == "hit rate" else board.resampled_speed for board in boards]
        samples = [each for each in found if each is not None]
        estimates = np.stack([each.estimate for each in samples])
        low, high = np.moveaxis(np.stack([each.intervals() for each in samples]), -1, 0)
        shares = ((low <= estimates.mean(axis=0)) & (estimates.mean(axis=0) <= high)).mean(axis=0)
        for name, share in zip(boards[0].names, shares, strict=True):
            yield f"{kind} of {name} {100 * share:.1f} %"
        if kind == "hit rate":
            apart = (estimates[:, first] - estimates[:, second]).mean()
            ends = [each.difference(first, second) for each in samples]
            yield f"difference {100 * np.mean([low <= apart <= high for low, high in ends]):.1f} %"


def main() -> None:
    """Run the matrix, draw the starts, and print the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, default=2000, help="draws for the first table (default: 2000)")
    parser.add_argument("--reports", type=int, default=400, help="draws analysed as a report (default: 400)")
    parser.add_argument("--results", type=Path, help="folder for the runs, used again if they are there")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        results = loaded((options.results or Path(temporary)).absolute())
    rng = np.random.default_rng(0)
    draws = [rng.choice(RANDOM, DRAWN, replace=False) for _ in range(max(options.draws, options.reports))]
    targets = [f"hit_{target:.0e}" for target in sorted(results.manifest.targets, reverse=True)]
    print("| loss | optimizer | chosen on the judged starts | cross-fitted | new starts |")
    print("| --- | --- | --- | --- | --- |")
    runs = results.runs[results.runs["start"] > 0]
    for loss in results.manifest.losses:
        for name in OPTIMIZERS:
            here = runs[(runs["loss"] == loss.label) & (runs["optimizer"] == name)]
            shares = mean_hit_rates(here, targets, draws[: options.draws])
            print(f"| {loss.label} | {name} |", " | ".join(f"{100 * share:.1f} %" for share in shares), "|")
    boards = list(leaderboards(results, draws[: options.reports]))
    first, second = (boards[0].names.index(name) for name in ("adam", "rmsprop"))
    significant = np.mean([hit_lead(board).is_significant(first, second) for board in boards])
    print(f"\nThe lead of adam over rmsprop is significant in {100 * significant:.1f} % of {len(boards)} reports.")
    print(f"Share of their 95 % intervals that hold the mean: {', '.join(coverage(boards, first, second))}.")


if __name__ == "__main__":
    main()
