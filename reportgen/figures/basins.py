"""Maps of the basins of attraction as pictures: a tile for each learning rate, a pixel for each start."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np

from reportgen.engine.basins import DIVERGED, INSIDE, OUTSIDE, SOLVED_ELSEWHERE
from reportgen.engine.result import Array

GAP = 2
"""Pixels between two tiles."""
FAST, SLOW = 0.05, 0.25
"""Shares of the budget. A run that hits its target within the first one is fast, after the second one slow."""

_MINIMA = ("#0068b5", "#00805c", "#5b46b8", "#2a93a8", "#3c4fa0", "#7a8b00")
_LOCAL_MINIMA = ("#c8500a", "#a8437f", "#b0202e", "#8a6a00", "#d0702e", "#7d2f5f")
_SADDLES = ("#c79a00", "#8f7a3d")
_OTHERS = {SOLVED_ELSEWHERE: "#1d9e8f", INSIDE: "#8e98a5", OUTSIDE: "#565f6b", DIVERGED: "#20252c"}
_LIGHTER = (0.0, 0.38, 0.68)
"""Share of white in the colour of a fast run, of others, and of a slow one."""


def end_colours(minima: int, local_minima: int, saddles: int) -> dict[int, str]:
    """Return the colour of each code of ``reportgen.engine.basins``, for a loss with these numbers of known points."""
    points = [
        *(_MINIMA[i % len(_MINIMA)] for i in range(minima)),
        *(_LOCAL_MINIMA[i % len(_LOCAL_MINIMA)] for i in range(local_minima)),
        *(_SADDLES[i % len(_SADDLES)] for i in range(saddles)),
    ]
    return dict(enumerate(points[:SOLVED_ELSEWHERE])) | _OTHERS


def basins_picture(tiles: Sequence[tuple[Array, Array] | None], colours: dict[int, str], budget: int) -> bytes:
    """Return a PNG with a tile for each learning rate, from left to right.

    Args:
        tiles: codes, uint8 [starts] or [starts, starts], and steps to the target, int32 of the same shape, -1: never;
            None for a learning rate without runs, which stays empty.
        colours: the colour of each code.
        budget: the number of steps.
    """
    from PIL import Image  # matplotlib requires it

    codes = list(colours)
    drawn = [None if tile is None else _indices(*tile, codes, budget) for tile in tiles]
    height, width = next(tile.shape for tile in drawn if tile is not None)
    empty, gap = (np.full((height, pixels), 3 * len(codes), np.uint8) for pixels in (width, GAP))
    parts = [part for tile in drawn for part in (empty if tile is None else tile, gap)][:-1]
    palette = [rgb for code in codes for rgb in _shades(colours[code], code)]
    picture = Image.fromarray(np.concatenate(parts, axis=1))
    picture = picture.convert("P")
    picture.putpalette([value for rgb in (*palette, (0, 0, 0)) for value in rgb])
    content = io.BytesIO()
    picture.save(content, "PNG", optimize=True, transparency=3 * len(codes))
    return content.getvalue()


def _indices(ends: Array, steps: Array, codes: Sequence[int], budget: int) -> Array:
    """The place in the palette of each pixel, uint8 [height, width]; the second axis of the loss points upwards."""
    places = np.zeros(256, np.uint8)
    places[list(codes)] = 3 * np.arange(len(codes))
    level = np.where((steps < 0) | (steps > SLOW * budget), 2, np.where(steps > FAST * budget, 1, 0))
    pixels = (places[ends] + level).astype(np.uint8)
    if pixels.ndim == 1:
        return np.tile(pixels, (max(len(pixels) // 4, 1), 1))
    return np.ascontiguousarray(pixels[::-1])


def _shades(colour: str, code: int) -> list[list[int]]:
    """The colour for fast, other and slow runs. Runs that did not end well have one colour."""
    rgb = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    lighter = _LIGHTER if code <= SOLVED_ELSEWHERE else (0.0,) * 3
    return [[round(part + (255 - part) * white) for part in rgb] for white in lighter]
