"""The inputs of a program's runs, cut into tiles that the compiled loop takes, and its outputs put together again."""

from __future__ import annotations

import copy
import math
import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from reportgen import catalogue
from reportgen.engine import loop
from reportgen.engine.minibatch import order_of
from reportgen.engine.random import key_of
from reportgen.engine.result import Array
from reportgen.loss import Loss
from reportgen.optimizer import Optimizer, hyperparameters
from reportgen.plan import Program

TILE = 32_768
"""Coordinates stepped at once, of all runs together: more would leave the processor's cache, and memory stays flat for
any matrix."""


PATHS = 20_000_000
"""The most numbers that the paths of a program's shown runs may have; beyond it none is kept."""

VECTOR = 16
"""A tile is a multiple of this. Where the processor takes several runs at once and some are left over, the compiler
leaves it open in which order the coordinates of those are summed: their bits would depend on the size of the batch."""


class Ran(NamedTuple):
    """What the compiled loop gave for some runs of a program."""

    runs: Array
    """[runs], their numbers in the order of ``Program.iter_runs``"""
    shown: Array
    """[shown], the places among them of those that are sampled in all coordinates"""
    arrays: loop.Arrays


class RunInputs:
    """The inputs of a program's runs, made when they are asked for: there may be millions."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._rates = np.array([cell.learning_rate for cell in program.cells])
        self._points = program.start_points.astype(program.settings.dtype).T
        self._numbers = program.start_numbers.astype(np.uint32)
        self._hyperparameters = _numeric(program)
        dim, points = len(self._points), min(program.settings.trace_points, program.settings.steps)
        few = len(program.cells) * dim * points <= PATHS
        self._shows = dim > 2 and few and program.settings.trace != "none"

    def __call__(self, runs: Array) -> dict[str, Any]:
        """Those of some runs; a numeric hyperparameter that all cells share is one number.

        ``shown`` is whether a run is sampled in all coordinates: those from the first start in more than two
        dimensions, of several seeds only the first; none where that would be too much.
        """
        cell, start, seed = self._program.unravel_runs(runs)
        return {
            "x0": self._points[:, start],
            "learning_rate": self._rates[cell],
            "start": self._numbers[start],
            "seed": seed.astype(np.uint32),
            "hyperparameters": {k: v[cell] if np.ndim(v) else v for k, v in self._hyperparameters.items()},
            "shown": (start == 0) & (seed == 0) & self._shows,
        }

    def most_shown(self, size: int) -> int:
        """Among so many runs one after another, how many are shown at most."""
        each = self._program.runs // len(self._program.cells)
        return min(len(self._program.cells), size // each + 2) if self._shows else 0


def _numeric(program: Program) -> dict[str, Array]:
    """The numeric hyperparameters, one value a cell, or [] where all share it."""
    kind = catalogue.find_optimizer(program.family, program.base)
    declared = catalogue.declared_hyperparameters(kind, program.cells[0].hyperparameters, program.base)
    found = {}
    for name in sorted(name for name, item in declared.items() if not item.structural):
        values = np.array([cell.hyperparameters[name] for cell in program.cells])
        found[name] = values[0] if np.all(values == values[0]) else values
    return found


def maker_of(kind: type[Optimizer], program: Program) -> Callable[[dict[str, Any], Any], Optimizer]:
    """Makes the optimizer with its structural values, and its numeric ones replaced by those of the batch."""
    template = catalogue.create_optimizer(kind, program.cells[0].hyperparameters, program.base)
    return lambda numeric, _: _with_values(template, numeric)


def _with_values(template: Optimizer, numeric: Mapping[str, Any], prefix: str = "") -> Optimizer:
    """A copy with the values of the batch; those of an optimizer that it wraps are called ``base.beta_2``."""
    made = copy.copy(template)
    for name, item in hyperparameters(template).items():
        flat = prefix + name
        if item.wraps:
            object.__setattr__(made, name, _with_values(getattr(template, name), numeric, f"{flat}."))
        elif flat in numeric:
            object.__setattr__(made, name, numeric[flat])
    if hasattr(made, "__post_init__"):  # what it derives must come from the batch's values too
        made.__post_init__()
    return made


class Feed:
    """Puts the runs of a program through its compiled loop, in tiles, or each one ``alone``."""

    def __init__(
        self,
        program: Program,
        loss: Loss,
        make: Callable[[dict[str, Any], Any], Any],
        schedule: Array,
        *,
        alone: bool = False,
        on_compiled: Callable[[], None] = lambda: None,
    ) -> None:
        """The loop is that around what ``make`` makes; it is compiled when the first runs are put in."""
        function, self._evaluations = loop.build(loss, make, schedule, program.noise)
        self._call = _Call(function, program, loss, schedule)
        self._inputs = RunInputs(program)
        # A single cell that is run one by one has Python's numbers, which are no inputs.
        self._python_numbers = alone
        self._size = 1 if alone else tile_size(program)
        self._on_compiled = on_compiled
        self.seconds = {"trace": 0.0, "compile": 0.0, "run": 0.0}
        """Wall time of tracing, compiling with the first tile, and running."""

    @property
    def ran(self) -> bool:
        """Whether any run was put in."""
        return bool(self._evaluations)

    @property
    def evaluations(self) -> int:
        """Gradient evaluations a step, once any run was put in."""
        return self._evaluations[0]

    def __call__(self, runs: Array) -> Iterator[Ran]:
        """What the loop gives for some runs, told by their numbers, a tile at a time."""
        tiles = (runs[begin : begin + self._size] for begin in range(0, len(runs), self._size))
        if not self.ran:
            yield from (self._first(some) for some in islice(tiles, 1))
        with ThreadPoolExecutor(self._call.threads) as threads:
            running = deque(threads.submit(self._ran, some) for some in islice(tiles, self._call.threads))
            while running:
                began = time.perf_counter()
                ran = running.popleft().result()
                self.seconds["run"] += time.perf_counter() - began
                running.extend(threads.submit(self._ran, some) for some in islice(tiles, 1))
                yield ran

    def _first(self, runs: Array) -> Ran:
        """A tile with which the loop is compiled."""
        self.seconds["trace"] += self._call.trace(self._tile(runs)[0])
        began = time.perf_counter()
        ran = self._ran(runs)
        self.seconds["compile"] += time.perf_counter() - began
        self._on_compiled()
        return ran

    def _ran(self, runs: Array) -> Ran:
        tile, shown = self._tile(runs)
        return Ran(runs, shown, _trimmed(self._call(tile), len(runs), len(shown)))

    def _tile(self, runs: Array) -> tuple[dict[str, Any], Array]:
        """The inputs of a tile, filled up with repetitions of its first run; and the places of the runs shown.

        These are told by their places in the tile, filled up with zeros.
        """
        filled = np.concatenate([runs, np.full(self._size - len(runs), runs[0])])
        tile = self._inputs(filled)
        most = self._inputs.most_shown(self._size)
        shown = np.flatnonzero(tile["shown"][: len(runs)])[:most]
        tile["shown"] = np.pad(shown, (0, most - len(shown))).astype(np.int32)
        if self._python_numbers:
            tile["hyperparameters"] = {}
        return tile, shown


def tile_size(program: Program) -> int:
    """How many runs go through the loop at once: all of them up to a limit, in whole vectors."""
    most = max(1, TILE // len(program.starts[0][1]) // VECTOR)
    return min(math.ceil(program.runs / VECTOR), most) * VECTOR


class _Call:
    """The compiled function, where it was made, with what is the same for every tile."""

    def __init__(self, function: Any, program: Program, loss: Loss, schedule: Array) -> None:
        self._function = function
        self._device = tf.zeros(()).device
        # Tiles share the processors out among them; an accelerator is full with one.
        self.threads = (os.cpu_count() or 1) if "CPU" in self._device else 1
        self._seed = program.settings.seed
        order = order_of(program, loss.samples)
        self._rest = (
            tf.constant(schedule),
            tf.constant(loss.minimum, tf.float64),
            tf.constant(program.settings.targets, tf.float64),
            None if order is None else tf.constant(order),
        )

    def _arguments(self, tile: Mapping[str, Any]) -> tuple[Any, ...]:
        hyperparameters = {k: tf.constant(v, tf.float64) for k, v in tile["hyperparameters"].items()}
        x0, rate, seed, shown = (tf.constant(tile[name]) for name in ("x0", "learning_rate", "seed", "shown"))
        # Made here, because tracing and compiling it would cost each program more than making it.
        key = key_of(self._seed, tf.constant(tile["start"]), seed)
        return (loop.Inputs(x0, rate, key, seed, hyperparameters, shown), *self._rest)

    def trace(self, tile: Mapping[str, Any]) -> float:
        """Seconds that tracing the function for the shape of a tile takes."""
        began = time.perf_counter()
        with tf.device(self._device):
            self._function.get_concrete_function(*self._arguments(tile))
        return time.perf_counter() - began

    def __call__(self, tile: Mapping[str, Any]) -> list[Array | None]:
        with tf.device(self._device):
            outputs = self._function(*self._arguments(tile))
        return [None if tensor is None else np.asarray(tensor) for tensor in tf.nest.flatten(outputs)]


def chosen(inputs: Mapping[str, Any], index: Array) -> dict[str, Any]:
    """The inputs of some runs."""
    return {
        "x0": inputs["x0"][:, index],
        "learning_rate": inputs["learning_rate"][index],
        "start": inputs["start"][index],
        "seed": inputs["seed"][index],
        "hyperparameters": {k: v[index] if np.ndim(v) else v for k, v in inputs["hyperparameters"].items()},
        "shown": inputs["shown"][index],
    }


def _trimmed(outputs: list[Any], runs: int, shown: int) -> loop.Arrays:
    """The arrays of a tile without its filling; the runs are the last axis of each."""
    *of_runs, paths = outputs
    flat = [each[..., :runs] for each in of_runs]
    record = loop.Record(best_loss=flat[5], steps=flat[6])
    kept = paths[..., :shown] if paths is not None else None
    return loop.Arrays(flat[0], flat[1], flat[2], flat[3], flat[4], record, flat[7], kept)
