"""Labels as the report prints them, ``adam[beta_2=0.99]``, taken apart again."""

from __future__ import annotations

import re
import tomllib
from typing import Any

_LABEL = re.compile(r"(?P<name>.+)\[(?P<settings>[^\[\]]+=[^\[\]]+)\]")


def parse_label(text: str) -> tuple[str, dict[str, Any]]:
    """Name and settings: ``("adam", {"beta_2": 0.99})``; what is no label is a name as it stands.

    Only brackets at the very end hold settings: those of ``x[y]/opt.py:P[rate=0.5]`` are the last ones.
    """
    label = _LABEL.fullmatch(text.strip())
    if not label:
        return text, {}
    pairs = (setting.partition("=") for setting in label["settings"].split(","))
    return label["name"].strip(), {key.strip(): parse_value(value) for key, _, value in pairs}


def parse_value(text: str) -> Any:
    """The value as TOML reads it, or the text itself."""
    try:
        return tomllib.loads(f"value = {text.strip()}")["value"]
    except tomllib.TOMLDecodeError:
        return text.strip()
