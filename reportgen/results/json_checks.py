"""Checks JSON that a stranger may have written, before anything relies on it."""

from __future__ import annotations

import math
from collections.abc import Iterator

from reportgen.results.errors import shown
from reportgen.results.limits import MOST_DEPTH, MOST_TEXT

_MOST_INTEGER = 2**63 - 1


def json_problem(content: object) -> str | None:
    """Return what is wrong with parsed JSON, with its key; None if nothing is.

    Wrong are numbers that are not finite or do not fit into 64 bits, texts that cannot be written as UTF-8 or are too
    long, and values that are nested too deeply.
    """
    pending: list[tuple[str, int, object]] = [("", 0, content)]
    while pending:
        key, depth, value = pending.pop()
        problem = _value_problem(value)
        if depth > MOST_DEPTH:
            problem = f"found more than {MOST_DEPTH} levels; expected fewer"
        if problem:
            return f"{key.removeprefix('.')}: {problem}"
        pending += ((f"{key}.{name}", depth + 1, inner) for name, inner in _items(value))
    return None


def _items(value: object) -> Iterator[tuple[object, object]]:
    if isinstance(value, dict):
        # A key is a text as well.
        yield from ((shown(name).strip("'"), inner) for name, inner in value.items())
        yield from (("key", name) for name in value)
    elif isinstance(value, list):
        yield from enumerate(value)


def _value_problem(value: object) -> str | None:
    if isinstance(value, float) and not math.isfinite(value):
        return f"found {value}; expected a finite number"
    if isinstance(value, int) and abs(value) > _MOST_INTEGER:
        return "found an integer of more than 64 bits; expected a smaller one"
    if isinstance(value, str):
        if len(value) > MOST_TEXT:
            return f"found {len(value):,} characters; expected at most {MOST_TEXT:,}"
        if not value.isascii() and not _is_unicode(value):
            return f"found {shown(value)}; expected Unicode text"
    return None


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        return False
    return True
