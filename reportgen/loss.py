"""The contract of a loss: a differentiable function with its known facts, such as minima, start and formula.

    @loss
    def bowl(x, y):
        return x * x + 3 * y * y

Each fact adds to the report, and all of them are optional:

    @loss(
        minima=[(3.0, 0.5)], minimum=0.0, start=(1.0, 1.0), domain=[(-4.5, 4.5)] * 2,
        formula=r"...", source="Beale 1958",
    )
    def beale(x, y):
        ...

The function is written for one run. It takes its position in one of two forms, and returns the loss, shape []:

- Fixed dimension: one argument per coordinate, as above, each of shape [].
- Any dimension, with ``dim=<default>``: one tensor of shape [dim]. Each fact may be a function of ``dim``.

All TensorFlow operations that ``tf.vectorized_map`` supports are allowed, such as products of matrices; it applies the
function to all runs at once. The result has the dtype of the position, float32 or float64.

A loss of any dimension that is a mean over samples may take a second argument, ``rows``: int32 of shape [batch_size],
the samples of a minibatch, or None for all samples.

Keyword-only arguments with defaults are parameters: ``def quadratic(x, *, condition=100.0)``. A fact that is a function
may take them by name.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from types import MappingProxyType
from typing import Any, TypeAlias, TypeVar, overload

from reportgen import loss_facts
from reportgen.tensor import Tensor

Point = tuple[float, ...]
Interval = tuple[float, float]

T = TypeVar("T")
Fact: TypeAlias = T | Callable[..., T]
"""A fact, or a function of the dimension (and, by name, of parameters) that returns it."""
Vectors: TypeAlias = Sequence[Sequence[float]]

TAGS = ("convex", "multimodal", "ill-conditioned", "saddle", "non-smooth", "unbounded", "n-d", "sum-of-squares", "task")
"""The known tags. ``tag:convex`` in a configuration selects all losses with that tag."""


@dataclass(frozen=True)
class Loss:
    """A loss in a given dimension with given parameters, and its facts there."""

    name: str
    """The name in a configuration and on the command line."""
    function: Callable[..., Tensor] = field(repr=False, compare=False)
    dim: int
    """Number of coordinates."""
    minima: tuple[Point, ...]
    """All known global minimizers."""
    minimum: float
    """The value f* at the minimizers; ``-inf`` if the function is unbounded below; not a number if it is unknown."""
    start: Point
    """The standard start."""
    domain: tuple[Interval, ...]
    """One interval per coordinate. Random starts are drawn from the domain, and figures show it."""
    domain_only: bool
    """Whether the minimum holds only inside the domain. Then no position outside of it is a solution."""
    formula: str
    """The definition as LaTeX."""
    source: str
    """The paper or collection that defines the function or its standard start."""
    title: str
    note: str
    """What makes the loss difficult, in one sentence."""
    default_dim: int | None
    """The default dimension of a loss of any dimension; None if the dimension is fixed."""
    facts: Facts | None = field(repr=False, compare=False)
    """As declared; None outside of the process of a plug-in, where ``at`` does not work."""
    tags: tuple[str, ...] = ()
    """Some of ``TAGS``."""
    local_minima: tuple[Point, ...] = ()
    """Important local minimizers that are not global."""
    saddles: tuple[Point, ...] = ()
    """Important stationary points that are not minimizers."""
    aliases: tuple[str, ...] = ()
    """Other established names."""
    parameters: Mapping[str, float] = field(default_factory=dict)
    """The values of the keyword-only arguments."""
    defaults: Mapping[str, float] = field(default_factory=dict)
    """Their default values."""
    samples: int = 0
    """The number of samples that the loss is the mean over; 0 if it cannot be evaluated on a minibatch."""
    shapes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """The arrays that the position consists of, in order, each flattened by rows; empty: one vector."""

    @property
    def label(self) -> str:
        """The name with all settings that differ from their defaults: ``rosenbrock[dim=20]``."""
        settings = [f"{name}={value:g}" for name, value in self.settings.items()]
        return f"{self.name}[{','.join(settings)}]" if settings else self.name

    @property
    def settings(self) -> dict[str, float]:
        """The dimension and the parameters that differ from their defaults."""
        dim = {} if self.default_dim in (None, self.dim) else {"dim": self.dim}
        return dim | {name: value for name, value in self.parameters.items() if value != self.defaults[name]}

    def at(self, dim: int | None, **parameters: object) -> Loss:
        """Return the same loss in ``dim`` coordinates with other values of some parameters.

        Args:
            dim: the number of coordinates; None: unchanged.
            parameters: new values by name.

        Raises:
            ValueError: the loss has a fixed dimension other than ``dim``, ``dim`` is below 2, or a parameter is
                unknown. The loss's own facts may raise it for other dimensions and values.
        """
        if dim in (None, self.dim) and not parameters:
            return self
        if self.default_dim is None and dim not in (None, self.dim):
            raise ValueError(f"expected dim = {self.dim}, the fixed dimension of the loss")
        if dim is not None and dim < 2 and self.default_dim is not None:
            raise ValueError("expected dim >= 2")
        unknown = parameters.keys() - self.parameters.keys()
        if unknown:
            known = ", ".join(self.parameters) or "none"
            raise ValueError(f'no parameter is called "{min(unknown)}"; expected one of: {known}')
        assert self.facts is not None
        return _resolve(self.function, self.facts, dim or self.dim, {**self.parameters, **parameters})

    def changed(self, changes: FactChanges) -> Loss:
        """Return the same loss with other facts.

        Raises:
            ValueError: the length of a fact is not the dimension.
        """
        given = {name: value for name, value in vars(changes).items() if value is not None}
        if not given:
            return self
        changed = replace(self, **given)
        _check_lengths(changed)
        return changed

    def __call__(self, *coordinates: Tensor) -> Tensor:
        """Return the loss at a position.

        Args:
            coordinates: one argument per coordinate for a fixed dimension, otherwise one array with the dimension
                first.
        """
        arguments = coordinates if self.default_dim is None else coordinates[:1]
        return self.function(*arguments, **self.parameters)


@dataclass(frozen=True)
class FactChanges:
    """Facts of a loss that a config, or the results, replace; None: unchanged."""

    start: Point | None = None
    domain: tuple[Interval, ...] | None = None
    minimum: float | None = None


UNCHANGED = FactChanges()


@dataclass(frozen=True)
class Facts:
    """The facts as the author of a loss declares them; see ``loss`` for their meaning."""

    minima: Fact[Vectors]
    minimum: Fact[float | None]
    start: Fact[Sequence[float]] | None
    domain: Fact[Vectors] | None
    domain_only: bool
    formula: str
    source: str
    title: str
    note: str
    dim: int | None
    tags: Sequence[str]
    local_minima: Fact[Vectors]
    saddles: Fact[Vectors]
    aliases: Sequence[str]
    samples: Fact[int]
    shapes: Fact[Mapping[str, Sequence[int]]]


@overload
def loss(function: Callable[..., Tensor], /) -> Loss: ...


@overload
def loss(
    *,
    minima: Fact[Vectors] = (),
    minimum: Fact[float | None] = None,
    start: Fact[Sequence[float]] | None = None,
    domain: Fact[Vectors] | None = None,
    formula: str = "",
    source: str = "",
    domain_only: bool = False,
    title: str = "",
    note: str = "",
    dim: int | None = None,
    tags: Sequence[str] = (),
    local_minima: Fact[Vectors] = (),
    saddles: Fact[Vectors] = (),
    aliases: Sequence[str] = (),
    samples: Fact[int] = 0,
    shapes: Fact[Mapping[str, Sequence[int]]] = MappingProxyType({}),
) -> Callable[[Callable[..., Tensor]], Loss]: ...


def loss(
    function: Callable[..., Tensor] | None = None,
    /,
    *,
    minima: Fact[Vectors] = (),
    minimum: Fact[float | None] = None,
    start: Fact[Sequence[float]] | None = None,
    domain: Fact[Vectors] | None = None,
    formula: str = "",
    source: str = "",
    domain_only: bool = False,
    title: str = "",
    note: str = "",
    dim: int | None = None,
    tags: Sequence[str] = (),
    local_minima: Fact[Vectors] = (),
    saddles: Fact[Vectors] = (),
    aliases: Sequence[str] = (),
    samples: Fact[int] = 0,
    shapes: Fact[Mapping[str, Sequence[int]]] = MappingProxyType({}),
) -> Loss | Callable[[Callable[..., Tensor]], Loss]:
    """Declare a function as a loss: ``@loss``, or ``@loss(...)`` with facts that are known about it.

    Every fact is optional. For a loss of any dimension, each numeric fact may be a function ``lambda dim, *,
    parameter: ...``.

    Args:
        function: the function, if no fact is given.
        minima: all known global minimizers, each with one number per coordinate; ``[]`` if none is known.
        minimum: the value f* at the minimizers; ``float("-inf")`` if the function is unbounded below. None: unknown;
            then the lowest value that any run finds takes its place.
        start: the standard start, one number per coordinate. None: a quarter of the domain from its lower end.
        domain: one interval ``(low, high)`` per coordinate, for random starts and figures. None: 5 to both sides of the
            start, or of 0 without one.
        formula: the definition as LaTeX.
        source: the paper or collection that defines the function or its standard start.
        domain_only: whether the minimum holds only inside the domain: the function has smaller values outside.
        title: the name in the report; empty: the name of the function in words.
        note: what makes the loss difficult, in one sentence.
        dim: the default dimension of a loss of any dimension; None if the dimension is fixed.
        tags: some of ``TAGS``.
        local_minima: important local minimizers that are not global.
        saddles: important stationary points that are not minimizers.
        aliases: other established names.
        samples: the number of samples that the loss is the mean over; then the function takes ``rows``.
        shapes: the arrays that the position consists of, in order, each flattened by rows, such as
            ``{"W": (16, 2), "b": (16,)}``. Optimizers of other frameworks get parameters of these shapes.

    Returns:
        The loss, or a decorator if facts are given.

    Raises:
        ValueError: a tag is unknown, the length of a fact differs from the dimension, or ``samples`` does not fit to
            the function.
    """
    facts = Facts(
        *(minima, minimum, start, domain, domain_only, formula, source, title, note, dim, tags),
        *(local_minima, saddles, aliases, samples, shapes),
    )
    unknown = [tag for tag in tags if tag not in TAGS]
    if unknown:
        raise ValueError(f'no tag is called "{unknown[0]}"; expected one of: {", ".join(TAGS)}')
    if samples and dim is None:
        raise ValueError("samples: expected a default dimension, dim=<number>")

    def declare(function: Callable[..., Tensor]) -> Loss:
        parameters = _parameters(function)
        coordinates = len(inspect.signature(function).parameters) - len(parameters)
        if samples and coordinates != 2:
            raise ValueError(f"loss {function.__name__}: samples: expected a second argument, rows=None")
        return _resolve(function, facts, dim or coordinates, parameters)

    return declare if function is None else declare(function)


def _parameters(function: Callable[..., object]) -> dict[str, Any]:
    """The keyword-only arguments with their defaults."""
    arguments = inspect.signature(function).parameters.values()
    return {argument.name: argument.default for argument in arguments if argument.kind is argument.KEYWORD_ONLY}


def _resolve(function: Callable[..., Tensor], facts: Facts, dim: int, parameters: Mapping[str, Any]) -> Loss:
    """The loss with the values of its facts for ``dim`` and ``parameters``."""

    def resolve(fact: Fact[T]) -> T:
        if not callable(fact):
            return fact
        return fact(dim, **{name: parameters[name] for name in _parameters(fact)})

    where = f"loss {function.__name__}: "
    start = None if facts.start is None else loss_facts.point(resolve(facts.start), f"{where}start")
    declared = _default_domain(start, dim) if facts.domain is None else resolve(facts.domain)
    domain = loss_facts.domain(declared, f"{where}domain")
    resolved = Loss(
        name=function.__name__,
        function=function,
        dim=dim,
        minima=loss_facts.points(resolve(facts.minima), f"{where}minima"),
        minimum=loss_facts.minimum(resolve(facts.minimum), f"{where}minimum"),
        start=tuple(low + (high - low) / 4 for low, high in domain) if start is None else start,
        domain=domain,
        domain_only=facts.domain_only,
        formula=loss_facts.text(facts.formula, f"{where}formula"),
        source=loss_facts.text(facts.source, f"{where}source"),
        title=loss_facts.text(facts.title, f"{where}title") or function.__name__.replace("_", " ").capitalize(),
        note=loss_facts.text(facts.note, f"{where}note"),
        default_dim=facts.dim,
        facts=facts,
        tags=tuple(facts.tags),
        local_minima=loss_facts.points(resolve(facts.local_minima), f"{where}local_minima"),
        saddles=loss_facts.points(resolve(facts.saddles), f"{where}saddles"),
        aliases=tuple(loss_facts.text(alias, f"{where}aliases") for alias in facts.aliases),
        parameters=dict(parameters),
        defaults=_parameters(function),
        samples=int(resolve(facts.samples)),
        shapes={name: tuple(int(size) for size in shape) for name, shape in resolve(facts.shapes).items()},
    )
    _check_lengths(resolved)
    return resolved


def _default_domain(start: Point | None, dim: int) -> Vectors:
    return [(center - _HALF_WIDTH, center + _HALF_WIDTH) for center in start or (0.0,) * dim]


_HALF_WIDTH = 5.0
"""Half the width of a domain that is not declared."""


def _check_lengths(resolved: Loss) -> None:
    """Raise ValueError if the length of a fact is not the dimension."""
    facts: dict[str, Sequence[object]] = {"start": resolved.start, "domain": resolved.domain}
    for name in ("minima", "local_minima", "saddles"):
        facts |= {f"{name}[{i}]": point for i, point in enumerate(getattr(resolved, name))}
    for name, value in facts.items():
        if len(value) != resolved.dim:
            raise ValueError(
                f"loss {resolved.name}: {name} has {len(value)} coordinates; expected {resolved.dim}, as the function"
            )
    sizes = sum(prod(shape) for shape in resolved.shapes.values())
    if resolved.shapes and sizes != resolved.dim:
        raise ValueError(f"loss {resolved.name}: shapes have {sizes} numbers; expected {resolved.dim}, the dimension")


def renamed(declared: Loss, name: str) -> Loss:
    """Return the loss under the name that the user refers to it by: ``my_losses.py:valley``."""
    return replace(declared, name=name)
