"""The classic losses as sympy expressions, written from their formulas in the literature."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp
from sympy import Abs, Rational, cos, exp, pi, sin, sqrt

POINT_TWO, TENTH = Rational(1, 5), Rational(1, 10)


def number(decimal: str) -> Any:
    """The exact value of a decimal fraction."""
    return Rational(decimal)


def rosenbrock(*x: Any) -> Any:
    return sum(100 * (x[i + 1] - x[i] ** 2) ** 2 + (1 - x[i]) ** 2 for i in range(len(x) - 1))


def beale(x: Any, y: Any) -> Any:
    return sum((Rational(c, 8) - x * (1 - y**i)) ** 2 for i, c in enumerate((12, 18, 21), start=1))


def goldstein_price(x: Any, y: Any) -> Any:
    first = 1 + (x + y + 1) ** 2 * (19 - 14 * x + 3 * x**2 - 14 * y + 6 * x * y + 3 * y**2)
    second = 30 + (2 * x - 3 * y) ** 2 * (18 - 32 * x + 12 * x**2 + 48 * y - 36 * x * y + 27 * y**2)
    return first * second


def ackley(*x: Any) -> Any:
    n = len(x)
    root = sqrt(sum(each**2 for each in x) / n)
    return -20 * exp(-POINT_TWO * root) - exp(sum(cos(2 * pi * each) for each in x) / n) + 20 + sp.E


def quadratic(*x: Any) -> Any:
    n = len(x)
    orthogonal = np.linalg.qr(np.random.default_rng(0).normal(size=(n, n)))[0]
    scales = [100 ** Rational(i, n - 1) for i in range(n)]
    turned = [sum(sp.Float(float(row[j]), 40) * x[j] for j in range(n)) for row in orthogonal]
    return sum(scale * each**2 for scale, each in zip(scales, turned, strict=True)) / 2


def branin(x: Any, y: Any) -> Any:
    b, c, t = number("5.1") / (4 * pi**2), 5 / pi, 1 / (8 * pi)
    return (y - b * x**2 + c * x - 6) ** 2 + 10 * (1 - t) * cos(x) + 10


def griewank(*x: Any) -> Any:
    waves = sp.prod(cos(each / sqrt(i)) for i, each in enumerate(x, start=1))
    return sum(each**2 for each in x) / 4000 - waves + 1


def levy(*x: Any) -> Any:
    w = [1 + (each - 1) / 4 for each in x]
    inner = sum((each - 1) ** 2 * (1 + 10 * sin(pi * each + 1) ** 2) for each in w[:-1])
    return sin(pi * w[0]) ** 2 + inner + (w[-1] - 1) ** 2 * (1 + sin(2 * pi * w[-1]) ** 2)


def levy_13(x: Any, y: Any) -> Any:
    first = (x - 1) ** 2 * (1 + sin(3 * pi * y) ** 2)
    return sin(3 * pi * x) ** 2 + first + (y - 1) ** 2 * (1 + sin(2 * pi * y) ** 2)


def zakharov(*x: Any) -> Any:
    ramp = sum(Rational(i, 2) * each for i, each in enumerate(x, start=1))
    return sum(each**2 for each in x) + ramp**2 + ramp**4


def dixon_price(*x: Any) -> Any:
    return (x[0] - 1) ** 2 + sum((i + 1) * (2 * x[i] ** 2 - x[i - 1]) ** 2 for i in range(1, len(x)))


def trid(*x: Any) -> Any:
    return sum((each - 1) ** 2 for each in x) - sum(x[i] * x[i - 1] for i in range(1, len(x)))


def shubert(x: Any, y: Any) -> Any:
    def wave(z: Any) -> Any:
        return sum(j * cos((j + 1) * z + j) for j in range(1, 6))

    return wave(x) * wave(y)


def cross_in_tray(x: Any, y: Any) -> Any:
    bump = Abs(sin(x) * sin(y) * exp(Abs(100 - sqrt(x**2 + y**2) / pi)))
    return -number("0.0001") * (bump + 1) ** TENTH


def eggholder(x: Any, y: Any) -> Any:
    return -(y + 47) * sin(sqrt(Abs(x / 2 + y + 47))) - x * sin(sqrt(Abs(x - (y + 47))))


def schaffer_2(x: Any, y: Any) -> Any:
    half = Rational(1, 2)
    return half + (sin(x**2 - y**2) ** 2 - half) / (1 + number("0.001") * (x**2 + y**2)) ** 2


def schaffer_4(x: Any, y: Any) -> Any:
    half = Rational(1, 2)
    return half + (cos(sin(Abs(x**2 - y**2))) ** 2 - half) / (1 + number("0.001") * (x**2 + y**2)) ** 2


def salomon(*x: Any) -> Any:
    length = sqrt(sum(each**2 for each in x))
    return 1 - cos(2 * pi * length) + TENTH * length


def xin_she_yang_4(*x: Any) -> Any:
    bell = exp(-sum(each**2 for each in x))
    return (sum(sin(each) ** 2 for each in x) - bell) * exp(-sum(sin(sqrt(Abs(each))) ** 2 for each in x))


def trefethen(x: Any, y: Any) -> Any:
    waves = exp(sin(50 * x)) + sin(60 * exp(y)) + sin(70 * sin(x)) + sin(sin(80 * y))
    return waves - sin(10 * (x + y)) + (x**2 + y**2) / 4


def ellipsoid(*x: Any) -> Any:
    return sum(10 ** Rational(6 * i, len(x) - 1) * each**2 for i, each in enumerate(x))


def different_powers(*x: Any) -> Any:
    return sum(Abs(each) ** (2 + Rational(4 * i, len(x) - 1)) for i, each in enumerate(x))


FORMS = {
    "quartic": lambda x: 2 * x**4 + 3 * x**3 + 2,
    "rosenbrock": rosenbrock,
    "beale": beale,
    "himmelblau": lambda x, y: (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2,
    "booth": lambda x, y: (x + 2 * y - 7) ** 2 + (2 * x + y - 5) ** 2,
    "matyas": lambda x, y: number("0.26") * (x**2 + y**2) - number("0.48") * x * y,
    "three_hump_camel": lambda x, y: 2 * x**2 - number("1.05") * x**4 + x**6 / 6 + x * y + y**2,
    "six_hump_camel": lambda x, y: (4 - number("2.1") * x**2 + x**4 / 3) * x**2 + x * y + (4 * y**2 - 4) * y**2,
    "goldstein_price": goldstein_price,
    "mccormick": lambda x, y: sin(x + y) + (x - y) ** 2 - number("1.5") * x + number("2.5") * y + 1,
    "styblinski_tang": lambda *x: sum(each**4 - 16 * each**2 + 5 * each for each in x) / 2,
    "rastrigin": lambda *x: 10 * len(x) + sum(each**2 - 10 * cos(2 * pi * each) for each in x),
    "ackley": ackley,
    "quadratic": quadratic,
    "monkey_saddle": lambda x, y: x**3 - 3 * x * y**2,
    "strict_saddle": lambda x, y: x**2 / 2 - y**2 / 2 + y**4 / 4,
    "branin": branin,
    "easom": lambda x, y: -cos(x) * cos(y) * exp(-((x - pi) ** 2) - (y - pi) ** 2),
    "griewank": griewank,
    "levy": levy,
    "levy_13": levy_13,
    "bohachevsky": lambda x, y: (
        x**2 + 2 * y**2 - number("0.3") * cos(3 * pi * x) - number("0.4") * cos(4 * pi * y) + number("0.7")
    ),
    "zakharov": zakharov,
    "dixon_price": dixon_price,
    "trid": trid,
    "shubert": shubert,
    "forrester": lambda x: (6 * x - 2) ** 2 * sin(12 * x - 4),
    "drop_wave": lambda x, y: -(1 + cos(12 * sqrt(x**2 + y**2))) / ((x**2 + y**2) / 2 + 2),
    "bukin_6": lambda x, y: 100 * sqrt(Abs(y - x**2 / 100)) + Abs(x + 10) / 100,
    "eggholder": eggholder,
    "cross_in_tray": cross_in_tray,
    "hoelder_table": lambda x, y: -Abs(sin(x) * cos(y) * exp(Abs(1 - sqrt(x**2 + y**2) / pi))),
    "schwefel": lambda *x: -sum(each * sin(sqrt(Abs(each))) for each in x),
    "sphere": lambda *x: sum(each**2 for each in x),
    "ellipsoid": ellipsoid,
    "different_powers": different_powers,
    "michalewicz": lambda x, y: -sin(x) * sin(x**2 / pi) ** 20 - sin(y) * sin(2 * y**2 / pi) ** 20,
    "schaffer_2": schaffer_2,
    "schaffer_4": schaffer_4,
    "salomon": salomon,
    "xin_she_yang_4": xin_she_yang_4,
    "egg_crate": lambda x, y: x**2 + y**2 + 25 * (sin(x) ** 2 + sin(y) ** 2),
    "bird": lambda x, y: sin(x) * exp((1 - cos(y)) ** 2) + cos(y) * exp((1 - sin(x)) ** 2) + (x - y) ** 2,
    "adjiman": lambda x, y: cos(x) * sin(y) - x / (y**2 + 1),
    "trefethen": trefethen,
}
"""By name: a function of as many symbols as the loss has coordinates."""
