"""The figures of a report: their file names, drawings, text alternatives and fingerprints."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from hashlib import sha256
from typing import TYPE_CHECKING

from reportgen.analysis.figure_fingerprint import loss_digest, overview_digest, path_digest, tuning_digest
from reportgen.analysis.loss_view import LossView
from reportgen.analysis.profile_bands import ProfileBands
from reportgen.analysis.runtime_profile import RuntimeProfile, runtime_profile
from reportgen.figures.contour_background import background_svg
from reportgen.figures.convergence import alt_convergence, draw_convergence
from reportgen.figures.learning_rate_curve import alt_rates, draw_rates, rates_scale
from reportgen.figures.paths import (
    MARGINS,
    NO_MARGINS,
    alt_paths,
    alt_thumbnail,
    draw_paths,
    draw_thumbnail,
    is_drawable,
)
from reportgen.figures.player_stage import STAGE, alt_background, draw_background, is_playable
from reportgen.figures.runtime_profiles import alt_performance, alt_runtimes, draw_performance, draw_runtimes
from reportgen.figures.scales import GapScale
from reportgen.figures.style import PANEL, THUMBNAIL, WIDE, SeriesStyle, series_style
from reportgen.figures.tuned_curve import alt_tuned_curve, draw_tuned_curve
from reportgen.figures.tuning_coordinates import alt_tuning_coordinates, draw_tuning_coordinates
from reportgen.figures.tuning_curve import alt_tuning, draw_tuning
from reportgen.figures.tuning_scatter import alt_tuning_scatter, draw_tuning_scatter

if TYPE_CHECKING:
    import pandas as pd

    from reportgen.analysis.tuning_study import TunedOptimizer

MOST_PANELS = 24
"""With more optimizers than this, only the first have figures alone; the tables have all."""


@dataclass(frozen=True)
class FigureSpec:
    """One figure in its own file."""

    kind: str
    """Of a loss: ``thumbnail``, ``convergence``, ``runtimes``, ``paths``, ``rates`` or ``background``.

    Of all losses: ``runtimes``, ``performance`` or ``tuning``; of one optimizer ``tuned``, ``trials``, ``coordinates``.
    """
    optimizer: str | None
    """Its label; None for the kinds that show all optimizers."""
    file: str
    """Name in ``assets``."""
    size: tuple[int, int]
    """Width and height, CSS pixels."""
    alt: Callable[[], str]
    """Returns the text alternative."""
    draw: Callable[[], str]
    """Returns the SVG."""
    digest: Callable[[], str]
    """Returns the digest of the data that the figure is drawn from."""

    def drawn(self) -> FigureSpec:
        """Return the same after it is drawn: with its text, and without the data, which can be large."""
        alt = self.alt()
        return replace(self, alt=lambda: alt, draw=_no_data, digest=_no_data)


def _no_data() -> str:
    raise RuntimeError("this figure has been drawn, and its data are gone")


def loss_figures(view: LossView) -> list[FigureSpec]:
    """All figures of one loss, in the order of its page."""

    @cache
    def path_background() -> str:
        return background_svg(view, PANEL, MARGINS)

    @cache
    def scale() -> GapScale:
        return rates_scale(view)

    @cache
    def digest() -> str:
        return loss_digest(view)

    def figure(kind: str, size: tuple[int, int], alt: Callable[[LossView], str], draw: Callable[[], str]) -> FigureSpec:
        return FigureSpec(kind, None, f"{kind}.{slug(view.label)}.svg", size, partial(alt, view), draw, digest)

    def panel(
        kind: str, name: str, alt: Callable[[LossView, str], str], draw: Callable[[str], str], digest: Callable[[], str]
    ) -> FigureSpec:
        file = f"{kind}.{slug(view.label)}.{slug(name)}.svg"
        return FigureSpec(kind, name, file, PANEL, partial(alt, view, name), partial(draw, name), digest)

    @cache
    def profile() -> RuntimeProfile:
        found = runtime_profile(view.table, view.best_table, view.optimizers)
        assert found is not None  # called only if there is a best configuration
        return found

    def runtimes() -> str:
        return draw_runtimes(profile(), view.optimizers)

    def paths(name: str) -> str:
        return draw_paths(view, name, path_background())

    def rates(name: str) -> str:
        return draw_rates(view, name, scale())

    names = view.optimizers[:MOST_PANELS]
    figures = []
    if view.info.minimum is not None:  # without it there is no gap
        figures.append(figure("convergence", WIDE, alt_convergence, partial(draw_convergence, view)))
        if view.best:
            figures.append(figure("runtimes", WIDE, lambda _: alt_runtimes(profile(), f" on {view.label}"), runtimes))
        figures += [panel("rates", name, alt_rates, rates, digest) for name in names]
    if is_drawable(view) and any(map(view.drawn_runs, view.optimizers)):
        figures.append(figure("thumbnail", THUMBNAIL, alt_thumbnail, partial(_thumbnail, view)))
        drawn = (name for name in names if view.drawn_runs(name))
        figures += [panel("paths", name, alt_paths, paths, partial(path_digest, view, name)) for name in drawn]
    if is_playable(view):
        figures.append(figure("background", STAGE, alt_background, partial(draw_background, view)))
    return figures


def overview_figures(
    profile: RuntimeProfile, bands: ProfileBands | None, tuning: pd.DataFrame, optimizers: Sequence[str], noun: str
) -> list[FigureSpec]:
    """The figures that show all losses at once.

    Args:
        profile: the runtimes.
        bands: of its ``banded_optimizers``; None without bands.
        tuning: the tuning curves, made by ``mean_over_losses``.
        optimizers: all labels, in the order of their colours.
        noun: what was tuned: ``learning rate`` or ``trial``.
    """
    digest = partial(overview_digest, profile, bands, tuning, [*optimizers, noun])

    def figure(kind: str, alt: Callable[[], str], draw: Callable[[], str]) -> FigureSpec:
        return FigureSpec(kind, None, f"{kind}.svg", WIDE, alt, draw, digest)

    return [
        figure("runtimes", partial(alt_runtimes, profile), partial(draw_runtimes, profile, optimizers, bands)),
        figure("performance", partial(alt_performance, profile), partial(draw_performance, profile, optimizers)),
        figure("tuning", partial(alt_tuning, tuning, noun), partial(draw_tuning, tuning, optimizers, noun)),
    ]


def tuning_figures(study: Sequence[TunedOptimizer], optimizers: Sequence[str]) -> list[FigureSpec]:
    """The figures of tuning: three of each of the first optimizers.

    Args:
        study: of each optimizer.
        optimizers: all labels, in the order of their colours.
    """
    found = []
    for tuned in study[:MOST_PANELS]:
        name = tuned.optimizer
        style, digest = series_style(optimizers.index(name)), partial(tuning_digest, tuned, optimizers)
        kinds: list[tuple[str, tuple[int, int], _Alt, _Draw]] = [
            ("tuned", PANEL, alt_tuned_curve, draw_tuned_curve),
            ("trials", PANEL, alt_tuning_scatter, draw_tuning_scatter),
        ]
        if tuned.tunes_more:
            kinds.append(("coordinates", WIDE, alt_tuning_coordinates, draw_tuning_coordinates))
        found += [
            FigureSpec(
                kind, name, f"{kind}.{slug(name)}.svg", size, partial(alt, tuned), partial(draw, tuned, style), digest
            )
            for kind, size, alt, draw in kinds
        ]
    return found


_Alt = Callable[["TunedOptimizer"], str]
_Draw = Callable[["TunedOptimizer", SeriesStyle], str]


def _thumbnail(view: LossView) -> str:
    return draw_thumbnail(view, background_svg(view, THUMBNAIL, NO_MARGINS))


_WINDOWS_DEVICE = re.compile(r"con|prn|aux|nul|com\d|lpt\d")
"""Names that no file can have on Windows, with any extension."""


def slug(label: str) -> str:
    """A safe file name for a label, unique even if case is ignored; the label itself if it is safe."""
    safe = re.sub(r"[^a-z0-9_]+", "-", label.lower()).strip("-")[:40]
    return (
        safe
        if safe == label and not _WINDOWS_DEVICE.fullmatch(safe)
        else f"{safe or 'x'}-{sha256(label.encode()).hexdigest()[:8]}"
    )
