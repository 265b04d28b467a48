"""The checks of a loss. Each is a function of what was evaluated and run, and returns a status and one sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from reportgen.analysis.number_format import count
from reportgen.checks import minima, sample_points
from reportgen.checks.loss_samples import LossSamples, format_point
from reportgen.checks.optimizer_runs import MissingResultError, same_bits
from reportgen.checks.verdict import FAILED, NOTE, OK, Judgement, Verdict
from reportgen.engine.result import Array
from reportgen.engine.sampled import Ask
from reportgen.failure import Failure
from reportgen.loss import Loss
from reportgen.plan import FloatArray

_TOLERANCE = 1e-6
"""Relative error of finite differences of a smooth function, at the best of several widths."""
_COMPLEX_STEP = 1e-30


def check_declaration(loss: Loss) -> Judgement:
    """Check whether the declared facts are complete and consistent."""
    tag_error = next(_tag_errors(loss), None)
    if tag_error:
        return FAILED, tag_error
    missing = [name for name in ("formula", "source", "note") if not getattr(loss, name)]
    if missing:
        return NOTE, f"not declared, so missing in the report: {', '.join(missing)}"
    latex_error = _latex_error(loss.formula)
    if latex_error:
        return NOTE, f"the report shows the formula as plain text, because its LaTeX cannot be converted: {latex_error}"
    return OK, f"formula, source, note and {count(len(loss.minima), 'minimizer')} are declared"


def _tag_errors(loss: Loss) -> Iterator[str]:
    if not loss.tags:  # then nothing is claimed
        return
    for tag, applies, fact in (
        ("unbounded", loss.minimum == -np.inf, "minimum=-inf"),
        ("n-d", loss.default_dim is not None, "a default dim"),
    ):
        if tag in loss.tags and not applies:
            yield f'the loss has the tag "{tag}", but does not declare {fact}'
        if applies and tag not in loss.tags:
            yield f'the loss declares {fact}, but does not have the tag "{tag}"'


def _latex_error(formula: str) -> str:
    from latex2mathml.converter import convert

    try:
        convert(formula)
    except Exception as error:  # the converter raises errors of many types
        return type(error).__name__
    return ""


def check_gradient(evidence: LossSamples) -> Judgement:
    """Check whether the gradient agrees with finite differences, or with a complex step, which is free of rounding."""
    loss, sample = evidence.loss, evidence.random_sample
    axes = sample_points.difference_axes(loss)
    gradient = sample.gradient[:, axes].T  # [axes, points], as all arrays below
    scale = np.abs(gradient) + np.linalg.norm(sample.gradient, axis=1)
    is_finite = np.isfinite(scale) & np.isfinite(sample.value)
    agrees, best_slope = ~is_finite, np.full_like(gradient, np.nan)
    least_error = np.full_like(gradient, np.inf)
    for share in sample_points.DIFFERENCE_WIDTHS:
        slope, rounding = _central_differences(evidence, share)
        with np.errstate(all="ignore"):
            error = np.where(np.isfinite(slope), np.abs(slope - gradient), np.inf)
            agrees |= error <= _TOLERANCE * scale + rounding
        best_slope = np.where(error < least_error, slope, best_slope)
        least_error = np.minimum(least_error, error)
    derivative = _complex_step_derivatives(evidence)
    agrees_exactly = None if derivative is None else np.abs(derivative - gradient) <= 1e-9 * scale
    if agrees_exactly is not None:
        agrees |= agrees_exactly
    if agrees.all():
        exact = agrees_exactly is not None and (agrees_exactly | ~is_finite).all()
        methods = "finite differences and a complex step" if exact else "finite differences"
        return OK, f"agrees with {methods} at {int(is_finite.any(axis=0).sum())} points of the domain"
    axis, point = (int(index[0]) for index in np.nonzero(~agrees))
    where = format_point(sample_points.random_points(loss)[point])
    found = f"the gradient along x[{axes[axis]}] is {float(gradient[axis, point])!r}"
    return FAILED, f"at {where} {found}, but finite differences give {best_slope[axis, point]:.8g}"


def _central_differences(evidence: LossSamples, share: float) -> tuple[FloatArray, FloatArray]:
    """Central differences, and a bound on their error from rounding of the values; both [axes, points]."""
    pairs = sample_points.difference_pairs(evidence.loss, share)
    value = evidence.evaluate(pairs.reshape(-1, evidence.loss.dim)).value.reshape(pairs.shape[:3])
    axes = sample_points.difference_axes(evidence.loss)
    width = np.take_along_axis(pairs[1] - pairs[0], axes[:, np.newaxis, np.newaxis], axis=2)[..., 0]
    with np.errstate(all="ignore"):
        return (value[1] - value[0]) / width, 16 * np.finfo(float).eps * np.abs(value).max(axis=0) / width


def _complex_step_derivatives(evidence: LossSamples) -> FloatArray | None:
    """Derivatives [axes, points] from imaginary parts; None if the function does not accept complex numbers.

    Source: Squire and Trapp, Using complex variables to estimate derivatives of real functions, SIAM Review 1998.
    """
    loss = evidence.loss
    shifts = np.eye(loss.dim)[sample_points.difference_axes(loss)] * 1j * _COMPLEX_STEP
    points = sample_points.random_points(loss)[np.newaxis] + shifts[:, np.newaxis]
    (sample,) = evidence.sampler([Ask(points.reshape(-1, loss.dim), "complex128")])
    if isinstance(sample, Failure):
        return None
    return np.asarray(sample.value.imag / _COMPLEX_STEP).reshape(points.shape[:2])


def check_finite(evidence: LossSamples) -> Judgement:
    """Check whether value and gradient are finite on the domain and at declared points, compiled as for runs."""
    loss = evidence.loss
    declared = [*loss.minima, *loss.local_minima, *loss.saddles, loss.start]
    points = np.concatenate([sample_points.grid(loss), np.array(declared)])
    for dtype in ("float64", "float32"):
        sample = evidence.evaluate(points, dtype, compiled=True)
        finite_value = np.isfinite(sample.value)
        finite_gradient = np.isfinite(sample.gradient).all(axis=1)
        if not finite_value.all():
            return FAILED, _not_finite(f"in {dtype} the value", finite_value, sample.value, points)
        if not finite_gradient.all():
            problem = _not_finite(f"in {dtype} the gradient", finite_gradient, sample.gradient, points)
            return FAILED, f"{problem}; {_NAN_BRANCH}"
    return OK, f"value and gradient are finite at {len(points):,} points of the domain, in float32 and float64"


_NAN_BRANCH = (
    "the value is finite there, so perhaps a branch of tf.where that is not taken has no finite derivative: change its "
    "argument first, as in tf.where(x > 0, tf.sqrt(tf.where(x > 0, x, tf.ones_like(x))), x * x)"
)


def _not_finite(what: str, finite: npt.ArrayLike, numbers: Array, points: FloatArray) -> str:
    finite = np.asarray(finite)
    first = int(np.argmin(finite))
    example = f"{np.ravel(numbers[first]).tolist()[:3]} at {format_point(points[first])}"
    counts = f"{int((~finite).sum()):,} of {len(points):,} points"
    return f"{what} is not finite at {counts}, for example {example}"


def check_dtype(evidence: LossSamples) -> Judgement:
    """Check whether the loss keeps the dtype of its coordinates, and how float32 changes the minimum."""
    loss = evidence.loss
    for dtype in ("float32", "float64"):
        evidence.evaluate(sample_points.random_points(loss)[:2], dtype)
    if not loss.minima or not np.isfinite(loss.minimum):
        return OK, "returns the dtype of its coordinates, float32 or float64"
    value = evidence.evaluate(np.array(loss.minima), "float32").value.astype(float)
    error = value - loss.minimum
    largest = float(error[np.argmax(np.abs(error))])
    if error.min() < -1e-6 * max(1.0, abs(loss.minimum)):
        return NOTE, f"in float32, rounding makes the value at a minimizer {-error.min():.2g} less than the minimum"
    off = f"in float32 the value at a minimizer is off by at most {abs(largest):.2g}"
    return OK, f"returns the dtype of its coordinates; {off}"


def check_repeats(evidence: LossSamples) -> Judgement:
    """Check whether a second evaluation is bitwise identical."""
    points = sample_points.random_points(evidence.loss)
    first, second = evidence.random_sample, evidence.evaluate(points, traced_again=True)
    same_values = np.array_equal(second.value, first.value, equal_nan=True)
    if same_values and np.array_equal(second.gradient, first.gradient, equal_nan=True):
        return OK, f"value and gradient at {len(second.value)} points are bitwise identical when evaluated again"
    point = int(np.argmax(second.value != first.value))
    where = format_point(sample_points.random_points(evidence.loss)[point])
    values = f"{float(first.value[point])!r}, but {float(second.value[point])!r} when evaluated again"
    return FAILED, f"at {where} the value is {values}: the loss draws random numbers or keeps state"


def check_batch(evidence: LossSamples) -> Judgement:
    """Check whether a run alone equals the same run in a batch."""
    runs = evidence.programs["descents"].runs
    batch, alone = evidence.result("descents"), evidence.result("alone")
    if same_bits(batch, runs - 1, alone, 0):
        return OK, f"a run alone is bitwise identical to the same run in a batch of {runs:,}"
    if _equal_up_to_rounding(evidence):
        return (
            OK,
            f"a run alone equals the same run in a batch of {runs:,} up to rounding, as is normal for matrix products",
        )
    ends = f"{format_point(alone.final_x[0])} alone, but at {format_point(batch.final_x[-1])} in a batch of {runs:,}"
    return FAILED, f"a run of Adam ends at {ends}: the loss of a run depends on other runs"


def _equal_up_to_rounding(evidence: LossSamples) -> bool:
    """Whether value and gradient at one point alone are nearly those in a batch of points."""
    batch, alone = evidence.random_sample, evidence.evaluate(sample_points.random_points(evidence.loss)[:1])
    return np.allclose(batch.value[0], alone.value[0], rtol=1e-12) and np.allclose(
        batch.gradient[0], alone.gradient[0], rtol=1e-9, atol=1e-12 * np.abs(alone.gradient[0]).max()
    )


def check_minibatches(evidence: LossSamples) -> Judgement:
    """Check whether the loss is the mean over its samples, in any order and in two parts."""
    loss, points = evidence.loss, sample_points.random_points(evidence.loss)[:4]
    shuffled = np.random.default_rng(0).permutation(loss.samples)
    parts = np.array_split(shuffled, 2)
    over_all, *over_parts = (evidence.evaluate(points, samples=rows) for rows in (shuffled, *parts))
    mean = sum(each.value * len(part) for each, part in zip(over_parts, parts, strict=True)) / loss.samples
    for name, values in (("over all rows it is", over_all.value), ("its mean over two parts of the rows is", mean)):
        found = np.asarray(values)
        if not np.allclose(found, evidence.random_sample.value[:4], rtol=1e-9):
            value = f"at {format_point(points[0])} the loss is {float(evidence.random_sample.value[0])!r}"
            return FAILED, f"{value}, but {name} {float(found[0])!r}; expected equal values"
    return OK, f"the loss is the mean over its {loss.samples:,} samples"


CHECKS: dict[str, Callable[[LossSamples], Judgement]] = {
    "gradient": check_gradient,
    "finite": check_finite,
    "dtype": check_dtype,
    "repeats": check_repeats,
    "batch": check_batch,
    "minibatches": check_minibatches,
    "minima": minima.check_minima,
    "local minima": minima.check_local_minima,
    "saddles": minima.check_saddles,
    "lowest": minima.check_lowest,
}
"""By the name of the verdict."""


def verdicts(evidence: LossSamples) -> Iterator[Verdict]:
    """Yield the verdict of each check that applies to the loss. A check fails if its program failed."""
    loss = evidence.loss
    does_not_apply = {
        "local minima": not loss.local_minima,
        "saddles": not loss.saddles,
        "minibatches": loss.samples < 2,
    }
    for name, check in CHECKS.items():
        if does_not_apply.get(name):
            continue
        try:
            yield Verdict(name, *check(evidence))
        except MissingResultError as error:
            yield Verdict(name, FAILED, str(error))
