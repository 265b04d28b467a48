"""Writes the page with a picture of each loss; a worker process evaluates them."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reportgen.engine.result import Grid
from reportgen.engine.sampled import LossRef
from reportgen.execute.local_workers import LocalWorkers
from reportgen.figures.loss_contour import central_part, too_fine
from reportgen.report.gallery import Exhibit, gallery
from reportgen.report.plane_slice import PlottedLoss, plotted_loss

if TYPE_CHECKING:
    from reportgen.loss import Loss

DEADLINE = 120.0
"""Seconds for a few losses."""


def write_gallery(losses: Sequence[Loss], file: Path, base: Path) -> None:
    """Draw ``losses``, whose plug-in files are relative to ``base``, on one page."""
    shown = [plotted_loss(loss) for loss in losses]
    with tempfile.TemporaryDirectory() as folder, LocalWorkers(Path(folder) / "worker.log") as workers:
        grids = _grids(workers, shown, base)
        closer = [_closer(picture, grid) for picture, grid in zip(shown, grids, strict=True)]
        again = _grids(workers, closer, base)
    shown = [near or first for near, first in zip(closer, shown, strict=True)]
    grids = [found or grid for found, grid in zip(again, grids, strict=True)]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(gallery(list(map(Exhibit, losses, shown, grids))), encoding="utf-8", newline="\n")


def _grids(workers: LocalWorkers, shown: Sequence[PlottedLoss | None], base: Path) -> list[Any]:
    """The Grid of each picture, or a text that says why there is none; None where there is no picture."""
    found = workers.grids([_ref(picture, base) for picture in shown if picture], DEADLINE)
    return [next(found) if picture else None for picture in shown]


def _ref(picture: PlottedLoss, base: Path) -> LossRef:
    loss, plane = picture.loss, picture.plane
    whole = len(plane.origin) if plane else loss.dim
    dim = None if loss.default_dim is None else whole
    return LossRef(loss.name, base, dim, loss.parameters, loss.domain, plane)


def _closer(picture: PlottedLoss, grid: Any) -> PlottedLoss | None:
    """The middle of a picture that is too fine; None for any other."""
    if not isinstance(grid, Grid) or not too_fine(picture.loss, grid.values):
        return None
    return replace(picture, loss=central_part(picture.loss))
