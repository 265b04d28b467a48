"""The checks of a loss, each a small function of what was looked at: its verdict is a status and one sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from reportgen.analysis.number_format import count
from reportgen.checks import minima, sample_points
from reportgen.checks.loss_samples import LossSamples, format_point
from reportgen.checks.optimizer_runs import MissingResultError, same_bits
from reportgen.checks.verdict import FAILED, NOTE, OK, Verdict
from reportgen.engine.result import Array
from reportgen.engine.sampled import Ask
from reportgen.loss import Loss

Judged = tuple[str, str]
"""Status and detail."""
_AGREE = 1e-6
"""Relative: finite differences of a smooth function are that good at one of several widths."""
_COMPLEX_STEP = 1e-30


def declares(loss: Loss) -> Judged:
    """Whether the facts are there and fit together."""
    for place, (low, high) in enumerate(loss.domain):
        if not (np.isfinite([low, high]).all() and low < high):
            return (
                FAILED,
                f"domain[{place}] is ({low:g}, {high:g}): two finite numbers are expected, the lower one first",
            )
    wrong = next(_tags(loss), None)
    if wrong:
        return FAILED, wrong
    missing = [name for name in ("formula", "source", "note") if not getattr(loss, name)]
    if missing:
        return NOTE, f"the report would print what is not there: {', '.join(missing)}"
    unreadable = _unreadable(loss.formula)
    if unreadable:
        return NOTE, f"the report would print the formula as it stands: {unreadable}"
    return OK, f"formula, source and note are declared, and {count(len(loss.minima), 'minimizer')}"


def _tags(loss: Loss) -> Iterator[str]:
    for tag, is_so, what in (
        ("unbounded", loss.minimum == -np.inf, "a minimum of -inf"),
        ("n-d", loss.default_dim is not None, "a default dim"),
    ):
        # Without any tags nothing is claimed.
        if loss.tags and is_so != (tag in loss.tags):
            yield f"the tag {tag} goes with {what}: found {'the latter' if is_so else 'the tag'} alone"


def _unreadable(formula: str) -> str:
    from latex2mathml.converter import convert

    try:
        convert(formula)
    except Exception as error:  # whatever the converter stumbles over
        return f"{type(error).__name__} on converting the LaTeX"
    return ""


def gradient(evidence: LossSamples) -> Judged:
    """Whether the gradient is that of finite differences, or of a complex step, which has no rounding error."""
    loss, sample = evidence.loss, evidence.typical
    axes = sample_points.axes(loss)
    claimed = sample.gradient[:, axes].T
    whole = np.abs(claimed) + np.linalg.norm(sample.gradient, axis=1)
    meant = np.isfinite(whole) & np.isfinite(sample.value)
    right, best = ~meant, np.full_like(claimed, np.nan)
    error = np.full_like(claimed, np.inf)
    for share in sample_points.WIDTHS:
        slope, noise = _differences(evidence, share)
        with np.errstate(all="ignore"):
            apart_by = np.where(np.isfinite(slope), np.abs(slope - claimed), np.inf)
            right |= apart_by <= _AGREE * whole + noise
        best = np.where(apart_by < error, slope, best)
        error = np.minimum(error, apart_by)
    by_step = _complex_step(evidence)
    exact = None if by_step is None else np.abs(by_step - claimed) <= 1e-9 * whole
    if exact is not None:
        right |= exact
    where = f"{int(meant.any(axis=0).sum())} points of the domain"
    if right.all():
        also = " and that of a complex step" if exact is not None and (exact | ~meant).all() else ""
        return OK, f"it is that of finite differences{also} at {where}"
    axis, point = (int(index[0]) for index in np.nonzero(~right))
    at = format_point(sample_points.random_points(loss)[point])
    found = f"at {at} the gradient along x[{axes[axis]}] is {float(claimed[axis, point])!r}"
    return FAILED, f"{found}, and {best[axis, point]:.8g} by finite differences"


def _differences(evidence: LossSamples, share: float) -> tuple[Array, Array]:
    """Central differences [axes, points], and how far rounding of the values may have moved them."""
    pairs = sample_points.pairs(evidence.loss, share)
    value = evidence.at(pairs.reshape(-1, evidence.loss.dim)).value.reshape(pairs.shape[:3])
    axes = sample_points.axes(evidence.loss)
    width = np.take_along_axis(pairs[1] - pairs[0], axes[:, np.newaxis, np.newaxis], axis=2)[..., 0]
    with np.errstate(all="ignore"):
        return (value[1] - value[0]) / width, 16 * np.finfo(float).eps * np.abs(value).max(axis=0) / width


def _complex_step(evidence: LossSamples) -> Array | None:
    """Derivatives [axes, points] from imaginary parts; None where the function does not take complex numbers."""
    loss = evidence.loss
    shifts = np.eye(loss.dim)[sample_points.axes(loss)] * 1j * _COMPLEX_STEP
    asked = sample_points.random_points(loss)[np.newaxis] + shifts[:, np.newaxis]
    (found,) = evidence.sampler([Ask(asked.reshape(-1, loss.dim), "complex128")])
    return None if isinstance(found, str) else np.asarray(found.value.imag / _COMPLEX_STEP).reshape(asked.shape[:2])


def finite(evidence: LossSamples) -> Judged:
    """Whether value and gradient are finite on the domain, in both precisions."""
    loss = evidence.loss
    claimed = [*loss.minima, *loss.local_minima, *loss.saddles, loss.start]
    asked = np.concatenate([sample_points.grid(loss), np.array(claimed)])
    for dtype in ("float64", "float32"):
        sample = evidence.at(asked, dtype)
        for what, good, shown in (
            ("value", np.isfinite(sample.value), sample.value),
            ("gradient", np.isfinite(sample.gradient).all(axis=1), sample.gradient),
        ):
            if not good.all():
                at = int(np.argmin(good))
                share = f"{int((~good).sum()):,} of {len(asked):,} points, as at {format_point(asked[at])}"
                return FAILED, f"in {dtype} the {what} is not finite at {share}: {np.ravel(shown[at]).tolist()[:3]}"
    return OK, f"value and gradient at {len(asked):,} points of the domain, in float32 and float64"


def precision(evidence: LossSamples) -> Judged:
    """Whether it gives the dtype that it is given, and what float32 makes of the minimum."""
    loss = evidence.loss
    for dtype in ("float32", "float64"):
        found = evidence.at(sample_points.random_points(loss)[:2], dtype).dtype
        if found != dtype:
            return FAILED, f"given {dtype} it gives {found}: convert constants to the dtype of the coordinates"
    if not loss.minima or not np.isfinite(loss.minimum):
        return OK, "it gives float32 for float32 and float64 for float64"
    value = evidence.at(np.array(loss.minima), "float32").value.astype(float)
    off = value - loss.minimum
    most = float(off[np.argmax(np.abs(off))])
    if off.min() < -1e-6 * max(1.0, abs(loss.minimum)):
        return NOTE, f"rounding in float32 makes the value {-off.min():.2g} less than the minimum at one of the minima"
    return OK, f"it keeps to float32 and float64; in float32 the value at a minimizer is off by {abs(most):.2g} at most"


def repeats(evidence: LossSamples) -> Judged:
    """Whether it gives the same bits when asked again."""
    again = evidence.at(sample_points.random_points(evidence.loss))
    same = np.array_equal(again.value, evidence.typical.value, equal_nan=True)
    if same and np.array_equal(again.gradient, evidence.typical.gradient, equal_nan=True):
        return OK, f"value and gradient at {len(again.value)} points are the same bits when asked for again"
    at = int(np.argmax(again.value != evidence.typical.value))
    first, second = float(evidence.typical.value[at]), float(again.value[at])
    found = (
        f"at {format_point(sample_points.random_points(evidence.loss)[at])} it is {first!r}, and asked again {second!r}"
    )
    return FAILED, f"{found}: it draws random numbers, or remembers something"


def batch(evidence: LossSamples) -> Judged:
    """Whether a run is the same by itself as among others."""
    runs, whole, alone = evidence.programs["descents"].runs, evidence.of("descents"), evidence.of("alone")
    if same_bits(whole, runs - 1, alone, 0):
        return OK, f"a run made by itself is the same as among {runs:,}, bit for bit"
    if evidence.loss.batched and _same_but_for_rounding(evidence):
        return OK, f"a run made by itself is the same as among {runs:,} but for rounding, as products of matrices are"
    single, among = format_point(alone.final_x[0]), format_point(whole.final_x[-1])
    found = f"a run of Adam ends at {single} by itself, and at {among} among {runs:,}"
    return FAILED, f"{found}: the loss mixes the runs"


def _same_but_for_rounding(evidence: LossSamples) -> bool:
    """Whether value and gradient at one point are the same by themselves as among those at others, nearly."""
    among, alone = evidence.typical, evidence.at(sample_points.random_points(evidence.loss)[:1])
    return np.allclose(among.value[0], alone.value[0], rtol=1e-12) and np.allclose(
        among.gradient[0], alone.gradient[0], rtol=1e-9, atol=1e-12 * np.abs(alone.gradient[0]).max()
    )


def minibatches(evidence: LossSamples) -> Judged:
    """Whether the loss over all samples, in any order, is the loss, and the mean of those over two parts of them."""
    loss, asked = evidence.loss, sample_points.random_points(evidence.loss)[:4]
    shuffled = np.random.default_rng(0).permutation(loss.samples)
    parts = np.array_split(shuffled, 2)
    whole, *of_parts = (evidence.at(asked, samples=part) for part in (shuffled, *parts))
    weighted = sum(each.value * len(part) for each, part in zip(of_parts, parts, strict=True)) / loss.samples
    for what, found in (("over all rows", whole.value), ("averaged over two parts of the rows", weighted)):
        found = np.asarray(found)
        if not np.allclose(found, evidence.typical.value[:4], rtol=1e-9):
            value = float(evidence.typical.value[0])
            return (
                FAILED,
                f"at {format_point(asked[0])} it is {value!r}, and {what} {float(found[0])!r}: it is not their mean",
            )
    return OK, f"it is the mean over its {loss.samples:,} samples"


CHECKS: dict[str, Callable[[LossSamples], Judged]] = {
    "gradient": gradient,
    "finite": finite,
    "dtype": precision,
    "repeats": repeats,
    "batch": batch,
    "minibatches": minibatches,
    "minima": minima.minima,
    "local minima": minima.local_minima,
    "saddles": minima.saddles,
    "lowest": minima.lowest,
}
"""By the name under which the verdict is told."""


def verdicts(evidence: LossSamples) -> Iterator[Verdict]:
    """The verdict of each check that the loss gives a reason for; one that has nothing to look at has failed."""
    loss = evidence.loss
    absent = {"local minima": not loss.local_minima, "saddles": not loss.saddles, "minibatches": loss.samples < 2}
    for name, check in CHECKS.items():
        if absent.get(name):
            continue
        try:
            yield Verdict(name, *check(evidence))
        except MissingResultError as error:
            yield Verdict(name, FAILED, str(error))
