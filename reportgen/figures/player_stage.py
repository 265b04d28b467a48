"""The stage of the player: the ground of a loss, and where on it points and ticks are."""

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
MARGINS = (46.0, 40.0, 12.0, 12.0)
INNER = (582, 388)
"""Width and height inside the margins, where the paths are."""


def is_playable(view: LossView) -> bool:
    """Whether the loss has paths over two axes that can be played."""
    return is_drawable(view) and view.facts["dim"] != 1 and any(run.x is not None for run in view.first_runs.values())


def draw_background(view: LossView) -> str:
    """What lies under the paths of the player."""
    return plain_svg(STAGE, background_svg(view, STAGE, MARGINS))


def alt_background(view: LossView) -> str:
    """What the drawing of ``draw_ground`` shows, in words."""
    what = "the plane of its paths" if view.plane else "its domain"
    return f"Contours of {view.label} over {what}, on which the player draws the paths chosen beside it."


def stage_pixels(points: Array, box: Array) -> Array:
    """Pixels from the left and upper edge inside the margins, for points [..., 2] in a picture with corners ``box``."""
    across = (points - box[0]) / (box[1] - box[0])
    return np.stack([across[..., 0] * INNER[0], (1 - across[..., 1]) * INNER[1]], axis=-1)
