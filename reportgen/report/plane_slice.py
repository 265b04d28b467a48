"""A loss as a picture shows it: in one or two dimensions, or on a plane through more."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from reportgen.engine.result import Plane
from reportgen.loss import Interval, Loss

_MARGIN = 0.6
"""Margin of a slice around minimizer and start, as a share of the distance between them."""


@dataclass(frozen=True)
class PlottedLoss:
    """A loss of one or two dimensions, or a slice of one with more."""

    loss: Loss
    """In the coordinates of the picture."""
    plane: Plane | None = None
    """The plane of the slice; None if there is no slice."""


def plotted_loss(loss: Loss) -> PlottedLoss:
    """The loss in one or two dimensions if possible, otherwise a slice of it."""
    if loss.dim <= 2:
        return PlottedLoss(loss)
    try:
        return PlottedLoss(loss.at(2))
    except Exception:  # its dimension is fixed, or its own code fails with two
        return _slice(loss)


def _slice(loss: Loss) -> PlottedLoss:
    """The slice through the first minimizer, at (0, 0), and the standard start, at (1, 0).

    Distances are shares of the domain. The second axis is orthogonal to the first and of the same length, as close as
    possible to a direction with alternating signs. If the start is the minimizer, the first axis is half the domain
    along the first coordinate.
    """
    low, high = np.array(loss.domain).T
    start, width = np.array(loss.start), high - low
    origin = np.array(loss.minima[0]) if loss.minima else (low + high) / 2
    first = (start - origin) / width
    at_start = 1.0 if first.any() else 0.0
    first = first if first.any() else 0.5 * np.eye(loss.dim)[0]
    length = np.linalg.norm(first)
    second = np.resize([1.0, -1.0], loss.dim)
    if abs(second @ first) > 0.999 * length * np.sqrt(loss.dim):  # the first axis has alternating signs itself
        second = np.eye(loss.dim)[0]
    second -= first * (second @ first) / length**2
    second *= length / np.linalg.norm(second)
    box: tuple[Interval, Interval] = ((-_MARGIN, 1 + _MARGIN), (-0.5 - _MARGIN, 0.5 + _MARGIN))
    plane = Plane(origin, np.array([first * width, second * width]), np.nan)
    sliced = replace(
        loss,
        dim=2,
        domain=box,
        start=(at_start, 0.0),
        minima=((0.0, 0.0),) if loss.minima else (),
        local_minima=(),
        saddles=(),
    )
    return PlottedLoss(sliced, plane)
