"""Which figures a loss has: their file names, how they are drawn and what they say to those who cannot see them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from reportgen.analysis.figure_fingerprint import loss_digest, overview_digest, path_digest
from reportgen.analysis.loss_view import LossView
from reportgen.analysis.runtime_profile import RuntimeProfile, loss_runtime_profile
from reportgen.figures.contour_background import background_svg
from reportgen.figures.convergence import alt_convergence, draw_convergence
from reportgen.figures.learning_rate_curve import alt_rates, draw_rates, rates_scale
from reportgen.figures.paths import BARE, MARGINS, alt_paths, alt_thumbnail, draw_paths, draw_thumbnail, is_drawable
from reportgen.figures.player_stage import STAGE, alt_background, draw_background, is_playable
from reportgen.figures.runtime_profiles import alt_performance, alt_runtimes, draw_performance, draw_runtimes
from reportgen.figures.scales import GapScale
from reportgen.figures.style import PANEL, THUMBNAIL, WIDE
from reportgen.figures.tuning_curve import alt_tuning, draw_tuning

if TYPE_CHECKING:
    import pandas as pd

MOST_PANELS = 24
"""Of more optimizers than this only the first have pictures of their own; the tables have all."""


@dataclass(frozen=True)
class FigureSpec:
    """One figure in its own file."""

    kind: str
    """``thumbnail``, ``convergence``, ``runtimes``, ``paths``, ``rates`` or ``ground`` of a loss; see ``overview``."""
    optimizer: str | None
    """None for the kinds that show all."""
    file: str
    size: tuple[int, int]
    alt: Callable[[], str]
    draw: Callable[[], str]
    digest: Callable[[], str]
    """Of what it is drawn from: where that is the same, so is the figure."""


def loss_figures(view: LossView) -> list[FigureSpec]:
    """All figures of one loss, in the order of its page."""

    @cache
    def under() -> str:
        return background_svg(view, PANEL, MARGINS)

    @cache
    def scale() -> GapScale:
        return rates_scale(view)

    @cache
    def whole() -> str:
        return loss_digest(view)

    def of_all(kind: str, size: tuple[int, int], alt: Callable[..., str], draw: Callable[[], str]) -> FigureSpec:
        return FigureSpec(kind, None, f"{kind}.{slug(view.label)}.svg", size, partial(alt, view), draw, whole)

    def of_one(
        kind: str, name: str, alt: Callable[..., str], draw: Callable[[str], str], digest: Callable[[], str]
    ) -> FigureSpec:
        file = f"{kind}.{slug(view.label)}.{slug(name)}.svg"
        return FigureSpec(kind, name, file, PANEL, partial(alt, view, name), partial(draw, name), digest)

    @cache
    def profile() -> RuntimeProfile:
        return loss_runtime_profile(view)

    def runtimes() -> str:
        return draw_runtimes(profile(), view.optimizers)

    def paths(name: str) -> str:
        return draw_paths(view, name, under())

    def rates(name: str) -> str:
        return draw_rates(view, name, scale())

    panels = view.optimizers[:MOST_PANELS]
    found = []
    if view.facts["minimum"] is not None:  # without it there is no gap
        found.append(of_all("convergence", WIDE, alt_convergence, partial(draw_convergence, view)))
        if view.best:
            found.append(of_all("runtimes", WIDE, lambda _: alt_runtimes(profile(), f" on {view.label}"), runtimes))
        found += [of_one("rates", name, alt_rates, rates, whole) for name in panels]
    if is_drawable(view) and any(map(view.drawn_runs, view.optimizers)):
        found.append(of_all("thumbnail", THUMBNAIL, alt_thumbnail, partial(_thumbnail, view)))
        drawn = (name for name in panels if view.drawn_runs(name))
        found += [of_one("paths", name, alt_paths, paths, partial(path_digest, view, name)) for name in drawn]
    if is_playable(view):
        found.append(of_all("ground", STAGE, alt_background, partial(draw_background, view)))
    return found


def overview_figures(profile: RuntimeProfile, tuning: pd.DataFrame, optimizers: Sequence[str]) -> list[FigureSpec]:
    """The figures that show all losses at once; ``optimizers`` are the manifest's, which decide the colours."""

    def made(kind: str, alt: Callable[[Any], str], draw: Callable[[Any, Sequence[str]], str], data: Any) -> FigureSpec:
        digest = partial(overview_digest, profile, tuning, optimizers)
        return FigureSpec(kind, None, f"{kind}.svg", WIDE, partial(alt, data), partial(draw, data, optimizers), digest)

    return [
        made("runtimes", alt_runtimes, draw_runtimes, profile),
        made("performance", alt_performance, draw_performance, profile),
        made("tuning", alt_tuning, draw_tuning, tuning),
    ]


def _thumbnail(view: LossView) -> str:
    return draw_thumbnail(view, background_svg(view, THUMBNAIL, BARE))


def slug(label: str) -> str:
    """A file name for a label: safe, unique also where case is ignored, and the label itself where it can be."""
    safe = re.sub(r"[^a-z0-9_]+", "-", label.lower()).strip("-")[:40]
    return safe if safe == label else f"{safe or 'x'}-{sha256(label.encode()).hexdigest()[:8]}"
