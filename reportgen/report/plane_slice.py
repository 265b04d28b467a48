"""A loss as a picture shows it by itself: in two dimensions, or on a plane through it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from reportgen.engine.result import Plane
from reportgen.loss import Interval, Loss

_AROUND = 0.6
"""How far a slice goes beyond minimizer and start, as a share of the way from one to the other."""


@dataclass(frozen=True)
class PlottedLoss:
    """A loss of one or two coordinates, or a slice of one that has more."""

    loss: Loss
    """With the coordinates of the picture."""
    plane: Plane | None = None
    """Where those are on the loss that is sliced; None where it is drawn itself."""


def plotted_loss(loss: Loss) -> PlottedLoss:
    """The loss in one or two dimensions if it can have them, else a slice of it."""
    if loss.dim <= 2:
        return PlottedLoss(loss)
    try:
        return PlottedLoss(loss.at(2))
    except Exception:  # of a fixed dimension, or what its own facts raise in this one
        return _slice(loss)


def _slice(loss: Loss) -> PlottedLoss:
    """On the plane through the first minimizer, at (0, 0), and the standard start, at (1, 0).

    Away from their line it goes as far, each coordinate by as much of its domain, up and down in turn. Where the start
    is the minimizer, it goes half the domain along the first coordinate in place of their line.
    """
    low, high = np.array(loss.domain).T
    start, width = np.array(loss.start), high - low
    origin = np.array(loss.minima[0]) if loss.minima else (low + high) / 2
    along = (start - origin) / width
    at_start = 1.0 if along.any() else 0.0
    along = along if along.any() else 0.5 * np.eye(loss.dim)[0]
    length = np.linalg.norm(along)
    across = np.resize([1.0, -1.0], loss.dim)
    if abs(across @ along) > 0.999 * length * np.sqrt(loss.dim):  # the line itself goes up and down in turn
        across = np.eye(loss.dim)[0]
    across -= along * (across @ along) / length**2
    across *= length / np.linalg.norm(across)
    box: tuple[Interval, Interval] = ((-_AROUND, 1 + _AROUND), (-0.5 - _AROUND, 0.5 + _AROUND))
    plane = Plane(origin, np.array([along * width, across * width]), np.nan)
    drawn = replace(
        loss,
        dim=2,
        domain=box,
        start=(at_start, 0.0),
        minima=((0.0, 0.0),) if loss.minima else (),
        local_minima=(),
        saddles=(),
    )
    return PlottedLoss(drawn, plane)
