"""Checks the losses of a configuration: names, dimensions, parameters, minibatches and duplicates."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from reportgen.catalogue import BrokenPluginError, UnknownNameError, find_loss, suite_members, with_known_names
from reportgen.config.draft import Entry
from reportgen.config.errors import NO_VALUE, ConfigProblem, duplicate_errors
from reportgen.config.model import LossEntry
from reportgen.config.sources import Key
from reportgen.loss import FactChanges, Loss


@dataclass(frozen=True)
class LossValidation:
    """The losses that the valid entries stand for, and the errors of the others."""

    errors: tuple[ConfigProblem, ...]
    losses: tuple[Loss, ...]
    complete: bool
    """False: an entry has an error or a broken plug-in, so its losses are unknown."""


class _Resolution(NamedTuple):
    """The losses that one entry stands for."""

    losses: list[Loss]
    errors: list[ConfigProblem]
    identity: Hashable | None = None
    """Equal for two entries that stand for the same loss; None for suites, which may overlap."""


def check_losses(entries: Iterable[Entry[LossEntry]], base: Path) -> LossValidation:
    """Look up all losses. A broken plug-in is not an error; its configurations are reported as failed.

    Args:
        entries: the entries of ``losses``; their own errors are not repeated.
        base: the folder that plug-in files are relative to.
    """
    losses: list[Loss] = []
    errors: list[ConfigProblem] = []
    identities: list[tuple[Key, object, Hashable]] = []
    complete = True
    for entry in entries:
        resolved = _resolve(entry, base)
        errors += resolved.errors
        if entry.errors or not resolved.losses:
            complete = False
            continue
        losses += resolved.losses
        if resolved.identity is not None:
            identities.append((entry.key, entry.value, resolved.identity))
    return LossValidation((*errors, *duplicate_errors(identities)), tuple(losses), complete)


def _resolve(entry: Entry[LossEntry], base: Path) -> _Resolution:
    key, model = entry.key, entry.model
    if model is None:
        return _Resolution([], [])
    try:
        members = suite_members(model.name, base)
        errors = list(_parameter_errors(key, model, base) if members is None else _suite_errors(key, model))
        if errors:
            return _Resolution([], errors)
        if members is not None:
            entries = map(LossEntry.model_validate, members)
            return _Resolution([find_loss(each.name, base, each.dim, each.parameters) for each in entries], [])
        loss = find_loss(model.name, base, model.dim, model.parameters)
        loss = loss.changed(FactChanges(model.start, model.domain))
    except UnknownNameError as error:
        return _Resolution([], [ConfigProblem(key, NO_VALUE, str(error))])
    except BrokenPluginError:
        return _Resolution([], [])
    except ValueError as error:
        # If there are several settings, only the message of the loss says which one is wrong.
        only_dim = model.dim is not None and not model.parameters
        error_key, value = ((*key, "dim"), model.dim) if only_dim else (key, entry.value)
        return _Resolution([], [ConfigProblem(error_key, value, f"{model.name}: {error}")])
    return _Resolution([loss], list(_batch_size_errors(key, model, loss)), (loss.label, str(model.noise)))


def _batch_size_errors(key: Key, model: LossEntry, loss: Loss) -> Iterator[ConfigProblem]:
    size = model.noise.batch_size if model.noise else None
    if size is not None and size > loss.samples:
        reason = f"expected at most {loss.samples}, the number of samples of {model.name}"
        if not loss.samples:
            reason = f"expected a loss that is a mean over samples, which {model.name} is not"
        yield ConfigProblem((*key, "noise", "batch_size"), size, reason)


def _suite_errors(key: Key, model: LossEntry) -> Iterator[ConfigProblem]:
    """Settings that only a single loss can have."""
    if model.dim is not None:
        yield ConfigProblem((*key, "dim"), model.dim, f"{model.name} has losses of several dimensions; remove dim")
    if model.noise and model.noise.batch_size is not None:
        reason = f"{model.name} has several losses; name one that has samples instead"
        yield ConfigProblem((*key, "noise", "batch_size"), model.noise.batch_size, reason)
    for name in ("start", "domain"):
        if getattr(model, name) is not None:
            reason = f"{model.name} has several losses; name one of them instead"
            yield ConfigProblem((*key, name), getattr(model, name), reason)
    for name, value in model.parameters.items():
        reason = f"{model.name} has several losses without common parameters; remove {name}"
        yield ConfigProblem((*key, name), value, reason)


def _parameter_errors(key: Key, model: LossEntry, base: Path) -> Iterator[ConfigProblem]:
    if not model.parameters:
        return
    known = find_loss(model.name, base).parameters
    for name, value in model.parameters.items():
        if name not in known:
            reason = with_known_names(
                f'{model.name} has no parameter "{name}"', name, [*known, "dim", "noise", "start", "domain"]
            )
            yield ConfigProblem((*key, name), value, reason)
        elif isinstance(value, bool) or not isinstance(value, int | float):
            yield ConfigProblem((*key, name), value, "expected a number")
