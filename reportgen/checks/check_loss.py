"""Checks one loss: evaluates it, runs descents on it, and collects the verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reportgen import catalogue
from reportgen.checks import loss_programs, sample_points
from reportgen.checks.loss_checks import check_declaration, verdicts
from reportgen.checks.loss_samples import LossSamples
from reportgen.checks.verdict import FAILED, CheckReport, Verdict
from reportgen.config import LossEntry
from reportgen.engine.sampled import Ask, LossRef, Sample
from reportgen.execute.local_workers import LocalWorkers
from reportgen.failure import Failure


def check_loss(workers: LocalWorkers, label: str, base: Path, deadline: float) -> CheckReport:
    """Return all verdicts on a loss. If it cannot be loaded or evaluated, they end with that failure.

    Args:
        workers: evaluate the loss.
        label: its label: ``rosenbrock[dim=20]``.
        base: the folder that plug-in files are relative to.
        deadline: seconds for each evaluation and each program.
    """
    entry = LossEntry.model_validate(label)
    try:
        loss = catalogue.find_loss(entry.name, base, entry.dim, entry.parameters)
    except catalogue.BrokenPluginError as error:
        return CheckReport(label, (Verdict("loads", FAILED, error.reason),))
    loads = Verdict("loads", *check_declaration(loss))
    if not loads.passed:
        return CheckReport(label, (loads,))
    ref = LossRef.of(loss, entry.name, base, entry.dim, entry.parameters)

    def sampler(asks: Sequence[Ask]) -> Sequence[Sample | Failure]:
        return workers.sample(ref, asks, deadline)

    (random_sample,) = sampler([Ask(sample_points.random_points(loss))])
    if isinstance(random_sample, Failure):
        return CheckReport(label, (loads, Verdict("runs", FAILED, random_sample.reason)))
    batch = loss_programs.descents(loss, label, base)
    programs = [batch, loss_programs.last_run_alone(batch)]
    outcomes = [item for item in workers.run(programs, deadline) if isinstance(item, tuple)]
    results = {program.id: result for program, result in outcomes}
    evidence = LossSamples(loss, sampler, random_sample, {program.id: program for program in programs}, results)
    return CheckReport(label, (loads, *verdicts(evidence)))
