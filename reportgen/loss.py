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
Keyword-only arguments are its parameters, ``def quadratic(x, *, condition=100.0)``; facts that are functions may take
those by name.

A loss of any dimension that needs more than that, such as products with matrices, says ``batched=True``: it takes a
plain tensor [dim, batch], one column a point, and gives the loss of each, [batch]. If it is a mean over samples, it may
take a second argument, ``rows``: int32 [batch_size, batch], the samples that count for each column, None for all.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

Point = tuple[float, ...]
Interval = tuple[float, float]

TAGS = ("convex", "multimodal", "ill-conditioned", "saddle", "non-smooth", "unbounded", "n-d", "sum-of-squares", "task")
"""What a loss may be called, so that ``tag:convex`` stands for all that are."""


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
    tags: tuple[str, ...] = ()
    """Some of ``TAGS``."""
    local_minima: tuple[Point, ...] = ()
    """Local minimizers that matter and are not global."""
    saddles: tuple[Point, ...] = ()
    """Stationary points that matter and are no minimizers."""
    aliases: tuple[str, ...] = ()
    """Other names that the field has for it."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """The values of its keyword-only arguments."""
    batched: bool = False
    """Whether the function takes a tensor [dim, batch] and gives one [batch]."""
    samples: int = 0
    """How many samples it is the mean over; 0 where it cannot be evaluated on some of them."""

    @property
    def label(self) -> str:
        """The name, with what is not the default: ``rosenbrock[dim=20]``."""
        told = [f"{name}={value:g}" for name, value in self.settings.items()]
        return f"{self.name}[{','.join(told)}]" if told else self.name

    @property
    def settings(self) -> dict[str, Any]:
        """Dimension and parameters, where they are not the default ones."""
        told = {} if self.default_dim in (None, self.dim) else {"dim": self.dim}
        defaults = _parameters(self.function)
        return told | {name: value for name, value in self.parameters.items() if value != defaults[name]}

    def at(self, dim: int | None, **parameters: Any) -> Loss:
        """The same loss in ``dim`` coordinates (None: the default), with other values of some parameters.

        Raises ValueError where the loss has another, fixed dimension, or no such parameter.
        """
        if dim in (None, self.dim) and not parameters:
            return self
        if self.default_dim is None and dim not in (None, self.dim):
            raise ValueError(f"has a fixed dimension of {self.dim}, so dim = {dim} is not possible")
        if dim is not None and dim < 2 and self.default_dim is not None:
            raise ValueError(f"dim = {dim} is too small: 2 or more is expected")
        unknown = parameters.keys() - self.parameters.keys()
        if unknown:
            known = ", ".join(self.parameters) or "none"
            raise ValueError(f"has no parameter {min(unknown)}; it has {known}")
        return _resolve(self.function, self.facts, dim or self.dim, {**self.parameters, **parameters})

    def __call__(self, *coordinates: Any) -> Any:
        """The loss at coordinates given one by one, or at one array, the dimension first, if it takes any."""
        given = coordinates if self.default_dim is None else coordinates[:1]
        return self.function(*given, **self.parameters)


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
    tags: Sequence[str]
    local_minima: Sequence[Sequence[float]] | Callable[..., Sequence[Sequence[float]]]
    saddles: Sequence[Sequence[float]] | Callable[..., Sequence[Sequence[float]]]
    aliases: Sequence[str]
    batched: bool
    samples: int | Callable[..., int]


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
    tags: Sequence[str] = (),
    local_minima: Any = (),
    saddles: Any = (),
    aliases: Sequence[str] = (),
    batched: bool = False,
    samples: int | Callable[..., int] = 0,
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
        tags: some of ``TAGS``.
        local_minima: local minimizers that matter and are not global.
        saddles: stationary points that matter and are no minimizers.
        aliases: other names that the field has for it.
        batched: the function takes a plain tensor [dim, batch] and gives one [batch].
        samples: how many samples the loss is the mean over, if the function takes ``rows`` of them.

    Raises ValueError for a tag that is none of ``TAGS``, or a fact of another length than the dimension.
    """
    facts = Facts(
        *(minima, minimum, start, domain, formula, source, title, note, dim, tags, local_minima, saddles, aliases),
        *(batched, samples),
    )
    strange = [tag for tag in tags if tag not in TAGS]
    if strange:
        raise ValueError(f"tag {strange[0]} is none of {', '.join(TAGS)}")
    if batched and dim is None:
        raise ValueError("batched is for a loss that takes one array: dim=<its default dimension> is expected")
    if samples and not batched:
        raise ValueError("samples are for a loss that takes rows of them for a whole batch: batched=True is expected")

    def declare(function: Callable[..., Any]) -> Loss:
        parameters = _parameters(function)
        coordinates = len(inspect.signature(function).parameters) - len(parameters)
        if samples and coordinates != 2:
            raise ValueError(f"loss {function.__name__}: with samples a second argument, rows=None, is expected")
        return _resolve(function, facts, dim or coordinates, parameters)

    return declare


def _parameters(function: Callable[..., Any]) -> dict[str, Any]:
    """The keyword-only arguments with their defaults."""
    given = inspect.signature(function).parameters.values()
    return {each.name: each.default for each in given if each.kind is each.KEYWORD_ONLY}


def _resolve(function: Callable[..., Any], facts: Facts, dim: int, parameters: Mapping[str, Any]) -> Loss:
    def at_dim(fact: Any) -> Any:
        if not callable(fact):
            return fact
        return fact(dim, **{name: parameters[name] for name in _parameters(fact)})

    def points(fact: Any) -> tuple[Point, ...]:
        return tuple(tuple(float(c) for c in point) for point in at_dim(fact))

    resolved = Loss(
        name=function.__name__,
        function=function,
        dim=dim,
        minima=points(facts.minima),
        minimum=float(at_dim(facts.minimum)),
        start=tuple(float(c) for c in at_dim(facts.start)),
        domain=tuple((float(low), float(high)) for low, high in at_dim(facts.domain)),
        formula=facts.formula,
        source=facts.source,
        title=facts.title or function.__name__.replace("_", " ").capitalize(),
        note=facts.note,
        default_dim=facts.dim,
        facts=facts,
        tags=tuple(facts.tags),
        local_minima=points(facts.local_minima),
        saddles=points(facts.saddles),
        aliases=tuple(facts.aliases),
        parameters=dict(parameters),
        batched=facts.batched,
        samples=int(at_dim(facts.samples)),
    )
    _check_lengths(resolved)
    return resolved


def _check_lengths(resolved: Loss) -> None:
    named = {"start": resolved.start, "domain": resolved.domain}
    for fact, points in vars(resolved).items():
        if fact in ("minima", "local_minima", "saddles"):
            named |= {f"{fact}[{i}]": point for i, point in enumerate(points)}
    for fact, value in named.items():
        if len(value) != resolved.dim:
            raise ValueError(
                f"loss {resolved.name}: {fact} has {len(value)} coordinates, but the function takes {resolved.dim}"
            )


def renamed(declared: Loss, name: str) -> Loss:
    """The same loss under the name by which a user refers to it (``my_losses.py:valley``)."""
    return replace(declared, name=name)
