"""Whether two results can be compared: differences that forbid it, and differences worth reporting."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from reportgen.analysis.compare.matching import MatchedRuns
from reportgen.analysis.number_format import and_list, count, number
from reportgen.config.model import Noise
from reportgen.results.manifest import LossInfo, Manifest, OptimizerInfo
from reportgen.results.results_info import ResultsInfo

_SETTINGS: tuple[tuple[str, Callable[[ResultsInfo], Any]], ...] = (
    ("precision", lambda info: info.dtype),
    ("number of steps", lambda info: info.steps),
    ("targets", lambda info: sorted(info.targets)),
    ("scale of the targets", lambda info: info.target_scale),
    ("judged iterate", lambda info: info.judged_by),
    ("gradient tolerance", lambda info: info.gradient_tolerance),
)
_FACTS_OF_A_TABLE: tuple[tuple[str, Callable[[LossInfo], Any]], ...] = (
    ("dimension", lambda info: info.dim),
    ("known minimum", lambda info: info.minimum),
)
"""What a table of runs without a manifest records of a loss."""
_LOSS_FACTS = (
    *_FACTS_OF_A_TABLE,
    ("parameters", lambda info: dict(info.parameters)),
    ("noise", lambda info: info.noise),
)


def setting_differences(base: ResultsInfo, head: ResultsInfo) -> list[str]:
    """Why no run of one can be compared with a run of the other. Settings that one side does not know are skipped."""
    found = []
    for noun, read in _SETTINGS:
        was, now = read(base), read(head)
        if was is not None and now is not None and was != now:
            verb = "are" if noun.endswith("targets") else "is"
            found.append(f"the {noun} {verb} {_text(was)} in base and {_text(now)} in head")
    return found


def unmatched_starts(base: ResultsInfo, head: ResultsInfo, matched: MatchedRuns) -> list[str]:
    """Why too few runs can be compared: of the configurations in both results, less than half have the same starts."""
    if not any(2 * len(matched.base) < size for size in matched.shared):
        return []
    both, before, after = (number(size, 15) for size in (len(matched.base), *matched.shared))
    counts = f"only {both} of {before} runs in base and of {after} in head have a counterpart"
    return [f"in the configurations of both results, {counts}: {_cause(base, head)}"]


def _cause(base: ResultsInfo, head: ResultsInfo) -> str:
    """Why two results have other starts."""
    if None not in (base.random_starts, head.random_starts) and base.random_starts != head.random_starts:
        return f"base has {count(base.random_starts or 0, 'random start')}, head has {head.random_starts}"
    seeds = [info.config.starts.seed for info in (base, head) if isinstance(info, Manifest)]
    if len(set(seeds)) == 2:
        return f"the seed of the random starts is {seeds[0]} in base and {seeds[1]} in head"
    return "the starts differ, probably because the seed or the number of random starts changed"


def loss_differences(base: ResultsInfo, head: ResultsInfo, matched: MatchedRuns) -> dict[str, str]:
    """By label why the runs on a loss cannot be compared: its facts changed, or its value at the same start."""
    before = {loss.label: loss for loss in base.losses}
    with_manifest = base.reportgen is not None and head.reportgen is not None
    found = {}
    for loss in head.losses:
        # A loss that could not be loaded has no facts: its runs failed, and that is what is compared.
        if loss.label not in before:
            continue
        old = before[loss.label]
        reasons = list(_no_minimum(old, loss))
        if None not in (old.dim, loss.dim):
            facts = _LOSS_FACTS if with_manifest else _FACTS_OF_A_TABLE
            reasons = [*_facts(old, loss, facts), *reasons, *_values(loss.label, head.dtype, matched)]
        if reasons:
            found[loss.label] = reasons[0]
    return found


def _facts(before: LossInfo, after: LossInfo, facts: Sequence[tuple[str, Callable[[LossInfo], Any]]]) -> Iterator[str]:
    for noun, read in facts:
        was, now = read(before), read(after)
        if not _equal(was, now):
            verb = "are" if noun.endswith("s") else "is"
            yield f"its {noun} {verb} {_text(was)} in base and {_text(now)} in head"


def _no_minimum(before: LossInfo, after: LossInfo) -> Iterator[str]:
    if before.minimum is None and after.minimum is None:
        yield "it has no known minimum, so there are no targets and no gaps to compare"


def _values(label: str, dtype: str | None, matched: MatchedRuns) -> Iterator[str]:
    """Whether the loss itself is another function, which its facts need not show."""
    rows = (matched.base["loss"].astype(str) == label).to_numpy()
    was, now = (
        side.loc[rows, "initial_loss"].to_numpy(float, na_value=np.nan) for side in (matched.base, matched.head)
    )
    known = np.isfinite(was) & np.isfinite(now)
    if not known.any():
        return
    was, now = was[known], now[known]
    # Other instructions add in another order: cancellation may cost half of the digits, not more.
    near = np.sqrt(np.finfo(dtype or "float32").eps) * (np.abs(was) + np.median(np.abs(was)))
    apart = np.abs(was - now) > near
    if apart.any():
        place = int(np.argmax(apart))
        yield f"its value at the same start is {number(was[place], 6)} in base and {number(now[place], 6)} in head"


def comparison_notes(base: ResultsInfo, head: ResultsInfo, matched: MatchedRuns) -> list[str]:
    """What else differs, in sentences. Runs are compared all the same."""
    found = [
        f"{noun}: {was} in base, {now} in head."
        for noun, was, now in _versions(base, head)
        if None not in (was, now) and was != now
    ]
    unknown = [word for word, side in (("base", base), ("head", head)) if side.reportgen is None]
    if unknown:
        found.append(
            f"For {and_list(unknown)} there is no manifest, only a table of runs. Precision and versions are unknown."
        )
    found += _hyperparameters(base.optimizers, head.optimizers)
    found += _trials(base.optimizers, head.optimizers)
    found += _failures(base, head)
    lost = [size - len(matched.base) for size in matched.sizes]
    if any(lost):
        sides = f"{count(lost[0], 'run')} of base and {count(lost[1], 'run')} of head"
        found.append(f"{sides} have no counterpart in the other result.")
    return found


def _versions(base: ResultsInfo, head: ResultsInfo) -> Iterator[tuple[str, str | None, str | None]]:
    yield "reportgen", base.reportgen, head.reportgen
    for name in ("tensorflow", "numpy"):
        yield name, base.versions.get(name), head.versions.get(name)
    was, now = (side.device.description if side.device else None for side in (base, head))
    yield "Device", was, now


def _trials(base: Sequence[OptimizerInfo], head: Sequence[OptimizerInfo]) -> Iterator[str]:
    """Which optimizers were tuned with other trials, so that few of them have a counterpart."""
    before = {info.label: info for info in base}
    changed = [info.label for info in head if info.label in before and _searched(before[info.label]) != _searched(info)]
    if changed:
        yield (
            f"{and_list(changed)}: tuned over other ranges. Trials at the same place in the ranges are compared, if "
            "their learning rates are equal. Compare the shares of targets hit in the two reports as well."
        )
    sizes = {
        info.label: (len(before[info.label].learning_rates), len(info.learning_rates))
        for info in head
        if info.label in before and info.learning_rate_search and info.label not in changed
    }
    for was, now in dict.fromkeys(size for size in sizes.values() if size[0] != size[1]):
        yield f"Tuned with {count(was, 'trial')} in base and {now} in head. Only the common trials are compared."


def _searched(info: OptimizerInfo) -> list[object]:
    """What tuning tried, without the sources of the ranges."""
    searches = [info.learning_rate_search, *(item.search for item in info.hyperparameters)]
    return [each and replace(each, source="") for each in searches]


def _hyperparameters(base: Sequence[OptimizerInfo], head: Sequence[OptimizerInfo]) -> Iterator[str]:
    """Changed values behind an unchanged label: a changed default changes no label."""
    before = {optimizer.label: optimizer for optimizer in base}
    for optimizer in head:
        if optimizer.label not in before:
            continue
        was, now = (
            {each.name: each.value for each in one.hyperparameters} for one in (before[optimizer.label], optimizer)
        )
        for name in now:
            if name in was and not _equal(was[name], now[name]):
                values = f"{_text(was[name])} in base and {_text(now[name])} in head"
                yield f"{optimizer.label}: the default of {name} is {values}."


def _failures(base: ResultsInfo, head: ResultsInfo) -> Iterator[str]:
    """Why programs failed in head that did not fail in base, each reason once."""
    before = {program.id for program in base.programs if program.failed}
    found: dict[str, list[str]] = {}
    for program in head.programs:
        if program.failed and program.id not in before:
            found.setdefault(program.reason or "", []).append(program.id)
    for reason, programs in found.items():
        yield f"{and_list(programs)} failed in head: {reason}"


def _equal(was: Any, now: Any) -> bool:
    if isinstance(was, float | int) and isinstance(now, float | int):
        return bool(np.isclose(was, now, rtol=1e-6, atol=1e-9))
    return bool(was == now)


def _text(value: Any) -> str:
    if isinstance(value, Noise):
        value = value.model_dump(exclude_none=True)
    if isinstance(value, dict):
        return ", ".join(f"{name} {_text(each)}" for name, each in value.items()) or "none"
    if isinstance(value, list | tuple):
        return and_list([_text(each) for each in value], 9)
    if isinstance(value, float | int) and not isinstance(value, bool):
        return number(value, 9)
    return "none" if value is None else str(value)
