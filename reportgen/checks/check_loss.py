"""Checks one loss: has it evaluated where the checks need it, has descents made on it, and collects the verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reportgen import catalogue
from reportgen.checks import loss_programs, sample_points
from reportgen.checks.loss_checks import declares, verdicts
from reportgen.checks.loss_samples import LossSamples
from reportgen.checks.verdict import FAILED, CheckReport, Verdict
from reportgen.config import LossEntry
from reportgen.engine.sampled import Ask, LossRef
from reportgen.execute.local_workers import LocalWorkers


def check_loss(workers: LocalWorkers, label: str, base: Path, deadline: float) -> CheckReport:
    """All verdicts; only that it cannot be evaluated, where it cannot."""
    entry = LossEntry.model_validate(label)
    try:
        loss = catalogue.find_loss(entry.name, base, entry.dim, entry.parameters)
    except catalogue.BrokenPluginError as error:
        return CheckReport(label, (Verdict("loads", FAILED, error.reason),))
    loads = Verdict("loads", *declares(loss))
    if not loads.passed:
        return CheckReport(label, (loads,))
    ref = LossRef(entry.name, base, entry.dim, entry.parameters)

    def sampler(asks: Sequence[Ask]) -> Sequence[Any]:
        return workers.sample(ref, asks, deadline)

    (typical,) = sampler([Ask(sample_points.random_points(loss))])
    if isinstance(typical, str):
        return CheckReport(label, (loads, Verdict("runs", FAILED, typical)))
    together = loss_programs.descents(loss, label, base)
    programs = [together, loss_programs.alone(together)]
    done = [item for item in workers.run(programs, deadline) if isinstance(item, tuple)]
    results = {program.id: result for program, result in done}
    evidence = LossSamples(loss, sampler, typical, {program.id: program for program in programs}, results)
    return CheckReport(label, (loads, *verdicts(evidence)))
