"""The programs that the checks of one optimizer need: few, because each has to be compiled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from reportgen import catalogue
from reportgen.config import Config
from reportgen.config.model import OptimizerEntry
from reportgen.optimizer import Hyperparameter
from reportgen.plan import Program, make_plan

QUADRATIC = "reportgen.checks.quadratic:quadratic"
STEPS = 100
DIMENSIONS = (1, 2, 50)
"""Those besides ``BATCH_DIMENSION``."""
BATCH_DIMENSION = 3
GRADIENT_DESCENT = OptimizerEntry(name="gradient_descent")


def batch(entry: OptimizerEntry, base: Path, dtype: str) -> Program:
    """Every default learning rate from three starts, with two values of each numeric hyperparameter."""
    entries = (entry, *_nudged(entry, base))
    return replace(_on_quadratic(entries, base, BATCH_DIMENSION, dtype), id=dtype)


def others(entry: OptimizerEntry, base: Path) -> Iterator[Program]:
    """What is compared with the batch in float32: the batch again, a few of its runs apart, and other dimensions."""
    first = batch(entry, base, "float32")
    yield replace(first, id="again")
    yield from apart(first)
    for dim in DIMENSIONS:
        yield replace(_on_quadratic((entry,), base, dim, "float32"), id=f"{dim}")


def apart(program: Program) -> Iterator[Program]:
    """Two learning rates of a batch, each from one start, with the first values, as programs of their own."""
    rates = sorted({cell.learning_rate for cell in program.cells})
    for rate, start in ((rates[len(rates) // 3], program.starts[0]), (rates[-3], program.starts[-1])):
        first = program.cells[0].optimizer
        cells = tuple(cell for cell in program.cells if (cell.learning_rate, cell.optimizer) == (rate, first))
        yield replace(program, cells=cells, starts=(start,), id=f"rate {rate:g}")


def comparison(entry: OptimizerEntry, base: Path) -> Config:
    """The default matrix, with gradient descent beside the optimizer."""
    same = entry == GRADIENT_DESCENT
    return Config(optimizers=(entry,) if same else (entry, GRADIENT_DESCENT), base=base)


def _on_quadratic(entries: tuple[OptimizerEntry, ...], base: Path, dim: int, dtype: str) -> Program:
    asked: Mapping[str, Any] = {
        "losses": [{"name": QUADRATIC, "dim": dim}],
        "optimizers": entries,
        "starts": {"random": 2},
        "steps": STEPS,
        "dtype": dtype,
        "base": base,
    }
    (program,) = make_plan(Config.model_validate(asked)).programs
    return program


def _nudged(entry: OptimizerEntry, base: Path) -> Iterator[OptimizerEntry]:
    """The optimizer with another value of each numeric hyperparameter, if it has any."""
    asked = {name: values[0] for name, values in entry.hyperparameters.items()}
    declared = catalogue.declared_hyperparameters(catalogue.find_optimizer(entry.name, base), asked, base)
    numeric = {name: item for name, item in declared.items() if not item.structural}
    other = {name: (_other_value(item, asked.get(name, item.default)),) for name, item in numeric.items()}
    if other:
        yield entry.model_copy(update={"hyperparameters": entry.hyperparameters | other})


def _other_value(item: Hyperparameter, value: Any) -> float:
    """A value near ``value``, on the side where there is room."""
    other = float(value) * 0.9 if value else 0.01
    return other if item.problem_with(other) is None else float(value)
