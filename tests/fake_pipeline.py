"""A stand-in for the pipeline, for tests of what the command prints."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from reportgen import pipeline
from reportgen.analysis.best_rows import BestRow
from reportgen.cli import main
from reportgen.config import Config
from reportgen.execute.events import (
    Event,
    PlanReady,
)
from reportgen.pipeline import BuildSummary


def row(loss: str, optimizer: str, solved: int = 0, **facts: Any) -> BestRow:
    known = {"custom": False, "learning_rate": 0.1, "failed": 0, "runs": 9, "gap": None, "steps": None}
    return BestRow(loss, optimizer, solved=solved, **(known | facts))


BEST = row("beale", "adam", 9, gap=2e-15, steps=57.0)
NEVER = row("quartic", "adam")


class FakePipeline:
    """Replaces ``pipeline.build`` and ``run``: records the configs, and returns a prepared outcome."""

    def __init__(self) -> None:
        self.configs: list[Config] = []
        self.pause = 0.0
        """Seconds without an event."""
        self.summary = BuildSummary(
            Path("output/results"), Path("output/index.html"), programs=2, reused=0, best=[BEST, NEVER]
        )
        self.answer: BuildSummary | BaseException = self.summary

    def __call__(self, config: Config, on_event: Callable[[Event], None]) -> BuildSummary:
        self.configs.append(config)
        on_event(PlanReady(2, 0, 10, 90, 180_000))
        time.sleep(self.pause)
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


def installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakePipeline:
    """Put a stand-in into the place of the pipeline, in a folder of the test."""
    monkeypatch.chdir(tmp_path)
    fake = FakePipeline()
    monkeypatch.setattr(pipeline, "build", fake)
    monkeypatch.setattr(pipeline, "run", fake)
    return fake


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)
