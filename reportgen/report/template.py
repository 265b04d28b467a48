"""The templates, found beside the package, with the few words they need: escaped, strict and without blank lines."""

from __future__ import annotations

import math
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined

from reportgen.analysis import numbers
from reportgen.analysis.outcomes import MEANINGS, SYMBOLS
from reportgen.figures.plan import slug
from reportgen.report.formula import block, inline


def page(template: str, context: dict[str, Any]) -> str:
    """The text of a page."""
    text = _environment().get_template(template).render(context)
    return "\n".join(line.rstrip() for line in text.splitlines() if line.strip()) + "\n"


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FunctionLoader(read),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    words = (
        numbers.number,
        numbers.rate,
        numbers.share,
        numbers.count,
        numbers.point,
        numbers.exponent,
        numbers.listed,
    )
    made.filters.update({word.__name__: word for word in (*words, slug, block, inline)})
    made.globals.update(SYMBOLS=SYMBOLS, MEANINGS=MEANINGS, inf=math.inf)
    return made


def read(name: str) -> str:
    """The source of a template."""
    return resources.files("reportgen.templates").joinpath(name).read_text(encoding="utf-8")
