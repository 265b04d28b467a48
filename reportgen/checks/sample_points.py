"""Where a loss is looked at to judge it: random points, pairs about them, a grid, and rings about what is claimed."""

from __future__ import annotations

import numpy as np

from reportgen.engine.result import Array
from reportgen.loss import Loss, Point

DRAWN = 100
WIDTHS = (1e-4, 1e-5, 1e-6, 1e-7)
"""Of central differences, as shares of the domain: the widest blur bends, the narrowest round off."""
AXES = 20
"""Of more coordinates than this, so many are looked at by differences."""
RADII = (1e-2, 1e-3, 1e-4, 1e-5)
"""Of the rings about claimed points, as shares of the domain."""
AROUND = 32
_MOST = 400_000
"""Numbers in a grid."""


def random_points(loss: Loss, count: int = DRAWN) -> Array:
    """Points of the domain, the same whenever they are drawn: [count, dim]."""
    low, high = np.array(loss.domain).T
    return np.asarray(low + (high - low) * np.random.default_rng(0).random((count, loss.dim)))


def axes(loss: Loss) -> Array:
    """The coordinates that differences are taken along."""
    return np.unique(np.linspace(0, loss.dim - 1, min(loss.dim, AXES)).round().astype(int))


def pairs(loss: Loss, share: float) -> Array:
    """Behind and ahead of each drawn point along each axis: [2, axes, DRAWN, dim]."""
    shifts = np.eye(loss.dim)[axes(loss)] * share * domain_extent(loss)
    ahead = random_points(loss)[np.newaxis] + shifts[:, np.newaxis]
    behind = random_points(loss)[np.newaxis] - shifts[:, np.newaxis]
    return np.stack([behind, ahead])


def domain_extent(loss: Loss) -> Array:
    """The width of the domain along each coordinate."""
    low, high = np.array(loss.domain).T
    return np.asarray(high - low)


def grid(loss: Loss) -> Array:
    """A grid with the edges of the domain in one and two dimensions, random points and two corners in more."""
    if loss.dim > 2:
        corners = np.array(loss.domain).T
        return np.concatenate([corners, random_points(loss, max(DRAWN, min(4000, _MOST // loss.dim)))])
    lines = [np.linspace(low, high, 129) for low, high in loss.domain]
    return np.stack([part.ravel() for part in np.meshgrid(*lines)], axis=1)


def ring(loss: Loss, point: Point, share: float) -> Array:
    """Points about ``point``: [AROUND, dim]."""
    ways = np.random.default_rng(1).normal(size=(AROUND, loss.dim))
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    return np.asarray(np.array(point) + share * domain_extent(loss) * ways)


def inside_domain(loss: Loss, points: Array) -> Array:
    """Which of the points [points, dim] lie in the domain."""
    low, high = np.array(loss.domain).T
    return np.asarray(np.all((points >= low) & (points <= high), axis=1))
