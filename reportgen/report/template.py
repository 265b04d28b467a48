"""The templates, a user's before ours, with the few words they need: escaped, strict and without blank lines."""

from __future__ import annotations

import math
import traceback
from collections.abc import Callable
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined, TemplateNotFound, TemplateSyntaxError
from markupsafe import Markup

from reportgen.analysis import number_format
from reportgen.analysis.outcomes import MEANINGS, SYMBOLS
from reportgen.catalogue import with_suggestion
from reportgen.figures.registry import slug
from reportgen.report.csp import PLACE, add_policy
from reportgen.report.formula import math_block, math_inline
from reportgen.report.render_options import CARD, list_files

OURS = "default/"
"""Before a name: our template of that name, also where the user has one."""
WRITTEN = (".html", ".css")
"""What is a template; anything else in a user's folder is taken as it is."""


class TemplateError(Exception):
    """A template that cannot be used: file, line and reason in one sentence."""


def render_page(template: str, context: dict[str, Any], folder: Path | None = None) -> str:
    """The text of a page with its policy.

    Args:
        template: its name.
        context: what it is told.
        folder: the user's own templates.

    Raises:
        TemplateError: where one of those is broken.
    """
    return add_policy(render_template(template, context, folder))


def render_template(template: str, context: dict[str, Any], folder: Path | None = None) -> str:
    """The same before it has a policy, and also of a style sheet."""
    try:
        text = _environment(folder).get_template(template).render(context)
    except Exception as error:  # whatever a template runs into is its author's to know
        told = _told(error, folder)
        if told is None:
            raise
        raise TemplateError(told) from error
    return "\n".join(line.rstrip() for line in text.splitlines() if line.strip()) + "\n"


def check_templates(folder: Path) -> None:
    """Raise TemplateError where a template in the user's folder cannot be read: before anything is run, not after."""
    for file in list_files(folder):
        if file.suffix in WRITTEN:
            name = file.relative_to(folder).as_posix()
            try:
                _environment(folder).get_template(name)
            except (TemplateSyntaxError, UnicodeDecodeError) as error:
                raise TemplateError(_told(error, folder) or f"{file}: {error}") from error
        elif file.suffix == ".js":
            try:
                file.read_text(encoding="utf-8")
            except UnicodeDecodeError as error:
                raise TemplateError(f"{file}: {error}") from error


def find_scripts(folder: Path | None = None) -> dict[str, str]:
    """The scripts beside the templates by name, the user's before ours."""
    ours = (file.name for file in resources.files("reportgen.templates").iterdir() if file.name.endswith(".js"))
    mine = (file.name for file in list_files(folder) if file.suffix == ".js" and file.parent == folder)
    return {name: _found(name, folder)[0] for name in sorted({*ours, *mine})}


def read_template(name: str) -> str:
    """The source of one of our templates."""
    return resources.files("reportgen.templates").joinpath(name).read_text(encoding="utf-8")


@cache
def _environment(folder: Path | None) -> Environment:
    made = Environment(
        loader=FunctionLoader(lambda name: _loaded(name, folder)),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    words = (
        number_format.number,
        number_format.rate,
        number_format.share,
        number_format.count,
        number_format.point,
        number_format.exponent,
        number_format.and_list,
        number_format.shorten,
    )
    made.filters.update({word.__name__: word for word in (*words, slug, math_block, math_inline)})
    made.globals.update(SYMBOLS=SYMBOLS, MEANINGS=MEANINGS, inf=math.inf, POLICY=Markup(PLACE), CARD=CARD)
    made.globals["SCRIPTS"] = list(find_scripts(folder))
    return made


def _loaded(name: str, folder: Path | None) -> tuple[str, str, Callable[[], bool]] | None:
    try:
        source, file = _found(name, folder)
    except OSError:
        return None
    return source, file, lambda: _found(name, folder) == (source, file)


def _found(name: str, folder: Path | None) -> tuple[str, str]:
    """The source of a template, and the file that holds it."""
    if folder is not None and not name.startswith(OURS):
        mine = folder / name
        if mine.is_file() and mine.resolve().is_relative_to(folder.resolve()):
            return mine.read_text(encoding="utf-8"), str(mine)
    name = name.removeprefix(OURS)
    return read_template(name), name


def _told(error: Exception, folder: Path | None) -> str | None:
    """Where in the user's folder an error arose, and why; None where it is none of theirs."""
    if folder is None:
        return None
    if isinstance(error, TemplateSyntaxError):
        return f"{error.filename or error.name}, line {error.lineno}: {error.message}"
    steps = traceback.extract_tb(error.__traceback__)
    mine = [step for step in steps if Path(step.filename).is_relative_to(folder)]
    if not mine:
        return None
    reason = _no_template(str(error)) if isinstance(error, TemplateNotFound) else str(error)
    return f"{mine[-1].filename}, line {mine[-1].lineno}: {reason}"


def _no_template(name: str) -> str:
    ours = [file.name for file in resources.files("reportgen.templates").iterdir() if file.name.endswith(WRITTEN)]
    return with_suggestion(f"there is no template {name}", name, [*ours, *(f"{OURS}{each}" for each in ours)])
