"""The model of a configuration: its keys with their types, ranges and defaults."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PlainSerializer,
    PlainValidator,
    Tag,
    model_validator,
)

from reportgen.config.cluster import Cluster, from_address
from reportgen.config.labels import parse_label
from reportgen.loss_facts import AXIS, is_axis
from reportgen.search import Search

Item = TypeVar("Item")
Scalar = bool | int | float | str

MAX_SIZE = 10.0
"""The default size limit of ``report.html`` in MiB."""
_INT32 = 2**31 - 1  # step counts and seeds are int32 columns in the results
_MOST_RATES = 10_000
_MILLION = 1_000_000
"""More coordinates, starts or seeds than this do not fit into memory as a plan."""
_MOST_WRAPPED = 10
"""Optimizers that are wrapped around each other."""


def _to_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _to_values(value: object) -> tuple[object, ...]:
    # The valid values depend on the hyperparameter; optimizer_validation checks them.
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _check_site_url(value: str) -> str:
    try:
        parts = urlsplit(value)
        complete = parts.scheme in ("http", "https") and parts.hostname and not (parts.query or parts.fragment)
    except ValueError:
        complete = False
    if value and (not complete or re.search(r"\s", value)):
        raise ValueError('expected an address such as "https://example.org/report"')
    return value.rstrip("/")


def _check_folder_name(value: object) -> object:
    if value == "":
        raise ValueError("expected the name of a folder")
    return value


Many = Annotated[tuple[Item, ...], BeforeValidator(_to_tuple)]
AtLeastOne = Annotated[tuple[Item, ...], BeforeValidator(_to_tuple), Field(min_length=1)]
Rate = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(gt=0, lt=1)]


class _Model(BaseModel):
    """Base of all models: frozen, strict about types, and without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Noise(_Model):
    """Random errors of every gradient. Outcomes are judged by the loss without noise."""

    gradient_std: Annotated[float, Field(gt=0)] | None = None
    """Standard deviation of normal noise that is added to each coordinate."""
    relative: Annotated[float, Field(gt=0)] | None = None
    """The same, as a multiple of the root mean square of the coordinates of the gradient."""
    batch_size: Annotated[int, Field(ge=1)] | None = None
    """Number of samples in the minibatch of each step, for a loss that is a mean over samples."""

    @model_validator(mode="after")
    def _exactly_one(self) -> Noise:
        if sum(value is not None for value in (self.gradient_std, self.relative, self.batch_size)) != 1:
            raise ValueError("expected exactly one of gradient_std, relative and batch_size")
        return self


def _to_interval(value: object) -> object:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise ValueError("expected two numbers: low and high")
    return tuple(value)


def _check_interval(interval: tuple[float, float]) -> tuple[float, float]:
    if not is_axis(*interval):
        raise ValueError(f"expected {AXIS}")
    return interval


Interval = Annotated[tuple[float, float], BeforeValidator(_to_interval), AfterValidator(_check_interval)]


def _with_label_opened(table: dict[str, object]) -> dict[str, object]:
    """The table of an entry with the settings that its ``name`` holds if it is a label; keys of the table win."""
    label = table.get("name")
    name, settings = parse_label(label) if isinstance(label, str) else (label, {})
    return {**settings, **table, "name": name} if settings else table


class LossEntry(_Model):
    """One entry of ``losses``: a name, or a table with settings and parameters of the loss."""

    name: Annotated[str, Field(min_length=1)]
    """A built-in name, a suite or a tag, ``file.py:name`` or ``package.module:name``."""
    dim: Annotated[int, Field(ge=1, le=_MILLION)] | None = None
    """Number of coordinates; without it, the default of the loss."""
    noise: Noise | None = None
    """Noise of the gradients; without it, they are exact."""
    start: AtLeastOne[float] | None = None
    """The standard start; without it, the one that the loss declares."""
    domain: AtLeastOne[Interval] | None = None
    """Low and high of each coordinate; without it, those that the loss declares."""
    parameters: dict[str, object] = {}
    """Values of parameters of the loss, such as ``condition`` of ``quadratic``."""

    @model_validator(mode="before")
    @classmethod
    def _from_label_or_table(cls, value: object) -> object:
        if isinstance(value, str):
            name, settings = parse_label(value)
            value = {"name": name} | settings
        if not isinstance(value, dict) or "parameters" in value:
            return value
        value = _with_label_opened(value)
        fields = {key: value[key] for key in value if key in ("name", "dim", "noise", "start", "domain")}
        noise = {key.removeprefix("noise."): value[key] for key in value if key.startswith("noise.")}
        parameters = {key: value[key] for key in value if key not in fields and not key.startswith("noise.")}
        return fields | ({"noise": noise} if noise else {}) | {"parameters": parameters}


class RateRange(_Model):
    """Learning rates that are evenly spaced on a logarithmic scale: ``{ from = 1e-4, to = 1.0, per_decade = 2 }``."""

    low: Annotated[float, Field(gt=0, alias="from")]
    """The smallest learning rate."""
    high: Annotated[float, Field(gt=0, alias="to")]
    """The largest learning rate, if the spacing ends there; otherwise the last one is smaller."""
    per_decade: Annotated[int, Field(ge=1, le=100)]
    """Number of learning rates from one power of ten to the next."""

    @model_validator(mode="after")
    def _ordered(self) -> RateRange:
        if self.low > self.high:
            raise ValueError(f"expected from <= to, found from = {self.low:g} and to = {self.high:g}")
        return self

    def rates(self) -> tuple[float, ...]:
        """Return the learning rates, rounded to four significant digits: 0.0003162, 0.001, 0.003162."""
        low, high = Decimal(repr(self.low)), Decimal(repr(self.high))
        last = int((high / low).log10() * self.per_decade + Decimal("1e-9"))
        exact = (low * Decimal(10) ** (Decimal(k) / self.per_decade) for k in range(last + 1))
        return tuple(float(f"{rate:.4g}") for rate in exact)


def _from_range(value: object) -> object:
    return RateRange.model_validate(value).rates() if isinstance(value, dict) else value


def _check_auto(value: str) -> str:
    if value != AUTO:
        raise ValueError('expected "auto", a list of numbers, or a table with from, to and per_decade')
    return value


AUTO = "auto"
"""The grid that starts from 1e-4 to 1 and grows while a best learning rate is at its edge, see ``rate_grid``."""
LearningRates = Annotated[
    Annotated[str, AfterValidator(_check_auto), Tag("auto")]
    | Annotated[AtLeastOne[Rate], Field(max_length=_MOST_RATES), BeforeValidator(_from_range), Tag("rates")],
    Discriminator(lambda value: "auto" if isinstance(value, str) else "rates"),
]
"""``auto``, a list, or a table with ``from``, ``to`` and ``per_decade``."""


class SearchEntry(_Model):
    """The values of a hyperparameter that tuning tries: a range, or a list of choices."""

    low: Annotated[float | None, Field(alias="from")] = None
    """The lowest value of a range."""
    high: Annotated[float | None, Field(alias="to")] = None
    """The highest value of a range."""
    scale: Literal["log", "linear", "1 - log"] = "log"
    """How values are spread over a range; ``1 - log`` suits decay rates close to 1."""
    choices: Many[Scalar] = ()
    """The values, in place of a range."""

    @model_validator(mode="after")
    def _range_or_choices(self) -> SearchEntry:
        if bool(self.choices) == (self.low is not None or self.high is not None):
            raise ValueError("expected either from and to, or choices")
        if not self.choices and (self.low is None or self.high is None):
            raise ValueError("expected both from and to")
        return self

    def search(self) -> Search:
        """Return the same as an optimizer would declare it."""
        if self.choices:
            return Search(choices=self.choices)
        return Search(self.low or 0.0, self.high or 0.0, self.scale, source="the config")


def _to_search(value: object) -> object:
    if isinstance(value, dict) and "low" in value:  # as a manifest stores it
        return Search(**value | {"choices": tuple(value["choices"])})
    return SearchEntry.model_validate(value).search()


_SEARCH_KEYS = frozenset({"from", "to", "scale", "choices"})
"""A table of a hyperparameter with one of these keys is a search, any other one a wrapped optimizer."""


class OptimizerEntry(_Model):
    """One entry of ``optimizers``: a name, or a table with ``name``, own keys and hyperparameters."""

    name: Annotated[str, Field(min_length=1)]
    """A built-in name, ``file.py:Name``, ``package.module:Name``, or a name such as ``keras:Adam``."""
    learning_rates: LearningRates | None = None
    """Learning rates of this optimizer; without them, those of the config."""
    label: Annotated[str, Field(min_length=1, max_length=60)] | None = None
    """Short title in the report, in place of the name with its hyperparameters. It changes no results."""
    hyperparameters: dict[
        str, Annotated[tuple[Scalar, ...], PlainValidator(_to_values), PlainSerializer(list, when_used="json")]
    ] = {}
    """Values by hyperparameter. Each combination of values is one optimizer of the matrix."""
    searches: dict[str, Annotated[Search, BeforeValidator(_to_search)]] = {}
    """What tuning tries of a hyperparameter, in place of what the optimizer declares."""

    @model_validator(mode="before")
    @classmethod
    def _from_label_or_table(cls, value: object) -> object:
        if isinstance(value, str):
            name, settings = parse_label(value)
            return {"name": name} | _split(_flattened(settings))
        if isinstance(value, dict) and "hyperparameters" not in value:
            value = _with_label_opened(value)
            fields = {key: value[key] for key in value.keys() & {"name", "learning_rates", "label"}}
            settings = {key: value[key] for key in value if key not in fields}
            return fields | _split(_flattened(settings))
        return value


def _is_search(value: object) -> bool:
    return isinstance(value, dict) and not _SEARCH_KEYS.isdisjoint(value)


def _split(settings: Iterator[tuple[str, object]]) -> dict[str, dict[str, object]]:
    """The settings of an optimizer, divided into values and searches."""
    values: dict[str, object] = {}
    searches: dict[str, object] = {}
    for key, value in settings:
        (searches if _is_search(value) else values)[key] = value
    return {"hyperparameters": values} | ({"searches": searches} if searches else {})


def _flattened(settings: Mapping[str, object], depth: int = 0) -> Iterator[tuple[str, object]]:
    """The settings with those of a wrapped optimizer under dotted names: ``base`` and ``base.beta_2``."""
    if depth > _MOST_WRAPPED:
        raise ValueError(f"expected at most {_MOST_WRAPPED} optimizers that are wrapped around each other")
    for key, value in settings.items():
        name: object
        inner: Mapping[str, object]
        if _is_search(value):
            name, inner = value, {}
        elif isinstance(value, str):
            name, inner = parse_label(value)
        elif isinstance(value, dict):
            name, inner = value.get("name"), {each: value[each] for each in value if each != "name"}
        else:
            name, inner = value, {}
        # A table without a name extends an earlier value: base.beta_2 = 0.99 in TOML.
        if name is not None:
            yield key, name
        yield from ((f"{key}.{inner_key}", inner_value) for inner_key, inner_value in _flattened(inner, depth + 1))


class Starts(_Model):
    """The starts of each configuration."""

    standard: bool = True
    """Whether the standard start of the loss is used."""
    random: Annotated[int, Field(ge=0, le=_MILLION)] = 8
    """Number of starts drawn uniformly from the domain of the loss."""
    seed: Annotated[int, Field(ge=0, le=_INT32)] = 0
    """Seed of the random starts."""
    points: Many[AtLeastOne[float]] = ()
    """Additional starts. Each is used for the losses of its dimension."""

    @model_validator(mode="after")
    def _at_least_one(self) -> Starts:
        if not (self.standard or self.random or self.points):
            raise ValueError("expected at least one start: standard = true, random >= 1, or points")
        return self


def _check_trials(trials: int) -> int:
    if trials == 1:
        raise ValueError("expected 0, or at least 2 trials")
    return trials


class Tune(_Model):
    """Tuning of all hyperparameters, with the same number of trials for each optimizer."""

    trials: Annotated[int, Field(ge=0, le=_MOST_RATES), AfterValidator(_check_trials)] = 0
    """Configurations that are tried of each optimizer, with the defaults as the first; 0: no tuning."""


class Config(_Model):
    """The configuration of a comparison. Every key has a default; the defaults together are the default matrix."""

    title: str = ""
    """The heading of the report."""
    description: str = ""
    """The description for search engines and shared links; empty: the set-up in one sentence."""
    site_url: Annotated[str, AfterValidator(_check_site_url)] = ""
    """The address that the report will be published at. With it, a shared link to the report has a picture."""
    baseline: str = ""
    """The label or the short title of the optimizer that the report compares every other one with; empty: none."""
    losses: AtLeastOne[LossEntry] = tuple(LossEntry(name=name) for name in ("quartic", "rosenbrock", "beale"))
    """Losses: built-in names, suites and tags, ``file.py:name``, ``package.module:name``, or tables."""
    optimizers: AtLeastOne[OptimizerEntry] = tuple(
        OptimizerEntry(name=name) for name in ("gradient_descent", "momentum", "nesterov", "adagrad", "rmsprop", "adam")
    )
    """Optimizers: names as for losses, or tables with hyperparameters."""
    learning_rates: LearningRates = AUTO
    """Learning rates of all optimizers that have no ``learning_rates`` in their entry."""
    tune: Tune = Tune()
    """Tuning of all hyperparameters. On the command line, only the number of trials."""
    starts: Starts = Starts()
    """The starts of each configuration. On the command line, only the number of random starts."""
    seeds: Annotated[int, Field(ge=1, le=_MILLION)] = 1
    """Runs from each start of a loss with noise. Each has its own noise."""
    steps: Annotated[int, Field(ge=1, le=_INT32)] = 2000
    """Steps of each run."""
    targets: Annotated[AtLeastOne[Share], Field(max_length=100)] = (1e-1, 1e-3, 1e-5, 1e-7)
    """Fractions of the gap at the standard start of the loss, or as ``target_scale`` says."""
    target_scale: Literal["loss", "run"] = "loss"
    """What targets are fractions of: the gap at the standard start of the loss, or at the start of each run."""
    judged_by: Literal["last", "best"] = "last"
    """Whether a run must stay within a target to the end, or has hit it for good once it is within."""
    dtype: Literal["float32", "float64"] = "float32"
    """The precision of all computations."""
    gradient_tolerance: Annotated[float, Field(gt=0)] = 1e-5
    """A gradient has vanished if its norm is at most this times max(1, norm at the start in ``target_scale``)."""
    basins: Annotated[int, Field(ge=0, le=256)] = 0
    """Starts along each axis of the maps of the basins of attraction; 0: no maps."""
    trace: Literal["all", "pictures", "none"] = "pictures"
    """Which trajectories are stored: all, those that pictures need, or none."""
    trace_points: Annotated[int, Field(ge=16, le=_INT32)] = 128
    """The maximum number of rows of a stored trajectory."""
    device: Annotated[str, Field(pattern=r"^(auto|(cpu|gpu|tpu)(:\d+)?)$")] = "auto"
    """``auto``: an accelerator if TensorFlow finds one; otherwise a kind, or one device of a kind: ``gpu:1``."""
    deadline: Annotated[float, Field(gt=0)] = 600.0
    """Time limit of a program in seconds. Exceeding it marks its runs failed. It holds for loading plug-ins as well."""
    memory_limit: Annotated[float, Field(ge=0)] = 0.0
    """Memory in GiB that a worker process may use, with TensorFlow; 0: no limit. Exceeding it marks runs failed."""
    cluster: Annotated[Cluster | None, BeforeValidator(from_address)] = None
    """The cluster that runs the programs: an address, or a table with address, resources and retries."""
    output: Annotated[Path, BeforeValidator(_check_folder_name), Field(strict=False)] = Path("output")
    """The folder of the report and the results, relative to the current folder."""
    templates: Annotated[Annotated[Path, Field(strict=False)] | None, BeforeValidator(lambda text: text or None)] = None
    """A folder of custom templates, which replace built-in ones of the same name; relative to the config file."""
    max_size: Annotated[float, Field(gt=0)] = MAX_SIZE
    """The size limit of ``report.html`` in MiB."""
    base: Path = Path()
    """The folder that plug-in files are relative to, which is that of the config file."""
