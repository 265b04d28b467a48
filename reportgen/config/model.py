"""The shape of a config: its keys, their types, ranges and defaults."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, model_validator

from reportgen.config.labels import parse_label

Item = TypeVar("Item")
Scalar = bool | int | float | str

MAX_SIZE = 10.0
"""MiB that ``report.html`` may have unless another number is asked for."""
_INT32 = 2**31 - 1  # step counts, starts and seeds are int32 columns in the results


def _listed(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _scalars(value: Any) -> tuple[Scalar, ...]:
    # What the values may be depends on the hyperparameter, and is checked where the optimizer is known.
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _address(value: str) -> str:
    try:
        parts = urlsplit(value)
        whole = parts.scheme in ("http", "https") and parts.hostname and not (parts.query or parts.fragment)
    except ValueError:
        whole = False
    if value and (not whole or re.search(r"\s", value)):
        raise ValueError('an address as "https://example.org/report" is expected')
    return value.rstrip("/")


Many = Annotated[tuple[Item, ...], BeforeValidator(_listed)]
AtLeastOne = Annotated[tuple[Item, ...], BeforeValidator(_listed), Field(min_length=1)]
Rate = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(gt=0, lt=1)]


class _Part(BaseModel):
    """What all parts of a config have in common: they never change, and know no keys but their own."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Noise(_Part):
    """What is random in every gradient; the run is judged by the loss without it."""

    gradient_std: Annotated[float, Field(gt=0)] | None = None
    """Normal noise is added, with this standard deviation in each coordinate."""
    relative: Annotated[float, Field(gt=0)] | None = None
    """The same as a share of the root mean square of the gradient's coordinates."""
    batch_size: Annotated[int, Field(ge=1)] | None = None
    """Each step sees so many of the samples that the loss is the mean over."""

    @model_validator(mode="after")
    def _one(self) -> Noise:
        if sum(value is not None for value in (self.gradient_std, self.relative, self.batch_size)) != 1:
            raise ValueError("one of gradient_std, relative and batch_size is expected")
        return self


class LossEntry(_Part):
    """One entry of ``losses``: a name, or a table with ``name``, ``dim``, ``noise`` and the loss's parameters."""

    name: Annotated[str, Field(min_length=1)]
    dim: Annotated[int, Field(ge=1)] | None = None
    """Number of coordinates; None: the loss's own."""
    noise: Noise | None = None
    """None: the gradient is exact."""
    parameters: dict[str, Any] = {}
    """Values of the loss's parameters, as ``condition`` of ``quadratic``."""

    @model_validator(mode="before")
    @classmethod
    def _from_label_or_table(cls, value: Any) -> Any:
        if isinstance(value, str):
            name, settings = parse_label(value)
            value = {"name": name} | settings
        if not isinstance(value, dict) or "parameters" in value:
            return value
        own = {key: value[key] for key in value if key in ("name", "dim", "noise")}
        noise = {key.removeprefix("noise."): value[key] for key in value if key.startswith("noise.")}
        rest = {key: value[key] for key in value if key not in own and not key.startswith("noise.")}
        return own | ({"noise": noise} if noise else {}) | {"parameters": rest}


class OptimizerEntry(_Part):
    """One entry of ``optimizers``: a name, or a table with ``name`` and any hyperparameters."""

    name: Annotated[str, Field(min_length=1)]
    hyperparameters: dict[str, Annotated[tuple[Scalar, ...], PlainValidator(_scalars)]] = {}
    """Values by hyperparameter; several values of one widen the matrix."""

    @model_validator(mode="before")
    @classmethod
    def _from_label_or_table(cls, value: Any) -> Any:
        if isinstance(value, str):
            name, settings = parse_label(value)
            return {"name": name, "hyperparameters": dict(_flat(settings))}
        if isinstance(value, dict) and "hyperparameters" not in value:
            own = {key: value[key] for key in value.keys() & {"name"}}
            return own | {"hyperparameters": dict(_flat({key: value[key] for key in value if key != "name"}))}
        return value


def _flat(settings: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The settings, those of a wrapped optimizer under dotted names: ``base`` and ``base.beta_2``."""
    for key, value in settings.items():
        name: Any
        if isinstance(value, str):
            name, inner = parse_label(value)
        elif isinstance(value, dict):
            name, inner = value.get("name"), {each: value[each] for each in value if each != "name"}
        else:
            name, inner = value, {}
        # A table without a name continues one: base.beta_2 = 0.99 in TOML.
        if name is not None:
            yield key, name
        yield from ((f"{key}.{below}", deeper) for below, deeper in _flat(inner))


class RateRange(_Part):
    """Learning rates evenly spaced in the logarithm: ``{ from = 1e-4, to = 1.0, per_decade = 2 }``."""

    low: Annotated[float, Field(gt=0, alias="from")]
    high: Annotated[float, Field(gt=0, alias="to")]
    per_decade: Annotated[int, Field(ge=1, le=100)]

    @model_validator(mode="after")
    def _ordered(self) -> RateRange:
        if self.low > self.high:
            raise ValueError(f"from = {self.low:g} is above to = {self.high:g}")
        return self

    def rates(self) -> tuple[float, ...]:
        """The rates to four significant digits, as a person would write them: 0.0003162, 0.001, 0.003162."""
        low, high = Decimal(repr(self.low)), Decimal(repr(self.high))
        last = int((high / low).log10() * self.per_decade + Decimal("1e-9"))
        exact = (low * Decimal(10) ** (Decimal(k) / self.per_decade) for k in range(last + 1))
        return tuple(float(f"{rate:.4g}") for rate in exact)


_DEFAULT_RATES = RateRange.model_validate({"from": 1e-4, "to": 1.0, "per_decade": 2}).rates()


class Starts(_Part):
    """Where the runs of a cell begin."""

    standard: bool = True
    """Whether the loss's standard start is one of them."""
    random: Annotated[int, Field(ge=0, le=_INT32)] = 8
    """How many are drawn uniformly from the loss's domain."""
    seed: Annotated[int, Field(ge=0, le=_INT32)] = 0
    """Fixes those draws."""
    points: Many[AtLeastOne[float]] = ()
    """Points of one's own, each used for the losses whose dimension it fits."""

    @model_validator(mode="after")
    def _at_least_one(self) -> Starts:
        if not (self.standard or self.random or self.points):
            raise ValueError("at least one start is expected: standard = true, random = 1 or more, or points")
        return self


class Config(_Part):
    """A whole comparison; every key has a default, and together these are the default matrix."""

    title: str = ""
    """The heading of the report."""
    description: str = ""
    """What search engines and shared links say of it; empty: its set-up in one sentence."""
    site_url: Annotated[str, AfterValidator(_address)] = ""
    """Where the report will be published; with it, a shared link to the report has a picture."""
    losses: AtLeastOne[LossEntry] = tuple(LossEntry(name=name) for name in ("quartic", "rosenbrock", "beale"))
    """Built-in names, ``file.py:name`` or ``package.module:name``."""
    optimizers: AtLeastOne[OptimizerEntry] = tuple(
        OptimizerEntry(name=name) for name in ("gradient_descent", "momentum", "nesterov", "adagrad", "rmsprop", "adam")
    )
    """As ``losses``, with any hyperparameters."""
    learning_rates: AtLeastOne[Rate] = _DEFAULT_RATES
    """In a file a list, or a table with ``from``, ``to`` and ``per_decade``."""
    starts: Starts = Starts()
    """In the environment and on the command line: the number of random ones."""
    seeds: Annotated[int, Field(ge=1, le=_INT32)] = 1
    """Runs from each start of a loss with noise, each with noise of its own."""
    steps: Annotated[int, Field(ge=1, le=_INT32)] = 2000
    """Steps of each run."""
    targets: AtLeastOne[Share] = (1e-1, 1e-3, 1e-5, 1e-7)
    """Shares of the initial gap; the step at which each is first reached is recorded."""
    dtype: Literal["float32", "float64"] = "float32"
    """The precision in which everything is computed."""
    gradient_tolerance: Annotated[float, Field(gt=0)] = 1e-5
    """A gradient vanishes where its norm is at most this, times max(1, norm at the start)."""
    trace: Literal["all", "pictures", "none"] = "pictures"
    """Which runs keep a trace: all, those that pictures need, or none."""
    trace_points: Annotated[int, Field(ge=16, le=_INT32)] = 128
    """The most rows a trace has."""
    device: Annotated[str, Field(pattern=r"^(auto|(cpu|gpu|tpu)(:\d+)?)$")] = "auto"
    """``auto`` takes an accelerator where TensorFlow sees one; else a kind, or one of a kind: ``gpu:1``."""
    deadline: Annotated[float, Field(gt=0)] = 600.0
    """Seconds that a program may take before it is given up."""
    compile_cache: bool = True
    """Whether what is compiled is kept for the next time, in the user's cache folder."""
    output: Annotated[Path, Field(strict=False)] = Path("output")
    """Where report and results go, relative to the current folder."""
    templates: Annotated[Annotated[Path, Field(strict=False)] | None, BeforeValidator(lambda text: text or None)] = None
    """A folder of templates of one's own, which win by name over ours, relative to ``base``; empty: there is none."""
    max_size: Annotated[float, Field(gt=0)] = MAX_SIZE
    """MiB that ``report.html`` may have."""
    base: Path = Path()
    """The folder that plug-in files are relative to: that of the config file."""
