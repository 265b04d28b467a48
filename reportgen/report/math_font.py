"""The font of formulas. Without a font for mathematics, browsers misplace subscripts and do not stretch brackets."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from importlib import resources

MATH_FONT = "math.woff2"
"""Name in ``assets``; the style sheet refers to it."""


def read_math_font() -> bytes:
    """The built-in font."""
    return resources.files("reportgen.templates").joinpath("fonts", MATH_FONT).read_bytes()


def embed_math_font(style: str, read: Callable[[], bytes]) -> str:
    """A style sheet that contains the font that it refers to.

    Args:
        style: its text.
        read: reads the font; called only if the style sheet refers to it.
    """
    address = f'url("{MATH_FONT}")'
    if address not in style:
        return style
    return style.replace(address, f"url(data:font/woff2;base64,{b64encode(read()).decode()})")
