"""The facts about losses and optimizers that ``reportgen list`` shows; as JSON, each field is a key."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import click

from reportgen import catalogue
from reportgen.cli.usage_error import UsageErrors
from reportgen.config import ConfigError
from reportgen.config.model import Scalar
from reportgen.config.validation import parse_loss, parse_optimizer
from reportgen.loss import Interval, Loss, Point
from reportgen.optimizer import Optimizer, Search, docstring_of

Setting = Scalar | None
"""The value of a hyperparameter or of a loss's parameter."""


@dataclass(frozen=True)
class LossFacts:
    """Everything that a loss declares."""

    name: str
    """Its label, such as ``rosenbrock[dim=20]``."""
    title: str
    dim: int
    any_dim: bool
    """Whether it is defined in any dimension; ``dim`` is then the chosen one."""
    aliases: tuple[str, ...]
    tags: tuple[str, ...]
    formula: str
    parameters: Mapping[str, Setting]
    start: Point
    domain: tuple[Interval, ...]
    minimum: float | None
    """None if the loss is unbounded below: JSON has no infinity."""
    minima: tuple[Point, ...]
    local_minima: tuple[Point, ...]
    saddles: tuple[Point, ...]
    note: str
    source: str


@dataclass(frozen=True)
class HyperparameterFacts:
    """Everything that an optimizer declares of one hyperparameter, and its chosen value."""

    name: str
    value: Setting
    default: Setting
    low: float | None
    high: float | None
    choices: tuple[Setting, ...]
    doc: str
    source: str
    search: Search | None
    """What tuning tries; None: tuning leaves it at its default."""


@dataclass(frozen=True)
class OptimizerFacts:
    """Everything that an optimizer declares."""

    name: str
    """Its label, such as ``adam[beta_2=0.99]``."""
    title: str
    doc: str
    """The first paragraph of its docstring."""
    reference: bool
    formula: str
    default_learning_rate: float | None
    """What its source recommends; None if it recommends none."""
    learning_rate_search: Search
    """The learning rates that tuning tries."""
    hyperparameters: tuple[HyperparameterFacts, ...]
    note: str
    source: str
    verified: str
    """The independent implementations that it was compared with."""


def find_losses(name: str | None) -> list[Loss]:
    """The loss, or the losses of the suite or tag, called ``name``; without a name, all losses.

    Raises:
        UsageErrors: there is no such loss, suite or tag.
        click.ClickException: its plug-in cannot be loaded.
    """
    folder = Path.cwd()
    try:
        if name is None:
            names = [*catalogue.losses(), *catalogue.local_losses(folder)]
            return [catalogue.find_loss(each, folder) for each in names]
        members = catalogue.suite_members(name, folder)
        if members is not None:
            entries = [parse_loss(each, folder) for each in members]
            return [catalogue.find_loss(each.name, folder, each.dim, each.parameters) for each in entries]
        entry = parse_loss(name, folder)
        if entry.noise:
            raise UsageErrors(f"{name}: noise is a setting of runs, not of the loss; expected a label without noise")
        return [catalogue.find_loss(entry.name, folder, entry.dim, entry.parameters)]
    except ConfigError as error:
        raise UsageErrors(*error.problems) from error
    except (catalogue.UnknownNameError, ValueError) as error:
        raise UsageErrors(f"{name}: {error}" if name else str(error)) from error
    except catalogue.BrokenPluginError as error:
        raise click.ClickException(str(error)) from error


def find_optimizers(name: str | None) -> list[OptimizerFacts]:
    """The facts about the optimizer called ``name``; without a name, about all optimizers.

    Raises:
        UsageErrors: there is no such optimizer, or a hyperparameter is wrong.
        click.ClickException: its plug-in cannot be loaded.
    """
    folder = Path.cwd()
    if name is None:
        local = catalogue.local_optimizers(folder)
        kinds = catalogue.optimizers() | {key: catalogue.find_optimizer(ref, folder) for key, ref in local.items()}
        return [_optimizer_facts(key, kind, {}, folder) for key, kind in kinds.items()]
    try:
        entry = parse_optimizer(name, folder)
        settings = {key: values[0] for key, values in entry.hyperparameters.items()}
        return [_optimizer_facts(name, catalogue.find_optimizer(entry.name, folder), settings, folder)]
    except ConfigError as error:
        raise UsageErrors(*error.problems) from error
    except catalogue.BrokenPluginError as error:
        raise click.ClickException(str(error)) from error


def loss_facts(loss: Loss) -> LossFacts:
    """The facts about a loss."""
    return LossFacts(
        name=loss.label,
        title=loss.title,
        dim=loss.dim,
        any_dim=loss.default_dim is not None,
        aliases=loss.aliases,
        tags=loss.tags,
        formula=loss.formula,
        parameters=dict(loss.parameters),
        start=loss.start,
        domain=loss.domain,
        minimum=loss.minimum if math.isfinite(loss.minimum) else None,
        minima=loss.minima,
        local_minima=loss.local_minima,
        saddles=loss.saddles,
        note=loss.note,
        source=loss.source,
    )


def _optimizer_facts(name: str, kind: type[Optimizer], settings: Mapping[str, Setting], folder: Path) -> OptimizerFacts:
    declared = catalogue.declared_hyperparameters(kind, settings, folder)
    return OptimizerFacts(
        name=name,
        title=kind.title or kind.__name__,
        doc=docstring_of(kind).split("\n\n")[0],
        reference=kind.reference,
        formula=kind.formula,
        default_learning_rate=kind.default_learning_rate,
        learning_rate_search=kind.learning_rate_search,
        hyperparameters=tuple(
            HyperparameterFacts(
                name=each.name,
                value=settings.get(each.name, each.default),
                default=each.default,
                low=each.low,
                high=each.high,
                choices=tuple(each.choices),
                doc=each.doc,
                source=each.source,
                search=each.search,
            )
            for each in declared.values()
        ),
        note=kind.note,
        source=kind.source,
        verified=kind.verified,
    )
