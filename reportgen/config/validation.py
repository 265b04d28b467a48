"""Checks what the models cannot: names, hyperparameters, dimensions, duplicates and folders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from reportgen.catalogue import suite_members
from reportgen.config.draft import Draft, validate_entries
from reportgen.config.errors import ConfigError, ConfigProblem, duplicate_errors
from reportgen.config.loss_validation import check_losses
from reportgen.config.model import Config, LossEntry, OptimizerEntry
from reportgen.config.optimizer_validation import optimizer_errors
from reportgen.config.sources import Key, Source
from reportgen.config.start_validation import start_errors


def semantic_errors(draft: Draft) -> Iterator[ConfigProblem]:
    """Yield the errors in valid values. A broken plug-in is not an error; its configurations are reported as failed."""
    checked = check_losses(draft.losses, draft.config.base)
    yield from checked.errors
    yield from start_errors(draft, checked)
    yield from optimizer_errors(draft.optimizers, draft.config.base)
    yield from _duplicate_rates(draft.valid_items("learning_rates"))
    for entry in draft.optimizers:
        rates = entry.value.get("learning_rates") if isinstance(entry.value, dict) and not entry.errors else None
        if isinstance(rates, list | tuple):
            yield from _duplicate_rates(((*entry.key, "learning_rates", at), rate) for at, rate in enumerate(rates))
    yield from _too_few_rates(draft)
    if draft.config.tune.trials and draft.config.basins:
        reason = "expected 0 with trials: maps of basins of many configurations would hide each other"
        yield ConfigProblem(("basins",), draft.config.basins, reason)
    yield from duplicate_errors((key, target, target) for key, target in draft.valid_items("targets"))
    yield from _folder_errors(draft)


def _duplicate_rates(rates: Iterable[tuple[Key, object]]) -> Iterator[ConfigProblem]:
    # The id of a configuration holds its learning rate with six digits.
    yield from duplicate_errors((key, rate, f"{rate:g}") for key, rate in rates)


def _too_few_rates(draft: Draft) -> Iterator[ConfigProblem]:
    """Tuning draws learning rates between the lowest and the highest one."""
    if not draft.config.tune.trials:
        return
    entries = {(*entry.key, "learning_rates"): entry.model.learning_rates for entry in draft.optimizers if entry.model}
    for key, rates in {("learning_rates",): draft.config.learning_rates, **entries}.items():
        if isinstance(rates, tuple) and len(rates) == 1:
            reason = "found one learning rate; expected a lowest and a highest one, between which tuning searches"
            yield ConfigProblem(key, rates[0], reason)


def _folder_errors(draft: Draft) -> Iterator[ConfigProblem]:
    if draft.is_given("output") and draft.config.output.is_file():
        yield ConfigProblem(("output",), draft.values["output"], "is a file; expected a folder")
    if draft.config.templates is not None:
        folder = draft.config.base / draft.config.templates
        if not folder.is_dir():
            reason = "is a file; expected a folder" if folder.is_file() else "no such folder"
            yield ConfigProblem(("templates",), draft.values["templates"], reason)


def parse_loss(label: str, base: Path) -> LossEntry:
    """Return the entry that a label such as ``rosenbrock[dim=20]`` stands for.

    Args:
        label: the label.
        base: the folder that plug-in files are relative to.

    Raises:
        ConfigError: the label has errors; a broken plug-in is not an error.
    """
    (entry,) = validate_entries("losses", [label], LossEntry)
    _raise_errors(label, [*entry.errors, *check_losses([entry], base).errors])
    assert entry.model is not None
    return entry.model


def parse_optimizer(label: str, base: Path) -> OptimizerEntry:
    """Return the entry that a label such as ``adam[beta_2=0.99]`` stands for.

    Args:
        label: the label.
        base: the folder that plug-in files are relative to.

    Raises:
        ConfigError: the label has errors; a broken plug-in is not an error.
    """
    (entry,) = validate_entries("optimizers", [label], OptimizerEntry)
    _raise_errors(label, [*entry.errors, *optimizer_errors([entry], base)])
    assert entry.model is not None
    return entry.model


def _raise_errors(label: str, errors: list[ConfigProblem]) -> None:
    """Raise ConfigError if there are errors; each message begins with the label."""
    source = Source({}, names={"losses": label, "optimizers": label})
    if errors:
        raise ConfigError([error.message(source.location(error.key)) for error in errors])


def _member(label: str, suite: LossEntry) -> LossEntry:
    """The entry of a loss of a suite, with the noise of the suite's entry if that has some."""
    entry = LossEntry.model_validate(label)
    return entry.model_copy(update={"noise": suite.noise or entry.noise})


def with_suites_expanded(config: Config) -> Config:
    """Return the config with each suite replaced by its losses, without duplicates."""
    entries: dict[str, LossEntry] = {}
    for entry in config.losses:
        members = suite_members(entry.name, config.base)
        expanded = [entry] if members is None else [_member(label, entry) for label in members]
        for each in expanded:
            entries.setdefault(each.model_dump_json(), each)
    return config.model_copy(update={"losses": tuple(entries.values())})
