"""Writes the page with a picture of each loss; a worker process evaluates them."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

from reportgen.engine.result import Grid
from reportgen.engine.sampled import LossRef
from reportgen.execute.local import LocalWorkers
from reportgen.figures.contour import middle, too_fine
from reportgen.report.gallery import Exhibit, gallery, pictured

if TYPE_CHECKING:
    from reportgen.loss import Loss

DEADLINE = 120.0
"""Seconds for a few losses."""


def write_gallery(losses: Sequence[Loss], file: Path, base: Path) -> None:
    """Draw ``losses``, whose plug-in files are relative to ``base``, on one page."""
    shown = [pictured(loss) for loss in losses]
    with tempfile.TemporaryDirectory() as folder, LocalWorkers(Path(folder) / "worker.log") as workers:
        grids = _grids(workers, shown, base)
        closer = [middle(loss) if _is_too_fine(loss, grid) else None for loss, grid in zip(shown, grids, strict=True)]
        again = _grids(workers, closer, base)
    shown = [near or loss for near, loss in zip(closer, shown, strict=True)]
    grids = [found or grid for found, grid in zip(again, grids, strict=True)]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(gallery(list(map(Exhibit, losses, shown, grids))), encoding="utf-8", newline="\n")


def _grids(workers: LocalWorkers, losses: Sequence[Loss | None], base: Path) -> list[Any]:
    """The Grid of each loss, or a text that says why there is none; None where there is no loss."""
    found = workers.grids([_ref(loss, base) for loss in losses if loss], DEADLINE)
    return [next(found) if loss else None for loss in losses]


def _ref(loss: Loss, base: Path) -> LossRef:
    dim = None if loss.default_dim is None else loss.dim
    return LossRef(loss.name, base, dim, loss.parameters, loss.domain)


def _is_too_fine(loss: Loss | None, grid: Any) -> TypeGuard[Loss]:
    return loss is not None and isinstance(grid, Grid) and too_fine(loss, grid.values)
