"""Trials from a few given runtimes."""

from __future__ import annotations

from typing import Any

import numpy as np

from reportgen.analysis.rate_rule import rule_values
from reportgen.analysis.trials import Trials

Array = np.ndarray[Any, np.dtype[Any]]
INF = np.inf


def trials(
    times: dict[str, Any], loss: str = "bowl", fixed: int = 0, cluster: str | None = None, gap: Any = 1.0
) -> Trials:
    """The runs on one loss: by optimizer the steps to the targets, [rates, starts, targets] or [rates, starts].

    The last ``fixed`` starts are not random. ``gap`` is the final gap of all runs, or of the runs of each optimizer.
    """
    t = {name: np.asarray(each, float) for name, each in times.items()}
    t = {name: each[..., np.newaxis] if each.ndim == 2 else each for name, each in t.items()}
    starts, targets = next(iter(t.values())).shape[1:]
    gaps = gap if isinstance(gap, dict) else dict.fromkeys(t, gap)
    random = starts - fixed if starts - fixed > 1 else 0
    problem_start = np.repeat(np.arange(starts), targets)
    return Trials(
        loss=loss,
        cluster=cluster or loss,
        names=tuple(t),
        rates=tuple(10.0 ** np.arange(-len(each), 0) for each in t.values()),
        times=tuple(each.reshape(len(each), -1) for each in t.values()),
        rule=tuple(
            rule_values(np.isfinite(each).sum(axis=2), each[..., -1], np.broadcast_to(gaps[name], each.shape[:2]))
            for name, each in t.items()
        ),
        complete=(True,) * len(t),
        draw=problem_start,
        is_drawn=problem_start < random,
        unit=problem_start,
        random_units=random,
        noun="random start",
    )
