"""The problems of Moré, Garbow and Hillstrom as sums of squared residuals, written from the paper for sympy."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import sympy as sp

R = sp.Rational
Form = Callable[..., Any]


def squares(residuals: Iterable[Any]) -> Any:
    return sp.Add(*(residual**2 for residual in residuals))


def decimals(text: str) -> list[Any]:
    return [R(word) for word in text.split()]


BARD = decimals("0.14 0.18 0.22 0.25 0.29 0.32 0.35 0.39 0.37 0.58 0.73 0.96 1.34 2.10 4.39")
GAUSSIAN = decimals("0.0009 0.0044 0.0175 0.0540 0.1295 0.2420 0.3521 0.3989")
GAUSSIAN += GAUSSIAN[-2::-1]
MEYER = decimals("34780 28610 23650 19630 16370 13720 11540 9744 8261 7030 6005 5147 4427 3820 3307 2872")
KOWALIK_Y = decimals("0.1957 0.1947 0.1735 0.1600 0.0844 0.0627 0.0456 0.0342 0.0323 0.0235 0.0246")
KOWALIK_U = decimals("4 2 1 0.5 0.25 0.167 0.125 0.1 0.0833 0.0714 0.0625")
OSBORNE_1 = decimals(
    "0.844 0.908 0.932 0.936 0.925 0.908 0.881 0.850 0.818 0.784 0.751 0.718 0.685 0.658 0.628 0.603 0.580 "
    "0.558 0.538 0.522 0.506 0.490 0.478 0.467 0.457 0.448 0.438 0.431 0.424 0.420 0.414 0.411 0.406"
)
OSBORNE_2 = decimals(
    "1.366 1.191 1.112 1.013 0.991 0.885 0.831 0.847 0.786 0.725 0.746 0.679 0.608 0.655 0.616 0.606 0.602 "
    "0.626 0.651 0.724 0.649 0.649 0.694 0.644 0.624 0.661 0.612 0.558 0.533 0.495 0.500 0.423 0.395 0.375 "
    "0.372 0.391 0.396 0.405 0.428 0.429 0.523 0.562 0.607 0.653 0.672 0.708 0.633 0.668 0.645 0.632 0.591 "
    "0.559 0.597 0.625 0.739 0.710 0.729 0.720 0.636 0.581 0.428 0.292 0.162 0.098 0.054"
)


def helical_valley(x: Any, y: Any, z: Any) -> Any:
    angle = sp.atan(y / x) / (2 * sp.pi) + sp.Piecewise((0, x > 0), (R(1, 2), True))
    return squares([10 * (z - 10 * angle), 10 * (sp.sqrt(x**2 + y**2) - 1), z])


def bard(a: Any, b: Any, c: Any) -> Any:
    return squares(y - (a + i / ((16 - i) * b + min(i, 16 - i) * c)) for i, y in enumerate(BARD, 1))


def gaussian(a: Any, b: Any, c: Any) -> Any:
    return squares(a * sp.exp(-b * (R(8 - i, 2) - c) ** 2 / 2) - y for i, y in enumerate(GAUSSIAN, 1))


def gulf(a: Any, b: Any, c: Any) -> Any:
    """With y_i - x_2 under the exponent, as in the papers after 1981, which print y_i m i x_2 by mistake."""
    times = [R(i, 100) for i in range(1, 100)]
    targets = [25 + (-50 * sp.log(t)) ** R(2, 3) for t in times]
    # The root of the square is the absolute value, and sympy differentiates it without knowing that x_2 is real.
    return squares(sp.exp(-(((y - b) ** 2) ** (c / 2)) / a) - t for t, y in zip(times, targets, strict=True))


def box_3d(a: Any, b: Any, c: Any) -> Any:
    tenths = [R(i, 10) for i in range(1, 11)]
    return squares(sp.exp(-t * a) - sp.exp(-t * b) - c * (sp.exp(-t) - sp.exp(-10 * t)) for t in tenths)


def powell_singular(*x: Any) -> Any:
    """Any further coordinate of the last group of four is zero."""
    padded = x + (sp.Integer(0),) * (-len(x) % 4)
    groups = [padded[i : i + 4] for i in range(0, len(padded), 4)]
    return sp.Add(
        *((a + 10 * b) ** 2 + 5 * (c - d) ** 2 + (b - 2 * c) ** 4 + 10 * (a - d) ** 4 for a, b, c, d in groups)
    )


def wood(a: Any, b: Any, c: Any, d: Any) -> Any:
    root = sp.sqrt(10)
    return squares(
        [10 * (b - a**2), 1 - a, 3 * root * (d - c**2), 1 - c, root * (b + d - 2), (b - d) / root],
    )


def kowalik_osborne(a: Any, b: Any, c: Any, d: Any) -> Any:
    data = zip(KOWALIK_Y, KOWALIK_U, strict=True)
    return squares(y - a * (u**2 + u * b) / (u**2 + u * c + d) for y, u in data)


def brown_dennis(a: Any, b: Any, c: Any, d: Any) -> Any:
    times = [R(i, 5) for i in range(1, 21)]
    return squares((a + t * b - sp.exp(t)) ** 2 + (c + d * sp.sin(t) - sp.cos(t)) ** 2 for t in times)


def osborne_1(a: Any, b: Any, c: Any, d: Any, e: Any) -> Any:
    return squares(y - (a + b * sp.exp(-10 * i * d) + c * sp.exp(-10 * i * e)) for i, y in enumerate(OSBORNE_1))


def biggs_exp6(*x: Any) -> Any:
    times = [R(i, 10) for i in range(1, 14)]
    fitted = [x[2] * sp.exp(-t * x[0]) - x[3] * sp.exp(-t * x[1]) + x[5] * sp.exp(-t * x[4]) for t in times]
    data = [sp.exp(-t) - 5 * sp.exp(-10 * t) + 3 * sp.exp(-4 * t) for t in times]
    return squares(a - y for a, y in zip(fitted, data, strict=True))


def osborne_2(*x: Any) -> Any:
    def fitted(t: Any) -> Any:
        peaks = [x[k] * sp.exp(-((t - x[k + 7]) ** 2) * x[k + 4]) for k in (1, 2, 3)]
        return sp.Add(x[0] * sp.exp(-t * x[4]), *peaks)

    return squares(y - fitted(R(i, 10)) for i, y in enumerate(OSBORNE_2))


def watson(*x: Any) -> Any:
    def residual(t: Any) -> Any:
        slope = sp.Add(*(j * x[j] * t ** (j - 1) for j in range(1, len(x))))
        return slope - sp.Add(*(x[j] * t**j for j in range(len(x)))) ** 2 - 1

    return squares([residual(R(i, 29)) for i in range(1, 30)] + [x[0], x[1] - x[0] ** 2 - 1])


def extended_rosenbrock(*x: Any) -> Any:
    """A last coordinate without a partner has the residual 1 - x alone."""
    return squares([10 * (b - a**2) for a, b in zip(x[0::2], x[1::2], strict=False)] + [1 - a for a in x[0::2]])


def penalty_1(*x: Any) -> Any:
    return R(1, 100_000) * squares(a - 1 for a in x) + (squares(x) - R(1, 4)) ** 2


def penalty_2(*x: Any) -> Any:
    n, small = len(x), sp.sqrt(R(1, 100_000))
    ladder = [sp.exp(R(i, 10)) + sp.exp(R(i - 1, 10)) for i in range(2, n + 1)]
    steps = [sp.exp(b / 10) + sp.exp(a / 10) - y for a, b, y in zip(x, x[1:], ladder, strict=False)]
    floors = [sp.exp(a / 10) - sp.exp(-R(1, 10)) for a in x[1:]]
    last = sp.Add(*((n - j) * a**2 for j, a in enumerate(x))) - 1
    return squares([x[0] - R(1, 5), *(small * each for each in steps + floors), last])


def variably_dimensioned(*x: Any) -> Any:
    weighted = sp.Add(*(j * (a - 1) for j, a in enumerate(x, 1)))
    return squares([*(a - 1 for a in x), weighted, weighted**2])


def trigonometric(*x: Any) -> Any:
    cosines = sp.Add(*map(sp.cos, x))
    return squares(len(x) - cosines + i * (1 - sp.cos(a)) - sp.sin(a) for i, a in enumerate(x, 1))


def brown_almost_linear(*x: Any) -> Any:
    total = sp.Add(*x) - (len(x) + 1)
    return squares([*(a + total for a in x[:-1]), sp.Mul(*x) - 1])


def discrete_boundary_value(*x: Any) -> Any:
    h = R(1, len(x) + 1)
    padded = (0, *x, 0)
    return squares(
        2 * padded[i] - padded[i - 1] - padded[i + 1] + h**2 * (padded[i] + i * h + 1) ** 3 / 2
        for i in range(1, len(x) + 1)
    )


def broyden_tridiagonal(*x: Any) -> Any:
    padded = (0, *x, 0)
    return squares(
        (3 - 2 * padded[i]) * padded[i] - padded[i - 1] - 2 * padded[i + 1] + 1 for i in range(1, len(x) + 1)
    )


def broyden_banded(*x: Any) -> Any:
    def residual(i: int) -> Any:
        near = [j for j in range(max(0, i - 5), min(len(x), i + 2)) if j != i]
        return x[i] * (2 + 5 * x[i] ** 2) + 1 - sp.Add(*(x[j] * (1 + x[j]) for j in near))

    return squares(map(residual, range(len(x))))


def linear_full_rank(*x: Any) -> Any:
    """With m = 2 n residuals."""
    share = R(2, 2 * len(x)) * sp.Add(*x)
    return squares([*(a - share - 1 for a in x), *(-share - 1 for _ in x)])


def linear_rank_1(*x: Any) -> Any:
    """With m = n residuals."""
    weighted = sp.Add(*(j * a for j, a in enumerate(x, 1)))
    return squares(i * weighted - 1 for i in range(1, len(x) + 1))


def chebyquad(*x: Any) -> Any:
    def integral(i: int) -> Any:
        return R(-1, i * i - 1) if i % 2 == 0 else 0

    def shifted(i: int, at: Any) -> Any:
        return sp.chebyshevt(i, 2 * at - 1)

    return squares(sp.Add(*(shifted(i, a) for a in x)) / len(x) - integral(i) for i in range(1, len(x) + 1))


FORMS: dict[str, Form] = {
    "freudenstein_roth": lambda x, y: squares(
        [-13 + x + ((5 - y) * y - 2) * y, -29 + x + ((y + 1) * y - 14) * y],
    ),
    "powell_badly_scaled": lambda x, y: squares([10_000 * x * y - 1, sp.exp(-x) + sp.exp(-y) - R(10_001, 10_000)]),
    "brown_badly_scaled": lambda x, y: squares([x - 10**6, y - R(2, 10**6), x * y - 2]),
    "jennrich_sampson": lambda x, y: squares(2 + 2 * i - (sp.exp(i * x) + sp.exp(i * y)) for i in range(1, 11)),
    **{
        form.__name__: form
        for form in (
            helical_valley,
            bard,
            gaussian,
            gulf,
            box_3d,
            powell_singular,
            wood,
            kowalik_osborne,
            brown_dennis,
            osborne_1,
            biggs_exp6,
            osborne_2,
            watson,
            extended_rosenbrock,
            penalty_1,
            penalty_2,
            variably_dimensioned,
            trigonometric,
            brown_almost_linear,
            discrete_boundary_value,
            broyden_tridiagonal,
            broyden_banded,
            linear_full_rank,
            linear_rank_1,
            chebyquad,
        )
    },
    "meyer": lambda a, b, c: squares(a * sp.exp(b / (45 + 5 * i + c)) - y for i, y in enumerate(MEYER, 1)),
}
