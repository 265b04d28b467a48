"""The section of a loss page on basins of attraction: pictures, their key, and the same as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from reportgen.analysis.number_format import names, number, point, share
from reportgen.engine.basins import DIVERGED, INSIDE, OUTSIDE, SOLVED_ELSEWHERE, speed_target
from reportgen.engine.result import Array
from reportgen.figures.basins import FAST, GAP, SLOW, basins_picture, end_colours
from reportgen.figures.registry import slug
from reportgen.report.page_types import PageFigure
from reportgen.results.basin_table import BasinMap
from reportgen.results.manifest import LossInfo, Manifest

_OTHERS = {
    SOLVED_ELSEWHERE: "hits the tightest target elsewhere",
    INSIDE: "ends elsewhere in the domain",
    OUTSIDE: "ends outside of the domain",
    DIVERGED: "diverges",
}


@dataclass(frozen=True)
class BasinKey:
    """One colour of the pictures."""

    colour: str
    meaning: str


@dataclass(frozen=True)
class BasinShares:
    """Where the runs of an optimizer end, at the learning rate at which most of them find a minimum."""

    optimizer: str
    learning_rate: float
    minimum: float
    """Share of starts that end at a global minimum, or hit the tightest target elsewhere."""
    local: float
    """Share that ends at a known local minimum or saddle."""
    inside: float
    outside: float
    diverged: float
    median_steps: float
    """Median number of steps to the speed target of the runs that hit it; NaN if none did."""


@dataclass(frozen=True)
class BasinRow:
    """The tiles of one optimizer."""

    optimizer: str
    picture: PageFigure


@dataclass(frozen=True)
class BasinSection:
    """The whole section."""

    heading: str
    rates: Sequence[float]
    """One for each tile, ascending."""
    shown: int
    """The tile that the large view shows first, from 0: the learning rate of the best optimizer."""
    rows: Sequence[BasinRow]
    key: Sequence[BasinKey]
    shares: Sequence[BasinShares]
    axes: Sequence[str]
    """What the horizontal and the vertical axis are, in words."""
    starts: int
    """Starts of each tile."""
    tile: int
    """Pixels of a tile, without the gap after it."""
    gap: int
    target: float
    """The share of a gap that says how fast a run was."""
    fast: int
    """Steps up to which a run is fast."""
    slow: int
    """Steps after which a run is slow."""


def basin_section(maps: Sequence[BasinMap], info: LossInfo, manifest: Manifest) -> BasinSection | None:
    """Return the section on a loss; None without maps."""
    mine = [each for each in maps if each.loss == info.label]
    if not mine:
        return None
    order = [name for name in manifest.optimizer_labels if any(each.optimizer == name for each in mine)]
    rates = sorted({each.learning_rate for each in mine})
    shares = [_shares(name, mine, info) for name in order]
    first = mine[0]
    axes = zip(_axes(info), first.box, strict=True)
    return BasinSection(
        heading=_heading(shares, first.ends.size),
        rates=rates,
        shown=rates.index(max(shares, key=lambda each: each.minimum).learning_rate),
        rows=[BasinRow(each.optimizer, _figure(info, each.optimizer, first, rates)) for each in shares],
        key=list(_key(mine, info)),
        shares=shares,
        axes=[f"{axis} from {number(low)} to {number(high)}" for axis, (low, high) in axes],
        starts=first.ends.size,
        tile=first.size,
        gap=GAP,
        target=speed_target(manifest.targets),
        fast=int(FAST * manifest.steps),
        slow=int(SLOW * manifest.steps),
    )


def _heading(shares: Sequence[BasinShares], starts: int) -> str:
    best = max(each.minimum for each in shares)
    if not best:
        return f"No optimizer finds a minimum from any of {starts:,} starts"
    first = [each.optimizer for each in shares if each.minimum == best]
    from_starts = f"all {starts:,} starts" if best == 1 else f"{share(best)} of {starts:,} starts"
    if len(first) == len(shares) > 1:
        return f"Every optimizer finds a minimum from {from_starts}"
    return f"{names(first)} {'find' if len(first) > 1 else 'finds'} a minimum from {from_starts}"


def basin_files(maps: Sequence[BasinMap], manifest: Manifest) -> Iterator[tuple[str, bytes]]:
    """Name in ``assets`` and content of each picture."""
    infos = {info.label: info for info in manifest.losses}
    for loss in dict.fromkeys(each.loss for each in maps):
        info = infos[loss]
        mine = [each for each in maps if each.loss == loss]
        rates = sorted({each.learning_rate for each in mine})
        used = {code for each in mine for code in np.unique(each.ends).tolist()}
        colours = {code: colour for code, colour in _colours(info).items() if code in used}
        for optimizer in dict.fromkeys(each.optimizer for each in mine):
            found = {each.learning_rate: each for each in mine if each.optimizer == optimizer}
            tiles = [(found[each].ends, found[each].steps) if each in found else None for each in rates]
            yield _file(loss, optimizer), basins_picture(tiles, colours, manifest.steps)


def _file(loss: str, optimizer: str) -> str:
    return f"basins.{slug(loss)}.{slug(optimizer)}.png"


def _figure(info: LossInfo, optimizer: str, first: BasinMap, rates: Sequence[float]) -> PageFigure:
    height = first.size if first.ends.ndim == 2 else max(first.size // 4, 1)
    size = (len(rates) * (first.size + GAP) - GAP, height)
    alt = f"Where {optimizer} ends on {info.label} from each start, a tile for each learning rate"
    return PageFigure(_file(info.label, optimizer), size, alt, omission="basins")


def _axes(info: LossInfo) -> Sequence[str]:
    if info.dim is not None and info.dim > 2:
        return "first principal direction", "second principal direction"
    return ("x",) if info.dim == 1 else ("x", "y")


def _colours(info: LossInfo) -> dict[int, str]:
    return end_colours(len(info.minima), len(info.local_minima), len(info.saddles))


def _key(maps: Sequence[BasinMap], info: LossInfo) -> Iterator[BasinKey]:
    used = {code for each in maps for code in np.unique(each.ends).tolist()}
    points = [
        *(f"ends at the minimum {point(each)}" for each in info.minima),
        *(f"ends at the local minimum {point(each)}" for each in info.local_minima),
        *(f"ends at the saddle {point(each)}" for each in info.saddles),
    ]
    for code, colour in _colours(info).items():
        if code in used:
            yield BasinKey(colour, _OTHERS[code] if code in _OTHERS else points[code])


def _shares(optimizer: str, maps: Sequence[BasinMap], info: LossInfo) -> BasinShares:
    found = [_shares_of(each, info) for each in maps if each.optimizer == optimizer]
    return max(found, key=lambda each: (each.minimum, -each.diverged, -each.learning_rate))


def _shares_of(found: BasinMap, info: LossInfo) -> BasinShares:
    ends, minima = found.ends, len(info.minima)
    hits = found.steps[found.steps >= 0]
    return BasinShares(
        optimizer=found.optimizer,
        learning_rate=found.learning_rate,
        minimum=_share((ends < minima) | (ends == SOLVED_ELSEWHERE)),
        local=_share((ends >= minima) & (ends < SOLVED_ELSEWHERE)),
        inside=_share(ends == INSIDE),
        outside=_share(ends == OUTSIDE),
        diverged=_share(ends == DIVERGED),
        median_steps=float(np.median(hits)) if hits.size else float("nan"),
    )


def _share(mask: Array) -> float:
    return float(mask.mean())
