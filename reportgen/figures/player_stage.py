"""The stage of the player: the ground of a loss, and where on it points and ticks are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from reportgen.analysis.cells import Array
from reportgen.figures.contour_background import ground
from reportgen.figures.paths import drawable
from reportgen.figures.svg import plain

if TYPE_CHECKING:
    from reportgen.analysis.loss_view import OneLoss

STAGE = (640, 440)
MARGINS = (46.0, 40.0, 12.0, 12.0)
INNER = (582, 388)
"""Width and height inside the margins, where the paths are."""


def playable(view: OneLoss) -> bool:
    """Whether the loss has paths over two axes that can be played."""
    return drawable(view) and view.facts["dim"] != 1 and any(run.x is not None for run in view.first_runs.values())


def draw_ground(view: OneLoss) -> str:
    """What lies under the paths of the player."""
    return plain(STAGE, ground(view, STAGE, MARGINS))


def alt_ground(view: OneLoss) -> str:
    """What the drawing of ``draw_ground`` shows, in words."""
    what = "the plane of its paths" if view.plane else "its domain"
    return f"Contours of {view.label} over {what}, on which the player draws the paths chosen beside it."


def on_stage(points: Array, box: Array) -> Array:
    """Pixels from the left and upper edge inside the margins, for points [..., 2] in a picture with corners ``box``."""
    across = (points - box[0]) / (box[1] - box[0])
    return np.stack([across[..., 0] * INNER[0], (1 - across[..., 1]) * INNER[1]], axis=-1)
