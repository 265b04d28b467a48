"""A sweep of hyperparameters in words: its best combination, and how much each hyperparameter matters."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from reportgen.analysis.number_format import and_list, count, number, share, share_span

if TYPE_CHECKING:
    from reportgen.report.sweeps import Combination, SweepAxis


def answer(axes: Sequence[SweepAxis], best: Sequence[Combination], total: int, score: float) -> str:
    """The best combination, to follow the name of the rule.

    Args:
        axes: the hyperparameters.
        best: all combinations with the highest score.
        total: number of compared combinations.
        score: the highest score.
    """
    if score == 0:
        return "no combination hits a target"
    if len(best) == 1:
        return f"{_setting(axes, best[0])} hits the most targets ({share(score)})"
    if len(best) == total:
        return f"all {count(total, 'combination')} hit the same share of targets ({share(score)})"
    return f"{number(len(best), 9)} of {count(total, 'combination')} hit the most targets ({share(score)})"


def _setting(axes: Sequence[SweepAxis], combination: Combination) -> str:
    """``beta_2 = 0.99 with beta_1 = 0.9``, the hyperparameter that matters most first."""
    pairs = sorted(zip(axes, combination, strict=True), key=lambda pair: -(pair[0].effect or 0))
    words = [f"{axis.name} = {next(each.text for each in axis.values if each.value == value)}" for axis, value in pairs]
    return f"{words[0]} with {and_list(words[1:], 9)}" if len(words) > 1 else words[0]


def summary(
    axes: Sequence[SweepAxis], scores: Mapping[Combination, float], interval: tuple[float, float] | None
) -> str:
    """The main effects in a sentence, and how certain the best combination is.

    Args:
        axes: the hyperparameters.
        scores: of all compared combinations.
        interval: that of the highest score; None without one.
    """
    if len({*scores.values()}) == 1:
        return "All scores are equal, so no hyperparameter matters here."
    effects = _effects(axes, scores)
    if interval is None:
        return effects
    best = f"The 95 % interval of the best is {share_span(interval)}"
    return f"{effects} {best}; it ignores that the best of {number(len(scores), 9)} was chosen."


def _effects(axes: Sequence[SweepAxis], scores: Mapping[Combination, float]) -> str:
    if len(axes) == 1:
        ends = f"from {share(min(scores.values()))} to {share(max(scores.values()))}"
        return f"Targets hit range {ends} over the {len(scores)} values of {axes[0].name}."
    shares = {axis.name: axis.effect for axis in axes if axis.effect is not None}
    if not shares:
        size = math.prod(len(axis.values) for axis in axes)
        return f"Main effects: n/a ({size - len(scores)} of {size} combinations missing)."
    ordered = sorted(shares, key=lambda name: -shares[name])
    parts = [f"{name}{' explains' if name == ordered[0] else ''} {share(shares[name])}" for name in ordered]
    rest = share(max(0.0, 1 - sum(shares.values())))
    return (
        f"Of the variance of targets hit over the {count(len(scores), 'combination')}, {and_list(parts, 9)} "
        f"(main effects). The rest, {rest}, depends on how they are combined, and on chance."
    )
