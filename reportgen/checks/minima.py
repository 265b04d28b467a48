"""Checks the declared minima, local minima and saddles of a loss, and that no value is below the minimum."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from reportgen.checks import sample_points
from reportgen.checks.loss_samples import LossSamples, format_point
from reportgen.checks.verdict import FAILED, NOTE, OK, Judgement
from reportgen.engine.result import Array
from reportgen.loss import Point
from reportgen.plan import FloatArray

STATIONARY = 1e-8
"""A gradient counts as zero if its norm is at most this share of the median norm in the domain."""
_SAME_MINIMUM = 2e-2
"""Points closer than this share of the domain count as the same minimum."""
_NEARBY = 0.1
"""A stationary point closer than this share of the domain may be the one that the author meant."""


def check_minima(evidence: LossSamples) -> Judgement:
    """Check whether each declared minimizer is a minimizer and has the declared value."""
    loss = evidence.loss
    error = next(_minimum_errors(evidence), None)
    if error:
        return FAILED, error
    if not loss.minima:
        return NOTE, "no minimizer is declared, so the report shows no distance to one"
    for name, point in _named("minima", loss.minima):
        if not sample_points.inside_domain(loss, np.array([point]))[0]:
            return NOTE, f"{name} lies outside the domain, so random starts and pictures do not cover it"
    value = f"the value at {_all(loss.minima, 'minimizer')} is {loss.minimum!r}"
    if "non-smooth" in loss.tags:
        return OK, f"{value}, and no value nearby is lower"
    return OK, f"{value}, the gradient vanishes, and no value nearby is lower"


def _minimum_errors(evidence: LossSamples) -> Iterator[str]:
    loss = evidence.loss
    for name, point in _named("minima", loss.minima):
        value = evidence.value_at(point)
        if not abs(value - loss.minimum) <= evidence.value_tolerance():
            hint = _stationary_point_hint(evidence, point)
            yield f"the value at {name} is {value!r}, but the declared minimum is {loss.minimum!r}{hint}"
        yield from _minimizer_errors(evidence, name, point)


def check_local_minima(evidence: LossSamples) -> Judgement:
    """Check whether each declared local minimizer is a minimizer with a value above the minimum."""
    loss = evidence.loss
    for name, point in _named("local_minima", loss.local_minima):
        error = next(_minimizer_errors(evidence, name, point), None)
        if error:
            return FAILED, error
        value = evidence.value_at(point)
        if value <= loss.minimum + evidence.value_tolerance():
            return FAILED, f"the value at {name} is {value!r}; expected more than the declared minimum {loss.minimum!r}"
    return OK, f"no lower value was found near {_any(loss.local_minima, 'local minimizer')}"


def check_saddles(evidence: LossSamples) -> Judgement:
    """Check whether each declared saddle is stationary and has lower values nearby."""
    saddles = evidence.loss.saddles
    for name, point in _named("saddles", saddles):
        error = _gradient_error(evidence, name, point)
        if error:
            return FAILED, error
        value = evidence.value_at(point)
        if not _lowest_nearby(evidence, point) < value - 1e-14 * abs(value):
            return FAILED, f"no value near {name} is below its value {value!r}: it is a minimizer, not a saddle"
    return OK, f"the gradient vanishes at {_all(saddles, 'saddle')}, and there are lower values nearby"


def check_lowest(evidence: LossSamples) -> Judgement:
    """Check whether descents and a grid find no value below the minimum, and no other minimizer."""
    loss, result = evidence.loss, evidence.result("descents")
    low, high = np.array(loss.domain).T
    ends = result.final_x.astype(float)
    points = np.concatenate([np.clip(ends, low, high), sample_points.grid(loss), sample_points.random_points(loss)])
    values = evidence.evaluate(points).value
    values = np.where(np.isfinite(values), values, np.inf)
    descents = f"{len(ends):,} descents from all over the domain"
    if loss.minimum == -np.inf:
        return OK, f"declared unbounded below; the lowest value in the domain after {descents} is {values.min():.6g}"
    tolerance = evidence.value_tolerance()
    if values.min() < loss.minimum - tolerance:
        point = _lowest_point(evidence, points, values)
        value = f"at {format_point(point)} the value is {evidence.value_at(point)!r}"
        return FAILED, f"{value}, below the declared minimum {loss.minimum!r}"
    at_minimum = int(np.sum(values[: len(ends)] <= loss.minimum + 1e3 * tolerance))
    other = _undeclared_minimizer(evidence, points[values <= loss.minimum + tolerance]) if loss.minima else None
    if other is not None:
        return (
            NOTE,
            f"the value at {format_point(other)} is the minimum as well, but minima does not contain this point",
        )
    return OK, f"of {descents}, {at_minimum:,} end at the minimum and none below it"


def _lowest_point(evidence: LossSamples, points: FloatArray, values: FloatArray) -> Array:
    """The point [dim] with the lowest value, improved by Newton's method if that stays inside the domain."""
    point = points[int(values.argmin())]
    improved = _newton(evidence, point)
    inside = sample_points.inside_domain(evidence.loss, improved[np.newaxis])[0]
    return improved if inside and evidence.value_at(improved) <= values.min() else point


def _undeclared_minimizer(evidence: LossSamples, points: FloatArray) -> Array | None:
    """A minimizer far from all declared ones to which one of the lowest points leads; None in a flat valley."""
    far = (point for point in points if _is_far_from_minima(evidence, point))
    ends = (_newton(evidence, point) for point in itertools.islice(far, 3))
    return next((end for end in ends if _is_far_from_minima(evidence, end)), None)


def _is_far_from_minima(evidence: LossSamples, point: Array) -> bool:
    shares = np.abs(np.array(evidence.loss.minima) - point) / sample_points.domain_extent(evidence.loss)
    return bool(np.max(shares, axis=1).min() > _SAME_MINIMUM)


def _minimizer_errors(evidence: LossSamples, name: str, point: Point) -> Iterator[str]:
    """Why ``point`` is not a local minimizer."""
    error = "" if "non-smooth" in evidence.loss.tags else _gradient_error(evidence, name, point)
    if error:
        yield error
    value = evidence.value_at(point)
    for share in sample_points.RING_RADII[2:]:
        lower_point, lower = _lowest_on_ring(evidence, point, share)
        if lower < value - evidence.value_tolerance():
            yield f"the value at {name} is {value!r}, but it is {lower!r} nearby, at {format_point(lower_point)}"


def _gradient_error(evidence: LossSamples, name: str, point: Point) -> str:
    """The error if the gradient does not vanish; slopes that leave the domain at its edge are allowed."""
    low, high = np.array(evidence.loss.domain).T
    gradient = evidence.evaluate(point).gradient[0]
    leaves_domain = ((np.array(point) <= low) & (gradient > 0)) | ((np.array(point) >= high) & (gradient < 0))
    norm, median = float(np.linalg.norm(gradient[~leaves_domain])), evidence.median_gradient_norm()
    if norm <= STATIONARY * median or norm <= _rounding_gradient_norm(evidence, np.array(point)):
        return ""
    limit = f"expected at most {STATIONARY * median:.1g} (median in the domain: {median:.3g})"
    return f"the gradient norm at {name} is {norm:.3g}; {limit}{_stationary_point_hint(evidence, point)}"


def _rounding_gradient_norm(evidence: LossSamples, point: Array) -> float:
    """The gradient norm that rounding of the coordinates may cause; large if the curvature is."""
    hessian = _hessian(evidence, point)
    scale = np.linalg.norm(point) + 1e-3 * float(np.max(sample_points.domain_extent(evidence.loss)))
    return 0.0 if hessian is None else 16 * float(np.finfo(float).eps * np.linalg.norm(hessian) * scale)


def _stationary_point_hint(evidence: LossSamples, point: Point) -> str:
    """The stationary point to which Newton's method leads from ``point``, in words; empty if none is nearby."""
    end = _newton(evidence, np.array(point))
    sample = evidence.evaluate(end)
    moved = np.max(np.abs(end - np.array(point)) / sample_points.domain_extent(evidence.loss))
    is_stationary = np.linalg.norm(sample.gradient) <= STATIONARY * evidence.median_gradient_norm()
    if moved == 0 or moved > _NEARBY or not is_stationary:
        return ""
    return f"; the gradient vanishes at {format_point(end)}, where the value is {float(sample.value[0])!r}"


def _newton(evidence: LossSamples, point: Array) -> Array:
    """``point`` [dim] after Newton steps that reduce the gradient; the Hessian is from differences of gradients."""
    for _ in range(12):
        gradient, hessian = evidence.evaluate(point).gradient[0], _hessian(evidence, point)
        if hessian is None:
            return point
        step = np.linalg.lstsq(hessian, -gradient, rcond=1e-10)[0]
        candidates = point + np.array([[1.0], [0.3], [0.05]]) * step
        norms = np.linalg.norm(evidence.evaluate(candidates).gradient, axis=1)
        best = int(np.argmin(np.where(np.isfinite(norms), norms, np.inf)))
        if not norms[best] < np.linalg.norm(gradient):
            return point
        point = candidates[best]
    return point


def _hessian(evidence: LossSamples, point: Array) -> FloatArray | None:
    """Second derivatives [dim, dim] from differences of gradients; None in high dimensions or if not finite."""
    if len(point) > sample_points.MAX_AXES:
        return None
    width = 1e-6 * sample_points.domain_extent(evidence.loss)
    shifts = np.diag(width)
    before, after = np.split(evidence.evaluate(np.concatenate([point - shifts, point + shifts])).gradient, 2)
    hessian = (after - before) / (2 * width[:, np.newaxis])
    return np.asarray(hessian + hessian.T) / 2 if np.isfinite(hessian).all() else None


def _lowest_nearby(evidence: LossSamples, point: Point) -> float:
    """The lowest value on rings around ``point`` and along the direction of most negative curvature."""
    values = [_lowest_on_ring(evidence, point, share)[1] for share in sample_points.RING_RADII[:2]]
    hessian = _hessian(evidence, np.array(point))
    if hessian is not None:
        direction = np.linalg.eigh(hessian)[1][:, 0]
        shares = np.array([sign * share for share in (0.1, *sample_points.RING_RADII) for sign in (1, -1)])
        extent = float(np.median(sample_points.domain_extent(evidence.loss)))
        points = np.array(point) + shares[:, np.newaxis] * extent * direction
        values += evidence.evaluate(points).value.tolist()
    return min(value for value in values if not np.isnan(value))


def _lowest_on_ring(evidence: LossSamples, point: Point, share: float) -> tuple[Array, float]:
    """The point with the lowest value on a ring around ``point``, clipped to the domain, and its value."""
    low, high = np.array(evidence.loss.domain).T
    points = np.clip(sample_points.ring(evidence.loss, point, share), low, high)
    values = evidence.evaluate(points).value
    best = int(np.argmin(np.where(np.isnan(values), np.inf, values)))
    return points[best], float(values[best])


def _named(fact: str, points: Sequence[Point]) -> Iterator[tuple[str, Point]]:
    yield from ((f"{fact}[{index}] = {format_point(point)}", point) for index, point in enumerate(points))


def _all(points: Sequence[Point], noun: str) -> str:
    return f"the {noun}" if len(points) == 1 else f"all {len(points)} {noun}s"


def _any(points: Sequence[Point], noun: str) -> str:
    return f"the {noun}" if len(points) == 1 else f"any of the {len(points)} {noun}s"
