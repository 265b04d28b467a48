"""Print how often the ranking errs, on synthetic outcomes with known hit rates.

Two optimizers are compared, from 8 random starts, at 9 learning rates and 4 targets. A start is easy or hard for both
(standard deviation 1), and each run has noise of its own (standard deviation 1): their sum is compared with the four
targets. The good learning rates of an optimizer all have the same hit rate; at all others, every run diverges.

  equal        the same hit rate, 0.5; the first has 5 good learning rates and the second 1
  chosen once  the same with the learning rate chosen from all starts, also from the judged one, and not again in the
               resamples: to show what cross-fitting prevents
  better       hit rates 0.75 and 0.45; both have 1 or 3 good learning rates
  hit rate     one optimizer; how often the interval of its hit rate holds the true one

Columns: how often any optimizer leads, the mean error of the first hit rate, and how often the intervals of the first
hit rate and of the difference hold the true ones.

Example: python benchmarks/ranking_error_rates.py --reports 2000
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace

import numpy as np

from reportgen.analysis.anytime import anytime_areas, anytime_scores
from reportgen.analysis.cross_fitting import CrossFit, Resamples, all_resamples, cross_fit
from reportgen.analysis.lead import hit_lead
from reportgen.analysis.profile_bands import profile_bands
from reportgen.analysis.ranking import Leaderboard
from reportgen.analysis.rate_rule import best_places, rule_values
from reportgen.analysis.runtimes import ecdf
from reportgen.analysis.trials import Trials

STARTS, RATES, TARGETS = 8, 9, 4
_NAMES = ("first", "second")


@dataclass(frozen=True)
class Case:
    """Reports of one kind."""

    label: str
    hit_rates: Sequence[float]
    """True hit rate of each optimizer at its good learning rates."""
    good: Sequence[int]
    """How many good learning rates each has."""
    losses: int
    cross_fitted: bool = True
    """Otherwise the learning rate is chosen once, from all starts, as a comparison."""


@dataclass(frozen=True)
class ErrorRates:
    """Shares of reports, and the mean error."""

    leads: float
    """Any optimizer leads."""
    bias: float
    """Mean error of the first optimizer's hit rate."""
    covered: float
    """The interval of the first optimizer's hit rate holds the true one."""
    difference_covered: float
    """The same of the difference; not a number with one optimizer."""


def _losses(number: int) -> str:
    return f"{number} loss{'es' * (number > 1)}"


CASES = (
    *(Case(f"equal, {_losses(losses)}", (0.5, 0.5), (5, 1), losses) for losses in (1, 3)),
    *(Case(f"equal, {_losses(losses)}, chosen once", (0.5, 0.5), (5, 1), losses, False) for losses in (1, 3)),
    *(
        Case(f"better, {good} good, {_losses(losses)}", (0.75, 0.45), (good, good), losses)
        for good in (1, 3)
        for losses in (1, 3)
    ),
    *(
        Case(f"hit rate {rate}, {_losses(losses)}", (rate,), (1,), losses)
        for rate in (0.5, 0.9, 0.99)
        for losses in (1, 3, 8)
    ),
)


def error_rates(case: Case, reports: int, seed: int = 0, resamples: int = 10_000) -> ErrorRates:
    """The error rates of ``case``.

    Args:
        case: what is simulated.
        reports: how many reports are simulated.
        seed: of the random numbers.
        resamples: how many are drawn for each interval.
    """
    rng = np.random.default_rng(seed)
    levels = [_level(rate) for rate in case.hit_rates]
    found = np.array([_report(case, levels, rng, resamples) for _ in range(reports)], float)
    return ErrorRates(*found.mean(axis=0).tolist())


def _report(case: Case, levels: Sequence[float], rng: np.random.Generator, resamples: int) -> tuple[float, ...]:
    """Of one report: whether any optimizer leads, the error, and whether both intervals hold the true numbers."""
    losses = [_trials(f"loss{place}", levels, case.good, rng) for place in range(case.losses)]
    drawn = all_resamples(losses, resamples)
    fit = cross_fit if case.cross_fitted else chosen_once
    board = Leaderboard(losses[0].names, tuple(fit(each, drawn[each.loss]) for each in losses))
    scores = board.resampled_hit_rates
    assert scores is not None
    low, high = scores.intervals()[0]
    truth = case.hit_rates[0]
    error, covered = board.hit_rates[0] - truth, low <= truth <= high
    if len(board.names) == 1:
        return 0.0, error, covered, np.nan
    least, most = scores.difference(0, 1)
    return bool(hit_lead(board).beaten), error, covered, least <= truth - case.hit_rates[1] <= most


def chosen_once(each: Trials, drawn: Resamples) -> CrossFit:
    """All starts at the learning rate that is best on all of them."""
    places = np.array([best_places(rule, np.ones((1, each.units)))[0] for rule in each.rule])
    return CrossFit(each, np.broadcast_to(places[:, None, None], (len(places), *drawn.weights.shape)), drawn)


THRESHOLDS = np.array([-0.75, -0.25, 0.25, 0.75])
"""The targets."""


def _level(hit_rate: float) -> float:
    """How much easier the targets must be, so that a run hits this share of them."""
    quality = np.sqrt(2) * np.random.default_rng(1).standard_normal(200_000)
    low, high = -9.0, 9.0
    for _ in range(40):
        middle = (low + high) / 2
        share = (quality[:, np.newaxis] + middle > THRESHOLDS).mean()
        low, high = (middle, high) if share < hit_rate else (low, middle)
    return (low + high) / 2


def _trials(label: str, levels: Sequence[float], good: Sequence[int], rng: np.random.Generator) -> Trials:
    """The runs on one loss."""
    easy = rng.standard_normal(STARTS)
    times, rules = [], []
    for level, number in zip(levels, good, strict=True):
        quality = easy + rng.standard_normal((RATES, STARTS)) + level
        hit = quality[..., np.newaxis] > THRESHOLDS
        hit[number:] = False
        t = np.where(hit, rng.lognormal(5, 0.5, (RATES, STARTS, 1)) * np.arange(1, TARGETS + 1), np.inf)
        gap = np.where(np.arange(RATES)[:, np.newaxis] < number, 10.0**-quality, np.inf)
        times.append(t.reshape(RATES, -1))
        rules.append(rule_values(hit.sum(axis=-1), t[..., -1], gap))
    start = np.repeat(np.arange(STARTS), TARGETS)
    count = len(levels)
    return Trials(
        loss=label,
        cluster=label,
        names=_NAMES[:count],
        rates=(np.arange(RATES, dtype=float),) * count,
        times=tuple(times),
        rule=tuple(rules),
        complete=(True,) * count,
        draw=start,
        is_drawn=np.ones(len(start), bool),
        unit=start,
        random_units=STARTS,
        noun="random start",
    )


@dataclass(frozen=True)
class ProfileCoverage:
    """How often the numbers of the first runtime profile hold the true ones, shares of reports."""

    quarter: float
    """The band, at the budget at which a quarter of the final share is hit."""
    half: float
    all: float
    everywhere: float
    """The band, at 20 budgets at once."""
    anytime: float
    """The interval of the anytime score."""


BUDGET = 2000.0
"""The right end of the profiles."""


def profile_coverage(case: Case, reports: int, seed: int = 0, resamples: int = 10_000) -> ProfileCoverage:
    """The coverage of the bands and of the anytime scores of ``case``; arguments as in ``error_rates``."""
    rng = np.random.default_rng(seed)
    levels = [_level(rate) for rate in case.hit_rates]
    population = np.random.default_rng(2)
    hit = np.sqrt(2) * population.standard_normal((200_000, 1)) + levels[0] > THRESHOLDS
    t = np.where(hit, population.lognormal(5, 0.5, (200_000, 1)) * np.arange(1, TARGETS + 1), np.inf)
    t = np.where(t <= BUDGET, t, np.inf)
    score, final = anytime_areas(t, BUDGET).mean(), np.isfinite(t).mean()
    at = np.quantile(t, [final / 4, final / 2], method="inverted_cdf")
    at = np.concatenate([at, [BUDGET], np.geomspace(50, BUDGET, 20)])
    truth = ecdf(t, at)
    found = []
    for _ in range(reports):
        losses = [_trials(f"loss{place}", levels, case.good, rng) for place in range(case.losses)]
        losses = [replace(each, times=tuple(np.where(t <= BUDGET, t, np.inf) for t in each.times)) for each in losses]
        drawn = all_resamples(losses, resamples)
        board = Leaderboard(losses[0].names, tuple(cross_fit(each, drawn[each.loss]) for each in losses))
        bands, intervals = profile_bands(board, board.names[:1], BUDGET), anytime_scores(board, BUDGET).intervals
        assert bands is not None
        assert intervals is not None
        place = np.searchsorted(bands.budgets, at, side="right") - 1
        holds = (bands.low[place, 0] <= truth) & (truth <= bands.high[place, 0])
        found.append([*holds[:3], holds[3:].all(), intervals[0, 0] <= score <= intervals[0, 1]])
    return ProfileCoverage(*np.mean(found, axis=0).tolist())


def main() -> None:
    """Simulate and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reports", type=int, default=2000, help="reports of each kind (default: 2000)")
    reports = parser.parse_args().reports
    print(f"{'':<28}{'leads':>9}{'bias':>9}{'covered':>9}{'difference covered':>20}")
    for case in CASES:
        found = error_rates(case, reports)
        values = (found.leads, found.bias, found.covered, found.difference_covered)
        shown = ["" if np.isnan(value) else f"{100 * value:.1f} %" for value in values]
        if len(case.hit_rates) == 1:
            shown[0] = ""
        print(f"{case.label:<28}{shown[0]:>9}{shown[1]:>9}{shown[2]:>9}{shown[3]:>20}".rstrip(), flush=True)
    print(f"\n{'':<28}{'quarter':>9}{'half':>9}{'all':>9}{'everywhere':>12}{'anytime':>9}")
    for case in (each for each in CASES if each.cross_fitted):
        quarter, half, final, everywhere, anytime = astuple(profile_coverage(case, reports))
        print(f"{case.label:<28}{quarter:>9.1%}{half:>9.1%}{final:>9.1%}{everywhere:>12.1%}{anytime:>9.1%}", flush=True)
    print(f"{reports} reports of each kind, {STARTS} random starts, 10,000 resamples")


if __name__ == "__main__":
    main()
