"""Checks optimizers and losses. Their code runs in a worker process, so that it cannot hang the command."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from reportgen import catalogue
from reportgen.catalogue.plugin_process import loading_deadline
from reportgen.checks import optimizer_programs
from reportgen.checks.baseline_comparison import BaselineRow, baseline_rows
from reportgen.checks.check_loss import check_loss
from reportgen.checks.optimizer_checks import REPLAYED, check_declaration, verdicts
from reportgen.checks.optimizer_runs import OptimizerRuns
from reportgen.checks.resolve import is_file, is_loss, members_of
from reportgen.checks.verdict import FAILED, NOTE, CheckReport, Verdict
from reportgen.config import ConfigError, OptimizerEntry
from reportgen.config.labels import parse_label
from reportgen.config.validation import parse_loss, parse_optimizer
from reportgen.engine.result import ProgramResult
from reportgen.execute.events import CompileStart
from reportgen.execute.local_workers import LocalWorkers
from reportgen.execute.program_run import Outcome
from reportgen.failure import Failure
from reportgen.foreign import ForeignOptimizer
from reportgen.optimizer import Optimizer
from reportgen.optimizer_specs import format_value
from reportgen.plan import Program, make_plan

TASKS = 256
"""Tasks of a worker. Most of them only evaluate a loss, and leave nothing in memory."""

VERIFIED_STEPS = optimizer_programs.STEPS
"""Steps by which an optimizer of another framework is verified on each loss, which takes Python milliseconds each."""

DEADLINE = 60.0
"""Seconds for a group of programs, each of which takes about one second."""


OnStage = Callable[[str], None]
"""Called with what is checked and the check that runs: ``adam: dimensions``."""


def check(
    subject: str, base: Path, deadline: float = DEADLINE, on_stage: OnStage = lambda _: None
) -> Iterator[CheckReport]:
    """Check optimizers and losses, and yield a report on each.

    Args:
        subject: the name or label of an optimizer or a loss, a file, or ``suite:NAME`` or ``tag:NAME``.
        base: the folder that plug-in files are relative to.
        deadline: seconds for loading a plug-in, for each evaluation, and for each group of programs.
        on_stage: called when a check begins.

    Raises:
        ConfigError: the subject does not exist, or has no such hyperparameters or dimension.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalWorkers(Path(folder, "worker.log"), TASKS, VERIFIED_STEPS) as workers,
    ):
        try:
            with loading_deadline(deadline):
                labels = _find_labels(subject, base)
                losses = {label for label in labels if is_loss(label, base)}
        except catalogue.BrokenPluginError as error:
            yield _load_report(subject, error.reason)
            return
        workers.start()
        for label in labels:
            if label in losses:
                on_stage(label)
                yield check_loss(workers, label, base, deadline)
            else:
                yield _OptimizerChecker(workers, base, deadline, on_stage).check(label)


def _find_labels(subject: str, base: Path) -> list[str]:
    """The labels of all optimizers and losses that the subject stands for; ConfigError if there are none."""
    try:
        labels = members_of(subject, base) if is_file(subject) else catalogue.suite_members(subject, base)
    except catalogue.UnknownNameError as error:
        raise ConfigError([str(error)]) from error
    if labels == []:
        expected = "expected @loss(...), a subclass of Optimizer, or a class with apply_gradients"
        reason = f"defines no loss and no optimizer; {expected}" if is_file(subject) else "contains no losses"
        raise ConfigError([f"{subject}: {reason}"])
    if labels is not None:
        return list(dict.fromkeys(map(_without_noise, labels)))
    if is_loss(subject, base) or _resembles_loss(subject, base):
        parse_loss(subject, base)
    else:
        parse_optimizer(subject, base)
    return [subject]


def _without_noise(label: str) -> str:
    """The label of a loss without the noise of its runs: a check needs none."""
    name, settings = parse_label(label)
    kept = [f"{key}={format_value(value)}" for key, value in settings.items() if not key.startswith("noise.")]
    return f"{name}[{','.join(kept)}]" if kept else name


def _resembles_loss(subject: str, base: Path) -> bool:
    """Whether an unknown name is similar to that of a loss, and to that of no optimizer."""
    nearest = []
    for find in (catalogue.find_loss, catalogue.find_optimizer):
        try:
            find(parse_label(subject)[0], base)
        except catalogue.UnknownNameError as error:
            nearest.append(error.nearest)
        except catalogue.BrokenPluginError:
            return False
    return len(nearest) == 2 and nearest[0] is not None and nearest[1] is None


def _load_report(label: str, reason: str) -> CheckReport:
    """The report on an optimizer or a loss that cannot be loaded."""
    return CheckReport(label, (Verdict("loads", FAILED, reason),))


class _OptimizerChecker:
    """Checks optimizers with the same workers."""

    def __init__(self, workers: LocalWorkers, base: Path, deadline: float, on_stage: OnStage) -> None:
        self._on_stage = on_stage
        self._workers = workers
        self._base = base
        self._deadline = deadline

    def check(self, label: str) -> CheckReport:
        """Return all verdicts on an optimizer. If it cannot be loaded or run, they end with that failure."""
        entry = OptimizerEntry.model_validate(label)
        try:
            kind = catalogue.find_optimizer(entry.name, self._base)
            loads = Verdict("loads", *check_declaration(kind))
            batch = optimizer_programs.batch(entry, self._base, "float32")
        except catalogue.BrokenPluginError as error:
            return _load_report(label, error.reason)
        ((_, result),) = self._run([batch])
        if isinstance(result, Failure):
            return CheckReport(label, (loads, Verdict("runs", FAILED, result.reason)))
        all_verdicts = (loads, *verdicts(self._evidence(entry, kind, (batch, result))))
        if optimizer_programs.evaluates_loss(entry, self._base):
            reason = f"left out, because each step evaluates the loss many times; run reportgen build -o {label}"
            return CheckReport(label, (*all_verdicts, Verdict("comparison", NOTE, reason)))
        # The performance of an incorrect optimizer means nothing.
        passed = all(verdict.passed for verdict in all_verdicts)
        return CheckReport(label, all_verdicts, tuple(self._compare(entry)) if passed else ())

    def _evidence(self, entry: OptimizerEntry, kind: type[Optimizer], batch: Outcome[ProgramResult]) -> OptimizerRuns:
        double = optimizer_programs.batch(entry, self._base, "float64")
        outcomes = [batch, *self._run([double, *optimizer_programs.other_programs(entry, self._base)])]
        # The engine itself compares the steps of other frameworks with those of their own objects.
        is_foreign = issubclass(kind, ForeignOptimizer)
        return OptimizerRuns(
            {program.id: program for program, _ in outcomes},
            {program.id: result for program, result in outcomes},
            None if is_foreign else self._workers.replay(double, REPLAYED, self._deadline),
        )

    def _compare(self, entry: OptimizerEntry) -> list[BaselineRow]:
        plan = make_plan(optimizer_programs.comparison(entry, self._base))
        return baseline_rows(plan, self._run(plan.programs))

    def _run(self, programs: Sequence[Program]) -> list[Outcome[ProgramResult]]:
        """The programs with their results, in the given order."""
        results = {}
        for item in self._workers.run(programs, self._deadline):
            if isinstance(item, tuple):
                results[item[0].id] = item[1]
            elif isinstance(item, CompileStart):
                self._on_stage(f"{programs[0].cells[0].optimizer}: {_check_of(item.program)}")
        return [(program, results[program.id]) for program in programs]


def _check_of(program_id: str) -> str:
    """The check that needs a program, see ``optimizer_programs``."""
    if program_id.startswith("rate "):
        return "batch"
    return {"float32": "runs", "float64": "precision", "again": "repeats"}.get(
        program_id, "dimensions" if program_id.isdigit() else "comparison with gradient descent"
    )
