"""How often the assertions of reportgen.testing depend on which starts were drawn.

One run of each optimizer from many starts; each draw then takes as many of them as an assertion does. An optimizer that
converges from most starts should not fail ``assert_converges``, and no optimizer should be worse than itself if both
have their own, independent starts.

    python benchmarks/assertion_error_rates.py --draws 400
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd

import reportgen as rg
from reportgen import testing
from reportgen.analysis.report_analysis import ReportAnalysis
from reportgen.results.result_tables import Results

OPTIMIZERS = ("gradient_descent", "momentum", "adam", "rmsprop", "adagrad", "adamw", "lion", "adadelta")
RATES = tuple(float(f"{10 ** (power / 2):.4g}") for power in range(-8, 3))
STARTS = 600
STEPS = 2000
"""As in ``assert_converges`` and ``assert_not_worse``."""


class Drawn:
    """The part of results that an assertion looks at, with some of their starts."""

    def __init__(self, tables: Results, runs: pd.DataFrame) -> None:
        self._analysis = ReportAnalysis(replace(tables, runs=runs))
        self.runs, self.cells, self.best = runs, self._analysis.cells, self._analysis.best
        self.leaderboard = self._analysis.leaderboard
        self.optimizers = tuple(runs["optimizer"].astype(str).unique())
        self.failures: dict[str, str] = {}


def draw(runs: pd.DataFrame, starts: Iterable[int]) -> pd.DataFrame:
    """The runs from some starts, numbered from 1, and from the standard start."""
    numbers = {start: number for number, start in enumerate(starts, 1)} | {0: 0}
    here = runs[runs["start"].isin(list(numbers))]
    return here.assign(start=here["start"].map(numbers).astype("int32"))


def convergence_failures(tables: Results, draws: int, rng: np.random.Generator) -> pd.DataFrame:
    """Share of draws in which each optimizer misses the target on each loss, and its true share of starts."""
    rows = []
    for name in OPTIMIZERS:
        mine = tables.runs[tables.runs["optimizer"] == name]
        for label in tables.manifest.loss_labels:
            of_loss = mine[mine["loss"] == label]
            column = next(column for column in of_loss.columns if column.startswith("hit_"))
            share = of_loss[column].notna().groupby(of_loss["learning_rate"]).mean().max()
            failed = 0
            for _ in range(draws):
                chosen = rng.choice(np.arange(1, STARTS + 1), testing.STARTS, replace=False)
                failed += bool(list(testing.missed_losses(Drawn(tables, draw(of_loss, chosen)))))  # type: ignore[arg-type]
            rows.append((name, label, share, failed / draws))
    return pd.DataFrame(rows, columns=["optimizer", "loss", "starts that hit", "assertion fails"])


def false_alarms(tables: Results, draws: int, rng: np.random.Generator) -> pd.DataFrame:
    """Share of draws in which a copy with independent starts is called worse."""
    rows = []
    for name in OPTIMIZERS:
        mine = tables.runs[tables.runs["optimizer"] == name]
        alarms = 0
        for _ in range(draws):
            chosen = rng.choice(np.arange(1, STARTS + 1), 2 * testing.STARTS, replace=False)
            halves = [draw(mine, half) for half in np.split(chosen, 2)]
            copy = halves[1].assign(optimizer="copy", cell_id=halves[1]["cell_id"].astype(str) + "/copy")
            runs = pd.concat([halves[0].astype({"optimizer": str, "cell_id": str}), copy], ignore_index=True)
            infos = [info for info in tables.manifest.optimizers if info.label == name]
            both = (*infos, replace(infos[0], label="copy"))
            drawn = Drawn(replace(tables, manifest=replace(tables.manifest, optimizers=both)), runs)
            alarms += bool(testing.worse_measures(drawn))  # type: ignore[arg-type]
        rows.append((name, alarms / draws))
    return pd.DataFrame(rows, columns=["optimizer", "assertion fails"])


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--draws", type=int, default=400)
    draws = parser.parse_args().draws
    rng = np.random.default_rng(0)
    settings = {"learning_rates": RATES, "steps": STEPS, "starts": STARTS, "trace": "none"}
    one = rg.run(testing.LOSSES, OPTIMIZERS, targets=[1e-3], **settings)  # type: ignore[arg-type]
    print("assert_converges")
    print(convergence_failures(one._tables, draws, rng).to_string(index=False))
    every = rg.run(testing.LOSSES, OPTIMIZERS, **settings)  # type: ignore[arg-type]
    print("assert_not_worse, a copy with independent starts")
    print(false_alarms(every._tables, draws, rng).to_string(index=False))


if __name__ == "__main__":
    main()
