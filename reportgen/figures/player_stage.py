"""The stage of the player: the background of a loss, and the pixels of points on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reportgen.analysis.cells import Array
from reportgen.figures.contour_background import background_svg
from reportgen.figures.paths import is_drawable
from reportgen.figures.svg import plain_svg

if TYPE_CHECKING:
    from reportgen.analysis.loss_view import LossView

STAGE = (640, 440)
"""Width and height, CSS pixels."""
MARGINS = (46.0, 40.0, 12.0, 12.0)
"""Left, bottom, right, top, CSS pixels."""
INNER = (582, 388)
"""Width and height inside the margins, where the paths are."""


def is_playable(view: LossView) -> bool:
    """Whether the loss has paths in two dimensions that the player can show."""
    return is_drawable(view) and view.info.dim != 1 and any(run.x is not None for run in view.first_runs.values())


def draw_background(view: LossView) -> str:
    """The SVG of the background of the player."""
    return plain_svg(STAGE, background_svg(view, STAGE, MARGINS))


def alt_background(view: LossView) -> str:
    """The text alternative of ``draw_background``."""
    where = "the plane of its paths" if view.plane else "its domain"
    return f"Contours of {view.label} over {where}. The player draws the chosen paths over them."


def stage_pixels(points: Array, box: Array) -> Array:
    """Pixels from the left and upper edge inside the margins, float [..., 2].

    Args:
        points: in the coordinates of the picture, float [..., 2].
        box: made by ``paths.box_of``, float [2, 2].
    """
    shares = (points - box[0]) / (box[1] - box[0])
    return np.stack([shares[..., 0] * INNER[0], (1 - shares[..., 1]) * INNER[1]], axis=-1)
