"""Configures Sphinx, and completes the pages while it reads them. GitHub shows the same pages without these additions.

- A line ``<!-- generated: NAME -->`` becomes text that is generated from the code.
- A line ``<!-- included: FILE -->`` becomes the text of a file at the top of the repository.
- The lists of links on the first page also become the menu.
- A block of code gets the colours of its language.
"""

from __future__ import annotations

import inspect
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import reference_text  # noqa: E402 - it stands next to this file

import reportgen  # noqa: E402

project = "reportgen"
author = "the authors of reportgen"
copyright = "the authors of reportgen. Apache-2.0"
version = release = reportgen.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]

myst_heading_anchors = 4
myst_enable_extensions = ["attrs_block"]

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # plain_signature keeps them as they are written
python_maximum_signature_line_length = 88
napoleon_use_rtype = False
toc_object_entries = False

html_theme = "furo"
pygments_dark_style = "monokai"
html_title = f"reportgen {version}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = html_show_sourcelink = False
html_show_sphinx = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0b5c8a", "color-brand-content": "#0b5c8a"},
    "dark_css_variables": {"color-brand-primary": "#7cc4ee", "color-brand-content": "#7cc4ee"},
}

_SHELL = ("reportgen ", "pip ", "make ", "git ", "python ", "cd ", "uv ", "export ", "REPORTGEN_", ".venv/")
_ROOT_PAGES = {"CHANGELOG": "changelog", "CONTRIBUTING": "contributing", "SECURITY": "security", "README": "index"}


def complete_page(app: Sphinx, name: str, content: list[str]) -> None:
    """Insert generated and included text into a page, and the menu into the first page."""
    text = re.sub(r"<!-- generated: ([\w-]+) -->", lambda found: reference_text.GENERATED[found[1]](), content[0])
    text = re.sub(r"(?s).*<!-- included: (\S+) -->.*", lambda found: _included(HERE.parent / found[1]), text)
    for page, other in _ROOT_PAGES.items():
        text = text.replace(f"](../{page}.md", f"]({other}.md")
    content[0] = text + _menu(text) if name == "index" else text


def _included(path: Path) -> str:
    """The text of a file at the top of the repository, with links as seen from the folder of the documentation."""
    text = path.read_text(encoding="utf-8")
    return re.sub(r"\]\((?!https?:|#)", "](../", text).replace("](../docs/", "](")


def _menu(text: str) -> str:
    """A hidden table of contents for each section of links."""
    parts = []
    for section in re.split(r"^## ", text, flags=re.M)[1:]:
        pages = re.findall(r"^- \[[^\]]*\]\(([\w-]+)\.md\)", section, re.M)
        if pages:
            caption = section.partition("\n")[0]
            parts.append("\n".join(["```{toctree}", ":hidden:", f":caption: {caption}", "", *pages, "```"]))
    return "\n\n" + "\n\n".join(parts)


def colour_code(app: Sphinx, doctree: nodes.document) -> None:
    """Give each block of code without a language the one that it is written in."""
    for block in doctree.findall(nodes.literal_block):
        if block.get("language", "none") in ("none", "default"):
            block["language"] = _language(block.astext())


def _language(text: str) -> str:
    first = next((line.strip() for line in text.splitlines() if line and not line.startswith("#")), "")
    if first.startswith(_SHELL):
        return "shell"
    if re.match(r'(from |import |class |def |@|"""|(results|comparison|base|runs|velocity|downhill)\b)', first):
        return "python"
    if first.startswith(("{%", "{{", "<")):
        return "jinja"
    if first.startswith(("- uses:", "pages:", "      - ")):
        return "yaml"
    return "toml" if _is_toml(text) else "text"


def _is_toml(text: str) -> bool:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True


class _AsWritten(str):
    """An annotation that ``inspect`` prints without quotes."""

    __repr__ = str.__str__


def plain_signature(app: Sphinx, what: str, name: str, item: Any, *_: object) -> tuple[str, str] | None:
    """Return the signature with its annotations as they are written: short names instead of what they stand for."""
    if what not in ("function", "method"):
        return None
    signature = inspect.signature(item)
    given = [each for each in signature.parameters.values() if each.name != "self"]
    shown = [each.replace(annotation=_as_written(each.annotation)) for each in given]
    plain = signature.replace(parameters=shown, return_annotation=inspect.Signature.empty)
    return str(plain), str(_as_written(signature.return_annotation))


def keep_colons(app: Sphinx, what: str, name: str, item: object, options: object, lines: list[str]) -> None:
    """Begin the text of an attribute with an empty line: Napoleon takes a first line "A: B" for a type and a text."""
    if what in ("attribute", "data", "property"):
        lines.insert(0, "")


def _as_written(annotation: object) -> object:
    return _AsWritten(annotation) if isinstance(annotation, str) else annotation


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect the functions above."""
    app.connect("source-read", complete_page)
    app.connect("doctree-read", colour_code)
    app.connect("autodoc-process-signature", plain_signature)
    app.connect("autodoc-process-docstring", keep_colons, priority=100)  # before Napoleon
    return {"parallel_read_safe": True}
