"""Writes a page with a picture of each loss; a worker process evaluates the losses."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.engine.result import Grid
from reportgen.engine.sampled import LossRef
from reportgen.execute.local_workers import LocalWorkers
from reportgen.failure import Failure, write_errors
from reportgen.figures.loss_contour import central_part, too_fine
from reportgen.report.gallery import Exhibit, gallery
from reportgen.report.plane_slice import PlottedLoss, plotted_loss

if TYPE_CHECKING:
    from reportgen.loss import Loss

DEADLINE = 120.0
"""Seconds for one group of losses."""

GridResult = Grid | Failure | None
"""The values of a loss for its picture, the reason why there are none, or None if they were not requested."""


def write_gallery(losses: Sequence[Loss], file: Path, base: Path) -> None:
    """Draw ``losses`` on one page; the paths of their plug-in files are relative to ``base``.

    A loss that is too fine for its grid is evaluated again, on the central part of its domain.
    """
    pictures = [plotted_loss(loss) for loss in losses]
    with tempfile.TemporaryDirectory() as folder, LocalWorkers(Path(folder) / "worker.log") as workers:
        grids = _evaluate(workers, pictures, base)
        close_ups = [_close_up(picture, grid) for picture, grid in zip(pictures, grids, strict=True)]
        close_up_grids = _evaluate(workers, close_ups, base)
    pictures = [close_up or picture for close_up, picture in zip(close_ups, pictures, strict=True)]
    grids = [close_up or grid for close_up, grid in zip(close_up_grids, grids, strict=True)]
    page = gallery(list(map(Exhibit, losses, pictures, grids)))
    with write_errors(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(page, encoding="utf-8", newline="\n")


def _evaluate(workers: LocalWorkers, pictures: Sequence[PlottedLoss | None], base: Path) -> list[GridResult]:
    results = workers.grids([_reference(picture, base) for picture in pictures if picture], DEADLINE)
    return [next(results) if picture else None for picture in pictures]


def _reference(picture: PlottedLoss, base: Path) -> LossRef:
    loss, plane = picture.loss, picture.plane
    full_dim = len(plane.origin) if plane else loss.dim
    dim = None if loss.default_dim is None else full_dim
    return LossRef.of(loss, loss.name, base, dim, loss.parameters, loss.domain, plane)


def _close_up(picture: PlottedLoss, grid: GridResult) -> PlottedLoss | None:
    """The central part of a picture that is too fine; None for any other picture."""
    if not isinstance(grid, Grid) or not too_fine(picture.loss, grid.values):
        return None
    return replace(picture, loss=central_part(picture.loss))
