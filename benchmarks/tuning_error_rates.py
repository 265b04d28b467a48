"""Print how often tuning tells apart two copies of one optimizer, and how often its intervals hold the true numbers.

Both copies have the same rule and are tuned with the same number of trials from 8 random starts. The gap of a run
depends on the learning rate and on one hyperparameter, both best somewhere in their ranges (on each loss elsewhere), on
how hard the start is (standard deviation 1), and on chance (standard deviation 1). The second copy declares further
hyperparameters that change nothing, so it has a larger search space and other trials. Targets are those of
``ranking_error_rates``.

  separated    how often either copy leads the ranking
  chosen once  the same if the trial is chosen once, from all starts, also from the judged one, and intervals do not
               include that other trials could have been drawn
  covered      how often the interval of a point of the tuning curve (the best of 1, of half, and of all trials) holds
               the true number: the mean of that point over all reports with the same trials and other starts

The last table is about a planted best value: how often the best trial over all losses is among the tenth of the trials
that are nearest to it, and the share of variance that the two hyperparameters and the unused ones explain.

Example: python benchmarks/tuning_error_rates.py --reports 1000
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ranking_error_rates import STARTS, TARGETS, THRESHOLDS, chosen_once

from reportgen.analysis.cross_fitting import all_resamples, cross_fit
from reportgen.analysis.expected_best import tuning_curve
from reportgen.analysis.importance import importances
from reportgen.analysis.lead import hit_lead
from reportgen.analysis.ranking import Leaderboard
from reportgen.analysis.rate_rule import rule_values
from reportgen.analysis.trials import Trials
from reportgen.search import Search
from reportgen.trials import draw_trials

NAMES = ("first", "second")


@dataclass(frozen=True)
class Case:
    """Reports of one kind."""

    trials: int
    unused: int
    """Hyperparameters of the second copy that change nothing."""
    losses: int


CASES = tuple(Case(trials, unused, losses) for trials in (4, 16, 64) for unused in (0, 6) for losses in (1, 3, 8))


def shares(unused: int, trials: int, seed: int) -> np.ndarray:
    """The place of each trial in the ranges of the two hyperparameters that matter, float [trials, 2]."""
    unit = Search(0.0, 1.0, "linear")
    space = {"learning_rate": Search(1e-4, 1.0), "other": unit, **{f"unused_{at}": unit for at in range(unused)}}
    drawn = draw_trials(space, 0.01, trials, seed)
    rate = space["learning_rate"]
    return np.array([[rate.share(each.learning_rate), float(each.values.get("other", 0.5))] for each in drawn])


def loss_trials(label: str, places: Sequence[np.ndarray], best: np.ndarray, rng: np.random.Generator) -> Trials:
    """The runs on one loss; ``best`` is the place of the best values, float [2]."""
    easy = rng.standard_normal(STARTS)
    times, rules = [], []
    for each in places:
        mean = 1.0 - 8 * ((each - best) ** 2 * [1.0, 0.5]).sum(axis=1)
        quality = easy + rng.standard_normal((len(each), STARTS)) + mean[:, np.newaxis]
        hit = quality[..., np.newaxis] > THRESHOLDS
        t = np.where(hit, rng.lognormal(5, 0.5, (*quality.shape, 1)) * np.arange(1, TARGETS + 1), np.inf)
        times.append(t.reshape(len(each), -1))
        rules.append(rule_values(hit.sum(axis=-1), t[..., -1], 10.0**-quality))
    start = np.repeat(np.arange(STARTS), TARGETS)
    return Trials(
        loss=label,
        cluster=label,
        names=NAMES[: len(places)],
        rates=tuple(np.arange(len(each), dtype=float) for each in places),
        times=tuple(times),
        rule=tuple(rules),
        complete=(True,) * len(places),
        draw=start,
        is_drawn=np.ones(len(start), bool),
        unit=start,
        random_units=STARTS,
        noun="random start",
    )


def report(case: Case, rng: np.random.Generator, resamples: int) -> tuple[bool, bool]:
    """Whether either copy leads in one report; the same with the trial chosen once."""
    places = [shares(unused, case.trials, int(rng.integers(2**31))) for unused in (0, case.unused)]
    losses = [loss_trials(f"loss{at}", places, rng.uniform(0.2, 0.8, 2), rng) for at in range(case.losses)]
    drawn = all_resamples(losses, resamples)
    boards = (
        Leaderboard(NAMES, tuple(fit(each, drawn[each.loss]) for each in losses), tuned)
        for fit, tuned in ((cross_fit, True), (chosen_once, False))
    )
    fitted, once = (bool(hit_lead(board).beaten) for board in boards)
    return fitted, once


def coverage(trials: int, losses: int, reports: int) -> list[float]:
    """How often the intervals at the best of 1, of half and of all trials hold the true numbers."""
    rng, held = np.random.default_rng(1), []
    for _ in range(10):  # settings: trials and best values
        places, best = [shares(0, trials, int(rng.integers(2**31)))], rng.uniform(0.2, 0.8, (losses, 2))
        curves = [
            tuning_curve([loss_trials(f"loss{at}", places, best[at], rng) for at in range(losses)], NAMES[0])
            for _ in range(reports // 10)
        ]
        at = [0, trials // 2 - 1, trials - 1]
        truth = np.mean([each.expected[at] for each in curves], axis=0)
        ends = np.stack([each.interval[at] for each in curves if each.interval is not None])
        held.append(((ends[..., 0] <= truth) & (truth <= ends[..., 1])).mean(axis=0))
    return [float(each) for each in np.mean(held, axis=0)]


def planted(trials: int, reports: int) -> list[float]:
    """How often the best trial is near the planted value; what each hyperparameter and an unused one explain."""
    rng, found = np.random.default_rng(2), []
    for _ in range(reports):
        places, best = shares(0, trials, int(rng.integers(2**31))), rng.uniform(0.2, 0.8, 2)
        runs = [loss_trials(f"loss{at}", [places[:, :2]], best, rng) for at in range(3)]
        rule = np.mean([each.rule[0].sum(axis=2) for each in runs], axis=0)
        top = int(np.lexsort(rule[::-1])[-1])
        distance = ((places[:, :2] - best) ** 2 * [1.0, 0.5]).sum(axis=1)
        is_near = distance[top] <= np.sort(distance)[max(1, trials // 10) - 1]
        ranks = np.stack([np.argsort(np.lexsort(each.rule[0].sum(axis=2)[::-1])) for each in runs])
        space = {name: Search(0.0, 1.0, "linear") for name in ("learning_rate", "other", "unused")}
        values = {name: list(column) for name, column in zip(space, [*places.T[:2], rng.random(trials)], strict=True)}
        explained = {each.name: each.explained or 0.0 for each in importances(space, values, ranks, [top])}
        found.append([is_near, *(explained[name] for name in space)])
    return [float(each) for each in np.mean(found, axis=0)]


def main() -> None:
    """Simulate and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reports", type=int, default=1000, help="reports of each kind (default: 1000)")
    parser.add_argument("--resamples", type=int, default=2000, help="for each interval (default: 2000)")
    asked = parser.parse_args()
    print(f"{'trials':>6}{'unused':>8}{'losses':>8}{'separated':>12}{'chosen once':>13}")
    for case in CASES:
        rng = np.random.default_rng(0)
        fitted, once = np.mean([report(case, rng, asked.resamples) for _ in range(asked.reports)], axis=0)
        print(f"{case.trials:>6}{case.unused:>8}{case.losses:>8}{fitted:>12.1%}{once:>13.1%}", flush=True)
    print(f"\n{'trials':>6}{'losses':>8}{'covered: of 1':>15}{'of half':>9}{'of all':>9}")
    for trials in (16, 64):
        for losses in (1, 3, 8):
            one, half, everything = coverage(trials, losses, asked.reports)
            print(f"{trials:>6}{losses:>8}{one:>15.1%}{half:>9.1%}{everything:>9.1%}", flush=True)
    print(f"\n{'trials':>6}{'found':>8}{'learning rate':>15}{'other':>8}{'unused':>8}")
    for trials in (16, 64, 256):
        near, rate, other, unused = planted(trials, asked.reports)
        print(f"{trials:>6}{near:>8.1%}{rate:>15.1%}{other:>8.1%}{unused:>8.1%}", flush=True)


if __name__ == "__main__":
    main()
