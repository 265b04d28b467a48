"""Parallel coordinates of a sweep: a line for each optimizer over the values of its hyperparameters to its score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reportgen.analysis.number_format import share, shorten
from reportgen.report.heatmap import LEVELS

if TYPE_CHECKING:
    from reportgen.report.sweeps import Combination, SweepAxis

MOST_LINES, MOST_LABELS = 300, 5
"""Of the best combinations: more would make a large page and hide each other."""
_STEP = 150
"""Between two axes, in CSS pixels, as all lengths here."""
_LEFT, _RIGHT, _TOP, _BOTTOM = 90, 230, 40, 14
_BETWEEN_TICKS, _LEAST_HEIGHT, _MOST_HEIGHT = 40, 200, 640
_SPREAD = 22
"""How far the lines through one value fan out, so that equal ones do not hide each other."""
_LABEL = 17


@dataclass(frozen=True)
class CoordinateAxis:
    """A vertical axis."""

    x: float
    name: str
    ticks: Sequence[tuple[float, str]]
    """Height and text."""
    is_score: bool = False
    """The last axis. Its only tick is the lowest score: the labels of the best lines name the highest ones."""


@dataclass(frozen=True)
class CoordinateLine:
    """The line of one optimizer."""

    points: Sequence[tuple[float, float]]
    level: int
    """0 for the lowest score of the sweep, 7 for the highest."""
    best: bool
    """Whether it is in the best tenth."""


@dataclass(frozen=True)
class ParallelCoordinates:
    """The picture, in CSS pixels."""

    width: int
    height: int
    axes: Sequence[CoordinateAxis]
    """The hyperparameters, and the score as the last one."""
    lines: Sequence[CoordinateLine]
    """The lowest score first, so that the highest is drawn last."""
    labels: Sequence[tuple[float, float, str]]
    """Place and text at the ends of the best lines."""
    hidden: int
    """Number of optimizers without a line."""


def level(score: float, lowest: float, highest: float) -> int:
    """The level of colour of a score: 0 for the lowest one of the sweep, 7 for the highest."""
    return min(int(LEVELS * (score - lowest) / (highest - lowest)), LEVELS - 1) if highest > lowest else LEVELS - 1


def parallel_coordinates(axes: Sequence[SweepAxis], scores: Mapping[Combination, float]) -> ParallelCoordinates:
    """The picture of a sweep.

    Args:
        axes: the hyperparameters.
        scores: by combination of their values.
    """
    tall = min(max(_BETWEEN_TICKS * max(len(axis.values) for axis in axes), _LEAST_HEIGHT), _MOST_HEIGHT)
    low, high = min(scores.values()), max(scores.values())
    shown = sorted(scores, key=lambda each: (-scores[each], each))[:MOST_LINES]
    ends = {each: _TOP + tall * (1 - (scores[each] - low) / (high - low) if high > low else 0.5) for each in shown}
    heights = [*(_heights(axis, at, shown, tall) for at, axis in enumerate(axes)), ends]
    limit = scores[shown[max(1, len(scores) // 10) - 1]]
    best = [each for each in shown if scores[each] >= limit]
    last = _LEFT + _STEP * len(axes)
    lowest = [(float(_TOP + tall), share(low))] if high > low else []
    return ParallelCoordinates(
        width=last + _RIGHT,
        height=_TOP + tall + _BOTTOM,
        axes=[
            *(_axis(axis, at, tall) for at, axis in enumerate(axes)),
            CoordinateAxis(last, "targets hit", lowest, is_score=True),
        ],
        lines=[
            CoordinateLine(
                [(_LEFT + _STEP * at, round(height[each], 1)) for at, height in enumerate(heights)],
                level(scores[each], low, high),
                each in best,
            )
            for each in reversed(shown)
        ],
        labels=_labels(last, [(ends[each], _words(axes, each, scores[each])) for each in best[:MOST_LABELS]]),
        hidden=len(scores) - len(shown),
    )


def _gap(axis: SweepAxis, tall: int) -> float:
    """Between two values."""
    return (tall - _SPREAD) / (len(axis.values) - 1)


def _ticks(axis: SweepAxis, tall: int) -> dict[float, float]:
    """The height of each value: the smallest one at the bottom, equally spaced."""
    gap = _gap(axis, tall)
    return {each.value: _TOP + tall - _SPREAD / 2 - gap * place for place, each in enumerate(axis.values)}


def _axis(axis: SweepAxis, at: int, tall: int) -> CoordinateAxis:
    heights = _ticks(axis, tall)
    return CoordinateAxis(
        _LEFT + _STEP * at, shorten(axis.name, 20), [(round(heights[each.value], 1), each.text) for each in axis.values]
    )


def _heights(axis: SweepAxis, at: int, shown: Sequence[Combination], tall: int) -> dict[Combination, float]:
    """Where each line crosses an axis. Those through one value are fanned out, the best at the top."""
    found: dict[Combination, float] = {}
    for value, middle in _ticks(axis, tall).items():
        here = [each for each in shown if each[at] == value]
        spread = min(_SPREAD, 3 * len(here), 0.6 * _gap(axis, tall)) if len(here) > 1 else 0
        for place, each in enumerate(here):
            found[each] = middle + spread * (place / max(len(here) - 1, 1) - 0.5)
    return found


def _words(axes: Sequence[SweepAxis], combination: Combination, score: float) -> str:
    texts = [
        next(each.text for each in axis.values if each.value == v) for axis, v in zip(axes, combination, strict=True)
    ]
    return shorten(f"{share(score)}: {', '.join(texts)}", 32)


def _labels(x: int, wanted: Sequence[tuple[float, str]]) -> list[tuple[float, float, str]]:
    """The labels from the top downwards, each below the one before."""
    found: list[tuple[float, float, str]] = []
    for y, text in wanted:
        found.append((x + 10, round(max(y, found[-1][1] + _LABEL) if found else y, 1), text))
    return found
