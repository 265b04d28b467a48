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
    render = partial(_render, pages, asset, scripts, limit, templates)
    text, steps = render()
    for many in range(1, len(steps) + 1):
        if len(text.encode()) <= limit:
            return text
        text, _ = render(omitted=steps[:many])
    if len(text.encode()) > limit:
        text, _ = render(omitted=steps, is_too_large=True)
    return text


def _render(
    pages: Sequence[tuple[str, Page]],
    asset: Callable[[str], bytes],
    scripts: Mapping[str, str],
    limit: int,
    templates: Path | None,
    omitted: Sequence[str] = (),
    is_too_large: bool = False,
) -> tuple[str, list[str]]:
    """The text, and the steps that would omit something, in order."""
    images = SharedImages(asset)
    bodies = [_part(template, page, images, templates, omitted) for template, page in pages]
    style = asset("site.css").decode()
    if any("<math" in part.content for part in bodies):
        style = embed_math_font(style, partial(asset, MATH_FONT))
    first = pages[0][1]
    assert isinstance(first, IndexPage)
    frame = SingleFilePage(
        path=NAME,
        report=first.report,
        setup=first.setup,
        bodies=bodies,
        images=images.definitions(),
        style=_inline(style, "style"),
        scripts=[_inline(script, "script") for script in scripts.values()],
        omissions=[STEPS[step] for step in omitted],
        limit=limit / 2**20,
        is_too_large=is_too_large,
    )
    text = add_policy(render_template("single.html", frame, SingleFileLinks(INDEX, images), templates))
    found = images.steps | {"cells"} | {"player" for _, page in pages if getattr(page, "player", None)}
    return text, [step for step in STEPS if step in found]


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
