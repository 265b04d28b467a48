"""Parses labels as the report prints them: ``adam[beta_2=0.99]``."""

from __future__ import annotations

import tomllib

MOST_CHARACTERS = 10_000
"""Longer text is no label."""


def parse_label(text: str) -> tuple[str, dict[str, object]]:
    """Return name and settings of a label: ``("adam", {"beta_2": 0.99})``.

    Only brackets at the very end hold settings: in ``x[y]/opt.py:P[rate=0.5]`` the last ones. A value may itself be a
    label, as in ``lookahead[base=adam[beta_2=0.99]]``. Text that is not a label is returned unchanged as the name.
    """
    label = text.strip()
    opening = _opening_bracket(label) if len(label) <= MOST_CHARACTERS else -1
    if opening < 1:
        return text, {}
    name, inner = label[:opening].strip(), label[opening + 1 : -1]
    settings = [setting.partition("=") for setting in _split(inner)]
    if not all(key.strip() and equals and value.strip() for key, equals, value in settings):
        return text, {}
    return name, {key.strip(): parse_value(value) for key, _, value in settings}


def _opening_bracket(text: str) -> int:
    """The index of the bracket that matches a closing bracket at the very end; -1 without one."""
    depth = 0
    for index in range(len(text) - 1, -1, -1):
        depth += {"]": 1, "[": -1}.get(text[index], 0)
        if depth == 0:
            return index if index < len(text) - 1 else -1
    return -1


def _split(text: str) -> list[str]:
    """The parts between commas outside of brackets."""
    parts, depth = [""], 0
    for letter in text:
        depth += {"[": 1, "]": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def parse_value(text: str) -> object:
    """Return the TOML value that ``text`` stands for, or ``text`` itself if it is not valid TOML."""
    try:
        value: object = tomllib.loads(f"value = {text.strip()}")["value"]
    except (tomllib.TOMLDecodeError, RecursionError):
        return text.strip()
    return value
