"""Labels as the report prints them, ``adam[beta_2=0.99]``, taken apart again."""

from __future__ import annotations

import tomllib
from typing import Any


def parse_label(text: str) -> tuple[str, dict[str, Any]]:
    """Name and settings: ``("adam", {"beta_2": 0.99})``; what is no label is a name as it stands.

    Only brackets at the very end hold settings: those of ``x[y]/opt.py:P[rate=0.5]`` are the last ones. A value may
    be a label itself: ``lookahead[base=adam[beta_2=0.99]]``.
    """
    whole = text.strip()
    begin = _opening(whole)
    name, inside = whole[:begin].strip(), whole[begin + 1 : -1]
    settings = [setting.partition("=") for setting in _split(inside)]
    if begin < 1 or not all(key.strip() and equals and value.strip() for key, equals, value in settings):
        return text, {}
    return name, {key.strip(): parse_value(value) for key, _, value in settings}


def _opening(text: str) -> int:
    """Where the bracket stands that the one at the end closes; -1 where there is none."""
    depth = 0
    for index in range(len(text) - 1, -1, -1):
        depth += {"]": 1, "[": -1}.get(text[index], 0)
        if depth == 0:
            return index if index < len(text) - 1 else -1
    return -1


def _split(text: str) -> list[str]:
    """The parts between the commas that stand in no bracket."""
    parts, depth = [""], 0
    for letter in text:
        depth += {"[": 1, "]": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def parse_value(text: str) -> Any:
    """The value as TOML reads it, or the text itself."""
    try:
        return tomllib.loads(f"value = {text.strip()}")["value"]
    except tomllib.TOMLDecodeError:
        return text.strip()
