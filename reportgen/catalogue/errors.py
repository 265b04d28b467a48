"""The errors of looking up a loss or an optimizer, and suggestions for misspelt names."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from reportgen.failure import one_line

_SYNONYMS = {
    "banana": "rosenbrock",
    "epochs": "steps",
    "gd": "gradient_descent",
    "heavy_ball": "momentum",
    "iterations": "steps",
    "iters": "steps",
    "learning_rate": "learning_rates",
    "lr": "learning_rates",
    "lrs": "learning_rates",
    "max_iter": "steps",
    "max_time": "deadline",
    "nag": "nesterov",
    "num_steps": "steps",
    "output_dir": "output",
    "precision": "dtype",
    "rates": "learning_rates",
    "sgd": "gradient_descent",
    "steepest_descent": "gradient_descent",
    "time_limit": "deadline",
    "timeout": "deadline",
}
"""Names that other tools use for something that reportgen has under another name."""


class UnknownNameError(LookupError):
    """No loss or optimizer has this name: the configuration or the command line must be corrected."""

    def __init__(self, ref: str, kind: str, nearest: str | None, reason: str) -> None:
        super().__init__(ref, kind, nearest, reason)
        self.ref = ref
        self.kind = kind
        """``loss`` or ``optimizer``."""
        self.nearest = nearest
        """The most similar known name, if any is similar."""
        self.reason = reason
        """The whole message."""

    def __str__(self) -> str:
        return self.reason


class BrokenPluginError(Exception):
    """The file or module exists but cannot be used. Its configurations are reported as failed."""

    def __init__(self, ref: str, reason: str) -> None:
        super().__init__(ref, reason)
        self.ref = ref
        self.reason = one_line(reason)
        """One line: the exception with its place, or what is missing."""

    def __str__(self) -> str:
        return f"{self.ref}: {self.reason}"


def nearest_name(name: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """Return the name in ``known`` that means the same as ``name`` or is most similar to it; None if none is similar.

    Case, hyphens and underscores do not matter.

    Args:
        name: the misspelt name.
        known: the valid names.
        cutoff: the least similarity of a result, between 0 and 1, as in ``difflib.get_close_matches``.
    """
    by_folded = {_folded(other): other for other in known}
    folded = _folded(name)
    if _SYNONYMS.get(folded) in by_folded:
        return by_folded[_SYNONYMS[folded]]
    close = difflib.get_close_matches(folded, by_folded, n=1, cutoff=cutoff)
    return by_folded[close[0]] if close else None


def _folded(name: str) -> str:
    return name.casefold().replace("-", "_")


def with_suggestion(message: str, name: str, known: Iterable[str]) -> str:
    """Return ``message``, followed by ``Did you mean "..."?`` if a name in ``known`` is similar to ``name``."""
    nearest = nearest_name(name, known)
    return f'{message}. Did you mean "{nearest}"?' if nearest else message


def with_known_names(message: str, name: str, known: Iterable[str]) -> str:
    """Return ``message``, followed by all names in ``known`` and, if one is similar to ``name``, a suggestion."""
    names = list(known)
    return with_suggestion(f"{message}; expected one of: {', '.join(names)}", name, names)
