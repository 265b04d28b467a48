"""Numbers and lists in words, for pages, figures and sentences."""

from __future__ import annotations

import math
from collections.abc import Sequence

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
ABSENT = "n/a"


def number(value: float | None, digits: int = 3) -> str:
    """A number with ``digits`` significant digits, powers as 10⁻³; ``∞`` for an overflow, ``n/a`` for None and NaN."""
    if value is None or math.isnan(value):
        return ABSENT
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if value == 0:
        return "0"
    mantissa, exponent = f"{abs(value):.{digits - 1}e}".split("e")
    power = int(exponent)
    sign = "−" if value < 0 else ""
    if -2 <= power < max(digits, 4):
        text = f"{float(f'{mantissa}e{power}'):,.{max(digits - 1 - power, 0)}f}"
        return sign + (text.rstrip("0").rstrip(".") if "." in text else text).replace(",", "\u202f")
    return sign + _scientific(mantissa, power)


def span(ends: Sequence[float]) -> str:
    """``1.9 to 26``: the two ends of an interval, with two digits, or up to four if they would look equal."""
    for digits in (2, 3, 4):
        low, high = (number(end, digits) for end in ends)
        if low != high:
            break
    return f"{low} to {high}"


def share_span(ends: Sequence[float]) -> str:
    """``19 to 26 %``: an interval of a share, with as many digits as its ends need to look different."""
    return f"{span([100 * end for end in ends])} %"


def rate(value: float) -> str:
    """A learning rate or a target: a plain number above 0.1, else a power of ten such as 3·10⁻²."""
    if 0 < value < 0.0999 or value == 0.1:
        mantissa, power = f"{value:.2e}".split("e")
        return _scientific(mantissa, int(power))
    return number(value)


def exponent(value: float) -> str:
    """The power of ten of ``value``, to half a decade or so: ``−3.5``."""
    power = round(math.log10(value), 1) + 0.0  # no minus before a zero
    return f"{power:g}".replace("-", "−")


def share(part: float) -> str:
    """A share in per cent, never rounded to 0 % or 100 %."""
    if 0 < part < 0.01:
        return "< 1 %"
    if 0.99 < part < 1:
        return "> 99 %"
    return f"{100 * part:.0f} %"


def count(value: float, noun: str) -> str:
    """``1 run``, ``1 458 runs``, ``3 losses``."""
    plural = "" if value == 1 else "es" if noun.endswith("s") else "s"
    return f"{number(value, 15)} {noun}{plural}"


def decades(span: float) -> str:
    """The width of a range of learning rates: ``1 decade``, ``2.5 decades``."""
    text = number(span, 2)
    return f"{text} decade" + ("" if text == "1" else "s")


def point(coordinates: Sequence[float], digits: int = 3) -> str:
    """``(1, 0.5)``; only the first three of many coordinates."""
    shown = [number(c, digits) for c in coordinates[:3]] + (["…"] if len(coordinates) > 3 else [])
    return shown[0] if len(shown) == 1 else f"({', '.join(shown)})"


def and_list(words: Sequence[str], most: int = 4) -> str:
    """``a, b and c``; of more than ``most`` words the rest is counted."""
    if len(words) > most:
        words = [*words[: most - 1], f"{len(words) - most + 1} more"]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else list(words))


def names(labels: Sequence[str], most: int = 4) -> str:
    """Labels for a sentence: long ones shortened, ``a, b and c``; of more than ``most`` the rest is counted."""
    return and_list([shorten(label) for label in labels], most)


def shorten(label: str, most: int = 48) -> str:
    """A label of at most about ``most`` letters, without the middle of a longer one."""
    if len(label) <= most:
        return label
    return f"{label[: most * 2 // 3]}…{label[-(most // 3 - 1) :]}"


def _scientific(mantissa: str, power: int) -> str:
    digits = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    tens = f"10{str(power).translate(_SUPERSCRIPT)}"
    return tens if digits == "1" else f"{digits}·{tens}"
