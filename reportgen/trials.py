"""The trials of tuning: configurations of one optimizer, drawn from its search space by a Sobol sequence.

Trial 0 has the documented defaults. The others depend only on the seed, on the search space and on their number: more
trials keep the first ones, and the trials of one optimizer do not depend on the others. If a range changes, each trial
keeps its place in it.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reportgen.search import Choice, Search

LEARNING_RATE = "learning_rate"
"""The name of the learning rate in a search space."""


@dataclass(frozen=True)
class Trial:
    """One configuration of an optimizer."""

    learning_rate: float
    values: Mapping[str, Choice]
    """The hyperparameters that are searched, by name."""


def draw_trials(space: Mapping[str, Search], default_rate: float, trials: int, seed: int) -> tuple[Trial, ...]:
    """Return the trials of one optimizer; no two have the same learning rate.

    Args:
        space: what is searched, by name, with the learning rate.
        default_rate: the learning rate of trial 0, in which no hyperparameter has another value than its default.
        trials: how many, with trial 0.
        seed: of the Sobol sequence.
    """
    found, used = [Trial(default_rate, {})], {default_rate}
    for point in _points(space, trials - 1, seed):
        values = {name: search.value(share) for (name, search), share in zip(space.items(), point, strict=True)}
        rate = float(values.pop(LEARNING_RATE))
        while rate in used:  # a configuration is identified by its learning rate
            rate = float(f"{rate * 1.0001:.5g}")
        used.add(rate)
        found.append(Trial(rate, values))
    return tuple(found)


def _points(space: Mapping[str, Search], number: int, seed: int) -> Iterator[tuple[float, ...]]:
    """The first points of the scrambled Sobol sequence of a search space, each [dimensions]."""
    from scipy.stats import qmc  # type: ignore[import-untyped]  # takes a second

    if number < 1:
        return
    # Not by the ranges: if one changes, each trial keeps its place in all ranges, so versions remain comparable.
    key = [seed, zlib.crc32(json.dumps(list(space)).encode())]
    sequence = qmc.Sobol(len(space), scramble=True, rng=key)
    for point in sequence.random_base2((number - 1).bit_length())[:number]:
        yield tuple(map(float, point))
