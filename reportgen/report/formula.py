"""Formulas: LaTeX converted to MathML when a page is rendered, so that the page needs no script."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from itertools import pairwise
from xml.etree.ElementTree import Element, tostring

from latex2mathml.converter import convert_to_element
from markupsafe import Markup, escape

_REMOVED_ATTRIBUTES = ("xmlns", "href", "style", "class")
_LONG = 28
"""Visible characters from which a line may have to be broken: a narrow card has room for a few more."""
_INVISIBLE = re.compile(r"\\(?:left|right|frac|[,;!])|(?<=\\)[a-zA-Z]+|[{}_^\s]")
_LIMITS = {"msub": "munder", "msup": "mover", "msubsup": "munderover"}
_TOKEN = re.compile(r", *\\quad\b|\\[a-zA-Z]+|\\.|.", re.DOTALL)
_OPEN, _CLOSE = (*"{([", r"\{", r"\left"), (*"})]", r"\}", r"\right")
_NO_OPERANDS = ("arrow", r"\quad", r"\cdot", r"\times", r"\le", r"\leq", r"\ge", r"\geq")
"""Ends of a text after which a sign is that of a number, not an operator."""


def math_block(latex: str) -> Markup:
    """A displayed formula.

    Each ``\\\\`` and each ``, \\quad`` outside an environment begins a new line. Browsers do not break MathML: a long
    line is a row of formulas, one for each summand or factor in brackets, between which they can.
    """
    lines = [latex] if "\\begin" in latex else _split(latex, is_separator=_begins_line)
    return Markup("").join(map(_line, lines))


def _line(latex: str) -> Markup:
    if len(_INVISIBLE.sub("", latex)) < _LONG or "\\begin" in latex:
        return _mathml(latex, "block")
    terms = _split(latex, is_separator=_begins_term)
    # With an empty operand, a sign has the spaces of an operator.
    formulas = [_mathml(f"{{}} {term}" if number else term, "block") for number, term in enumerate(terms)]
    return Markup('<div class="terms">{}</div>').format(Markup(" ").join(formulas)) if len(terms) > 1 else formulas[0]


def _begins_line(token: str, before: str) -> bool:  # noqa: ARG001 - as _begins_term
    return token == "\\\\" or _begins_clause(token)


def _begins_clause(token: str) -> bool:
    return token.startswith(",") and token != ","


def _begins_term(token: str, before: str) -> bool:
    left = before.rstrip()
    if token == r"\cdot":
        return left.endswith((")", "]"))
    is_operand = left[-1:].isalnum() or left[-1:] in {*")}]|!."}
    return token in ("+", "-") and is_operand and not left.endswith(_NO_OPERANDS)


def _split(latex: str, is_separator: Callable[[str, str], bool]) -> list[str]:
    """The parts between separators that are outside all brackets; a sign belongs to the part that it begins."""
    parts, depth, bars = [""], 0, 0
    for token in _TOKEN.findall(latex):
        depth += (token in _OPEN) - (token in _CLOSE)
        bars += token.endswith("|")
        if depth or bars % 2 or not is_separator(token, parts[-1]):
            parts[-1] += token
        elif _begins_clause(token):
            parts[-1] += ","
            parts.append("")
        else:
            parts.append("" if token == "\\\\" else token)
    return [part.strip() for part in parts if part.strip()]


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
    for node in list(formula.iter()):
        _set_limits(node)
        _space_functions(node)
    return Markup(tostring(formula, encoding="unicode"))


def _set_limits(node: Element) -> None:
    """Let a sum or product have its limits above and below where there is room; inside fractions it has not."""
    if node.tag in _LIMITS and node[0].text in ("∑", "∏"):
        node.tag = _LIMITS[node.tag]


def _space_functions(node: Element) -> None:
    """Separate the name of a function, as sin, from operands next to it. Browsers do this only for operators."""
    if node.tag not in ("math", "mrow", "msqrt"):
        return
    places = [
        place
        for place, (left, right) in enumerate(pairwise(node), start=1)
        if "mo" not in (left.tag, right.tag) and (_is_function(left) or _is_function(right))
    ]
    for place in reversed(places):
        node.insert(place, Element("mspace", width="0.167em"))


def _is_function(node: Element) -> bool:
    name = node[0] if node.tag in ("msup", "msub", "msubsup") else node
    return name.tag == "mi" and len(name.text or "") > 1
