"""Expands a config into programs, cells and runs, each with a stable id. Each program has a fingerprint as well."""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from reportgen import catalogue
from reportgen.config import Config, LossEntry
from reportgen.config.model import Noise
from reportgen.failure import Failure
from reportgen.loss import UNCHANGED, FactChanges, Loss, Point
from reportgen.optimizer_specs import (
    Configuration,
    Hyperparameters,
    OptimizerSpec,
    check_baseline,
    format_value,
    group_by_structure,
    optimizer_specs,
)
from reportgen.program_sources import code_of, source_hashes
from reportgen.rate_grid import Extension

MOST_WORK = 2**36
"""Steps of all coordinates that a program may make, unless it has only one configuration: minutes on two cores."""
MOST_RUNS = 10**7
"""Runs that a program may have, unless it has only one configuration: the names of more are not read at once."""

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
Starts = tuple[tuple[int, Point], ...]
"""Number and position of each start; number 0 is the standard start."""
References = Mapping[str, Mapping[str, str]]
"""References to plug-ins by kind and name."""


@dataclass(frozen=True)
class Settings:
    """The settings that all programs of a matrix share."""

    steps: int
    """Steps of each run."""
    targets: tuple[float, ...]
    """Shares of a gap, see ``target_scale``."""
    target_scale: str
    """``loss``: targets are shares of the gap at the standard start of the loss. ``run``: at the start of each run."""
    judged_by: str
    """``last``: a run hits a target at the step from which on it stays within it to the end. ``best``: at the first
    step within it."""
    dtype: str
    """``float32`` or ``float64``."""
    gradient_tolerance: float
    """Relative norm below which a gradient counts as zero."""
    trace: str
    """Which runs store a trace: ``all``, ``pictures`` or ``none``."""
    trace_points: int
    """Maximum number of points of a trace."""
    device: str
    """``auto``, a kind such as ``gpu``, or one device such as ``gpu:1``."""
    seed: int
    """The seed of random starts and of all other random numbers."""


@dataclass(frozen=True)
class Cell:
    """A configuration, one cell of the matrix: a loss, an optimizer with its hyperparameters, and a learning rate."""

    cell_id: str
    """``rosenbrock/adam/lr=0.01``; under tuning ``rosenbrock/adam/trial=17``"""
    optimizer: str
    """The label of the optimizer: ``adam[beta_2=0.99]``."""
    hyperparameters: Hyperparameters
    """All hyperparameters, including defaults."""
    learning_rate: float


@dataclass(frozen=True)
class Program:
    """All runs that share one loss and one optimizer structure. Picklable; contains all that a worker needs."""

    id: str
    """``rosenbrock/adam``"""
    loss_ref: str
    """The name of the loss in the catalogue: ``rosenbrock``, ``my_losses.py:valley``."""
    dim: int | None
    """The requested number of coordinates; None: the default of the loss."""
    parameters: Mapping[str, object]
    """The requested parameters of the loss, without defaults."""
    noise: Noise | None
    """None: exact gradients."""
    seeds: int
    """Runs from each start, each with its own noise."""
    loss: str
    """The label of the loss: ``rosenbrock[dim=20]``."""
    family: str
    """The name of the optimizer in the catalogue: ``adam``, ``my_opt.py:Lookahead``."""
    cells: tuple[Cell, ...]
    starts: Starts
    settings: Settings
    base: Path
    """The folder that plug-in files are relative to."""
    failure: Failure | None = None
    """Why the loss or the optimizer could not be loaded."""
    sources: tuple[str, ...] = field(default=(), repr=False)
    """Hashes of the code that determines the results."""
    changes: FactChanges = UNCHANGED
    """Facts of the loss that the config replaces, and the lowest known value in place of an unknown minimum."""
    plugins: tuple[str, ...] = ()
    """The files and modules of the plug-ins that it uses. Only programs with the same ones share a process."""
    plugin_files: tuple[str, ...] = field(default=(), repr=False)
    """The absolute paths of all files of these plug-ins."""
    references: References = field(default_factory=dict, repr=False)
    """The plug-ins in the folders next to the config, see ``catalogue.use_references``."""

    def load_loss(self) -> Loss:
        """Return the loss; raises what ``catalogue.find_loss`` raises."""
        return catalogue.find_loss(self.loss_ref, self.base, self.dim, self.parameters).changed(self.changes)

    @property
    def runs(self) -> int:
        """Number of runs: each cell runs from each start with each seed."""
        return len(self.cells) * len(self.starts) * self.seeds

    @property
    def run_steps(self) -> int:
        """Total number of steps of all runs."""
        return self.runs * self.settings.steps

    @property
    def work(self) -> int:
        """Total number of steps of all coordinates of all runs."""
        return self.run_steps * len(self.starts[0][1])

    def iter_runs(self) -> Iterator[tuple[Cell, int, Point]]:
        """Yield cell, start number and start of each run, in the order of run numbers; seeds vary fastest."""
        for cell in self.cells:
            for number, point in self.starts:
                yield from itertools.repeat((cell, number, point), self.seeds)

    def unravel_runs(self, runs: IntArray) -> tuple[IntArray, IntArray, IntArray]:
        """Return cell index, start index and seed of runs.

        Args:
            runs: run numbers, int64 [runs]; the positions of the runs in ``iter_runs``.

        Returns:
            Indices in ``cells`` and in ``starts``, and seeds, each int64 [runs].
        """
        return runs // (len(self.starts) * self.seeds), runs // self.seeds % len(self.starts), runs % self.seeds

    @cached_property
    def start_numbers(self) -> IntArray:
        """Numbers of the starts, int64 [starts]; 0 is the standard start."""
        return np.array([number for number, _ in self.starts])

    @cached_property
    def start_points(self) -> FloatArray:
        """Positions of the starts, float64 [starts, dim]."""
        return np.array([point for _, point in self.starts], float)

    @cached_property
    def fingerprint(self) -> str:
        """A SHA-256 over everything that determines the results: equal fingerprints, equal results."""
        facts = {
            "sources": self.sources,
            "loss": [self.loss_ref, self.dim, dict(self.parameters), _noise_settings(self.noise), self.seeds],
            "optimizer": self.family,
            "cells": [[c.cell_id, dict(c.hyperparameters), c.learning_rate] for c in self.cells],
            # Formatting millions of starts as JSON would take seconds.
            "starts": [hashlib.sha256(a.tobytes()).hexdigest() for a in (self.start_numbers, self.start_points)],
            "settings": vars(self.settings),
            "failure": self.failure and self.failure.reason,
        }
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Plan:
    """The whole matrix."""

    programs: tuple[Program, ...]
    losses: Mapping[str, Loss | Failure]
    """By label; a failure if the loss could not be loaded."""
    optimizers: Mapping[str, OptimizerSpec]
    """By label."""
    starts: Mapping[str, Starts]
    """By the label of the loss."""
    lowest: Mapping[str, float]
    """The lowest known value of each loss with an unknown minimum, by its label; it takes the place of the minimum."""

    @property
    def custom_optimizers(self) -> list[str]:
        """Labels of the optimizers that are not built in."""
        return [label for label, spec in self.optimizers.items() if not catalogue.is_built_in_optimizer(spec.family)]

    @property
    def rate_only(self) -> list[str]:
        """Labels of the optimizers of which only the learning rate is tuned, next to those with everything tuned."""
        return [label for label, spec in self.optimizers.items() if spec.rate_only_of]

    @property
    def extensions(self) -> dict[str, Extension]:
        """How far each automatic grid of learning rates has grown, by the label of the optimizer."""
        return {label: spec.extension for label, spec in self.optimizers.items() if spec.extension is not None}


def make_plan(
    config: Config,
    extensions: Mapping[str, Extension] = MappingProxyType({}),
    lowest: Mapping[str, float] = MappingProxyType({}),
) -> Plan:
    """Return the programs of ``config``, loss by loss, with one program per optimizer structure.

    Each decade by which a grid of learning rates has grown is a program as well, so that the others need not run again.
    A plug-in that cannot be loaded is no error: its programs have a ``failure``.

    Args:
        config: the matrix.
        extensions: how far the automatic grid of each optimizer has grown, by label.
        lowest: the lowest known value of losses with an unknown minimum, by label.

    Raises:
        ConfigError: the baseline is not an optimizer of the matrix.
    """
    optimizers = optimizer_specs(config, extensions)
    check_baseline(config, optimizers)
    planned: dict[str, _PlannedLoss] = {}
    for entry in config.losses:
        loss = _plan_loss(entry, config, lowest)
        planned.setdefault(loss.label, loss)
    references = catalogue.local_references(config.base)
    programs = (_programs(loss, optimizers.values(), config, references) for loss in planned.values())
    return Plan(
        tuple(itertools.chain.from_iterable(programs)),
        {label: each.loss for label, each in planned.items()},
        optimizers,
        {label: each.starts for label, each in planned.items()},
        {label: lowest[label] for label in planned if label in lowest},
    )


@dataclass(frozen=True)
class _PlannedLoss:
    """A loss of the matrix, and what all its programs share."""

    entry: LossEntry
    label: str
    loss: Loss | Failure
    changes: FactChanges
    settings: Settings
    starts: Starts


def _plan_loss(entry: LossEntry, config: Config, lowest: Mapping[str, float]) -> _PlannedLoss:
    changes, settings = FactChanges(entry.start, entry.domain), _settings(config)
    label, loss = _find_loss(entry, config.base, changes)
    if isinstance(loss, Failure):
        return _PlannedLoss(entry, label, loss, changes, settings, ((0, ()),))
    if math.isnan(loss.minimum) and label in lowest:
        changes = replace(changes, minimum=lowest[label])
        loss = loss.changed(changes)
    elif math.isnan(loss.minimum):  # these runs only search for the lowest value
        settings = replace(settings, trace="none")
    return _PlannedLoss(entry, label, loss, changes, settings, _starts(loss, config))


def _settings(config: Config) -> Settings:
    return Settings(
        config.steps,
        config.targets,
        config.target_scale,
        config.judged_by,
        config.dtype,
        config.gradient_tolerance,
        config.trace,
        config.trace_points,
        config.device,
        config.starts.seed,
    )


def _programs(
    planned: _PlannedLoss, optimizers: Iterable[OptimizerSpec], config: Config, references: References
) -> Iterator[Program]:
    """The programs of a loss: one per optimizer structure, and one for each decade by which a grid has grown."""
    entry, label = planned.entry, planned.label
    for (structure, block), pairs in group_by_structure(optimizers).items():
        specs = list({id(spec): spec for spec, _ in pairs}.values())
        failures = (each for each in (planned.loss, specs[0].kind) if isinstance(each, Failure))
        code = code_of(planned.loss, specs[0], config.base)
        plugins = [found for each in code if (found := catalogue.plugin_code(each))]
        program = Program(
            id=f"{label}/{structure}{f', more trials {block}' if block else ''}",
            loss_ref=entry.name,
            dim=entry.dim,
            parameters=entry.parameters,
            noise=entry.noise,
            seeds=config.seeds if entry.noise else 1,
            loss=label,
            family=specs[0].family,
            cells=tuple(_cell(label, spec, each) for spec, each in pairs),
            starts=planned.starts,
            settings=planned.settings,
            base=config.base,
            failure=next(failures, None),
            sources=source_hashes(planned.loss, code),
            changes=planned.changes,
            plugins=tuple(dict.fromkeys(each.source for each in plugins)),
            plugin_files=tuple(dict.fromkeys(file for each in plugins for file in each.files)),
            references=references,
        )
        for each in (program, *_decade_programs(program, specs)):
            yield from _chunks(each)


def _noise_settings(noise: Noise | None) -> dict[str, float]:
    return noise.model_dump(exclude_none=True) if noise else {}


def _find_loss(entry: LossEntry, base: Path, changes: FactChanges) -> tuple[str, Loss | Failure]:
    """Label and loss. The label includes the noise, which is not part of the loss."""
    loss: Loss | Failure
    settings: Mapping[str, object]
    try:
        loss = catalogue.find_loss(entry.name, base, entry.dim, entry.parameters).changed(changes)
        settings = loss.settings
    except catalogue.BrokenPluginError as error:
        loss, settings = Failure(str(error)), ({} if entry.dim is None else {"dim": entry.dim}) | entry.parameters
    noise = {f"noise.{name}": value for name, value in _noise_settings(entry.noise).items()}
    parts = [f"{name}={format_value(value)}" for name, value in {**settings, **noise}.items()]
    return f"{entry.name}[{','.join(parts)}]" if parts else entry.name, loss


def _decade_programs(program: Program, specs: list[OptimizerSpec]) -> Iterator[Program]:
    """The same program for each decade by which the grids of the optimizers have grown."""
    for decade in sorted({decade for spec in specs for decade in spec.decades}):
        grown = [spec for spec in specs if decade in spec.decades]
        cells = tuple(_cell(program.loss, spec, spec.at(rate)) for spec in grown for rate in decade)
        yield replace(program, id=f"{program.id}, lr {decade[0]:g} to {decade[-1]:g}", cells=cells)


def _chunks(program: Program) -> Iterator[Program]:
    """The program, or several with some of its configurations each if it is huge, so that machines can share it."""
    cells = program.cells
    size = max(int(len(cells) * min(MOST_WORK / max(program.work, 1), MOST_RUNS / program.runs)), 1)
    if size >= len(cells):
        yield program
        return
    for begin in range(0, len(cells), size):
        end = min(begin + size, len(cells))
        yield replace(program, id=f"{program.id}, configurations {begin + 1} to {end}", cells=cells[begin:end])


def _cell(loss: str, spec: OptimizerSpec, each: Configuration) -> Cell:
    return Cell(f"{loss}/{spec.label}/{each.name}", spec.label, each.values, each.learning_rate)


def _starts(loss: Loss, config: Config) -> Starts:
    """The standard start, random starts, then given points of the right dimension; rounded to the dtype of the runs.

    A random start depends only on the seed, the name of the loss, its dimension, and the number of the start. So more
    random starts leave the first ones unchanged, and the starts of two losses are independent, as statistics over
    losses require.
    """
    starts = config.starts
    low, high = np.array(loss.domain).T
    key = [starts.seed, zlib.crc32(loss.name.encode()), loss.dim]
    draws = np.random.default_rng(key).random((starts.random, loss.dim))
    given = [point for point in starts.points if len(point) == loss.dim]
    points: list[npt.ArrayLike] = [*([loss.start] if starts.standard else []), *(low + (high - low) * draws), *given]
    numbers = [*([0] if starts.standard else []), *range(1, starts.random + len(given) + 1)]
    rounded = np.array(points, config.dtype).astype(float).tolist()
    return tuple((number, tuple(point)) for number, point in zip(numbers, rounded, strict=True))
