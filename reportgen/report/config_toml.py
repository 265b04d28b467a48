"""What somebody needs to make the same results: the config as a file, and what it ran with."""

from __future__ import annotations

import json
import re
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def config_toml(config: dict[str, Any]) -> str:
    """The text of a ``reportgen.toml`` for the ``config`` of a manifest, one key a line."""
    told = config | {
        "losses": [_entry(entry, "parameters") for entry in config["losses"]],
        "optimizers": [_entry(entry, "hyperparameters") for entry in config["optimizers"]],
    }
    return "".join(f"{_key(key)} = {_value(value)}\n" for key, value in told.items() if value is not None)


def _entry(entry: dict[str, Any], settings: str) -> Any:
    """An entry as a person writes it: a name alone where there is nothing else to say."""
    said = {key: value for key, value in entry.items() if key != settings and value is not None}
    values = {key: value[0] if _is_single(value) else value for key, value in entry[settings].items()}
    return entry["name"] if said.keys() | values.keys() == {"name"} else said | values


def _is_single(value: object) -> bool:
    return isinstance(value, list) and len(value) == 1


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else json.dumps(name, ensure_ascii=False)


def _value(value: Any) -> str:
    if isinstance(value, dict):
        inside = ", ".join(f"{_key(key)} = {_value(each)}" for key, each in value.items() if each is not None)
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, float):
        return {"Infinity": "inf", "-Infinity": "-inf", "NaN": "nan"}.get(json.dumps(value), repr(value))
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
