"""The checks of an optimizer. Each is a function of what was run, and returns a status and one sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from reportgen.analysis.number_format import count
from reportgen.checks import optimizer_programs
from reportgen.checks.optimizer_programs import BATCH_DIMENSION, DIMENSIONS
from reportgen.checks.optimizer_runs import MissingResultError, OptimizerRuns, format_position, same_bits
from reportgen.checks.verdict import FAILED, NOTE, OK, Judgement, Verdict
from reportgen.engine.result import NEVER
from reportgen.failure import Failure
from reportgen.foreign import ForeignOptimizer
from reportgen.optimizer import Optimizer, docstring_of, hyperparameters

REPLAYED = 12
"""Steps that also run without compilation: enough to reveal hidden state, too few for chaotic growth of rounding."""
_REPLAY_TOLERANCE = 1e-9
"""Relative. Compiled and uncompiled functions such as tanh differ in their last digits; 12 steps amplify that."""


def check_declaration(kind: type[Optimizer]) -> Judgement:
    """Check whether everything that the report shows about the optimizer is declared."""
    declared = hyperparameters(kind)
    counted = count(len(declared), "hyperparameter")
    if issubclass(kind, ForeignOptimizer):
        return OK, f"an optimizer of another framework with {counted}"
    missing = [name for name in ("formula", "source") if not getattr(kind, name)]
    missing += [] if docstring_of(kind) else ["docstring"]
    missing += [f"doc of {name}" for name, item in declared.items() if not item.doc]
    if missing:
        return NOTE, f"not declared, so missing in the report: {', '.join(missing)}"
    return OK, f"docstring, formula, source and {counted} are declared"


def check_runs(evidence: OptimizerRuns) -> Judgement:
    """Check whether the optimizer runs in the compiled loop."""
    program = evidence.programs["float32"]
    evidence.result("float32")
    runs = f"{program.runs} runs of {program.settings.steps} steps"
    return OK, f"{runs} complete on a quadratic in {BATCH_DIMENSION} dimensions"


def check_state(evidence: OptimizerRuns) -> Judgement:
    """Check whether everything that the optimizer remembers is in its state.

    The compiled loop traces ``step`` once, so anything else that ``step`` changes is frozen in it.
    """
    result = evidence.result("float64")
    if evidence.replay is None:
        return OK, "the first steps in the compiled loop agree with those of the original optimizer"
    if isinstance(evidence.replay, Failure):
        return FAILED, f"fails when run step by step without compilation: {evidence.replay.reason}"
    runs = evidence.replay.runs
    compiled = result.trace_x[:REPLAYED][..., runs]
    stepwise = evidence.replay.x[:, : compiled.shape[1]]
    is_finite = result.trace_steps[:REPLAYED, np.newaxis, np.newaxis] <= result.columns["last_finite"][runs]
    with np.errstate(all="ignore"):  # runs may diverge
        scale = np.abs(stepwise) + np.abs(compiled) + np.abs(stepwise[0])
        differs = is_finite & (np.abs(stepwise - compiled) > _REPLAY_TOLERANCE * scale)
    if not differs.any():
        agree = f"the first {REPLAYED} steps of {len(runs)} runs are the same with and without compilation"
        if evidence.replay.has_assertions:
            return NOTE, f"{agree}; the compiled loop ignores tf.debugging.assert_*, which step() uses"
        return OK, agree
    step, axis, run = (int(index[0]) for index in np.nonzero(differs))
    where = f"at step {step + 1} of {evidence.describe_run('float64', int(runs[run]))}"
    values = f"{float(compiled[step, axis, run])!r} in the compiled loop, but {float(stepwise[step, axis, run])!r}"
    changed = ", ".join(evidence.replay.changed)
    where_kept = f"changes values outside of the state ({changed})" if changed else "keeps values outside of the state"
    cause = f"step() {where_kept}"
    return FAILED, f"{where}, x[{axis}] is {values} step by step. {cause}; return them in the state"


def check_repeats(evidence: OptimizerRuns) -> Judgement:
    """Check whether a second run is bitwise identical."""
    first, second = evidence.result("float32"), evidence.result("again")
    runs = evidence.programs["float32"].runs
    run = next((run for run in range(runs) if not same_bits(first, run, second, run)), None)
    if run is None:
        return OK, f"all {runs} runs are bitwise identical when repeated"
    ends = f"ends at {format_position(first.final_x[run])}, but at {format_position(second.final_x[run])} when repeated"
    cause = "it keeps something outside of its state, or draws random numbers without problem.random"
    return FAILED, f"{evidence.describe_run('float32', run)} {ends}: {cause}"


def check_batch(evidence: OptimizerRuns) -> Judgement:
    """Check whether a run alone is bitwise identical to the same run in a batch."""
    result, program = evidence.result("float32"), evidence.programs["float32"]
    run_numbers = {(cell.cell_id, start): run for run, (cell, start, _) in enumerate(program.iter_runs())}
    compared = 0
    for single in optimizer_programs.single_runs(program):
        for single_run, (cell, start, _) in enumerate(single.iter_runs()):
            run, alone = run_numbers[cell.cell_id, start], evidence.result(single.id)
            compared += 1
            if not same_bits(result, run, alone, single_run):
                ends = f"ends at {format_position(alone.final_x[single_run])} alone"
                in_batch = f"at {format_position(result.final_x[run])} in a batch of {program.runs}"
                label = evidence.describe_run("float32", run)
                return FAILED, f"{label} {ends}, but {in_batch}: it depends on other runs"
    return OK, f"{compared} runs alone are bitwise identical to the same runs in a batch of {program.runs}"


def check_precision(evidence: OptimizerRuns) -> Judgement:
    """Check whether the optimizer runs in float32 and float64, with nearly the same first step."""
    single, double = evidence.result("float32"), evidence.result("float64")
    points = np.array([point for _, _, point in evidence.programs["float64"].iter_runs()])
    start = points.T[: double.trace_x.shape[1]]
    single_x, double_x = single.trace_x[0].astype(float), double.trace_x[0]
    with np.errstate(all="ignore"):  # runs may diverge
        allowed = 1e-5 * (np.abs(start) + np.abs(double_x)) + 1e-2 * np.abs(double_x - start)
        differs = np.any(np.abs(single_x - double_x) > allowed, axis=0)
    if not differs.any():
        return OK, "float32 and float64 run, and agree on the first step"
    run = int(np.argmax(differs))
    single_end, double_end = format_position(single_x[:, run]), format_position(double_x[:, run])
    label = evidence.describe_run("float64", run)
    return FAILED, f"the first step of {label} leads to {single_end} in float32, but to {double_end} in float64"


def check_dimensions(evidence: OptimizerRuns) -> Judgement:
    """Check whether the optimizer runs in one dimension, in few and in many."""
    for dim in DIMENSIONS:
        try:
            evidence.result(f"{dim}")
        except MissingResultError as error:
            return FAILED, f"fails in dimension {dim}: {error}"
    dims = sorted((*DIMENSIONS, BATCH_DIMENSION))
    return OK, f"runs in {', '.join(map(str, dims[:-1]))} and {dims[-1]} dimensions"


def check_descends(evidence: OptimizerRuns) -> Judgement:
    """Check whether some learning rate reduces a quadratic from each start."""
    result, program = evidence.result("float32"), evidence.programs["float32"]
    shape = (len(program.cells), len(program.starts))
    finite = (result.columns["diverged_at"] == NEVER).reshape(shape).all(axis=1)
    remaining = (result.columns["final_loss"] / result.columns["initial_loss"]).reshape(shape).max(axis=1)
    optimizer = program.cells[0].optimizer
    cells = [i for i, cell in enumerate(program.cells) if cell.optimizer == optimizer and finite[i]]
    rates = [cell.learning_rate for cell in program.cells]
    if not cells:
        tried = f"at every learning rate from {min(rates):g} to {max(rates):g}"
        return FAILED, f"on the quadratic, runs diverge {tried}; expected at least one learning rate without divergence"
    best = min(cells, key=lambda i: float(remaining[i]))
    steps = f"{program.settings.steps} steps at the best learning rate ({rates[best]:g})"
    share = f"{remaining[best]:.2g}"
    if remaining[best] < 1:
        return OK, f"{steps} reduce the quadratic to {share} of its initial value"
    return FAILED, f"{steps} change the quadratic to {share} times its initial value; expected less than 1"


def check_evaluations(evidence: OptimizerRuns) -> Judgement:
    """Report the number of gradient evaluations per step."""
    evaluations = evidence.result("float32").evaluations_per_step
    if evaluations is None:
        return NOTE, "the number of gradient evaluations differs between steps; each one is counted"
    if evaluations == 0:
        reason = "step() never asks problem for a gradient, so its budget cannot be compared with others"
        return NOTE, f"no gradient evaluations per step: {reason}"
    return OK, f"{count(evaluations, 'gradient evaluation')} per step"


CHECKS: dict[str, Callable[[OptimizerRuns], Judgement]] = {
    "runs": check_runs,
    "state": check_state,
    "repeats": check_repeats,
    "batch": check_batch,
    "precision": check_precision,
    "dimensions": check_dimensions,
    "descends": check_descends,
    "gradients": check_evaluations,
}
"""By the name of the verdict."""


def verdicts(evidence: OptimizerRuns) -> Iterator[Verdict]:
    """Yield the verdict of each check. A check fails if its program failed, with the same reason."""
    for name, check in CHECKS.items():
        try:
            yield Verdict(name, *check(evidence))
        except MissingResultError as error:
            yield Verdict(name, FAILED, str(error))
