"""Formulas: LaTeX converted to MathML when a page is rendered, so that the page needs no script."""

from __future__ import annotations

from html import unescape
from xml.etree.ElementTree import tostring

from latex2mathml.converter import convert_to_element
from markupsafe import Markup, escape

_REMOVED_ATTRIBUTES = ("xmlns", "href", "style", "class")


def math_block(latex: str) -> Markup:
    """A displayed formula; each ``\\\\`` outside an environment begins a new line."""
    lines = [latex] if "\\begin" in latex else latex.split("\\\\")
    return Markup("").join(_mathml(line.strip(), "block") for line in lines if line.strip())


def math_inline(latex: str) -> Markup:
    """A formula within a line of text."""
    return _mathml(latex, "inline")


def _mathml(latex: str, display: str) -> Markup:
    try:
        formula = convert_to_element(latex, display=display)
    except Exception:  # the converter raises many kinds of errors; the LaTeX text is still readable
        return Markup("<code>{}</code>").format(escape(latex))
    # Not the converter's own text output: it undoes all escaping, even of a formula with <script>.
    for node in formula.iter():
        node.text = unescape(node.text) if node.text else node.text
        for name in _REMOVED_ATTRIBUTES:
            node.attrib.pop(name, None)
    return Markup(tostring(formula, encoding="unicode"))
