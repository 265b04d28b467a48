"""From a config to programs, cells and runs, each with a stable id and each program with a fingerprint."""

from __future__ import annotations

import hashlib
import itertools
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from reportgen import __version__, catalogue
from reportgen.config import Config, LossEntry
from reportgen.loss import Loss, Point
from reportgen.optimizer import Hyperparameter, Optimizer
from reportgen.tf_setup import users_xla_flags

Numbers = npt.NDArray[Any]


@dataclass(frozen=True)
class Settings:
    """What all programs of a matrix have in common."""

    steps: int
    targets: tuple[float, ...]
    dtype: str
    gradient_tolerance: float
    trace: str
    """Which runs keep a trace: ``all``, ``pictures`` or ``none``."""
    trace_points: int
    device: str
    seed: int
    """Random starts and random numbers come from it."""


@dataclass(frozen=True)
class Cell:
    """Loss x optimizer with its hyperparameters x learning rate."""

    cell_id: str
    optimizer: str
    """The optimizer's label: ``adam[beta_2=0.99]``."""
    hyperparameters: Mapping[str, Any]
    """All of them, with their values."""
    learning_rate: float


@dataclass(frozen=True)
class Program:
    """All runs that share one loss and one optimizer structure; picklable, and all that a worker needs to know."""

    id: str
    loss_ref: str
    dim: int | None
    parameters: Mapping[str, Any]
    """Those of the loss that are asked for."""
    noise: Mapping[str, float] | None
    """``gradient_std`` or ``relative``, and its value; None: the gradient is exact."""
    seeds: int
    """Runs from each start, each with noise of its own."""
    loss: str
    """The loss's label: ``rosenbrock[dim=20]``."""
    family: str
    """The optimizer as the catalogue knows it: ``adam``, ``my_opt.py:Lookahead``."""
    cells: tuple[Cell, ...]
    starts: tuple[tuple[int, Point], ...]
    """Number and position; 0 is the standard start."""
    settings: Settings
    base: Path
    """The folder that plug-in files are relative to."""
    broken: str | None = None
    """Why the loss or the optimizer could not be loaded."""
    sources: tuple[str, ...] = field(default=(), repr=False)
    """Hashes of the code that decides the results."""

    @property
    def runs(self) -> int:
        """How many runs it has: each cell from each start with each seed."""
        return len(self.cells) * len(self.starts) * self.seeds

    @property
    def run_steps(self) -> int:
        """The steps of all its runs."""
        return self.runs * self.settings.steps

    def pairs(self) -> Iterator[tuple[Cell, int, Point]]:
        """Cell, start number and start of each run, in the order of all result arrays: each ``seeds`` times."""
        for cell in self.cells:
            for number, point in self.starts:
                yield from itertools.repeat((cell, number, point), self.seeds)

    def places(self, runs: Numbers) -> tuple[Numbers, Numbers, Numbers]:
        """Of some runs, told by their numbers in that order: place of the cell, place of the start, and seed."""
        return runs // (len(self.starts) * self.seeds), runs // self.seeds % len(self.starts), runs % self.seeds

    @cached_property
    def start_numbers(self) -> Numbers:
        """[starts]; 0 is the standard one."""
        return np.array([number for number, _ in self.starts])

    @cached_property
    def start_points(self) -> Numbers:
        """[starts, dim]"""
        return np.array([point for _, point in self.starts], float)

    @cached_property
    def fingerprint(self) -> str:
        """A hash over everything that decides the results: equal fingerprints, equal results."""
        facts = {
            "sources": self.sources,
            "loss": [self.loss_ref, self.dim, dict(self.parameters), dict(self.noise or {}), self.seeds],
            "optimizer": self.family,
            "cells": [[c.cell_id, dict(c.hyperparameters), c.learning_rate] for c in self.cells],
            # Of millions, a text would take seconds.
            "starts": [hashlib.sha256(a.tobytes()).hexdigest() for a in (self.start_numbers, self.start_points)],
            "settings": vars(self.settings),
            "broken": self.broken,
        }
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class OptimizerSpec:
    """An optimizer with its hyperparameters, as the matrix asks for it."""

    family: str
    """The name by which the catalogue knows it."""
    kind: type[Optimizer] | str
    """Its class, or a text where it could not be loaded: the reason."""
    values: Mapping[str, Any]
    """All its hyperparameters, those of a wrapped optimizer as ``base.beta_2``."""
    declared: Mapping[str, Hyperparameter]
    """What is known of them; nothing where it could not be loaded."""

    @property
    def label(self) -> str:
        """The name with the hyperparameters that are not at their defaults: ``adam[beta_2=0.99]``."""
        return self._named(structural_only=False)

    @property
    def structure(self) -> str:
        """The name with those alone that make another program: ``rmsprop[centered=true]``."""
        return self._named(structural_only=True)

    def _named(self, structural_only: bool) -> str:
        told = [
            f"{key}={_text(value)}"
            for key, value in self.values.items()
            if key not in self.declared or self._is_told(self.declared[key], value, structural_only)
        ]
        return f"{self.family}[{','.join(told)}]" if told else self.family

    def _is_told(self, known: Hyperparameter, value: Any, structural_only: bool) -> bool:
        # What is wrapped belongs to the name, also where it is the default.
        return known.wraps or (value != known.default and (known.structural or not structural_only))


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return number(value) if isinstance(value, float) else str(value)


@dataclass(frozen=True)
class Plan:
    """The whole matrix."""

    programs: tuple[Program, ...]
    losses: Mapping[str, Loss | str]
    """By label; a text where it could not be loaded: the reason."""
    optimizers: Mapping[str, OptimizerSpec]
    """By label."""
    starts: Mapping[str, tuple[tuple[int, Point], ...]]
    """By the loss's label."""


def make_plan(config: Config) -> Plan:
    """The programs that ``config`` asks for, loss by loss, each optimizer structure once."""
    losses = {}
    starts = {}
    optimizers = _optimizers(config)
    programs = []
    settings = Settings(
        config.steps,
        config.targets,
        config.dtype,
        config.gradient_tolerance,
        config.trace,
        config.trace_points,
        config.device,
        config.starts.seed,
    )
    for entry in config.losses:
        label, loss = _loss(entry, config.base)
        if label in losses:
            continue
        losses[label] = loss
        starts[label] = _starts(loss, config) if isinstance(loss, Loss) else ((0, ()),)
        for structure, labels in _structures(optimizers).items():
            asked = [optimizers[each] for each in labels]
            kind = asked[0].kind
            programs.append(
                Program(
                    id=f"{label}/{structure}",
                    loss_ref=entry.name,
                    dim=entry.dim,
                    parameters=entry.parameters,
                    noise=entry.noise.model_dump(exclude_none=True) if entry.noise else None,
                    seeds=config.seeds if entry.noise else 1,
                    loss=label,
                    family=asked[0].family,
                    cells=tuple(_cells(label, asked, config.learning_rates)),
                    starts=starts[label],
                    settings=settings,
                    base=config.base,
                    broken=next((thing for thing in (loss, kind) if isinstance(thing, str)), None),
                    sources=_sources(loss, asked[0], config.base),
                )
            )
    return Plan(tuple(programs), losses, optimizers, starts)


def _loss(entry: LossEntry, base: Path) -> tuple[str, Loss | str]:
    """Label and loss; the label tells the noise, too, which is no part of the loss."""
    noise = {f"noise.{name}": value for name, value in (dict(entry.noise or ())).items() if value is not None}
    try:
        loss: Loss | str = catalogue.find_loss(entry.name, base, entry.dim, entry.parameters)
        known = loss.settings  # type: ignore[union-attr]
    except catalogue.BrokenPluginError as error:
        loss, known = str(error), ({} if entry.dim is None else {"dim": entry.dim}) | entry.parameters
    told = [f"{name}={_text(value)}" for name, value in (known | noise).items()]
    return f"{entry.name}[{','.join(told)}]" if told else entry.name, loss


def _optimizers(config: Config) -> dict[str, OptimizerSpec]:
    found: dict[str, OptimizerSpec] = {}
    for entry in config.optimizers:
        try:
            kind: type[Optimizer] | str = catalogue.find_optimizer(entry.name, config.base)
        except catalogue.BrokenPluginError as error:
            kind = str(error)
        for values in itertools.product(*entry.hyperparameters.values()):
            asked = _asked(entry.name, kind, dict(zip(entry.hyperparameters, values, strict=True)), config.base)
            found.setdefault(asked.label, asked)
    return found


def _asked(family: str, kind: type[Optimizer] | str, chosen: Mapping[str, Any], base: Path) -> OptimizerSpec:
    """An optimizer with the values that were chosen for it, completed by the defaults."""
    if isinstance(kind, str):
        return OptimizerSpec(family, kind, chosen, {})
    try:
        declared = catalogue.declared_hyperparameters(kind, chosen, base)
    except catalogue.BrokenPluginError as error:
        return OptimizerSpec(family, str(error), chosen, {})
    defaults = {name: item.default for name, item in declared.items()}
    typed = {name: float(value) if isinstance(defaults[name], float) else value for name, value in chosen.items()}
    return OptimizerSpec(family, kind, defaults | typed, declared)


def number(value: float) -> str:
    """Its shortest text that gives the very same number back: ``0.001``, ``1e-08``."""
    short = f"{value:g}"
    return short if float(short) == value else repr(value)


def _structures(optimizers: Mapping[str, OptimizerSpec]) -> dict[str, list[str]]:
    """The labels that can share a compiled program, by the name of the structure: ``rmsprop[centered=true]``."""
    found: dict[str, list[str]] = {}
    for label, asked in optimizers.items():
        found.setdefault(asked.structure, []).append(label)
    return found


def _cells(loss: str, optimizers: list[OptimizerSpec], learning_rates: tuple[float, ...]) -> Iterator[Cell]:
    for asked in optimizers:
        for rate in learning_rates:
            yield Cell(f"{loss}/{asked.label}/lr={number(rate)}", asked.label, asked.values, rate)


def _starts(loss: Loss, config: Config) -> tuple[tuple[int, Point], ...]:
    """Standard start, random ones, then the points that fit; rounded to the dtype, as the runs will see them.

    A random start depends on the seed, the loss's name, the dimension and its number alone: more of them leave the
    first as they are, and those of two losses are independent, as statistics over losses need.
    """
    asked = config.starts
    points: list[tuple[int, Any]] = [(0, loss.start)] if asked.standard else []
    low, high = np.array(loss.domain).T
    key = [asked.seed, zlib.crc32(loss.name.encode()), loss.dim]
    draws = np.random.default_rng(key).random((asked.random, loss.dim))
    points += enumerate(low + (high - low) * draws, 1)
    fitting = (point for point in asked.points if len(point) == loss.dim)
    points += enumerate(fitting, asked.random + 1)
    rounded = np.array([point for _, point in points], config.dtype).astype(float).tolist()
    return tuple((number, tuple(point)) for (number, _), point in zip(points, rounded, strict=True))


def _sources(loss: Loss | str, asked: OptimizerSpec, base: Path) -> tuple[str, ...]:
    """What decides the results besides the matrix: the code, the loss's facts, and the user's own XLA flags."""
    kinds = [] if isinstance(asked.kind, str) else catalogue.wrapped_classes(asked.kind, asked.values, base)
    hashes = [catalogue.source_hash(thing) for thing in (loss, *kinds) if not isinstance(thing, str)]
    facts = "" if isinstance(loss, str) else repr((loss.minimum, loss.minima))
    return (*hashes, facts, " ".join(users_xla_flags()), *_engine_sources())


@cache
def _engine_sources() -> tuple[str, ...]:
    """Versions, and a hash of the engine and of the contracts: what decides the results besides rule and loss."""
    package = Path(__file__).parent
    digest = hashlib.sha256()
    for pattern in ("engine/**/*.py", "foreign/*.py", "tf_setup.py", "loss.py", "optimizer.py"):
        for item in sorted(package.glob(pattern)):
            digest.update(item.read_bytes())
    return (__version__, tensorflow_version(), digest.hexdigest())


def tensorflow_version() -> str:
    """The installed version of TensorFlow, without importing it."""
    for distribution in ("tensorflow", "tensorflow-cpu", "tensorflow-macos"):
        try:
            return metadata.version(distribution)
        except metadata.PackageNotFoundError:
            continue
    return "unknown"
