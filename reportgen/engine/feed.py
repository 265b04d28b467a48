"""The inputs of a program's runs, cut into tiles that the compiled loop takes, and its outputs put together again."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from reportgen import catalogue
from reportgen.engine import loop
from reportgen.engine.minibatch import order_of
from reportgen.engine.random import key_of
from reportgen.engine.result import Array
from reportgen.loss import Loss
from reportgen.matrix import Program
from reportgen.optimizer import Optimizer, hyperparameters

TILE = 16_384
"""Runs stepped at once: more would leave the processor's cache, and memory stays flat for any matrix."""


PATHS = 20_000_000
"""The most numbers that the paths of a program's shown runs may have; beyond it none is kept."""

VECTOR = 16
"""A tile is a multiple of this. Where the processor takes several runs at once and some are left over, the compiler
leaves it open in which order the coordinates of those are summed: their bits would depend on the size of the batch."""


@dataclass(frozen=True)
class Ran:
    """What the compiled loop gave for all runs of a program."""

    arrays: loop.Arrays
    evaluations: int
    """Gradient evaluations a step."""
    seconds: Mapping[str, float]
    """Wall time of tracing, compiling with the first tile, and running."""


def inputs_of(program: Program) -> dict[str, Any]:
    """Per-run inputs; a numeric hyperparameter that all cells share is one number."""
    pairs = list(program.pairs())
    kind = catalogue.find_optimizer(program.family, program.base)
    declared = catalogue.declared(kind, program.cells[0].hyperparameters, program.base)
    hyperparameters = {}
    for name in sorted(name for name, item in declared.items() if not item.structural):
        values = np.array([cell.hyperparameters[name] for cell, _, _ in pairs])
        hyperparameters[name] = values[0] if np.all(values == values[0]) else values
    return {
        "x0": np.array([point for _, _, point in pairs], program.settings.dtype).T,
        "learning_rate": np.array([cell.learning_rate for cell, _, _ in pairs]),
        "start": np.array([number for _, number, _ in pairs], np.uint32),
        "seed": np.array(program.run_seeds, np.uint32),
        "hyperparameters": hyperparameters,
        "shown": _shown(program),
    }


def _shown(program: Program) -> Array:
    """Whether each run is sampled in all coordinates, [runs]: those from the first start in more than two dimensions.

    Of several seeds only the first; none where that would be too much.
    """
    first, point = program.starts[0]
    at_start = np.array([number == first for _, number, _ in program.pairs()]) & (np.array(program.run_seeds) == 0)
    points = min(program.settings.trace_points, program.settings.steps)
    numbers = at_start.sum() * len(point) * points
    return np.asarray(at_start & (len(point) > 2) & (numbers <= PATHS))


def maker_of(kind: type[Optimizer], program: Program) -> Callable[[dict[str, Any], Any], Optimizer]:
    """Makes the optimizer with its structural values, and its numeric ones replaced by those of the batch."""
    template = catalogue.create(kind, program.cells[0].hyperparameters, program.base)
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


def run_loop(
    program: Program,
    loss: Loss,
    make: Callable[[dict[str, Any], Any], Any],
    inputs: Mapping[str, Any],
    schedule: Array,
    *,
    alone: bool = False,
    on_compiled: Callable[[], None] = lambda: None,
) -> Ran:
    """Compile the loop around what ``make`` makes and run all runs through it, in tiles, or each one ``alone``."""
    function, evaluations = loop.build(loss, make, schedule, program.noise or {})
    call = _Call(function, program, loss, schedule)
    runs = inputs["x0"].shape[1]
    size = 1 if alone else tile_size(runs)
    seconds = {"trace": call.trace(next(_tiles(inputs, runs, size))), "compile": 0.0, "run": 0.0}
    outputs = []
    for index, tile in enumerate(_tiles(inputs, runs, size)):
        began = time.perf_counter()
        outputs.append(call(tile))
        seconds["run" if index else "compile"] += time.perf_counter() - began
        if not index:
            on_compiled()
    shown = [len(np.flatnonzero(inputs["shown"][begin : begin + size])) for begin in range(0, runs, size)]
    return Ran(_joined(outputs, runs, shown), evaluations[0], seconds)


def tile_size(runs: int) -> int:
    """How many runs go through the loop at once: all of them up to a limit, filled up to whole vectors."""
    return min(math.ceil(runs / VECTOR) * VECTOR, TILE)


class _Call:
    """The compiled function with what is the same for every tile."""

    def __init__(self, function: Any, program: Program, loss: Loss, schedule: Array) -> None:
        self._function = function
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
        self._function.get_concrete_function(*self._arguments(tile))
        return time.perf_counter() - began

    def __call__(self, tile: Mapping[str, Any]) -> list[Array | None]:
        outputs = self._function(*self._arguments(tile))
        return [None if tensor is None else np.asarray(tensor) for tensor in tf.nest.flatten(outputs)]


def _tiles(inputs: Mapping[str, Any], runs: int, size: int) -> Iterator[dict[str, Any]]:
    """The inputs in tiles of one size; the last is filled up with repetitions of its first run.

    The runs that are shown are told by their places in the tile, filled up with zeros.
    """
    places = [np.flatnonzero(inputs["shown"][begin : begin + size]) for begin in range(0, runs, size)]
    most = max(map(len, places))
    for begin, shown in zip(range(0, runs, size), places, strict=True):
        index = np.arange(begin, begin + size)
        index[index >= runs] = begin
        padded = np.pad(shown, (0, most - len(shown))).astype(np.int32)
        yield chosen(inputs, index) | {"shown": padded}


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


def _joined(tiles: list[list[Any]], runs: int, shown: list[int]) -> loop.Arrays:
    """One set of arrays from all tiles, without the filling; the runs are the last axis of each."""
    *of_runs, paths = zip(*tiles, strict=True)
    flat = [np.concatenate(parts, axis=-1)[..., :runs] for parts in of_runs]
    record = loop.Record(best_loss=flat[5], steps=flat[6])
    joined = np.concatenate([p[..., :n] for p, n in zip(paths, shown, strict=True)], axis=-1) if any(shown) else None
    return loop.Arrays(flat[0], flat[1], flat[2], flat[3], flat[4], record, flat[7], joined)


def one_after_another(parts: list[Ran]) -> Ran:
    """The results of several groups of runs as those of one, in their order."""
    flat = [
        None if each[0] is None else np.concatenate(each, axis=-1)
        for each in zip(*(tf.nest.flatten(part.arrays) for part in parts), strict=True)
    ]
    arrays = tf.nest.pack_sequence_as(parts[0].arrays, flat)
    seconds = {name: sum(part.seconds[name] for part in parts) for name in parts[0].seconds}
    return Ran(arrays, parts[0].evaluations, seconds)
