"""Checks optimizers and losses: what that needs is run in a worker process, so that nothing can hang the command."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from reportgen import catalogue
from reportgen.checks import optimizer_programs
from reportgen.checks.baseline_comparison import baseline_rows
from reportgen.checks.check_loss import check_loss
from reportgen.checks.optimizer_checks import REPLAYED, declares, verdicts
from reportgen.checks.optimizer_runs import OptimizerRuns
from reportgen.checks.resolve import is_file, is_loss, members_of
from reportgen.checks.verdict import FAILED, CheckReport, Verdict
from reportgen.config import ConfigError, LossEntry, OptimizerEntry
from reportgen.config.errors import ConfigProblem, shape_errors
from reportgen.config.labels import parse_label
from reportgen.config.optimizer_validation import optimizer_errors
from reportgen.config.validation import semantic_errors
from reportgen.execute.local_workers import Done, LocalWorkers
from reportgen.foreign import ForeignOptimizer
from reportgen.optimizer import Optimizer
from reportgen.plan import Program, make_plan

DEADLINE = 60.0
"""Seconds for a few programs, of which each takes about one."""


def check(what: str, base: Path, deadline: float = DEADLINE, *, compile_cache: bool = True) -> Iterator[CheckReport]:
    """Check the optimizer or loss with that name or label, all of a suite, or all that are defined in that file.

    Raises ConfigError where there is none, or it has no such hyperparameters or dimension.
    """
    with tempfile.TemporaryDirectory() as folder, LocalWorkers(Path(folder, "worker.log"), compile_cache) as workers:
        reason = _unloadable(workers, what, base, deadline)
        if reason:
            yield _not_loaded(what, reason)
            return
        try:
            found = _asked(what, base)
            losses = {label for label in found if is_loss(label, base)}
        except catalogue.BrokenPluginError as error:
            yield _not_loaded(what, error.reason)
            return
        workers.start()
        for label in found:
            if label in losses:
                yield check_loss(workers, label, base, deadline)
            else:
                yield _Check(workers, base, deadline).check(label)


def _unloadable(workers: LocalWorkers, what: str, base: Path, deadline: float) -> str | None:
    """Why this process would not survive loading it; code of this package, of Keras and of nobody needs no trial."""
    ref = what if is_file(what) else parse_label(what)[0]
    where = ref if is_file(ref) else ref.rpartition(":")[0]
    if where in ("keras", "suite", "tag") or (is_file(where) and not (base / where).is_file()):
        return None
    # A plain name may be that of something in a folder beside the config, whose files are then loaded.
    if not where and not any((base / folder).is_dir() for folder in ("optimizers", "losses")):
        return None
    return workers.unloadable(ref, base, deadline)


def _asked(what: str, base: Path) -> list[str]:
    """The labels of all optimizers and losses that are asked for."""
    try:
        found = members_of(what, base) if is_file(what) else catalogue.suite_members(what, base)
    except catalogue.UnknownNameError as error:
        raise ConfigError([str(error)]) from error
    if found == []:
        kinds = "neither a loss, nor an optimizer derived from Optimizer, nor another"
        raise ConfigError([f"{what}: defines {kinds}" if is_file(what) else f"{what}: no loss is in it"])
    if found is not None:
        return found
    loss = is_loss(what, base) or _rather_a_loss(what, base)
    wrong = _wrong_with_loss(what, base) if loss else optimizer_errors((what,), base)
    mistakes = [f"{what}: {mistake.reason}" for mistake in wrong]
    if mistakes:
        raise ConfigError(mistakes)
    return [what]


def _wrong_with_loss(label: str, base: Path) -> Iterator[ConfigProblem]:
    try:
        LossEntry.model_validate(label)
    except ValidationError as error:
        yield from shape_errors(error)
    else:
        yield from semantic_errors({"losses": [label]}, base)


def _rather_a_loss(what: str, base: Path) -> bool:
    """Whether an unknown name resembles that of a loss, and of no optimizer."""
    resembled = []
    for find in (catalogue.find_loss, catalogue.find_optimizer):
        try:
            find(parse_label(what)[0], base)
        except catalogue.UnknownNameError as error:
            resembled.append(error.nearest)
        except catalogue.BrokenPluginError:
            return False
    return len(resembled) == 2 and resembled[0] is not None and resembled[1] is None


def _not_loaded(what: str, reason: str) -> CheckReport:
    return CheckReport(what, (Verdict("loads", FAILED, reason),))


class _Check:
    """The checks of one optimizer after another."""

    def __init__(self, workers: LocalWorkers, base: Path, deadline: float) -> None:
        self._workers = workers
        self._base = base
        self._deadline = deadline

    def check(self, label: str) -> CheckReport:
        """All verdicts; only that it does not run, where it does not."""
        entry = OptimizerEntry.model_validate(label)
        try:
            kind = catalogue.find_optimizer(entry.name, self._base)
            loads = Verdict("loads", *declares(kind))
            first = optimizer_programs.batch(entry, self._base, "float32")
        except catalogue.BrokenPluginError as error:
            return _not_loaded(label, error.reason)
        ((_, result),) = self._run([first])
        if isinstance(result, str):
            return CheckReport(label, (loads, Verdict("runs", FAILED, result)))
        told = (loads, *verdicts(self._evidence(entry, kind, (first, result))))
        wrong = not all(verdict.passed for verdict in told)
        # How an optimizer fares that does something else than its author thinks is of no interest.
        return CheckReport(label, told, () if wrong else tuple(self._comparison(entry)))

    def _evidence(self, entry: OptimizerEntry, kind: type[Optimizer], first: Done) -> OptimizerRuns:
        double = optimizer_programs.batch(entry, self._base, "float64")
        tried = [first, *self._run([double, *optimizer_programs.others(entry, self._base)])]
        # The engine itself holds an optimizer of another contract to what it does by itself.
        foreign = issubclass(kind, ForeignOptimizer)
        return OptimizerRuns(
            {program.id: program for program, _ in tried},
            {program.id: result for program, result in tried},
            None if foreign else self._workers.replay(double, REPLAYED, self._deadline),
        )

    def _comparison(self, entry: OptimizerEntry) -> list[dict[str, Any]]:
        config = optimizer_programs.comparison(entry, self._base)
        plan = make_plan(config)
        return baseline_rows(config, plan, self._run(plan.programs))

    def _run(self, asked: Sequence[Program]) -> list[Done]:
        """The programs with their results, in the order in which they were asked for."""
        events = self._workers.run(asked, self._deadline)
        results = {program.id: result for program, result in (item for item in events if isinstance(item, tuple))}
        return [(program, results[program.id]) for program in asked]
