"""Running the engine inside a test: one program of a small matrix, said as a user would say it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from reportgen.catalogue import find_loss
from reportgen.config import Config
from reportgen.engine.outcome import Judged, judge
from reportgen.engine.result import ProgramResult
from reportgen.plan import Program, make_plan
from reportgen.tf_setup import import_tensorflow


def program(loss: str, optimizer: str, rates: tuple[float, ...], base: Path = Path(), **config: Any) -> Program:
    """The only program of the matrix of one loss and one optimizer."""
    settings = {"starts": {"random": 0}} | config
    asked = {"losses": [loss], "optimizers": [optimizer], "learning_rates": rates, "base": base} | settings
    (found,) = make_plan(Config.model_validate(asked)).programs
    return found


def judged(loss: str, optimizer: str, rates: tuple[float, ...], **config: Any) -> tuple[ProgramResult, Judged]:
    """The arrays of that program, with outcomes and reasons."""
    result = run(loss, optimizer, rates, **config)
    asked = program(loss, optimizer, rates, **config)
    return result, judge(result, find_loss(asked.loss_ref, asked.base, asked.dim, asked.parameters), asked.settings)


def run(loss: str, optimizer: str, rates: tuple[float, ...], **config: Any) -> ProgramResult:
    """The arrays of that program."""
    import_tensorflow()
    from reportgen.engine.run import run as run_program

    with plugins_in_this_process():
        return run_program(program(loss, optimizer, rates, **config))


def run_together(loss: str, rates: Mapping[str, float], **config: Any) -> dict[str, ProgramResult]:
    """The arrays of one program for each optimizer and its rate, compiled as one loop, by optimizer."""
    import_tensorflow()
    from reportgen.engine.run import Engine, make_engines, run_all

    found = {}
    with plugins_in_this_process():
        engines = make_engines([program(loss, optimizer, (rate,), **config) for optimizer, rate in rates.items()])
        for optimizer, engine in zip(rates, engines, strict=True):
            assert isinstance(engine, Engine), engine
            found[optimizer] = run_all(engine)
    return found


@contextmanager
def plugins_in_this_process() -> Iterator[None]:
    """Let the process of the tests import plug-ins itself, as a worker does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reportgen.catalogue.plugin_process._loads_here", True)
        yield
