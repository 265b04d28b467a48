"""Whether two results answer the same question: what makes them incomparable, and what else is worth telling."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from reportgen.analysis.compare.matching import MatchedRuns
from reportgen.analysis.number_format import and_list, count, number

Manifest = Mapping[str, Any]

_SETTINGS = {
    "dtype": "precision",
    "steps": "number of steps",
    "targets": "targets",
    "gradient_tolerance": "gradient tolerance",
}
_LOSS_FACTS = {"dim": "dimension", "minimum": "known minimum", "parameters": "parameters", "noise": "noise"}


def setting_differences(base: Manifest, head: Manifest) -> list[str]:
    """Why no run of the one can be held against one of the other; what a side does not tell is no reason."""
    return [
        f"the {noun} was {_shown(base[key])} and is {_shown(head[key])}"
        if key != "targets"
        else f"the targets were {_shown(base[key])} and are {_shown(head[key])}"
        for key, noun in _SETTINGS.items()
        if None not in (base[key], head[key]) and _plain(base[key]) != _plain(head[key])
    ]


def loss_differences(base: Manifest, head: Manifest, matched: MatchedRuns) -> dict[str, str]:
    """By label why the runs on a loss cannot be compared: its facts changed, or its value at the same start."""
    facts = {fact["label"]: fact for fact in base["losses"]}
    found = {}
    for fact in head["losses"]:
        label = fact["label"]
        before = facts.get(label)
        # A loss that could not be loaded has no facts; its runs failed, and that is what is compared.
        if before is None:
            continue
        reasons = [*_no_minimum(before, fact)]
        if None not in (before["dim"], fact["dim"]):
            reasons = [*_facts(before, fact), *reasons, *_values(label, head["dtype"], matched)]
        if reasons:
            found[label] = reasons[0]
    return found


def _facts(before: Manifest, after: Manifest) -> Iterator[str]:
    for key, noun in _LOSS_FACTS.items():
        was, now = before.get(key), after.get(key)
        if key in before and key in after and not _alike(was, now):
            yield f"its {noun} was {_shown(was)} and is {_shown(now)}"


def _no_minimum(before: Manifest, after: Manifest) -> Iterator[str]:
    if before["minimum"] is None and after["minimum"] is None:
        yield "it has no known minimum, so there is no target and no gap to compare by"


def _values(label: str, dtype: str | None, matched: MatchedRuns) -> Iterator[str]:
    """Whether the loss itself is another function, which its facts need not tell."""
    mine = (matched.base["loss"].astype(str) == label).to_numpy()
    was, now = (
        side.loc[mine, "initial_loss"].to_numpy(float, na_value=np.nan) for side in (matched.base, matched.head)
    )
    known = np.isfinite(was) & np.isfinite(now)
    if not known.any():
        return
    was, now = was[known], now[known]
    # Other instructions add up in another order: half of the digits may be lost to cancellation, not more.
    near = np.sqrt(np.finfo(dtype or "float32").eps) * (np.abs(was) + np.median(np.abs(was)))
    apart = np.abs(was - now) > near
    if apart.any():
        place = int(np.argmax(apart))
        yield f"its value at the same start was {number(was[place], 6)} and is {number(now[place], 6)}"


def comparison_notes(base: Manifest, head: Manifest, matched: MatchedRuns) -> list[str]:
    """What differs besides the runs, in sentences; runs are compared all the same."""
    told = [
        f"{noun} was {was} and is {now}."
        for noun, was, now in _surroundings(base, head)
        if None not in (was, now) and was != now
    ]
    unknown = [word for word, side in (("base", base), ("head", head)) if side["reportgen"] is None]
    if unknown:
        told.append(
            f"Of {and_list(unknown)} there is the table of runs alone: precision, versions and which starts are random "
            "are not told. Starts from number 1 on are taken as random unless the other side says otherwise."
        )
    told += _hyperparameters(base, head)
    told += _failures(base, head)
    lost = [size - len(matched.base) for size in matched.sizes]
    if any(lost):
        told.append(f"{count(lost[0], 'run')} of base and {count(lost[1], 'run')} of head have no counterpart.")
    return told


def _surroundings(base: Manifest, head: Manifest) -> Iterator[tuple[str, Any, Any]]:
    yield "reportgen", base["reportgen"], head["reportgen"]
    for name in ("tensorflow", "numpy"):
        yield name, base["versions"].get(name), head["versions"].get(name)
    yield "The device", *(side["device"].get("description") for side in (base, head))


def _hyperparameters(base: Manifest, head: Manifest) -> Iterator[str]:
    """What an optimizer of one name has for other values: another default changes no label."""
    before = {fact["label"]: fact for fact in base["optimizers"]}
    for fact in head["optimizers"]:
        label = fact["label"]
        if label not in before:
            continue
        was, now = ({item["name"]: item["value"] for item in each["hyperparameters"]} for each in (before[label], fact))
        for name in now:
            if name in was and not _alike(was[name], now[name]):
                yield f"{label}: the default of {name} was {_shown(was[name])} and is {_shown(now[name])}."


def _failures(base: Manifest, head: Manifest) -> Iterator[str]:
    """Why programs failed in head that did not in base, each reason once."""
    before = {program["id"] for program in base["programs"] if program["state"] == "failed"}
    found: dict[str, list[str]] = {}
    for program in head["programs"]:
        if program["state"] == "failed" and program["id"] not in before:
            found.setdefault(program["reason"], []).append(program["id"])
    for reason, programs in found.items():
        yield f"{and_list(programs)} failed in head: {reason}"


def _alike(was: Any, now: Any) -> bool:
    if isinstance(was, float | int) and isinstance(now, float | int):
        return bool(np.isclose(was, now, rtol=1e-6, atol=1e-9))
    return bool(_plain(was) == _plain(now))


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, list | tuple) else value


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_shown(each)}" for name, each in value.items()) or "none"
    if isinstance(value, list | tuple):
        return and_list([_shown(each) for each in value], 9)
    if isinstance(value, float | int) and not isinstance(value, bool):
        return number(value, 9)
    return "unknown" if value is None else str(value)
