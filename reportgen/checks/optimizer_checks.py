"""The checks of an optimizer, each a small function of what was run: its verdict is a status and one sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from reportgen.checks import optimizer_programs
from reportgen.checks.optimizer_programs import BATCH_DIMENSION, DIMENSIONS, STEPS
from reportgen.checks.optimizer_runs import MissingResultError, OptimizerRuns, format_position, same_bits
from reportgen.checks.verdict import FAILED, NOTE, OK, Verdict
from reportgen.engine.result import NEVER
from reportgen.foreign import ForeignOptimizer
from reportgen.optimizer import Optimizer, docstring_of, hyperparameters

Judged = tuple[str, str]
"""Status and detail."""
REPLAYED = 12
"""Steps that are made one by one as well: enough for a frozen counter or velocity to show, too few for chaos."""
_REPLAY_TOLERANCE = 1e-9
"""Relative; compiled and uncompiled functions such as tanh differ in their last digits, and 12 steps magnify that."""


def declares(kind: type[Optimizer]) -> Judged:
    """Whether what the report prints of it is there."""
    own = hyperparameters(kind)
    if issubclass(kind, ForeignOptimizer):
        return OK, f"an optimizer of another contract, with {len(own)} hyperparameters"
    missing = [name for name in ("formula", "source") if not getattr(kind, name)]
    # A dataclass without a docstring gets its own signature for one.
    missing += [] if docstring_of(kind) else ["docstring"]
    missing += [f"doc of {name}" for name, item in own.items() if not item.doc]
    if missing:
        return NOTE, f"the report would print what is not there: {', '.join(missing)}"
    return OK, f"docstring, formula, source and {len(own)} hyperparameters are declared"


def steps(evidence: OptimizerRuns) -> Judged:
    """Whether the compiled loop takes it at all."""
    program = evidence.programs["float32"]
    evidence.of("float32")
    return (
        OK,
        f"{program.runs} runs of {STEPS} steps on a quadratic in {BATCH_DIMENSION} dimensions",
    )


def state(evidence: OptimizerRuns) -> Judged:
    """Whether all that it remembers is in its state: else the loop, which is traced once, goes another way."""
    result = evidence.of("float64")
    if evidence.replay is None:
        return OK, "its first steps in the compiled loop are those that it makes by itself on real variables"
    if isinstance(evidence.replay, str):
        return FAILED, f"step by step, without compiling: {evidence.replay}"
    compiled = result.trace_x[:REPLAYED]
    stepwise = evidence.replay.x[:, : compiled.shape[1]]
    meant = result.trace_steps[:REPLAYED, np.newaxis, np.newaxis] <= result.columns["last_finite"]
    with np.errstate(all="ignore"):  # a run that diverges is no failure here
        scale = np.abs(stepwise) + np.abs(compiled) + np.abs(stepwise[0])
        apart = meant & (np.abs(stepwise - compiled) > _REPLAY_TOLERANCE * scale)
    if not apart.any():
        return OK, f"the first {REPLAYED} steps are the same one by one as in the compiled loop"
    step, axis, run = (int(index[0]) for index in np.nonzero(apart))
    where = f"at step {step + 1} of {evidence.run('float64', run)}, x[{axis}]"
    told = f"{where} is {float(compiled[step, axis, run])!r} in the compiled loop"
    changed = ", ".join(evidence.replay.changed)
    blame = f"the steps change {changed}, which the loop does not carry" if changed else "it keeps something elsewhere"
    return FAILED, f"{told}, and {float(stepwise[step, axis, run])!r} step by step: {blame}; return it in the state"


def repeats(evidence: OptimizerRuns) -> Judged:
    """Whether a second run gives the same bits."""
    first, second = evidence.of("float32"), evidence.of("again")
    runs = evidence.programs["float32"].runs
    run = next((run for run in range(runs) if not same_bits(first, run, second, run)), None)
    if run is None:
        return OK, f"all {runs} runs give the same bits when run again"
    found = f"{evidence.run('float32', run)} ended at {format_position(first.final_x[run])}, and run again at"
    told = "it keeps something outside its state, or draws random numbers elsewhere than from problem.random"
    return FAILED, f"{found} {format_position(second.final_x[run])}: {told}"


def batch(evidence: OptimizerRuns) -> Judged:
    """Whether a run is the same with hardly another beside it as among many."""
    whole, program = evidence.of("float32"), evidence.programs["float32"]
    places = {(cell.cell_id, start): run for run, (cell, start, _) in enumerate(program.pairs())}
    compared = 0
    for few in optimizer_programs.apart(program):
        for other, (cell, start, _) in enumerate(few.pairs()):
            run = places[cell.cell_id, start]
            compared += 1
            if not same_bits(whole, run, evidence.of(few.id), other):
                found = f"{evidence.run('float32', run)} ends at {format_position(evidence.of(few.id).final_x[other])}"
                return (
                    FAILED,
                    f"{found} alone, and at {format_position(whole.final_x[run])} in a batch of {program.runs}",
                )
    return OK, f"{compared} runs made apart from the others are those of the batch, bit for bit"


def precision(evidence: OptimizerRuns) -> Judged:
    """Whether it keeps to float32 and to float64, and takes much the same first step in both."""
    single, double = evidence.of("float32"), evidence.of("float64")
    start = np.array([point for _, _, point in evidence.programs["float64"].pairs()]).T[: double.trace_x.shape[1]]
    low, high = single.trace_x[0].astype(float), double.trace_x[0]
    with np.errstate(all="ignore"):  # a run that diverges is no failure here
        allowed = 1e-5 * (np.abs(start) + np.abs(high)) + 1e-2 * np.abs(high - start)
        apart = np.any(np.abs(low - high) > allowed, axis=0)
    if not apart.any():
        return OK, "float32 and float64 run, and agree on the first step"
    run = int(np.argmax(apart))
    found = f"the first step at {evidence.run('float64', run)} leads to {format_position(low[:, run])} in float32"
    return FAILED, f"{found}, to {format_position(high[:, run])} in float64"


def dimensions(evidence: OptimizerRuns) -> Judged:
    """Whether it runs in few dimensions, one included, and in many."""
    for dim in DIMENSIONS:
        try:
            evidence.of(f"{dim}")
        except MissingResultError as error:
            return FAILED, f"in dimension {dim}: {error}"
    told = sorted((*DIMENSIONS, BATCH_DIMENSION))
    return OK, f"it runs in dimension {', '.join(map(str, told[:-1]))} and {told[-1]}"


def descends(evidence: OptimizerRuns) -> Judged:
    """Whether there is a learning rate at which it gets down a quadratic from every start."""
    result, program = evidence.of("float32"), evidence.programs["float32"]
    shape = (len(program.cells), len(program.starts))
    finite = (result.columns["diverged_at"] == NEVER).reshape(shape).all(axis=1)
    left = (result.columns["final_loss"] / result.columns["initial_loss"]).reshape(shape).max(axis=1)
    asked = program.cells[0].optimizer
    own = [i for i, cell in enumerate(program.cells) if cell.optimizer == asked and finite[i]]
    rates = [cell.learning_rate for cell in program.cells]
    if not own:
        return FAILED, f"on the quadratic runs diverge at every learning rate from {min(rates):g} to {max(rates):g}"
    best = min(own, key=lambda i: float(left[i]))
    found = f"{left[best]:.2g} of the loss is left after {STEPS} steps at rate {rates[best]:g}, the best one"
    return (OK if left[best] < 1 else FAILED), f"on the quadratic {found}"


def evaluations(evidence: OptimizerRuns) -> Judged:
    """How many gradient evaluations a step costs."""
    counted = evidence.of("float32").evaluations_per_step
    if counted == 0:
        return NOTE, "none a step: it never asks problem for a gradient, so its budget cannot be compared with others"
    return OK, f"{counted} a step are counted" if counted > 1 else "1 a step is counted"


CHECKS: dict[str, Callable[[OptimizerRuns], Judged]] = {
    "runs": steps,
    "state": state,
    "repeats": repeats,
    "batch": batch,
    "precision": precision,
    "dimensions": dimensions,
    "descends": descends,
    "gradients": evaluations,
}
"""By the name under which the verdict is told."""


def verdicts(evidence: OptimizerRuns) -> Iterator[Verdict]:
    """The verdict of each check; one that has nothing to look at has failed."""
    for name, check in CHECKS.items():
        try:
            yield Verdict(name, *check(evidence))
        except MissingResultError as error:
            yield Verdict(name, FAILED, str(error))
