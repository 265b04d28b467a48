"""Checks of what a loss claims: its minima, local minima and saddles, and that nothing lies below them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from reportgen.checks import sample_points
from reportgen.checks.loss_samples import LossSamples, format_point
from reportgen.checks.verdict import FAILED, NOTE, OK
from reportgen.engine.result import Array
from reportgen.loss import Point

Judged = tuple[str, str]
"""Status and detail."""
STATIONARY = 1e-8
"""A gradient vanishes if its norm is at most this share of the usual one."""
_NEAR = 2e-2
"""Points that are closer than this share of the domain are taken for one minimum."""
_WITHIN_REACH = 0.1
"""A stationary point that is closer than this share of the domain may be the one that was meant."""


def minima(evidence: LossSamples) -> Judged:
    """Whether each minimizer is one, and has the declared value."""
    loss = evidence.loss
    wrong = next(_wrong_minima(evidence), None)
    if wrong:
        return FAILED, wrong
    if not loss.minima:
        return NOTE, "none is declared, so the report has no distance to one"
    away = [
        name
        for name, point in _named("minima", loss.minima)
        if not sample_points.inside_domain(loss, np.array([point]))[0]
    ]
    if away:
        return NOTE, f"{away[0]} lies outside the domain, so no random start is drawn about it and no picture shows it"
    found = f"the value is {loss.minimum!r} at {_these(loss.minima, 'minimizer')}"
    if "non-smooth" in loss.tags:
        return OK, f"{found}, with no lower one close by"
    return OK, f"{found}, the gradient vanishes and no lower one is close by"


def _wrong_minima(evidence: LossSamples) -> Iterator[str]:
    loss = evidence.loss
    for name, point in _named("minima", loss.minima):
        value = float(evidence.at(point).value[0])
        if not abs(value - loss.minimum) <= evidence.slack():
            near = _nearest_stationary(evidence, point)
            yield f"the value at {name} is {value!r}, and the declared minimum is {loss.minimum!r}{near}"
        yield from _no_minimizer(evidence, name, point)


def local_minima(evidence: LossSamples) -> Judged:
    """Whether each local minimizer is one, above the minimum."""
    declared = evidence.loss.local_minima
    for name, point in _named("local_minima", declared):
        wrong = next(_no_minimizer(evidence, name, point), None)
        if wrong:
            return FAILED, wrong
        value = float(evidence.at(point).value[0])
        if value <= evidence.loss.minimum + evidence.slack():
            return FAILED, f"the value at {name} is {value!r}, so it is no higher than the declared minimum"
    return OK, f"no lower value is close to {_these(declared, 'local minimizer')}"


def saddles(evidence: LossSamples) -> Judged:
    """Whether each saddle is stationary and has something lower beside it."""
    for name, point in _named("saddles", evidence.loss.saddles):
        wrong = _sloping(evidence, name, point)
        if wrong:
            return FAILED, wrong
        value = float(evidence.at(point).value[0])
        if not _lowest_beside(evidence, point) < value - 1e-14 * abs(value):
            return FAILED, f"no value below {value!r} is close to {name}, so it is a minimizer and no saddle"
    return OK, f"the gradient vanishes at {_these(evidence.loss.saddles, 'saddle')}, and lower values are close by"


def lowest(evidence: LossSamples) -> Judged:
    """Whether nothing that was found in the domain is lower than the minimum, or as low and not declared."""
    loss, result = evidence.loss, evidence.of("descents")
    low, high = np.array(loss.domain).T
    ends = result.final_x.astype(float)
    tried = np.concatenate([np.clip(ends, low, high), sample_points.grid(loss), sample_points.random_points(loss)])
    values = evidence.at(tried).value
    values = np.where(np.isfinite(values), values, np.inf)
    runs = f"{len(ends):,} descents from all over the domain"
    if loss.minimum == -np.inf:
        return OK, f"it is declared unbounded below; the lowest value in the domain after {runs} is {values.min():.6g}"
    slack = evidence.slack()
    if values.min() < loss.minimum - slack:
        at = tried[int(values.argmin())]
        better = _polished(evidence, at)
        inside = sample_points.inside_domain(loss, better[np.newaxis])[0]
        at = better if inside and evidence.at(better).value[0] <= values.min() else at
        found = f"at {format_point(at)} the value is {float(evidence.at(at).value[0])!r}"
        return FAILED, f"{found}, below the declared minimum {loss.minimum!r}"
    reached = int(np.sum(values[: len(ends)] <= loss.minimum + 1e3 * slack))
    other = _undeclared(evidence, tried[values <= loss.minimum + slack]) if loss.minima else None
    if other is not None:
        return (
            NOTE,
            f"at {format_point(other)} the value is the declared minimum too, and minima does not have that point",
        )
    return OK, f"of {runs} {reached:,} end at the minimum and none below it"


def _undeclared(evidence: LossSamples, lowest_points: Array) -> Array | None:
    """A minimizer far from all declared ones that some of the points lead to; in a flat valley they lead back."""
    far = (point for point in lowest_points if _is_far(evidence, point))
    ends = (_polished(evidence, point) for point in itertools.islice(far, 3))
    return next((end for end in ends if _is_far(evidence, end)), None)


def _is_far(evidence: LossSamples, point: Array) -> bool:
    apart = np.abs(np.array(evidence.loss.minima) - point) / sample_points.domain_extent(evidence.loss)
    return bool(np.max(apart, axis=1).min() > _NEAR)


def _no_minimizer(evidence: LossSamples, name: str, point: Point) -> Iterator[str]:
    wrong = "" if "non-smooth" in evidence.loss.tags else _sloping(evidence, name, point)
    if wrong:
        yield wrong
    value = float(evidence.at(point).value[0])
    for share in sample_points.RADII[2:]:
        at, lower = _lowest_about(evidence, point, share)
        if lower < value - evidence.slack():
            yield f"the value at {name} is {value!r}, and close to it, at {format_point(at)}, it is {lower!r}"


def _sloping(evidence: LossSamples, name: str, point: Point) -> str:
    """What is wrong where the gradient does not vanish; a slope out of the domain at its edge is none."""
    low, high = np.array(evidence.loss.domain).T
    gradient = evidence.at(point).gradient[0]
    outward = ((np.array(point) <= low) & (gradient > 0)) | ((np.array(point) >= high) & (gradient < 0))
    norm, usual = float(np.linalg.norm(gradient[~outward])), evidence.steepness()
    if norm <= STATIONARY * usual or norm <= _from_rounding(evidence, np.array(point)):
        return ""
    found = f"the gradient at {name} has norm {norm:.3g}, where {usual:.3g} is usual in the domain"
    return f"{found} and {STATIONARY * usual:.1g} the most that counts as none{_nearest_stationary(evidence, point)}"


def _from_rounding(evidence: LossSamples, point: Array) -> float:
    """The gradient norm that rounding of the point's coordinates can make: on a plain, more than is usual."""
    hessian = _hessian(evidence, point)
    reach = np.linalg.norm(point) + 1e-3 * float(np.max(sample_points.domain_extent(evidence.loss)))
    return 0.0 if hessian is None else 16 * float(np.finfo(float).eps * np.linalg.norm(hessian) * reach)


def _nearest_stationary(evidence: LossSamples, point: Point) -> str:
    """Where Newton's method leads from ``point``, in words; nothing where it leads nowhere."""
    at = _polished(evidence, np.array(point))
    sample = evidence.at(at)
    moved = np.max(np.abs(at - np.array(point)) / sample_points.domain_extent(evidence.loss))
    if moved == 0 or moved > _WITHIN_REACH or not np.linalg.norm(sample.gradient) <= STATIONARY * evidence.steepness():
        return ""
    return f"; it vanishes at {format_point(at)}, where the value is {float(sample.value[0])!r}"


def _polished(evidence: LossSamples, point: Array) -> Array:
    """``point`` after Newton steps that shrink the gradient, with a Hessian from differences of gradients."""
    for _ in range(12):
        gradient, hessian = evidence.at(point).gradient[0], _hessian(evidence, point)
        if hessian is None:
            return point
        step = np.linalg.lstsq(hessian, -gradient, rcond=1e-10)[0]
        tried = point + np.array([[1.0], [0.3], [0.05]]) * step
        norms = np.linalg.norm(evidence.at(tried).gradient, axis=1)
        best = int(np.argmin(np.where(np.isfinite(norms), norms, np.inf)))
        if not norms[best] < np.linalg.norm(gradient):
            return point
        point = tried[best]
    return point


def _hessian(evidence: LossSamples, point: Array) -> Array | None:
    """Second derivatives from differences of gradients; None in many coordinates, or where they are not finite."""
    if len(point) > sample_points.AXES:
        return None
    width = 1e-6 * sample_points.domain_extent(evidence.loss)
    shifts = np.diag(width)
    behind, ahead = np.split(evidence.at(np.concatenate([point - shifts, point + shifts])).gradient, 2)
    hessian = (ahead - behind) / (2 * width[:, np.newaxis])
    return np.asarray(hessian + hessian.T) / 2 if np.isfinite(hessian).all() else None


def _lowest_beside(evidence: LossSamples, point: Point) -> float:
    """The lowest value on rings about ``point``, and along the way in which the loss bends down most."""
    found = [_lowest_about(evidence, point, share)[1] for share in sample_points.RADII[:2]]
    hessian = _hessian(evidence, np.array(point))
    if hessian is not None:
        way = np.linalg.eigh(hessian)[1][:, 0]
        steps = np.array([sign * share for share in (0.1, *sample_points.RADII) for sign in (1, -1)])
        reach = float(np.median(sample_points.domain_extent(evidence.loss)))
        found += evidence.at(np.array(point) + steps[:, np.newaxis] * reach * way).value.tolist()
    return min(value for value in found if not np.isnan(value))


def _lowest_about(evidence: LossSamples, point: Point, share: float) -> tuple[Array, float]:
    """Where, inside the domain, the ring about ``point`` is lowest, and how low."""
    low, high = np.array(evidence.loss.domain).T
    ring = np.clip(sample_points.ring(evidence.loss, point, share), low, high)
    values = evidence.at(ring).value
    at = int(np.argmin(np.where(np.isnan(values), np.inf, values)))
    return ring[at], float(values[at])


def _named(fact: str, declared: Sequence[Point]) -> Iterator[tuple[str, Point]]:
    yield from ((f"{fact}[{place}] = {format_point(point)}", point) for place, point in enumerate(declared))


def _these(declared: Sequence[Point], noun: str) -> str:
    return f"the {noun}" if len(declared) == 1 else f"all {len(declared)} {noun}s"
