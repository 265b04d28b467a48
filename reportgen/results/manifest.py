"""The manifest: everything about the results that is not in the tables. Only this module reads and writes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from reportgen.config import Config
from reportgen.config.model import Noise, Scalar
from reportgen.loss import Interval, Point
from reportgen.rate_grid import nearest_rate
from reportgen.results.errors import NotResultsError as NotResultsError  # part of the public interface of this module
from reportgen.results.files import MANIFEST, read_json, write_json
from reportgen.results.json_checks import json_problem
from reportgen.results.limits import MOST_MANIFEST_BYTES
from reportgen.results.manifest_checks import manifest_problem
from reportgen.search import Search

Record = TypeVar("Record")

FORMAT = 4
"""The version of the results format. Results of another version cannot be read."""


@dataclass(frozen=True)
class DeviceInfo:
    """The device that the programs ran on."""

    name: str
    """As TensorFlow names it: ``/device:CPU:0``."""
    kind: str
    """``CPU``, ``GPU`` or ``TPU``."""
    description: str
    """For the report, for example the model of the device."""


@dataclass(frozen=True)
class LossInfo:
    """A loss, as the results describe it."""

    label: str
    """Its name with all settings that differ from their defaults: ``rosenbrock[dim=20]``."""
    name: str
    title: str
    dim: int | None = None
    """Number of coordinates; None if the loss could not be loaded."""
    minimum: float | None = None
    """The minimum f*; None if it is unknown or infinite."""
    minimum_is_declared: bool = True
    """False: the minimum is unknown, and ``minimum`` is the lowest value that any run found."""
    minima: tuple[Point, ...] = ()
    """All known global minimizers."""
    local_minima: tuple[Point, ...] = ()
    """Known minimizers that are not global."""
    saddles: tuple[Point, ...] = ()
    """Known saddle points."""
    start: Point = ()
    """The standard start."""
    domain: tuple[Interval, ...] = ()
    """One interval per coordinate."""
    domain_only: bool = False
    """Whether the minimum holds only inside the domain."""
    formula: str = ""
    """LaTeX."""
    source: str = ""
    """The publication or collection that defines it."""
    note: str = ""
    """What makes it difficult, or why it could not be loaded."""
    tags: tuple[str, ...] = ()
    parameters: Mapping[str, object] = field(default_factory=dict)
    """Values by name."""
    noise: Noise | None = None
    """None: exact gradients."""
    starts: int = 0
    """Number of starts of each configuration."""


@dataclass(frozen=True)
class HyperparameterInfo:
    """A hyperparameter of an optimizer with its value."""

    name: str
    value: Scalar | None
    """None only for an optimizer of another framework."""
    default: Scalar | None = None
    structural: bool = True
    """Whether each value needs its own program."""
    low: float | None = None
    """The lowest valid value; None: no limit."""
    high: float | None = None
    """The highest valid value; None: no limit."""
    choices: tuple[Scalar, ...] = ()
    """All valid values; empty: not limited to a list."""
    symbol: str = ""
    """LaTeX."""
    doc: str = ""
    source: str = ""
    """The source of the default, if it differs from the source of the optimizer."""
    loose: bool = False
    """Whether values of any type are valid."""
    wraps: bool = False
    """Whether the value is the name of the wrapped optimizer."""
    search: Search | None = None
    """What tuning tried; None: it was not tuned."""


@dataclass(frozen=True)
class OptimizerInfo:
    """An optimizer with its hyperparameters, as the results describe it."""

    label: str
    """Its name with all hyperparameters that differ from their defaults: ``adam[beta_2=0.99]``."""
    family: str
    """Its name in the catalogue: ``adam``, ``my_opt.py:Lookahead``."""
    title: str
    formula: str = ""
    """LaTeX."""
    source: str = ""
    """The publication or implementation that defines it."""
    verified: str = ""
    """The independent implementations that tests compare it with."""
    note: str = ""
    """Differences between implementations, or why it could not be loaded."""
    doc: str = ""
    """Its docstring."""
    reference: bool = False
    """Whether it is a reference optimizer, which is excluded from comparisons."""
    short: str = ""
    """Its short title from the config; empty without one."""
    hyperparameters: tuple[HyperparameterInfo, ...] = ()
    learning_rates: tuple[float, ...] = ()
    """Ascending; empty: unknown."""
    learning_rate_search: Search | None = None
    """The learning rates that tuning tried; None: the results are not those of tuning."""
    rate_only_of: str = ""
    """The label of the tuned optimizer of which only the learning rate is tuned here."""


@dataclass(frozen=True)
class ProgramEntry:
    """One program of the matrix: all runs that share one loss and one optimizer structure."""

    id: str
    fingerprint: str
    """SHA-256 of everything that determines the results."""
    loss: str
    """The label of its loss."""
    optimizers: tuple[str, ...]
    """The labels of its optimizers."""
    runs: int
    """Number of runs."""
    reason: str | None = None
    """Why it failed; None if it succeeded."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    """Wall time of each stage in seconds."""
    device: DeviceInfo | None = None
    note: str = ""
    """How it ran, if not as a single batch."""
    host: str = ""
    """The machine that ran it; empty: the one that wrote the tables."""
    groups: Mapping[str, int] | None = None
    """Number of its row groups in each table; None before the tables are joined."""

    @property
    def failed(self) -> bool:
        """Whether the program failed."""
        return self.reason is not None


@dataclass(frozen=True)
class FileInfo:
    """Size and digest of a table."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """The config, the losses and optimizers, and how the results were made."""

    reportgen: str
    config: Config
    losses: tuple[LossInfo, ...]
    optimizers: tuple[OptimizerInfo, ...]
    versions: Mapping[str, str]
    git_commit: str | None = None
    device: DeviceInfo | None = None
    """None before any program has run."""
    programs: tuple[ProgramEntry, ...] = ()
    files: Mapping[str, FileInfo] = field(default_factory=dict)
    """By the file name of the table."""
    unfinished: bool = False
    """Whether a build has more to run: these are merged shards, and a shard runs only what needs no other results."""
    format: int = FORMAT

    @property
    def title(self) -> str:
        """Heading of the report; empty for the default one."""
        return self.config.title

    @property
    def steps(self) -> int:
        """Steps of each run."""
        return self.config.steps

    @property
    def targets(self) -> tuple[float, ...]:
        """Shares of a gap."""
        return self.config.targets

    @property
    def target_scale(self) -> str:
        """Which gap: ``loss`` or ``run``, see the config."""
        return self.config.target_scale

    @property
    def judged_by(self) -> str:
        """When a target counts as hit: ``last`` or ``best``, see the config."""
        return self.config.judged_by

    @property
    def dtype(self) -> str:
        """``float32`` or ``float64``."""
        return self.config.dtype

    @property
    def learning_rates(self) -> tuple[float, ...]:
        """The learning rates of all optimizers, ascending."""
        return tuple(sorted({rate for optimizer in self.optimizers for rate in optimizer.learning_rates}))

    @property
    def is_tuned(self) -> bool:
        """Whether these are the trials of tuning, so that hyperparameters differ as well."""
        return any(optimizer.learning_rate_search for optimizer in self.optimizers)

    @property
    def rate_columns(self) -> tuple[float, ...]:
        """The columns of tables by learning rate, ascending: all learning rates; under tuning, half decades."""
        return tuple(sorted(set(map(self.rate_column, self.learning_rates))))

    def rate_column(self, rate: float) -> float:
        """The column of a learning rate."""
        return nearest_rate(rate) if self.is_tuned else rate

    @property
    def rate_only(self) -> tuple[str, ...]:
        """Labels of the optimizers of which only the learning rate is tuned. They take part in the tuning page only."""
        return tuple(optimizer.label for optimizer in self.optimizers if optimizer.rate_only_of)

    @property
    def gradient_tolerance(self) -> float:
        """Relative norm below which a gradient counts as zero."""
        return self.config.gradient_tolerance

    @property
    def random_starts(self) -> int:
        """Starts 1 to this number are drawn at random."""
        return self.config.starts.random

    @property
    def noisy_losses(self) -> frozenset[str]:
        """Labels of the losses with random gradients."""
        return frozenset(loss.label for loss in self.losses if loss.noise)

    def loss(self, label: str) -> LossInfo:
        """The loss with this label; KeyError if there is no such loss."""
        return {loss.label: loss for loss in self.losses}[label]

    @property
    def compared_optimizers(self) -> tuple[str, ...]:
        """Labels of the optimizers that are not reference optimizers; all labels if there are no others."""
        return tuple(each.label for each in self.optimizers if not each.reference) or self.optimizer_labels

    @property
    def baseline(self) -> str:
        """The label of the optimizer that the others are compared with; empty without one."""
        wanted, titles = self.config.baseline, {each.short: each.label for each in self.optimizers if each.short}
        return wanted if wanted in self.optimizer_labels else titles.get(wanted, wanted)

    @property
    def optimizer_labels(self) -> tuple[str, ...]:
        """Labels of all optimizers; their order is the order of their colours."""
        return tuple(optimizer.label for optimizer in self.optimizers)

    @property
    def loss_labels(self) -> tuple[str, ...]:
        """Labels of all losses."""
        return tuple(loss.label for loss in self.losses)


NOT_STORED = {"base", "cluster", "output", "templates", "max_size"}
"""Keys of the config that affect neither the results nor the text of the report."""


@cache
def _adapter() -> TypeAdapter[Manifest]:
    return TypeAdapter(Manifest)


def to_json(manifest: Manifest) -> dict[str, object]:
    """Return the manifest as JSON."""
    excluded: Any = {"config": NOT_STORED}  # pydantic's type for this is too narrow
    content: dict[str, object] = _adapter().dump_python(manifest, mode="json", exclude=excluded)
    return content


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest of the results in ``folder``, atomically."""
    write_json(folder / MANIFEST, to_json(manifest))


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of the results in ``folder``.

    Raises:
        NotResultsError: it is missing or damaged, or another version of reportgen wrote it.
    """
    path = folder / MANIFEST
    _check_size(path)
    content = read_json(path)
    if not isinstance(content, dict) or "format" not in content:
        raise NotResultsError(f"{folder}: holds no results; expected a readable {MANIFEST} in it")
    check_format(folder, content["format"])
    manifest = validated(_adapter(), content, path)
    if problem := manifest_problem(manifest):
        raise NotResultsError(f"{path}: is damaged at {problem}")
    return manifest


def validated(adapter: TypeAdapter[Record], content: object, path: Path) -> Record:
    """Return the value that parsed JSON stands for.

    Raises:
        NotResultsError: it has another form; ``path`` is the file that it is from.
    """
    problem = json_problem(content)
    if problem is None:
        try:
            return adapter.validate_python(content)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            problem = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    raise NotResultsError(f"{path}: is damaged at {problem}")


def check_format(folder: Path, version: object) -> None:
    """Raise NotResultsError if results have another format than ``FORMAT``."""
    if version != FORMAT:
        age = "a newer" if isinstance(version, int) and version > FORMAT else "an older"
        raise NotResultsError(
            f"{folder}: these results are from {age} reportgen (format {version}, expected {FORMAT}); "
            "run reportgen build again"
        )


def _check_size(path: Path) -> None:
    try:
        size = path.stat().st_size
    except OSError:
        return  # reported as missing
    if size > MOST_MANIFEST_BYTES:
        raise NotResultsError(f"{path}: found {size:,} bytes; expected at most {MOST_MANIFEST_BYTES:,}")


def find_manifest(folder: Path) -> Manifest | None:
    """Return the manifest of the results in ``folder``, or None if there is no readable one."""
    try:
        return read_manifest(folder)
    except NotResultsError:
        return None
