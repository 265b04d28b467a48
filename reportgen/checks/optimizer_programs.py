"""The programs that the checks of one optimizer need. They are few, because each must be compiled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from reportgen import catalogue
from reportgen.config import Config
from reportgen.config.model import OptimizerEntry
from reportgen.foreign import TorchOptimizer
from reportgen.optimizer import Hyperparameter
from reportgen.plan import Program, make_plan

QUADRATIC = "reportgen.checks.quadratic:quadratic"
STEPS = 100
"""Steps of each run on the quadratic."""
CLOSURE_STEPS = 5
CLOSURE_RATES = (1e-3, 1e-2, 1e-1, 0.3, 1.0)
"""Steps and learning rates of an optimizer that evaluates the loss up to 20 times in each step, as L-BFGS does."""
BATCH_DIMENSION = 3
"""Dimension of the quadratic in most programs."""
DIMENSIONS = (1, 2, 50)
"""Further dimensions."""
GRADIENT_DESCENT = OptimizerEntry(name="gradient_descent")


def batch(entry: OptimizerEntry, base: Path, dtype: str) -> Program:
    """Return a program with all default learning rates from three starts, with two values of each float hyperparameter.

    Args:
        entry: the optimizer.
        base: the folder that plug-in files are relative to.
        dtype: ``float32`` or ``float64``, also the id of the program.
    """
    entries = (entry, *_with_other_values(entry, base))
    return replace(_on_quadratic(entries, base, BATCH_DIMENSION, dtype), id=dtype)


def other_programs(entry: OptimizerEntry, base: Path) -> Iterator[Program]:
    """Yield all other programs: the batch in float32 again, some of its runs alone, and other dimensions."""
    first = batch(entry, base, "float32")
    yield replace(first, id="again")
    yield from single_runs(first)
    for dim in DIMENSIONS:
        yield replace(_on_quadratic((entry,), base, dim, "float32"), id=f"{dim}")


def single_runs(program: Program) -> Iterator[Program]:
    """Yield two programs with one run of ``program`` each, at different learning rates and from different starts."""
    rates = sorted({cell.learning_rate for cell in program.cells})
    for rate, start in ((rates[len(rates) // 3], program.starts[0]), (rates[-3], program.starts[-1])):
        first = program.cells[0].optimizer
        cells = tuple(cell for cell in program.cells if (cell.learning_rate, cell.optimizer) == (rate, first))
        yield replace(program, cells=cells, starts=(start,), id=f"rate {rate:g}")


def comparison(entry: OptimizerEntry, base: Path) -> Config:
    """Return the default matrix with the optimizer and gradient descent."""
    is_baseline = entry == GRADIENT_DESCENT
    return Config(optimizers=(entry,) if is_baseline else (entry, GRADIENT_DESCENT), base=base)


def evaluates_loss(entry: OptimizerEntry, base: Path) -> bool:
    """Whether the optimizer evaluates the loss many times in each step, which are therefore slow."""
    kind = catalogue.find_optimizer(entry.name, base)
    return issubclass(kind, TorchOptimizer) and kind.evaluates_loss


def _on_quadratic(entries: tuple[OptimizerEntry, ...], base: Path, dim: int, dtype: str) -> Program:
    config: dict[str, Any] = {
        "losses": [{"name": QUADRATIC, "dim": dim}],
        "optimizers": entries,
        "starts": {"random": 2},
        "steps": STEPS,
        "dtype": dtype,
        "base": base,
    }
    if evaluates_loss(entries[0], base):
        config |= {"steps": CLOSURE_STEPS, "learning_rates": CLOSURE_RATES}
    (program,) = make_plan(Config.model_validate(config)).programs
    return program


def _with_other_values(entry: OptimizerEntry, base: Path) -> Iterator[OptimizerEntry]:
    """The optimizer with another value of each float hyperparameter, if it has any."""
    given = {name: values[0] for name, values in entry.hyperparameters.items()}
    declared = catalogue.declared_hyperparameters(catalogue.find_optimizer(entry.name, base), given, base)
    floats = {name: item for name, item in declared.items() if not item.structural}
    other = {name: (_other_value(item, given.get(name, item.default)),) for name, item in floats.items()}
    if other:
        yield entry.model_copy(update={"hyperparameters": entry.hyperparameters | other})


def _other_value(item: Hyperparameter, value: Any) -> float:
    """A value near ``value``, on the side where there is room."""
    other = float(value) * 0.9 if value else 0.01
    return other if item.validation_error(other) is None else float(value)
