"""Print how often the regression gate of `reportgen compare` fails: false alarms if nothing changed, and power.

Gradient descent, momentum and Adam run from 300 random starts and the standard start of 8 losses, at 9 learning rates.
Then they run again with a step 1.2, 2 or 5 times smaller, with another beta_2, and at learning rates that differ in the
last bit. A comparison draws 8 random starts per loss and adds the standard start.

  null     base and head of each start are swapped by a coin, so no difference is real: the gate should fail in at most
           5 % of comparisons
  power    nothing is swapped: the gate should fail

Example: python benchmarks/error_rates.py --draws 1000 --results FOLDER
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from reportgen.analysis.cells import Array
from reportgen.analysis.compare.gate_tests import optimizer_tests
from reportgen.analysis.compare.model import Thresholds
from reportgen.analysis.compare.pair_runs import PairRuns
from reportgen.analysis.compare.units import PairUnits, mean_by
from reportgen.results.manifest import read_manifest
from reportgen.results.pandas_tables import to_pandas

OPTIMIZERS = ("gradient_descent", "momentum", "adam")
OTHER_BETA = "adam[beta_2=0.99]"
LOSSES = ("quartic", "beale", "rosenbrock", "himmelblau", "booth", "matyas", "three_hump_camel", "styblinski_tang")
RATES = tuple(float(f"{10 ** (k / 2):.6g}") for k in range(-8, 1))
TWO = (2, 3)
"""The places of 0.001 and 0.00316 in ``RATES``."""
RANDOM = 300
DIVISORS = {"as is": 1.0, "1.2": 1.2, "2": 2.0, "5": 5.0, "last bit": 1 / (1 + 2.0**-23)}


@dataclass(frozen=True)
class Changes:
    """The differences between base and head of one optimizer on one loss."""

    effects: Array
    """float [rates, starts]; NaN if not known."""
    before: Array
    """Whether base is solved, bool [rates, starts]."""
    after: Array
    """The same for head."""

    def units(self, loss: str, rates: Sequence[int], starts: Array, swapped: Array) -> PairUnits:
        """Those of some learning rates and starts. At the starts in ``swapped``, base and head are swapped."""
        effects, before, after = (
            each[np.ix_(np.array(rates), starts)] for each in (self.effects, self.before, self.after)
        )
        before, after = np.where(swapped, after, before), np.where(swapped, before, after)
        number = np.arange(len(starts))
        return PairUnits(
            cluster=loss,
            noun="start",
            number=number,
            effect=np.where(swapped, -1, 1) * mean_by(np.tile(number, len(rates)), effects.ravel()),
            solved=after.sum(axis=0) - before.sum(axis=0).astype(float),
            most_solved=int(max(before.sum(), after.sum())),
        )


@dataclass(frozen=True)
class Case:
    """A kind of comparison."""

    name: str
    head: tuple[str, ...]
    """The change of head on each loss."""
    rates: Sequence[int] = range(len(RATES))
    swap: bool = False
    optimizers: Sequence[str] = OPTIMIZERS


def cases() -> list[Case]:
    """The rows of the table."""
    last_bits = ("last bit",) * 7
    return [
        Case("null, step / 2", ("2",) * 3, swap=True),
        Case("null, step / 5", ("5",) * 3, swap=True),
        Case("null, step / 2, two rates", ("2",) * 3, TWO, swap=True),
        Case("null, step / 2, 8 losses", ("2",) * 8, swap=True),
        Case("null, other beta_2", ("beta_2",) * 3, swap=True, optimizers=["adam"]),
        Case("null, last bits", ("last bit",) * 3, swap=True),
        Case("last bits, not swapped", ("last bit",) * 3),
        Case("last bits, 8 losses, not swapped", ("last bit",) * 8),
        Case("power, step / 1.2", ("1.2",) * 3),
        Case("power, step / 2", ("2",) * 3),
        Case("power, step / 5", ("5",) * 3),
        Case("power, step / 1.2, two rates", ("1.2",) * 3, TWO),
        Case("power, step / 2, two rates", ("2",) * 3, TWO),
        Case("power, step / 5, two rates", ("5",) * 3, TWO),
        Case("power, step / 2, 8 losses", ("2",) * 8),
        Case("power, step / 2 on 1 of 8 losses", ("2", *last_bits)),
    ]


def failing(case: Case, optimizer: str, changes: dict[tuple[str, str, str], Changes], draws: int) -> float:
    """The share of gates that fail."""
    random, failed = np.random.default_rng(0), 0
    for _ in range(draws):
        units = []
        for loss, change in zip(LOSSES, case.head, strict=False):
            starts = np.array([0, *(1 + random.choice(RANDOM, 8, replace=False))])
            swapped = case.swap & (random.random(len(starts)) < 0.5)
            found = changes[optimizer, loss, change].units(loss, case.rates, starts, swapped)
            if found.effect.any() or found.solved.any():
                units.append(found)
        if units:
            tests = optimizer_tests(units, Thresholds())
            of_pairs = [test for pair in tests.pairs for test in pair]
            failed += any(test.is_worse for test in [*of_pairs, *([tests.pool] if tests.pool else [])])
    return failed / draws


def run_matrices(folder: Path) -> None:
    """Run what has no results yet, in one subfolder of ``folder`` per step size."""
    for name, divisor in DIVISORS.items():
        target = folder / name.replace(" ", "_")
        target.mkdir(parents=True, exist_ok=True)
        optimizers = [*OPTIMIZERS, OTHER_BETA] if divisor == 1 else OPTIMIZERS
        config = f"learning_rates = {[rate / divisor for rate in RATES]}\nstarts = {{ random = {RANDOM} }}\n"
        (target / "reportgen.toml").write_text(f"steps = 2000\n{config}")
        chosen = [word for label in optimizers for word in ("-o", label)] + [word for x in LOSSES for word in ("-l", x)]
        command = [sys.executable, "-m", "reportgen", "run", *chosen, "--trace", "none"]
        subprocess.run(command, cwd=target, check=True, stdout=subprocess.DEVNULL)


def all_changes(folder: Path) -> Iterator[tuple[tuple[str, str, str], Changes]]:
    """What each change of head changes, by optimizer, loss and change."""
    sides = {name: folder / name.replace(" ", "_") / "output" / "results" for name in DIVISORS}
    manifest = read_manifest(sides["as is"])
    tables = {name: to_pandas(pq.read_table(path / "runs.parquet")) for name, path in sides.items()}
    for loss in LOSSES:
        heads = [(optimizer, name, optimizer) for optimizer in OPTIMIZERS for name in DIVISORS if name != "as is"]
        for optimizer, change, label in [*heads, ("adam", "beta_2", OTHER_BETA)]:
            head = tables["as is" if change == "beta_2" else change]
            frames = _runs(tables["as is"], loss, optimizer), _runs(head, loss, label)
            runs = PairRuns(loss, optimizer, frames, np.zeros(len(frames[0]), bool), (manifest, manifest))
            shape = (len(RATES), RANDOM + 1)
            before, after = (side.solved.reshape(shape) for side in runs.sides)
            yield (optimizer, loss, change), Changes(runs.effects.reshape(shape), before, after)


def _runs(table: pd.DataFrame, loss: str, optimizer: str) -> pd.DataFrame:
    rows = (table["loss"] == loss) & (table["optimizer"] == optimizer)
    return table[rows].sort_values(["learning_rate", "start"]).reset_index(drop=True)


def main() -> None:
    """Run the matrices, draw the comparisons, and print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--draws",
        type=int,
        default=1000,
        help="comparisons per number (default: 1000; three times as many if nothing changed)",
    )
    parser.add_argument("--results", type=Path, help="folder for the runs, used again if they are there")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.results or Path(temporary)
        run_matrices(folder)
        changes = dict(all_changes(folder))
    print("| gates that fail, in % |", " | ".join(OPTIMIZERS), "|")
    print("| --- |", " | ".join(["---:"] * len(OPTIMIZERS)), "|")
    for case in cases():
        shares = [
            f"{100 * failing(case, name, changes, options.draws * (3 if case.swap else 1)):.1f}"
            if name in case.optimizers
            else "–"
            for name in OPTIMIZERS
        ]
        print(f"| {case.name} |", " | ".join(shares), "|", flush=True)


if __name__ == "__main__":
    main()
