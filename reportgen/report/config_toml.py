"""The config of a report as a reportgen.toml, to reproduce it."""

from __future__ import annotations

import json
import re
from typing import Any

from reportgen.config import Config
from reportgen.results.manifest import NOT_STORED

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def config_toml(config: Config) -> str:
    """The text of a ``reportgen.toml``, one key per line."""
    values = config.model_dump(mode="json", exclude=NOT_STORED, exclude_none=True)
    values["losses"] = [_entry(entry, "parameters") for entry in values["losses"]]
    values["optimizers"] = [_entry(entry, "hyperparameters") for entry in values["optimizers"]]
    return "".join(f"{_key(key)} = {toml_value(value)}\n" for key, value in values.items())


def _entry(entry: dict[str, Any], nested: str) -> Any:
    """A loss or optimizer as a person writes it: the name alone if there are no settings."""
    settings = {key: value[0] if _is_single(value) else value for key, value in entry.pop(nested).items()}
    settings |= {key: _search(search) for key, search in entry.pop("searches", {}).items()}
    return entry["name"] if entry.keys() | settings.keys() == {"name"} else entry | settings


def _search(search: dict[str, Any]) -> dict[str, Any]:
    """The values that tuning tries, as a person writes them."""
    if search["choices"]:
        return {"choices": search["choices"]}
    return {"from": search["low"], "to": search["high"], "scale": search["scale"]}


def _is_single(value: object) -> bool:
    return isinstance(value, list) and len(value) == 1


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else json.dumps(name, ensure_ascii=False)


def toml_value(value: Any) -> str:
    """Return a value as TOML; tables and lists in one line."""
    if isinstance(value, dict):
        inside = ", ".join(f"{_key(key)} = {toml_value(each)}" for key, each in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml_value, value))}]"
    if isinstance(value, float):
        return {"Infinity": "inf", "-Infinity": "-inf", "NaN": "nan"}.get(json.dumps(value), repr(value))
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
