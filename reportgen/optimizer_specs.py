"""The optimizers of a config, with all hyperparameters and the learning rates of each."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from reportgen import catalogue
from reportgen.config import Config, ConfigError
from reportgen.config.errors import ConfigProblem
from reportgen.config.model import OptimizerEntry, Scalar
from reportgen.failure import Failure
from reportgen.optimizer import Hyperparameter, Optimizer
from reportgen.rate_grid import INITIAL_RATES, Extension

Hyperparameters = Mapping[str, Scalar | None]
"""Values by flat name: ``beta_2``, ``base.beta_2``. None only for other frameworks."""


@dataclass(frozen=True)
class OptimizerSpec:
    """An optimizer with its hyperparameters, as the config requests it."""

    family: str
    """Its name in the catalogue."""
    kind: type[Optimizer] | Failure
    """Its class, or why it could not be loaded."""
    values: Hyperparameters
    """All hyperparameters, including defaults and those of a wrapped optimizer."""
    declared: Mapping[str, Hyperparameter]
    """Their declarations; empty if the optimizer could not be loaded."""
    rates: tuple[float, ...]
    """Its learning rates at the beginning."""
    extension: Extension | None
    """How far its grid has grown; None if its learning rates are fixed."""
    short: str = ""
    """Its short title in the report; empty without one."""

    @property
    def learning_rates(self) -> tuple[float, ...]:
        """All its learning rates, ascending."""
        return tuple(sorted([*self.rates, *itertools.chain.from_iterable(self.decades)]))

    @property
    def decades(self) -> list[tuple[float, ...]]:
        """The learning rates of each decade by which its grid has grown."""
        return self.extension.decades if self.extension else []

    @property
    def label(self) -> str:
        """The name with all hyperparameters that differ from their defaults: ``adam[beta_2=0.99]``."""
        return self._name(structural_only=False)

    @property
    def structure(self) -> str:
        """The label, restricted to hyperparameters that need their own program: ``rmsprop[centered=true]``."""
        return self._name(structural_only=True)

    def _name(self, structural_only: bool) -> str:
        settings = [
            f"{name}={format_value(value)}"
            for name, value in self.values.items()
            if name not in self.declared or self._is_in_name(self.declared[name], value, structural_only)
        ]
        return f"{self.family}[{','.join(settings)}]" if settings else self.family

    def _is_in_name(self, declared: Hyperparameter, value: Scalar | None, structural_only: bool) -> bool:
        # A wrapped optimizer is part of the name even if it is the default.
        return declared.wraps or (value != declared.default and (declared.structural or not structural_only))


def format_value(value: object) -> str:
    """Return a value as it stands in a label."""
    if isinstance(value, bool):
        return str(value).lower()
    return format_float(value) if isinstance(value, float) else str(value)


def format_float(value: float) -> str:
    """Return a short decimal that parses to exactly ``value``: ``0.001``, ``1e-08``."""
    short = f"{value:g}"
    return short if float(short) == value else repr(value)


def optimizer_specs(config: Config, extensions: Mapping[str, Extension]) -> dict[str, OptimizerSpec]:
    """Return the optimizers of ``config`` by label; ``extensions`` says how far the grid of each has grown."""
    specs: dict[str, OptimizerSpec] = {}
    for entry in config.optimizers:
        try:
            kind: type[Optimizer] | Failure = catalogue.find_optimizer(entry.name, config.base)
        except catalogue.BrokenPluginError as error:
            kind = Failure(str(error))
        for values in itertools.product(*entry.hyperparameters.values()):
            spec = _optimizer_spec(entry.name, kind, dict(zip(entry.hyperparameters, values, strict=True)), config.base)
            rates = config.learning_rates if entry.learning_rates is None else entry.learning_rates
            if isinstance(rates, str):
                spec = replace(spec, rates=INITIAL_RATES, extension=extensions.get(spec.label, Extension()))
            else:
                spec = replace(spec, rates=rates)
            spec = replace(spec, short=_short_title(entry, values))
            specs.setdefault(spec.label, spec)
    return specs


def _short_title(entry: OptimizerEntry, values: Iterable[Scalar]) -> str:
    """The label of an entry; with the values of the hyperparameters that have several."""
    settings = zip(entry.hyperparameters.items(), values, strict=True)
    several = [f"{name}={format_value(value)}" for (name, choices), value in settings if len(choices) > 1]
    return f"{entry.label or ''}[{','.join(several)}]" if entry.label and several else entry.label or ""


def check_baseline(config: Config, specs: Mapping[str, OptimizerSpec]) -> None:
    """Raise ConfigError unless the baseline of ``config`` is the label or the short title of an optimizer, or empty."""
    known = [*specs, *(spec.short for spec in specs.values() if spec.short)]
    if config.baseline and config.baseline not in known:
        text = catalogue.with_known_names("not an optimizer of the matrix", config.baseline, known)
        raise ConfigError([ConfigProblem(("baseline",), config.baseline, text).message("baseline")])


def _optimizer_spec(
    family: str, kind: type[Optimizer] | Failure, requested: Hyperparameters, base: Path
) -> OptimizerSpec:
    """An optimizer with the requested values, completed by the defaults; without learning rates."""
    if isinstance(kind, Failure):
        return OptimizerSpec(family, kind, requested, {}, (), None)
    try:
        declared = catalogue.declared_hyperparameters(kind, requested, base)
    except catalogue.BrokenPluginError as error:
        return OptimizerSpec(family, Failure(str(error)), requested, {}, (), None)
    values: dict[str, Scalar | None] = {name: item.default for name, item in declared.items()}
    for name, value in requested.items():
        is_float = isinstance(declared[name].default, float)
        values[name] = float(value) if is_float and value is not None else value
    return OptimizerSpec(family, kind, values, declared, (), None)


def group_by_structure(specs: Iterable[OptimizerSpec]) -> dict[str, list[OptimizerSpec]]:
    """Return the optimizers that can share a compiled program, by structure."""
    groups: dict[str, list[OptimizerSpec]] = {}
    for spec in specs:
        groups.setdefault(spec.structure, []).append(spec)
    return groups
