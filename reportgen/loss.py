"""The contract of a loss: a differentiable function and the facts that are known about it.

    @loss(
        minima=[(3.0, 0.5)], minimum=0.0, start=(1.0, 1.0), domain=[(-4.5, 4.5)] * 2,
        formula=r"...", source="Beale 1958",
    )
    def beale(x, y):
        ...

A loss of a fixed dimension takes its coordinates one by one. A loss of any dimension says ``dim=<the default>``, takes
one array with the dimension first, and may give each fact as a function of ``dim``. Either way it is written with
operations that act element by element on its coordinates, so that the engine can evaluate it at many points at once.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

Point = tuple[float, ...]
Interval = tuple[float, float]


@dataclass(frozen=True)
class Loss:
    """A loss in a given dimension, with its facts resolved."""

    name: str
    """The name used in a config and on the command line."""
    function: Callable[..., Any] = field(repr=False, compare=False)
    dim: int
    """Number of coordinates."""
    minima: tuple[Point, ...]
    """All known global minimizers."""
    minimum: float
    """The value f* at the minimizers; ``-inf`` where the function is unbounded below."""
    start: Point
    """The standard starting point."""
    domain: tuple[Interval, ...]
    """One interval a coordinate: where random starts are drawn and what the pictures show."""
    formula: str
    """The definition in LaTeX."""
    source: str
    """Paper or collection that the function, or its standard start, comes from."""
    title: str
    note: str
    """What is treacherous about it, in one sentence."""
    default_dim: int | None
    """None for a loss of fixed dimension, otherwise the dimension used when none is asked for."""
    facts: Facts = field(repr=False, compare=False)

    @property
    def label(self) -> str:
        """The name, with the dimension where it is not the default one: ``rosenbrock[dim=20]``."""
        return self.name if self.default_dim in (None, self.dim) else f"{self.name}[dim={self.dim}]"

    def at(self, dim: int | None) -> Loss:
        """The same loss in ``dim`` coordinates (None: the default).

        Raises ValueError where the loss has another, fixed dimension.
        """
        if dim is None or dim == self.dim:
            return self
        if self.default_dim is None:
            raise ValueError(f"has a fixed dimension of {self.dim}, so dim = {dim} is not possible")
        if dim < 2:
            raise ValueError(f"dim = {dim} is too small: 2 or more is expected")
        return _resolve(self.function, self.facts, dim)

    def __call__(self, *coordinates: Any) -> Any:
        """The loss at coordinates given one by one, or at one array, the dimension first, if it takes any."""
        if self.default_dim is None:
            return self.function(*coordinates)
        return self.function(coordinates[0])


@dataclass(frozen=True)
class Facts:
    """What the author of a loss wrote: for a loss of any dimension each may be a function of ``dim``."""

    minima: Sequence[Sequence[float]] | Callable[[int], Sequence[Sequence[float]]]
    minimum: float | Callable[[int], float]
    start: Sequence[float] | Callable[[int], Sequence[float]]
    domain: Sequence[Sequence[float]] | Callable[[int], Sequence[Sequence[float]]]
    formula: str
    source: str
    title: str
    note: str
    dim: int | None


def loss(
    *,
    minima: Any,
    minimum: Any,
    start: Any,
    domain: Any,
    formula: str,
    source: str,
    title: str = "",
    note: str = "",
    dim: int | None = None,
) -> Callable[[Callable[..., Any]], Loss]:
    """Declare the decorated function as a loss.

    Args:
        minima: all known global minimizers, each one number a coordinate.
        minimum: the value there.
        start: the standard start.
        domain: one ``(low, high)`` a coordinate.
        formula: the definition in LaTeX.
        source: where function or start come from.
        title: how the report names it; by default the function's name in words.
        note: what is treacherous about it, one sentence.
        dim: the default dimension of a loss of any dimension; leave it out for a fixed one.
    """
    facts = Facts(minima, minimum, start, domain, formula, source, title, note, dim)

    def declare(function: Callable[..., Any]) -> Loss:
        return _resolve(function, facts, dim or len(inspect.signature(function).parameters))

    return declare


def _resolve(function: Callable[..., Any], facts: Facts, dim: int) -> Loss:
    def at_dim(fact: Any) -> Any:
        return fact(dim) if callable(fact) else fact

    resolved = Loss(
        name=function.__name__,
        function=function,
        dim=dim,
        minima=tuple(tuple(float(c) for c in point) for point in at_dim(facts.minima)),
        minimum=float(at_dim(facts.minimum)),
        start=tuple(float(c) for c in at_dim(facts.start)),
        domain=tuple((float(low), float(high)) for low, high in at_dim(facts.domain)),
        formula=facts.formula,
        source=facts.source,
        title=facts.title or function.__name__.replace("_", " ").capitalize(),
        note=facts.note,
        default_dim=facts.dim,
        facts=facts,
    )
    _check_lengths(resolved)
    return resolved


def _check_lengths(resolved: Loss) -> None:
    named = {"start": resolved.start, "domain": resolved.domain}
    named |= {f"minima[{i}]": point for i, point in enumerate(resolved.minima)}
    for fact, value in named.items():
        if len(value) != resolved.dim:
            raise ValueError(
                f"loss {resolved.name}: {fact} has {len(value)} coordinates, but the function takes {resolved.dim}"
            )


def renamed(declared: Loss, name: str) -> Loss:
    """The same loss under the name by which a user refers to it (``my_losses.py:valley``)."""
    return replace(declared, name=name)
