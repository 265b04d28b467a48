"""The points at which the checks evaluate a loss: random points, pairs for differences, a grid, and rings."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from reportgen.engine.result import Array
from reportgen.loss import Loss, Point
from reportgen.plan import FloatArray, IntArray

RANDOM_POINTS = 100
DIFFERENCE_WIDTHS = (1e-4, 1e-5, 1e-6, 1e-7)
"""Half-widths of central differences as shares of the domain: wide ones truncate, narrow ones round."""
MAX_AXES = 20
"""Maximum number of coordinates along which differences are taken."""
RING_RADII = (1e-2, 1e-3, 1e-4, 1e-5)
"""Radii of rings around declared points as shares of the domain."""
RING_POINTS = 32
_MAX_GRID_NUMBERS = 400_000
"""Maximum number of coordinates of all points of a grid."""


def random_points(loss: Loss, count: int = RANDOM_POINTS) -> FloatArray:
    """Return uniform random points of the domain, float64 [count, dim]; the same in each call."""
    low, high = np.array(loss.domain).T
    return np.asarray(low + (high - low) * np.random.default_rng(0).random((count, loss.dim)))


def difference_axes(loss: Loss) -> IntArray:
    """Return the coordinates along which differences are taken, int64 [axes]."""
    return np.unique(np.linspace(0, loss.dim - 1, min(loss.dim, MAX_AXES)).round().astype(int))


def difference_pairs(loss: Loss, share: float) -> FloatArray:
    """Return the points before and after each random point along each axis, float64 [2, axes, RANDOM_POINTS, dim].

    Args:
        loss: the loss.
        share: the distance to the random point, as a share of the domain.
    """
    shifts = np.eye(loss.dim)[difference_axes(loss)] * share * domain_extent(loss)
    after = random_points(loss)[np.newaxis] + shifts[:, np.newaxis]
    before = random_points(loss)[np.newaxis] - shifts[:, np.newaxis]
    return np.stack([before, after])


def domain_extent(loss: Loss) -> FloatArray:
    """Return the extent of the domain along each coordinate, float64 [dim]."""
    low, high = np.array(loss.domain).T
    return np.asarray(high - low)


def grid(loss: Loss) -> FloatArray:
    """Return points that cover the domain, float64 [points, dim].

    In one and two dimensions they are a regular grid that includes the edges, else random points and two corners.
    """
    if loss.dim > 2:
        corners = np.array(loss.domain).T
        count = max(RANDOM_POINTS, min(4000, _MAX_GRID_NUMBERS // loss.dim))
        return np.concatenate([corners, random_points(loss, count)])
    lines = [np.linspace(low, high, 129) for low, high in loss.domain]
    return np.stack([part.ravel() for part in np.meshgrid(*lines)], axis=1)


def ring(loss: Loss, point: Point, share: float) -> FloatArray:
    """Return points around ``point`` in random directions, float64 [RING_POINTS, dim].

    Args:
        loss: the loss.
        point: the centre.
        share: the radius as a share of the domain.
    """
    directions = np.random.default_rng(1).normal(size=(RING_POINTS, loss.dim))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    return np.asarray(np.array(point) + share * domain_extent(loss) * directions)


def inside_domain(loss: Loss, points: Array) -> npt.NDArray[np.bool_]:
    """Return whether each of the points [points, dim] lies in the domain, bool [points]."""
    low, high = np.array(loss.domain).T
    return np.asarray(np.all((points >= low) & (points <= high), axis=1))
