"""The plane on which the paths of a loss of many dimensions are drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reportgen.analysis.cells import Array
from reportgen.analysis.loss_view import loss_view, positions
from reportgen.engine.result import Plane
from reportgen.loss import Interval

if TYPE_CHECKING:
    from reportgen.results.result_tables import Results

_MARGIN = 0.12
"""Of the picture's width, on each side of the paths."""

_AS_GOOD = 1e-4
"""Ends are as good whose losses differ by less than this share of what the best one came down."""


@dataclass(frozen=True)
class PlaneView:
    """A plane, and what of it a picture shows."""

    plane: Plane
    box: tuple[Interval, Interval]


def principal_plane(results: Results, label: str) -> PlaneView | None:
    """The plane through the best end along the first two principal directions of the paths; None where nothing moved.

    Of each optimizer the path from the first start at its best learning rate counts if it did not diverge, or leave
    what float32 can hold. Distances are from that start, as shares of the path's own, so that each path counts as much
    as any other (Li et al. 2018, Visualizing the Loss Landscape of Neural Nets, section 7.2, for a single one).
    """
    view = loss_view(results, label)
    wanted = {cell["cell_id"] for cell in view.best.values()}
    runs = view.results.runs
    runs = runs[runs["cell_id"].isin(wanted) & ~runs["outcome"].isin(["diverged", "failed"])]
    losses = runs.set_index(runs["run_id"].astype(str))[["initial_loss", "final_loss"]].astype(float)
    known = {run: x for run, (_, x) in positions(view.results.paths).items() if run in losses.index}
    paths = {run: x for run, x in known.items() if np.isfinite(x).all()}
    if not paths:
        return None
    start = next(iter(paths.values()))[0]
    moved = [x - start for x in paths.values() if (x != start).any()]
    if not moved:
        return None
    ways = np.concatenate([way / np.linalg.norm(way) for way in moved])
    _, strengths, directions = np.linalg.svd(ways, full_matrices=False)
    initial, final = losses.loc[list(paths)].to_numpy().T
    origin = _best_end(np.array([x[-1] for x in paths.values()]), final, initial[0])
    # The start is to the right and above.
    turned = directions[:2] * np.where(directions[:2] @ (start - origin) < 0, -1, 1)[:, np.newaxis]
    share = float((strengths[:2] ** 2).sum() / (strengths**2).sum())
    plane = Plane(origin, turned, share)
    return PlaneView(plane, _box([plane.on(x) for x in paths.values()]))


def _best_end(ends: Array, loss: Array, initial: float) -> Array:
    """Of the ends [paths, dim] that are as good as the best, the one that is nearest to all the others."""
    good = ends[loss <= loss.min() + _AS_GOOD * max(initial - loss.min(), 0.0)]
    apart = np.array([np.linalg.norm(ends - end, axis=1).sum() for end in good])
    best: Array = good[int(np.argmin(apart))]
    return best


def _box(paths: list[Array]) -> tuple[Interval, Interval]:
    """The middle 98 % of the points of all paths, and their ends, with a margin around them."""
    ends = np.concatenate([path[[0, -1]] for path in paths])
    low, high = np.quantile(np.concatenate(paths), [0.01, 0.99], axis=0)
    low, high = np.minimum(low, ends.min(axis=0)), np.maximum(high, ends.max(axis=0))
    # A plane on which nothing went sideways still has two dimensions.
    width = np.maximum(high - low, 0.05 * (high - low).max())
    middle = (low + high) / 2
    half = width * (0.5 + _MARGIN)
    (left, bottom), (right, top) = (middle - half).tolist(), (middle + half).tolist()
    return (left, right), (bottom, top)
