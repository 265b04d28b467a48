"""What pydantic cannot see: that names exist, hyperparameters and dimensions fit, nothing is said twice."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from reportgen.catalogue import BrokenPluginError, UnknownNameError, find_loss, suite_members, with_suggestion
from reportgen.config.entries import duplicate_errors, entries
from reportgen.config.errors import ConfigProblem
from reportgen.config.model import Config, LossEntry, OptimizerEntry
from reportgen.config.optimizer_validation import optimizer_errors
from reportgen.config.sources import Key
from reportgen.config.start_validation import losses_without_start, non_finite_points, points_of_wrong_dimension
from reportgen.loss import Loss

Entry = TypeVar("Entry", LossEntry, OptimizerEntry)


def semantic_errors(values: dict[str, Any], base: Path) -> Iterator[ConfigProblem]:
    """The mistakes in values of the right shape; a broken plug-in is none, its cells are reported."""
    yield from _losses_and_points(values, base)
    yield from optimizer_errors(values.get("optimizers"), base)
    # A cell's id tells its learning rate to six digits.
    yield from _twice("learning_rates", values.get("learning_rates"), lambda rate: f"{rate:g}")
    yield from _twice("targets", values.get("targets"), float)
    output = values.get("output")
    if isinstance(output, str) and not output:
        yield ConfigProblem(("output",), output, "the name of a folder is expected")
    elif isinstance(output, str) and Path(output).is_file():
        yield ConfigProblem(("output",), output, "is a file; a folder is expected")
    templates = values.get("templates")
    if isinstance(templates, str) and templates and not (base / templates).is_dir():
        what = "is a file; a folder is expected" if (base / templates).is_file() else "there is no such folder"
        yield ConfigProblem(("templates",), templates, what)


def _losses_and_points(values: dict[str, Any], base: Path) -> Iterator[ConfigProblem]:
    given = values.get("losses")
    dims: set[int] = set()
    whole_losses: list[Loss] = []
    certain = True
    seen: dict[Hashable, Key] = {}
    listed = given if given is not None else Config.model_fields["losses"].default
    for key, raw, entry, whole in entries("losses", listed, LossEntry):
        try:
            members = suite_members(entry.name, base)
            wrong = list(_of_suite(key, entry) if members is not None else _parameters(key, entry, base))
            yield from wrong
            if wrong or members is not None:
                dims |= {find_loss(name, base).dim for name in members or ()}
                certain = certain and not wrong
                continue
            found = find_loss(entry.name, base, entry.dim, entry.parameters)
        except UnknownNameError as error:
            certain = False
            yield ConfigProblem(key, raw, str(error))
        except BrokenPluginError:
            certain = False
        except ValueError as error:
            certain = False
            # Its message names the value; which of them it is, only the loss knows.
            at_dim = entry.dim is not None and not entry.parameters
            yield ConfigProblem(
                (*key, "dim") if at_dim else key, entry.dim if at_dim else raw, f"{entry.name}: {error}"
            )
        else:
            yield from _batch_size(key, entry, found)
            dims.add(found.dim)
            certain = certain and whole
            whole_losses += [found] if whole else []
            told = (found.label, str(entry.noise))
            yield from duplicate_errors(key, raw, told, seen) if whole else ()
    starts = values.get("starts")
    points = starts.get("points") if isinstance(starts, dict) else None
    yield from _twice("starts", points, tuple, "points")
    if certain and dims:
        yield from points_of_wrong_dimension(points, dims)
    yield from losses_without_start(starts, whole_losses)
    yield from non_finite_points(points, values.get("dtype", Config.model_fields["dtype"].default))


def _batch_size(key: Key, entry: LossEntry, loss: Loss) -> Iterator[ConfigProblem]:
    size = entry.noise.batch_size if entry.noise else None
    if size is not None and size > loss.samples:
        has = f"it has {loss.samples:,} samples" if loss.samples else "it is no mean over samples"
        yield ConfigProblem((*key, "noise", "batch_size"), size, f"is not possible for {entry.name}: {has}")


def _of_suite(key: Key, entry: LossEntry) -> Iterator[ConfigProblem]:
    if entry.dim is not None:
        yield ConfigProblem(
            (*key, "dim"), entry.dim, f"{entry.name} stands for losses of several dimensions: leave it out"
        )
    if entry.noise and entry.noise.batch_size is not None:
        size, reason = entry.noise.batch_size, f"{entry.name} stands for several losses: name the one that has samples"
        yield ConfigProblem((*key, "noise", "batch_size"), size, reason)
    for name, value in entry.parameters.items():
        yield ConfigProblem(
            (*key, name), value, f"{entry.name} stands for several losses, which have no common parameters"
        )


def _parameters(key: Key, entry: LossEntry, base: Path) -> Iterator[ConfigProblem]:
    """The parameters that the loss does not have, or that are no numbers."""
    if not entry.parameters:
        return
    known = find_loss(entry.name, base).parameters
    for name, value in entry.parameters.items():
        if name not in known:
            holds = f"; it has {', '.join(known)}" if known else ", nor any other"
            reason = f"{entry.name} has no parameter {name}{holds}"
            yield ConfigProblem((*key, name), value, with_suggestion(reason, name, [*known, "dim", "noise"]))
        elif isinstance(value, bool) or not isinstance(value, int | float):
            yield ConfigProblem((*key, name), value, "a number is expected")


def with_suites_expanded(config: Config) -> Config:
    """The config with the losses of each suite in its place, none twice."""
    found: dict[str, LossEntry] = {}
    for entry in config.losses:
        members = suite_members(entry.name, config.base)
        listed = [entry] if members is None else [entry.model_copy(update={"name": name}) for name in members]
        for each in listed:
            found.setdefault(each.model_dump_json(), each)
    return config.model_copy(update={"losses": tuple(found.values())})


def _twice(name: str, listed: Any, identity: Any, *below: str) -> Iterator[ConfigProblem]:
    seen: dict[Hashable, Key] = {}
    for index, raw in enumerate(listed if isinstance(listed, list | tuple) else ()):
        try:
            same = identity(raw)
            hash(same)
        except (TypeError, ValueError):
            continue  # pydantic tells what is wrong with it
        yield from duplicate_errors((name, *below, index), raw, same, seen)
