"""Formulas: LaTeX to MathML when the page is made, so that the reader needs no script."""

from __future__ import annotations

from html import unescape
from xml.etree.ElementTree import tostring

from latex2mathml.converter import convert_to_element
from markupsafe import Markup, escape

_UNWANTED = ("xmlns", "href", "style", "class")


def math_block(latex: str) -> Markup:
    """A formula on lines of its own, one for each ``\\\\`` outside an environment."""
    lines = [latex] if "\\begin" in latex else latex.split("\\\\")
    return Markup("").join(_mathml(line.strip(), "block") for line in lines if line.strip())


def math_inline(latex: str) -> Markup:
    """A symbol in running text."""
    return _mathml(latex, "inline")


def _mathml(latex: str, display: str) -> Markup:
    try:
        formula = convert_to_element(latex, display=display)
    except Exception:  # whatever the converter stumbles over, the author's own text still says it
        return Markup("<code>{}</code>").format(escape(latex))
    # The converter's own text output undoes all escaping, also that of a formula that says <script>.
    for node in formula.iter():
        node.text = unescape(node.text) if node.text else node.text
        for name in _UNWANTED:
            node.attrib.pop(name, None)
    return Markup(tostring(formula, encoding="unicode"))
