"""Renders the templates: the user's and the built-in ones, escaped, strict about names, without blank lines."""

from __future__ import annotations

import math
import re
import traceback
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FunctionLoader, StrictUndefined, TemplateNotFound, TemplateSyntaxError
from markupsafe import Markup

from reportgen.analysis import number_format
from reportgen.analysis.outcomes import MEANINGS, SYMBOLS
from reportgen.catalogue import with_suggestion
from reportgen.figures.registry import slug
from reportgen.regular_files import read_bytes, read_text
from reportgen.report.csp import PLACEHOLDER, add_policy
from reportgen.report.formula import math_block, math_inline
from reportgen.report.heatmap import shown_headings
from reportgen.report.page_types import template_fields
from reportgen.report.render_options import CARD, list_files

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from reportgen.report.links import Links

BUILT_IN = "default/"
"""Prefix of a name: the built-in template of that name, even if the user has one."""
FRAME, BODY = "base.html", "body.html"
"""The templates that every page extends: on the site, and in the single file."""
USED = (FRAME, "parts.html", "index.html", "loss.html", "optimizer.html", "player.html", "single.html", "site.css")
"""The templates of a report."""
TEMPLATE_SUFFIXES = (".html", ".css")
"""The files in a user's folder that are templates; other files are copied unchanged."""


GLOBALS = {"SYMBOLS": SYMBOLS, "MEANINGS": MEANINGS, "inf": math.inf, "POLICY": Markup(PLACEHOLDER), "CARD": CARD}
"""The names that every template knows, with SCRIPTS, the names of all scripts."""


class TemplateError(Exception):
    """A template that cannot be used: file, line and reason in one sentence."""


def render_page(template: str, page: DataclassInstance, links: Links, folder: Path | None = None) -> str:
    """The text of a page with its content security policy.

    Args:
        template: name of the template.
        page: its fields, a dataclass of ``page_types``.
        links: the addresses that it uses.
        folder: the user's templates.

    Raises:
        TemplateError: one of the user's templates is broken.
    """
    return add_policy(render_template(template, page, links, folder))


def render_template(
    template: str,
    page: DataclassInstance,
    links: Links,
    folder: Path | None = None,
    *,
    is_body: bool = False,
    omitted: Collection[str] = (),
    level: int = 0,
) -> str:
    """The text of a page without a policy.

    Args:
        template: name of the template.
        page: its fields, a dataclass of ``page_types``.
        links: the addresses that it uses.
        folder: the user's templates.
        is_body: whether the text is only the contents of the page, without a frame.
        omitted: the steps of ``single_file.STEPS`` that are omitted.
        level: added to the level of every heading.

    Raises:
        TemplateError: one of the user's templates is broken.
    """
    context = template_fields(page) | {"links": links, "omitted": omitted, "level": level}
    return _render(template, context, folder, is_body)


def render_stylesheet(template: str, folder: Path | None = None) -> str:
    """The text of a style sheet, which has no fields.

    Raises:
        TemplateError: one of the user's templates is broken.
    """
    return _render(template, {}, folder)


def _render(template: str, context: Mapping[str, object], folder: Path | None, is_body: bool = False) -> str:
    try:
        text = _environment(folder, is_body).get_template(template).render(context)
    except Exception as error:  # a template of the user's may raise any error
        message = _message(error, folder)
        if message is None:
            raise
        raise TemplateError(message) from error
    return "\n".join(line.rstrip() for line in text.splitlines() if line.strip()) + "\n"


def compile_templates(folder: Path | None) -> None:
    """Compile the templates of a report. It takes half a second, best spent while the process waits.

    A broken template raises no error here, but when its page is rendered.
    """
    for is_body in (False, True):
        for name in USED:
            with suppress(Exception):
                _environment(folder, is_body).get_template(name)


def check_templates(folder: Path) -> None:
    """Check that all files in the user's folder can be read, before anything is run.

    Raises:
        TemplateError: one of them cannot be read.
    """
    for file in list_files(folder):
        is_template = file.suffix in TEMPLATE_SUFFIXES
        try:
            if is_template or file.suffix == ".js":
                read_text(file)
            else:
                read_bytes(file)
            if is_template:
                _environment(folder).get_template(file.relative_to(folder).as_posix())
        except OSError as error:
            raise TemplateError(f"{file}: {error.strerror}") from error
        except (TemplateSyntaxError, UnicodeDecodeError) as error:
            raise TemplateError(_message(error, folder) or f"{file}: {error}") from error


def find_scripts(folder: Path | None = None) -> dict[str, str]:
    """The text of each script by name. A script in the user's folder replaces the built-in one of the same name."""
    built_in = (file.name for file in resources.files("reportgen.templates").iterdir() if file.name.endswith(".js"))
    users = (file.name for file in list_files(folder) if file.suffix == ".js" and file.parent == folder)
    return {name: _find_source(name, folder)[0] for name in sorted({*built_in, *users})}


def read_template(name: str) -> str:
    """The source of a built-in template."""
    return resources.files("reportgen.templates").joinpath(name).read_text(encoding="utf-8")


@cache
def _environment(folder: Path | None, is_body: bool = False) -> Environment:
    """The environment of a user's folder. With ``is_body`` pages extend a frame that has only their content."""

    def load(name: str) -> tuple[str, str, Callable[[], bool]] | None:
        # A user's frame that extends ours still runs, because pages may use names that it sets.
        is_frame = name == BUILT_IN + FRAME or (name == FRAME and not _extends_frame(_find_source(name, folder)[0]))
        return _load(BODY if is_body and is_frame else name, folder)

    environment = Environment(
        loader=FunctionLoader(load),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    filters = (
        number_format.number,
        number_format.rate,
        number_format.share,
        number_format.span,
        number_format.share_span,
        number_format.count,
        number_format.point,
        number_format.exponent,
        number_format.and_list,
        number_format.names,
        number_format.shorten,
    )
    environment.filters.update(
        {each.__name__: each for each in (*filters, slug, shown_headings, math_block, math_inline)}
    )
    environment.globals.update(GLOBALS, SCRIPTS=list(find_scripts(folder)))
    return environment


def _extends_frame(source: str) -> bool:
    return bool(re.search(rf"{{%[-+]?\s*extends\s+['\"]{BUILT_IN}{FRAME}['\"]", source))


def _load(name: str, folder: Path | None) -> tuple[str, str, Callable[[], bool]] | None:
    """Source, file and up-to-date test of a template, as Jinja expects them; None if it does not exist."""
    try:
        source, file = _find_source(name, folder)
    except OSError:
        return None
    return source, file, lambda: _find_source(name, folder) == (source, file)


def _find_source(name: str, folder: Path | None) -> tuple[str, str]:
    """The source of a template and its file; raises OSError if it does not exist."""
    if folder is not None and not name.startswith(BUILT_IN):
        file = folder / name
        if file.is_file() and file.resolve().is_relative_to(folder.resolve()):
            return read_text(file), str(file)
    name = name.removeprefix(BUILT_IN)
    return read_template(name), name


def _message(error: Exception, folder: Path | None) -> str | None:
    """Where in the user's folder an error arose, and why; None if it arose elsewhere."""
    if folder is None:
        return None
    if isinstance(error, TemplateSyntaxError):
        return f"{error.filename or error.name}, line {error.lineno}: {error.message}"
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(folder)
    ]
    if not frames:
        return None
    reason = _no_template(str(error)) if isinstance(error, TemplateNotFound) else str(error)
    return f"{frames[-1].filename}, line {frames[-1].lineno}: {reason}"


def _no_template(name: str) -> str:
    files = (file.name for file in resources.files("reportgen.templates").iterdir())
    built_in = [file for file in files if file.endswith(TEMPLATE_SUFFIXES)]
    names = [*built_in, *(f"{BUILT_IN}{each}" for each in built_in)]
    return with_suggestion(f'no template is called "{name}"', name, names)
