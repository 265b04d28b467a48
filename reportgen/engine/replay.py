"""The first steps of a program made one by one by Python itself, to hold the compiled loop against."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import numpy as np
import tensorflow as tf

from reportgen import catalogue
from reportgen.engine import batch
from reportgen.engine import device as devices
from reportgen.engine.batch import Scalar
from reportgen.engine.feed import RunInputs, maker_of
from reportgen.engine.minibatch import Minibatches, order_of
from reportgen.engine.problem import BatchProblem, Setting, value_and_gradient
from reportgen.engine.random import key_of
from reportgen.engine.result import Replay
from reportgen.engine.state import carried, same_structure
from reportgen.optimizer import Optimizer, hyperparameters
from reportgen.plan import Program


def replay(program: Program, steps: int) -> Replay:
    """Make the first ``steps`` steps of ``program`` without compiling them."""
    with tf.device(devices.choose(program.settings.device).name):
        return _replay(program, steps)


def _replay(program: Program, steps: int) -> Replay:
    loss = catalogue.find_loss(program.loss_ref, program.base, program.dim, program.parameters)
    kind = catalogue.find_optimizer(program.family, program.base)
    given = RunInputs(program)(np.arange(program.runs))
    numeric = {name: _number(value) for name, value in given["hyperparameters"].items()}
    rate = _number(given["learning_rate"])
    optimizer = maker_of(kind, program)(numeric, rate)
    key = key_of(program.settings.seed, tf.constant(given["start"]), tf.constant(given["seed"]))
    order = order_of(program, loss.samples)
    seen = None if order is None else Minibatches(tf.constant(order), tf.constant(given["seed"]))
    setting = Setting(loss, program.settings.steps, optimizer.schedule, rate, key, program.noise, seen)
    before = _python_state(optimizer)
    x = batch.vector(tf.constant(given["x0"]))
    state = carried(optimizer.init(x), x)
    positions = []
    for step in range(1, steps + 1):
        problem = BatchProblem(setting, tf.constant(step), x, value_and_gradient(loss, x))
        new_x, new_state = optimizer.step(x, state, problem)
        x, state = new_x, same_structure(state, new_state, x)
        positions.append(batch.rows(x).numpy())
    after = _python_state(optimizer)
    changed = tuple(name for name in after if after[name] != before.get(name))
    return Replay(np.array(positions), changed)


def _number(value: Any) -> Scalar:
    return Scalar(tf.constant(value, tf.float64), weak=True)


def _python_state(optimizer: Optimizer, prefix: str = "self") -> dict[str, str]:
    """A text for everything in which Python could remember something between two steps."""
    found = {f"{prefix}.{name}": repr(value) for name, value in vars(optimizer).items()}
    for name, item in hyperparameters(optimizer).items():
        if item.wraps:
            found |= _python_state(getattr(optimizer, name), f"{prefix}.{name}")
    module = sys.modules[type(optimizer).__module__]
    return found | {name: repr(value) for name, value in vars(module).items() if _may_remember(name, value)}


def _may_remember(name: str, value: Any) -> bool:
    return not (name.startswith("__") or callable(value) or isinstance(value, ModuleType))
