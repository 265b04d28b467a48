"""The whole site in one file: its pages below each other, with figures and scripts inside and links as anchors."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from markupsafe import Markup

from reportgen.report.contents import page_sections
from reportgen.report.csp import add_policy
from reportgen.report.links import INDEX, SharedImages, SingleFileLinks, part_id
from reportgen.report.math_font import MATH_FONT, embed_math_font
from reportgen.report.page_types import IndexPage, LossPage, OptimizerPage, Page, SingleFilePage, SingleFilePart
from reportgen.report.template import render_template

NAME = "report.html"
STEPS = {
    "player": "the player of paths",
    "rates": "the learning-rate curves of each optimizer",
    "paths": "the paths of each optimizer",
    "basins": "the maps of basins of attraction",
    "figures": "all other figures",
    "cells": "the tables of all configurations",
}
"""What is omitted, step by step, until the file is small enough."""

KINDS: dict[type[Page], str] = {LossPage: "Losses", OptimizerPage: "Optimizers"}
"""The groups of pages in the table of contents."""


def single_file(
    pages: Sequence[tuple[str, Page]],
    asset: Callable[[str], bytes],
    scripts: Mapping[str, str],
    limit: int,
    templates: Path | None,
) -> str:
    """The text of the file.

    Args:
        pages: template and contents of each page, the first page first.
        asset: reads a file in ``assets``.
        scripts: all scripts by name.
        limit: bytes that the file should not exceed. If omitting everything that can be omitted is not enough, it does.
        templates: the user's folder of templates.

    Raises:
        TemplateError: one of the user's templates is broken.
    """
    images = SharedImages(asset)
    parts = _parts(pages, images, templates)
    found = images.steps | {"cells"} | {"player" for _, page in pages if getattr(page, "player", None)}
    steps = [step for step in STEPS if step in found]
    sizes = images.sizes()
    whole = partial(_whole, pages[0][1], scripts, limit, templates)
    for many in range(len(steps) + 1):
        omitted = steps[:many]
        # If figures or parts alone are too large, nothing has to be put together to know it.
        figures = sum(size for step, size in sizes.items() if step not in omitted)
        if figures > limit:
            continue
        if many:
            images = SharedImages(asset)
            parts = _parts(pages, images, templates, omitted)
        if figures + sum(len(part.content) for part in parts) > limit:
            continue
        text = whole(parts, images, omitted)
        if len(text.encode()) <= limit:
            return text
    return whole(parts, images, steps, is_too_large=True)


def _whole(
    first: Page,
    scripts: Mapping[str, str],
    limit: int,
    templates: Path | None,
    parts: Sequence[SingleFilePart],
    images: SharedImages,
    omitted: Sequence[str],
    is_too_large: bool = False,
) -> str:
    """The text with these parts."""
    style = images.asset("site.css").decode()
    if any("<math" in part.content for part in parts):
        style = embed_math_font(style, partial(images.asset, MATH_FONT))
    assert isinstance(first, IndexPage)
    frame = SingleFilePage(
        path=NAME,
        report=first.report,
        setup=first.setup,
        bodies=parts,
        images=images.definitions(),
        style=_inline(style, "style"),
        scripts=[_inline(script, "script") for script in scripts.values()],
        omissions=[STEPS[step] for step in omitted],
        limit=limit / 2**20,
        is_too_large=is_too_large,
    )
    return add_policy(render_template("single.html", frame, SingleFileLinks(INDEX, images), templates))


def _parts(
    pages: Sequence[tuple[str, Page]], images: SharedImages, templates: Path | None, omitted: Sequence[str] = ()
) -> list[SingleFilePart]:
    return [_part(template, page, images, templates, omitted) for template, page in pages]


def _part(
    template: str, page: Page, images: SharedImages, templates: Path | None, omitted: Sequence[str]
) -> SingleFilePart:
    level = 0 if page.path == INDEX else 1
    links = SingleFileLinks(page.path, images, omitted)
    content = render_template(template, page, links, templates, is_body=True, omitted=omitted, level=level)
    return SingleFilePart(
        path=page.path,
        id=part_id(page.path),
        is_first=page.path == INDEX,
        name=page.info.label if isinstance(page, LossPage | OptimizerPage) else "Overview",
        kind=KINDS.get(type(page), ""),
        sections=page_sections(content, 2 + level),
        content=Markup(content),
    )


def _inline(text: str, tag: str) -> Markup:
    """A script or style sheet that cannot end its element early."""
    return Markup(re.sub(rf"</(?={tag})", r"<\\/", text, flags=re.IGNORECASE).strip())
