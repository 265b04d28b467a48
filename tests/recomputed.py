"""The numbers of a report, computed from its tables by their definitions in docs/methodology.md and docs/statistics.md.

Plain loops over the rows of runs.parquet, without ``reportgen``: an implementation to compare with.
"""

from __future__ import annotations

import json
import math
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd
from plain_statistics import area, median, wilson

LOST = ("escaped", "diverged", "failed")
RESAMPLES = 2_000
Key = tuple[Any, ...]


@dataclass(frozen=True)
class Run:
    """One row of runs.parquet."""

    id: str
    start: int
    outcome: str
    gap: float
    final_loss: float
    """Final gap; infinite if the run is lost."""
    evaluations: int
    diverged_at: float
    tightest_gap: float
    """The gap of the tightest target."""
    left: bool
    steps_to: tuple[float, ...]
    """Step of the hit of each target, the tightest last; infinite without a hit."""
    per_step: float
    """Gradient evaluations per step."""

    @property
    def times(self) -> list[float]:
        """Gradient evaluations until each target is hit."""
        return [step * self.per_step for step in self.steps_to]

    @property
    def spent(self) -> float:
        """Gradient evaluations up to the tightest target, or to the end without a hit."""
        return min(self.times[-1], self.evaluations)

    @cached_property
    def criteria(self) -> tuple[int, int, int, int]:
        """What the run adds to each criterion of the best learning rate; larger is better."""
        hits, last = sum(map(math.isfinite, self.times)), self.times[-1]
        if math.isfinite(last):
            return hits, 1, 0, -round(1e6 * math.log10(max(last, 1)))
        decades = 308 if math.isinf(self.gap) else -308 if self.gap <= 0 else math.log10(self.gap)
        return hits, 0, -round(1e6 * decades), 0


class Recomputed:
    """The numbers of the report in a folder."""

    def __init__(self, results: Path) -> None:
        self.manifest = json.loads((results / "manifest.json").read_text(encoding="utf-8"))
        self.targets = sorted(self.manifest["config"]["targets"], reverse=True)
        self.tried = {each["label"]: each["learning_rates"] for each in self.manifest["optimizers"]}
        self.rates = sorted({rate for rates in self.tried.values() for rate in rates})
        self.losses = [each["label"] for each in self.manifest["losses"]]
        self.optimizers = [each["label"] for each in self.manifest["optimizers"]]
        self.minimum = {each["label"]: each["minimum"] for each in self.manifest["losses"]}
        self.rows = pd.read_parquet(results / "runs.parquet").to_dict("records")
        self.traces = pd.read_parquet(results / "traces.parquet", columns=["run_id", "step", "loss"])
        self.cells: dict[tuple[str, str, float], list[Run]] = {}
        for row in sorted(self.rows, key=lambda row: row["start"]):
            key = (row["loss"], row["optimizer"], row["learning_rate"])
            self.cells.setdefault(key, []).append(self._run(row))
        sizes = {len(runs) for runs in self.cells.values()}
        (self.starts,) = sizes
        self.random = self.starts - 1  # start 0 is the standard one

    def _run(self, row: dict[str, Any]) -> Run:
        hits = tuple(math.inf if math.isnan(row[f"hit_{t:.0e}"]) else row[f"hit_{t:.0e}"] for t in self.targets)
        return Run(
            id=row["run_id"],
            start=row["start"],
            outcome=row["outcome"],
            gap=math.inf if row["outcome"] in LOST else row["gap"],
            final_loss=row["final_loss"],
            evaluations=row["gradient_evaluations"],
            diverged_at=math.inf if math.isnan(row["diverged_at"]) else row["diverged_at"],
            tightest_gap=min(self.targets) * row["scale"],
            left=row["left_target"],
            steps_to=hits,
            per_step=row["gradient_evaluations"] / row["steps"],
        )

    def hits(self, key: tuple[str, str, float], start: int) -> int:
        return self.cells[key][start].criteria[0]

    def hit_rate(self, key: tuple[str, str, float]) -> float:
        """The hit rate of a configuration."""
        hits = sum(run.criteria[0] for run in self.cells[key])
        return hits / (self.starts * len(self.targets))

    # The choice of learning rates.

    def choice(self, loss: str, optimizer: str, weights: Sequence[int]) -> float:
        """The best learning rate if each start counts so often."""

        def worth(rate: float) -> Key:
            runs = self.cells[loss, optimizer, rate]
            sums = [sum(w * run.criteria[place] for w, run in zip(weights, runs, strict=True)) for place in range(4)]
            return (*sums, -rate)

        return max(self.tried[optimizer], key=worth)

    def best(self, loss: str, optimizer: str) -> float:
        """The best learning rate."""
        return self.choice(loss, optimizer, [1] * self.starts)

    def cross_fitted(self, loss: str, optimizer: str, weights: Sequence[int]) -> list[float]:
        """The learning rate of each start, chosen by the others; by the original others if there are none."""
        chosen = []
        for start in range(self.starts):
            others = [0 if each == start else weight for each, weight in enumerate(weights)]
            others = others if any(others) else [int(each != start) for each in range(self.starts)]
            chosen.append(self._remembered(loss, optimizer, tuple(others)))
        return chosen

    def _remembered(self, loss: str, optimizer: str, weights: tuple[int, ...]) -> float:
        key = (loss, optimizer, weights)
        if key not in self._choices:
            self._choices[key] = self.choice(*key)
        return self._choices[key]

    @cached_property
    def _choices(self) -> dict[Key, float]:
        return {}

    def shared_rate(self, optimizer: str) -> float:
        """The learning rate that is best by the means of the criteria over the losses."""
        return max(self.tried[optimizer], key=lambda rate: self._shared_worth(optimizer, rate))

    def shared_hit_rate(self, optimizer: str) -> float:
        """The hit rate at the learning rate that all other starts choose for all losses."""
        hits = Fraction(0)
        for loss, start in product(self.losses, range(self.starts)):
            rates = self.tried[optimizer]
            rate = max(rates, key=lambda rate: self._shared_worth(optimizer, rate, (loss, start)))
            hits += self.hits((loss, optimizer, rate), start)
        return float(hits / (len(self.losses) * self.starts * len(self.targets)))

    def _shared_worth(self, optimizer: str, rate: float, without: tuple[str, int] | None = None) -> Key:
        means = [Fraction(0)] * 4
        for loss in self.losses:
            runs = [run for run in self.cells[loss, optimizer, rate] if (loss, run.start) != without]
            means = [
                mean + Fraction(sum(run.criteria[place] for run in runs), len(runs)) for place, mean in enumerate(means)
            ]
        return (*means, -rate)

    # The ranking.

    def scores(self, weights: dict[str, tuple[int, ...]]) -> tuple[dict[str, float], dict[str, float]]:
        """Hit rate and speed score by optimizer, if the starts of each loss count so often."""
        parts = [self._loss_scores(loss, weights[loss]) for loss in self.losses]
        hit, speed = (
            {name: sum(part[kind][name] for part in parts) / len(parts) for name in self.optimizers} for kind in (0, 1)
        )
        return hit, speed

    def _loss_scores(self, loss: str, weights: tuple[int, ...]) -> tuple[dict[str, float], dict[str, float]]:
        key = (loss, weights)
        if key not in self._loss_memory:
            by_start = self.by_start(loss, weights)
            total = sum(weights[1:])
            # The standard start keeps its share; the random ones share the rest by their weights.
            share = [1 / self.starts] + [w / total * self.random / self.starts for w in weights[1:]]
            means = tuple(
                {name: sum(s * by_start[kind][name][i] for i, s in enumerate(share)) for name in self.optimizers}
                for kind in (0, 1)
            )
            self._loss_memory[key] = (means[0], means[1])
        return self._loss_memory[key]

    @cached_property
    def _loss_memory(self) -> dict[Key, tuple[dict[str, float], dict[str, float]]]:
        return {}

    def by_start(self, loss: str, weights: Sequence[int]) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
        """The hit rate and the speed score of each start, by optimizer."""
        chosen = {name: self.cross_fitted(loss, name, weights) for name in self.optimizers}
        hit: dict[str, list[float]] = {name: [] for name in self.optimizers}
        speed: dict[str, list[float]] = {name: [] for name in self.optimizers}
        for start in range(self.starts):
            times = {name: self.cells[loss, name, chosen[name][start]][start].times for name in self.optimizers}
            for name in self.optimizers:
                hit[name].append(sum(map(math.isfinite, times[name])) / len(self.targets))
                areas = [area(times[name][i], min(t[i] for t in times.values())) for i in range(len(self.targets))]
                speed[name].append(sum(areas) / len(areas))
        return hit, speed

    @cached_property
    def original(self) -> dict[str, tuple[int, ...]]:
        return dict.fromkeys(self.losses, (1,) * self.starts)

    @cached_property
    def resampled(self) -> list[tuple[dict[str, float], dict[str, float]]]:
        """Hit rates and speed scores of resamples of the random starts of each loss."""
        rng = random.Random(20)
        return [self.scores({loss: self.drawn(rng, self.random - 1) for loss in self.losses}) for _ in range(RESAMPLES)]

    def drawn(self, rng: random.Random, number: int) -> tuple[int, ...]:
        """How often each start is in a resample that draws ``number`` of the random ones."""
        count = Counter(rng.randrange(self.random) for _ in range(number))
        return (1, *(count[each] for each in range(self.random)))

    def score_interval(self, kind: int, optimizer: str) -> tuple[float, float]:
        """The score interval of the mean over the losses: Wilson's for n starts, n divided by their dispersion."""
        draws = [self.by_start(loss, self.original[loss])[kind][optimizer][1:] for loss in self.losses]
        means = [sum(each) / len(each) for each in draws]
        squares = sum((x - mean) ** 2 for each, mean in zip(draws, means, strict=True) for x in each)
        largest = sum(len(each) * mean * (1 - mean) for each, mean in zip(draws, means, strict=True))
        number = sum(map(len, draws)) / ((squares + 0.25) / (largest + 0.25))
        mean = sum(means) / len(means)
        low, high = wilson(mean, number)
        estimate, part = self.scores(self.original)[kind][optimizer], self.random / self.starts
        return estimate + part * (low - mean), estimate + part * (high - mean)


def usable_range(truth: Recomputed, loss: str, optimizer: str) -> tuple[float, float] | None:
    """The ends of the usable range of learning rates; None if the median run at the best one is not solved."""
    rates = truth.tried[optimizer]
    cells = [truth.cells[loss, optimizer, rate] for rate in rates]
    low = high = at = rates.index(truth.best(loss, optimizer))
    if math.isinf(median([run.steps_to[-1] for run in cells[at]])):
        return None
    gaps = [median([max(run.gap, run.tightest_gap) for run in runs]) for runs in cells]
    while low > 0 and gaps[low - 1] <= 10 * gaps[at]:
        low -= 1
    while high < len(gaps) - 1 and gaps[high + 1] <= 10 * gaps[at]:
        high += 1
    return rates[low], rates[high]


def divergence_edge(truth: Recomputed, loss: str, optimizer: str) -> float | None:
    """The learning rate from which on half or more of the runs diverge; None without one."""
    edge = None
    for rate in reversed(truth.tried[optimizer]):
        runs = truth.cells[loss, optimizer, rate]
        if 2 * sum(run.outcome == "diverged" for run in runs) < len(runs):
            break
        edge = rate
    return edge


def ert(runs: Sequence[Run], weights: Sequence[int]) -> float:
    """Expected running time to the tightest target."""
    successes = sum(w for w, run in zip(weights, runs, strict=True) if math.isfinite(run.times[-1]))
    spent = sum(w * run.spent for w, run in zip(weights, runs, strict=True))
    return spent / successes if successes else math.inf
