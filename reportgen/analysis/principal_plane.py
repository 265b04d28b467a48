"""The plane on which the trajectories of a loss with more than two dimensions are drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reportgen.analysis.cells import Array
from reportgen.analysis.loss_view import loss_view, positions
from reportgen.analysis.outcomes import is_lost
from reportgen.engine.result import Plane
from reportgen.loss import Interval

if TYPE_CHECKING:
    from reportgen.results.result_tables import Results

_MARGIN = 0.12
"""Margin on each side of the paths, as a share of the picture's width."""

_TOLERANCE = 1e-4
"""Ends are equally good if their losses differ by less than this share of the best run's improvement."""


@dataclass(frozen=True)
class PlaneView:
    """A plane, and the part of it that a picture shows."""

    plane: Plane
    box: tuple[Interval, Interval]
    """Limits of the first and second axis."""


def principal_plane(results: Results, label: str) -> PlaneView | None:
    """The plane through the best end, along the first two principal directions of the trajectories.

    It is computed from one trajectory per optimizer: the one from the first start at its best learning rate. Those that
    diverged or left the range of float32 are left out. Positions are relative to the start, divided by the norm of the
    trajectory, so that all trajectories count the same (Li et al. 2018, "Visualizing the Loss Landscape of Neural
    Nets", section 7.2, for a single one).

    None if no trajectory is left or none moved.

    Args:
        results: all results.
        label: label of the loss.
    """
    view = loss_view(results, label)
    best = {cell.cell_id for cell in view.best.values()}
    runs = view.results.runs
    runs = runs[runs["cell_id"].isin(best) & ~is_lost(runs)]
    losses = runs.set_index(runs["run_id"].astype(str))[["initial_loss", "final_loss"]].astype(float)
    stored = {run: x for run, (_, x) in positions(view.results.trajectories(label)[1]).items() if run in losses.index}
    paths = {run: x for run, x in stored.items() if np.isfinite(x).all()}
    if not paths:
        return None
    start = next(iter(paths.values()))[0]
    displacements = [x - start for x in paths.values() if (x != start).any()]
    if not displacements:
        return None
    normalised = np.concatenate([each / np.linalg.norm(each) for each in displacements])
    _, strengths, directions = np.linalg.svd(normalised, full_matrices=False)
    initial, final = losses.loc[list(paths)].to_numpy().T
    origin = _best_end(np.array([x[-1] for x in paths.values()]), final, initial[0])
    # Signs such that the start is at the upper right.
    axes = directions[:2] * np.where(directions[:2] @ (start - origin) < 0, -1, 1)[:, np.newaxis]
    share = float((strengths[:2] ** 2).sum() / (strengths**2).sum())
    plane = Plane(origin, axes, share)
    return PlaneView(plane, _box([plane.on(x) for x in paths.values()]))


def _best_end(ends: Array, loss: Array, initial: float) -> Array:
    """Among the ends [paths, dim] that are as good as the best, the one closest to all others."""
    good = ends[loss <= loss.min() + _TOLERANCE * max(initial - loss.min(), 0.0)]
    distances = np.array([np.linalg.norm(ends - end, axis=1).sum() for end in good])
    best: Array = good[int(np.argmin(distances))]
    return best


def _box(paths: list[Array]) -> tuple[Interval, Interval]:
    """The limits of the middle 98 % of the points of all paths, and of their ends, with a margin."""
    ends = np.concatenate([path[[0, -1]] for path in paths])
    low, high = np.quantile(np.concatenate(paths), [0.01, 0.99], axis=0)
    low, high = np.minimum(low, ends.min(axis=0)), np.maximum(high, ends.max(axis=0))
    # If all paths lie on a line, the picture still needs two dimensions.
    width = np.maximum(high - low, 0.05 * (high - low).max())
    middle = (low + high) / 2
    half = width * (0.5 + _MARGIN)
    (left, bottom), (right, top) = (middle - half).tolist(), (middle + half).tolist()
    return (left, right), (bottom, top)
