"""The optimizers of a config, with all hyperparameters and the learning rates of each."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from reportgen import catalogue
from reportgen.config import Config, ConfigError
from reportgen.config.errors import ConfigProblem
from reportgen.config.model import OptimizerEntry, Scalar
from reportgen.failure import Failure
from reportgen.optimizer import Hyperparameter, Optimizer
from reportgen.rate_grid import INITIAL_RATES, Extension
from reportgen.search import Search
from reportgen.trials import LEARNING_RATE, Trial, draw_trials

Hyperparameters = Mapping[str, Scalar | None]
"""Values by flat name: ``beta_2``, ``base.beta_2``. None only for other frameworks."""


FIRST_BLOCK = 64
"""Trials of the first block and of the second one; each further block has as many as all before it."""
UNDOCUMENTED_RATE = 0.01
"""The learning rate of trial 0 if the source of an optimizer recommends none."""


@dataclass(frozen=True)
class Tuning:
    """What tuning tries of an optimizer."""

    space: Mapping[str, Search]
    """What is searched, by name, with the learning rate."""
    trials: tuple[Trial, ...]


@dataclass(frozen=True)
class Configuration:
    """One learning rate of an optimizer with all hyperparameters; under tuning, one trial."""

    structure: str
    """Those of one structure share a compiled program."""
    name: str
    """The last part of the id of its cells: ``lr=0.01``, ``trial=17``."""
    values: Hyperparameters
    learning_rate: float
    block: int = 0
    """Trials of one block share a program, so that more trials leave the programs of the first ones unchanged."""


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
    tuning: Tuning | None = None
    """None: it runs with the learning rates of a grid."""
    rate_only_of: str = ""
    """The label of the tuned optimizer of which only the learning rate is tuned here; empty for all others."""

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
        name = self._name(self.values, structural_only=False)
        return f"{name} (learning rate only)" if self.rate_only_of else name

    @property
    def structure(self) -> str:
        """The label, restricted to hyperparameters that need their own program: ``rmsprop[centered=true]``."""
        return self._name(self.values, structural_only=True)

    @property
    def configurations(self) -> Iterator[Configuration]:
        """All that run on each loss at the beginning."""
        if self.tuning is None:
            yield from map(self.at, self.rates)
            return
        for number, trial in enumerate(self.tuning.trials):
            values = {**self.values, **trial.values}
            structure, block = self._name(values, structural_only=True), (number // FIRST_BLOCK).bit_length()
            yield Configuration(structure, f"trial={number}", values, trial.learning_rate, block)

    def at(self, rate: float) -> Configuration:
        """The configuration with a learning rate of the grid."""
        return Configuration(self.structure, f"lr={format_float(rate)}", self.values, rate)

    def _name(self, values: Hyperparameters, structural_only: bool) -> str:
        settings = [
            f"{name}={format_value(value)}"
            for name, value in values.items()
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
            spec = replace(spec, short=_short_title(entry, values))
            rates = config.learning_rates if entry.learning_rates is None else entry.learning_rates
            if config.tune.trials:
                variants = _tuned(spec, entry, rates, config)
            elif isinstance(rates, str):
                variants = [replace(spec, rates=INITIAL_RATES, extension=extensions.get(spec.label, Extension()))]
            else:
                variants = [replace(spec, rates=rates)]
            for each in variants:
                specs.setdefault(each.label, each)
    return specs


def _tuned(
    spec: OptimizerSpec, entry: OptimizerEntry, rates: tuple[float, ...] | str, config: Config
) -> list[OptimizerSpec]:
    """The optimizer with its trials; and, if it has more to tune, with trials that tune only the learning rate."""
    kinds: list[type[Optimizer]] = [Optimizer]
    if not isinstance(spec.kind, Failure):
        kinds = list(catalogue.wrapped_classes(spec.kind, spec.values, config.base))
    # The learning rate of a wrapper is that of the optimizer that it wraps.
    rate = kinds[-1].learning_rate_search
    if not isinstance(rates, str):
        rate = Search(min(rates), max(rates), source="the config")
    default_rate = next((each.default_learning_rate for each in kinds if each.default_learning_rate), UNDOCUMENTED_RATE)
    searches = {name: item.search for name, item in spec.declared.items() if item.search}
    searches |= entry.searches
    others = {name: search for name, search in searches.items() if name not in entry.hyperparameters}
    tuned = _with_trials(spec, {LEARNING_RATE: rate, **others}, default_rate, config)
    if not others:
        return [tuned]
    alone = _with_trials(spec, {LEARNING_RATE: rate}, default_rate, config)
    return [tuned, replace(alone, rate_only_of=spec.label)]


def _with_trials(
    spec: OptimizerSpec, space: Mapping[str, Search], default_rate: float, config: Config
) -> OptimizerSpec:
    trials = draw_trials(space, default_rate, config.tune.trials, config.starts.seed)
    return replace(spec, rates=tuple(sorted(each.learning_rate for each in trials)), tuning=Tuning(space, trials))


def _short_title(entry: OptimizerEntry, values: Iterable[Scalar]) -> str:
    """The label of an entry; with the values of the hyperparameters that have several."""
    settings = zip(entry.hyperparameters.items(), values, strict=True)
    several = [f"{name}={format_value(value)}" for (name, choices), value in settings if len(choices) > 1]
    return f"{entry.label or ''}[{','.join(several)}]" if entry.label and several else entry.label or ""


def check_baseline(config: Config, specs: Mapping[str, OptimizerSpec]) -> None:
    """Raise ConfigError unless the baseline of ``config`` is the label or the short title of an optimizer, or empty."""
    main = {label: spec for label, spec in specs.items() if not spec.rate_only_of}
    known = [*main, *(spec.short for spec in main.values() if spec.short)]
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


def group_by_structure(
    specs: Iterable[OptimizerSpec],
) -> dict[tuple[str, int], list[tuple[OptimizerSpec, Configuration]]]:
    """Return the configurations that share a program, each with its optimizer, by structure and block of trials."""
    groups: dict[tuple[str, int], list[tuple[OptimizerSpec, Configuration]]] = {}
    for spec in specs:
        for each in spec.configurations:
            groups.setdefault((each.structure, each.block), []).append((spec, each))
    return groups
