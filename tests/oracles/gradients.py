"""The losses of the evidence table in plain arithmetic, on floats as on numbers of any precision."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

Numbers = Sequence[Any]


@dataclass(frozen=True)
class Run:
    """A loss, and where a run over it starts."""

    value: Callable[[Numbers], Any]
    gradient: Callable[[Numbers], list[Any]]
    hessian: Callable[[Numbers], list[list[Any]]]
    start: tuple[float, ...]

    def shifted(self) -> Run:
        """The same from a start whose first coordinate differs in the thirteenth digit.

        The first alone: Beale's gradient has a zero at its start, whose sign would hang on a shift of the second.
        """
        return replace(self, start=(self.start[0] * (1 + 1e-13), *self.start[1:]))


def _quartic(x: Numbers) -> Any:
    return (2 * x[0] + 3) * (x[0] * x[0] * x[0]) + 2


def _quartic_gradient(x: Numbers) -> list[Any]:
    return [8 * (x[0] * x[0] * x[0]) + 9 * (x[0] * x[0])]


def _quartic_hessian(x: Numbers) -> list[list[Any]]:
    return [[24 * (x[0] * x[0]) + 18 * x[0]]]


def _rosenbrock(x: Numbers) -> Any:
    return sum(100 * ((b - a * a) * (b - a * a)) + (1 - a) * (1 - a) for a, b in pairwise(x))


def _rosenbrock_gradient(x: Numbers) -> list[Any]:
    slopes = [0 * each for each in x]
    for i in range(len(x) - 1):
        off_floor = 200 * (x[i + 1] - x[i] * x[i])
        slopes[i] += -2 * x[i] * off_floor - 2 * (1 - x[i])
        slopes[i + 1] += off_floor
    return slopes


def _rosenbrock_hessian(x: Numbers) -> list[list[Any]]:
    matrix = [[0 * each for _ in x] for each in x]
    for i in range(len(x) - 1):
        matrix[i][i] += 1200 * (x[i] * x[i]) - 400 * x[i + 1] + 2
        matrix[i + 1][i + 1] += 200
        matrix[i][i + 1] = matrix[i + 1][i] = -400 * x[i]
    return matrix


def _beale_terms(x: Numbers) -> list[tuple[Any, Any, Any, Any, Any]]:
    """Of each squared term: its root, and the root's derivatives by x, y, xy and yy."""
    a, b = x
    b2 = b * b
    return [
        (1.5 - a + a * b, b - 1, a, 1, 0),
        (2.25 - a + a * b2, b2 - 1, 2 * a * b, 2 * b, 2 * a),
        (2.625 - a + a * (b2 * b), b2 * b - 1, 3 * a * b2, 3 * b2, 6 * a * b),
    ]


def _beale(x: Numbers) -> Any:
    return sum(root * root for root, *_ in _beale_terms(x))


def _beale_gradient(x: Numbers) -> list[Any]:
    terms = _beale_terms(x)
    return [2 * sum(term[0] * term[1] for term in terms), 2 * sum(term[0] * term[2] for term in terms)]


def _beale_hessian(x: Numbers) -> list[list[Any]]:
    terms = _beale_terms(x)
    xx = 2 * sum(dx * dx for _, dx, *_ in terms)
    xy = 2 * sum(dx * dy + root * dxy for root, dx, dy, dxy, _ in terms)
    yy = 2 * sum(dy * dy + root * dyy for root, _, dy, _, dyy in terms)
    return [[xx, xy], [xy, yy]]


RUNS = {
    "quartic": Run(_quartic, _quartic_gradient, _quartic_hessian, (2.0,)),
    "rosenbrock": Run(_rosenbrock, _rosenbrock_gradient, _rosenbrock_hessian, (-1.2, 1.0)),
    "beale": Run(_beale, _beale_gradient, _beale_hessian, (1.0, 1.0)),
    "rosenbrock[dim=3]": Run(_rosenbrock, _rosenbrock_gradient, _rosenbrock_hessian, (-1.2, 1.0, -1.2)),
}
