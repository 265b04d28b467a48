"""Which figures a loss has: their file names, how they are drawn and what they say to those who cannot see them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from hashlib import sha256

from reportgen.analysis.oneloss import OneLoss
from reportgen.figures.convergence import alt_convergence, draw_convergence
from reportgen.figures.field import ground
from reportgen.figures.paths import BARE, MARGINS, alt_paths, alt_thumbnail, draw_paths, draw_thumbnail, drawable
from reportgen.figures.rates import alt_rates, draw_rates, rates_scale
from reportgen.figures.scales import GapScale
from reportgen.figures.stage import STAGE, alt_ground, draw_ground, playable
from reportgen.figures.style import PANEL, THUMBNAIL, WIDE

MOST_PANELS = 24
"""Of more optimizers than this only the first have pictures of their own; the tables have all."""


@dataclass(frozen=True)
class Picture:
    """One figure in its own file."""

    kind: str
    """``thumbnail``, ``convergence``, ``paths``, ``rates`` or ``ground``."""
    optimizer: str | None
    """None for the kinds that show all."""
    file: str
    size: tuple[int, int]
    alt: Callable[[], str]
    draw: Callable[[], str]


def pictures(view: OneLoss) -> list[Picture]:
    """All figures of one loss, in the order of its page."""

    @cache
    def under() -> str:
        return ground(view, PANEL, MARGINS)

    @cache
    def scale() -> GapScale:
        return rates_scale(view)

    def made(
        kind: str, size: tuple[int, int], alt: Callable[..., str], draw: Callable[[], str], optimizer: str | None = None
    ) -> Picture:
        parts = [kind, slug(view.label), *([slug(optimizer)] if optimizer is not None else [])]
        told = partial(alt, view) if optimizer is None else partial(alt, view, optimizer)
        return Picture(kind, optimizer, ".".join([*parts, "svg"]), size, told, draw)

    def paths(name: str) -> str:
        return draw_paths(view, name, under())

    def rates(name: str) -> str:
        return draw_rates(view, name, scale())

    panels = view.optimizers[:MOST_PANELS]
    found = [made("convergence", WIDE, alt_convergence, partial(draw_convergence, view))]
    found += [made("rates", PANEL, alt_rates, partial(rates, name), name) for name in panels]
    if drawable(view) and any(map(view.drawn_runs, view.optimizers)):
        thumbnail = partial(draw_thumbnail, view, ground(view, THUMBNAIL, BARE))
        found.append(made("thumbnail", THUMBNAIL, alt_thumbnail, thumbnail))
        found += [made("paths", PANEL, alt_paths, partial(paths, n), n) for n in panels if view.drawn_runs(n)]
    if playable(view):
        found.append(made("ground", STAGE, alt_ground, partial(draw_ground, view)))
    return found


def slug(label: str) -> str:
    """A file name for a label: safe, unique also where case is ignored, and the label itself where it can be."""
    safe = re.sub(r"[^a-z0-9_]+", "-", label.lower()).strip("-")[:40]
    return safe if safe == label else f"{safe or 'x'}-{sha256(label.encode()).hexdigest()[:8]}"
