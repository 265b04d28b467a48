"""The first steps of some runs, which TensorFlow executes operation by operation: no batch and no compilation."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import partial
from itertools import chain
from types import ModuleType

import numpy as np
import tensorflow as tf

from reportgen import catalogue
from reportgen.engine import device as devices
from reportgen.engine.compiled import tensors
from reportgen.engine.evaluation import value_and_gradient
from reportgen.engine.inputs import ProgramInputs, optimizer_maker
from reportgen.engine.minibatch import Minibatches, order_of
from reportgen.engine.number import Number
from reportgen.engine.problem import Point, Setting
from reportgen.engine.result import Array, Replay
from reportgen.engine.rule import MakeOptimizer, MappedRule, call_alone
from reportgen.loss import Loss
from reportgen.optimizer import Optimizer, hyperparameters
from reportgen.plan import Program
from reportgen.tensor import Tensor

RUNS = 8
"""Runs that are replayed. They are spread evenly over the program."""


def replay(program: Program, steps: int) -> Replay:
    """Return the first ``steps`` steps of some runs of a program; raises whatever its optimizer or loss raises."""
    loss = program.load_loss()
    kind = catalogue.find_optimizer(program.family, program.base)
    runs = np.unique(np.linspace(0, program.runs - 1, RUNS).astype(int))
    with tf.device(devices.choose(program.settings.device).name):
        replayed = [_replay_run(program, loss, kind, run, steps) for run in runs]
    changed = dict.fromkeys(name for _, names in replayed for name in names)
    positions = np.stack([of_run for of_run, _ in replayed], axis=-1)
    return Replay(runs, positions, tuple(changed), _has_assertions(program, loss, kind))


def _replay_run(program: Program, loss: Loss, kind: type[Optimizer], run: int, steps: int) -> tuple[Array, list[str]]:
    """The positions after each step, [steps, dim], and what the steps changed outside of the state."""
    make = optimizer_maker(kind, program)
    made: list[Optimizer] = []

    def make_once(numeric: Mapping[str, Number], rate: Number) -> Optimizer:
        made.extend([] if made else [make(numeric, rate)])
        return made[0]

    stepper = _Stepper(program, loss, make_once, run)
    x, state = stepper.start()
    before = _python_state(made[0])
    positions = []
    for number in range(1, steps + 1):
        x, state = stepper.step(number, x, state)
        positions.append(x.numpy()[0])
    after = _python_state(made[0])
    return np.array(positions), [name for name in after if after[name] != before.get(name)]


def _has_assertions(program: Program, loss: Loss, kind: type[Optimizer]) -> bool:
    @tf.function(autograph=False)
    def first_step() -> Tensor:
        stepper = _Stepper(program, loss, optimizer_maker(kind, program), 0)
        return stepper.step(1, *stepper.start())[0]

    graph = first_step.get_concrete_function().graph.as_graph_def()
    nodes = chain(graph.node, *(function.node_def for function in graph.library.function))
    return any(node.op == "Assert" for node in nodes)


class _Stepper:
    """Makes the steps of one run, as a batch of one; positions are [1, dim]."""

    def __init__(self, program: Program, loss: Loss, make: MakeOptimizer, run: int) -> None:
        settings = program.settings
        self._loss = loss
        self._inputs = tensors(ProgramInputs(program)(np.array([run])), settings.seed)
        order = order_of(program, loss.samples)
        self._minibatches = None if order is None else Minibatches(tf.constant(order), self._inputs.seed)
        self._rule = MappedRule(make, Setting(loss, settings.steps, program.noise), self._inputs, alone=True)

    def start(self) -> tuple[Tensor, list[Tensor]]:
        return self._inputs.x0, self._rule.init()

    def step(self, number: int, x: Tensor, state: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        step = tf.constant(number)
        rows = self._minibatches.at(step) if self._minibatches else None
        value, gradient = call_alone(partial(value_and_gradient, self._loss), x)
        return self._rule.step(Point(x, value, gradient, step, self._inputs.key, rows), state)


def _python_state(optimizer: Optimizer, prefix: str = "self") -> dict[str, str]:
    """A text for everything in which Python could remember something between two steps."""
    found = {f"{prefix}.{name}": repr(value) for name, value in vars(optimizer).items()}
    for name, item in hyperparameters(optimizer).items():
        if item.wraps:
            found |= _python_state(getattr(optimizer, name), f"{prefix}.{name}")
    module = sys.modules[type(optimizer).__module__]
    return found | {name: repr(value) for name, value in vars(module).items() if _may_remember(name, value)}


def _may_remember(name: str, value: object) -> bool:
    return not (name.startswith("__") or callable(value) or isinstance(value, ModuleType))
