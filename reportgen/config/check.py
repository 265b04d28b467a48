"""What pydantic cannot see: that names exist, hyperparameters and dimensions fit, nothing is said twice."""

from __future__ import annotations

import itertools
import math
from collections.abc import Hashable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from reportgen.catalogue import BrokenPlugin, UnknownName, and_nearest, find_loss, find_optimizer
from reportgen.config.mistakes import Mistake
from reportgen.config.model import Config, LossEntry, OptimizerEntry, Scalar
from reportgen.config.sources import Key, dotted
from reportgen.config.starts import not_finite, unfitting, without_start
from reportgen.loss import Loss
from reportgen.optimizer import Hyperparameter, hyperparameters

Entry = TypeVar("Entry", LossEntry, OptimizerEntry)


def of_meaning(values: dict[str, Any], base: Path) -> Iterator[Mistake]:
    """The mistakes in values of the right shape; a broken plug-in is none, its cells are reported."""
    yield from _losses_and_points(values, base)
    yield from _optimizers(values.get("optimizers"), base)
    # A cell's id tells its learning rate to six digits.
    yield from _twice("learning_rates", values.get("learning_rates"), lambda rate: f"{rate:g}")
    yield from _twice("targets", values.get("targets"), float)
    output = values.get("output")
    if isinstance(output, str) and not output:
        yield Mistake(("output",), output, "the name of a folder is expected")
    elif isinstance(output, str) and Path(output).is_file():
        yield Mistake(("output",), output, "is a file; a folder is expected")


def with_float_hyperparameters(config: Config) -> Config:
    """The config with 1 written as 1.0 where a hyperparameter is a float, so that both are one cell."""
    entries = tuple(_as_declared(entry, config.base) for entry in config.optimizers)
    return config.model_copy(update={"optimizers": entries})


def _as_declared(entry: OptimizerEntry, base: Path) -> OptimizerEntry:
    if not entry.hyperparameters:
        return entry
    try:
        declared = hyperparameters(find_optimizer(entry.name, base))
    except BrokenPlugin:
        return entry
    values = {
        name: tuple(float(value) if isinstance(declared[name].default, float) else value for value in given)
        for name, given in entry.hyperparameters.items()
    }
    return entry.model_copy(update={"hyperparameters": values})


def _losses_and_points(values: dict[str, Any], base: Path) -> Iterator[Mistake]:
    given = values.get("losses")
    dims: set[int] = set()
    whole_losses: list[Loss] = []
    certain = True
    seen: dict[Hashable, Key] = {}
    listed = given if given is not None else Config.model_fields["losses"].default
    for key, raw, entry, whole in _entries("losses", listed, LossEntry):
        try:
            found = find_loss(entry.name, base, entry.dim)
        except UnknownName as error:
            certain = False
            yield Mistake(key, raw, str(error))
        except BrokenPlugin:
            certain = False
        except ValueError as error:
            certain = False
            yield Mistake((*key, "dim"), entry.dim, f"{entry.name}: {error}")
        else:
            dims.add(found.dim)
            certain = certain and whole
            whole_losses += [found] if whole else []
            yield from _seen_before(key, raw, found.label, seen) if whole else ()
    starts = values.get("starts")
    points = starts.get("points") if isinstance(starts, dict) else None
    yield from _twice("starts", points, tuple, "points")
    if certain and dims:
        yield from unfitting(points, dims)
    yield from without_start(starts, whole_losses)
    yield from not_finite(points, values.get("dtype", Config.model_fields["dtype"].default))


def _optimizers(listed: Any, base: Path) -> Iterator[Mistake]:
    seen: dict[Hashable, Key] = {}
    for key, raw, entry, whole in _entries("optimizers", listed, OptimizerEntry):
        no_values = list(_no_values(key, entry))
        yield from no_values
        try:
            declared = hyperparameters(find_optimizer(entry.name, base))
        except UnknownName as error:
            yield Mistake(key, raw, str(error))
            continue
        except BrokenPlugin:
            continue
        wrong = list(_hyperparameters(key, entry, declared))
        yield from wrong
        if whole and not (wrong or no_values):
            chosen = (entry.hyperparameters.get(name, (each.default,)) for name, each in declared.items())
            grid = itertools.product(*chosen)
            twice = (_seen_before(key, raw, (entry.name, values), seen) for values in grid)
            # One line an entry says enough, however many of its combinations are there already.
            yield from itertools.islice(itertools.chain.from_iterable(twice), 1)


def _no_values(key: Key, entry: OptimizerEntry) -> Iterator[Mistake]:
    for name, values in entry.hyperparameters.items():
        if not values:
            yield Mistake((*key, name), [], "at least one value is expected")
        elif not all(isinstance(value, bool | int | float | str) for value in values):
            yield Mistake((*key, name), values, "a value, or a list of values, is expected")


def _hyperparameters(key: Key, entry: OptimizerEntry, declared: dict[str, Hyperparameter]) -> Iterator[Mistake]:
    for name, values in entry.hyperparameters.items():
        if name not in declared:
            came = values[0] if len(values) == 1 else values
            yield Mistake((*key, name), came, _no_hyperparameter(entry.name, name, declared))
            continue
        for index, value in enumerate(values):
            problem = _problem(declared[name], value)
            if problem:
                at = (*key, name, index) if len(values) > 1 else (*key, name)
                yield Mistake(at, value, problem)


def _no_hyperparameter(optimizer: str, name: str, declared: Iterable[str]) -> str:
    known = list(declared)
    holds = f"; it has {', '.join(known)}" if known else ", nor any other"
    return and_nearest(f"{optimizer} has no hyperparameter {name}{holds}", name, known)


def _problem(declared: Hyperparameter, value: Scalar) -> str | None:
    if not isinstance(value, bool | int | float | str):
        return None  # told already
    problem = declared.problem_with(value)
    if problem is None and isinstance(value, float) and not math.isfinite(value):
        return "a finite number is expected"
    return problem


def _entries(name: str, listed: Any, part: type[Entry]) -> Iterator[tuple[Key, Any, Entry, bool]]:
    """Key, value as written, entry, and whether it is whole: of a misshapen one only the name is left."""
    for index, raw in enumerate(listed if isinstance(listed, list | tuple) else ()):
        named = raw.get("name") if isinstance(raw, dict) else None
        try:
            yield (name, index), raw, part.model_validate(raw), True
        except ValidationError:
            if isinstance(named, str) and named:
                yield (name, index), raw, part(name=named), False


def _twice(name: str, listed: Any, identity: Any, *below: str) -> Iterator[Mistake]:
    seen: dict[Hashable, Key] = {}
    for index, raw in enumerate(listed if isinstance(listed, list | tuple) else ()):
        try:
            same = identity(raw)
            hash(same)
        except (TypeError, ValueError):
            continue  # pydantic tells what is wrong with it
        yield from _seen_before((name, *below, index), raw, same, seen)


def _seen_before(key: Key, raw: Any, same: Hashable, seen: dict[Hashable, Key]) -> Iterator[Mistake]:
    if same in seen:
        said = "has a value twice" if seen[same] == key else f"is there already, as {dotted(seen[same])}"
        yield Mistake(key, raw, said)
    seen.setdefault(same, key)
