"""Checks a manifest beyond the types of its keys: ranges, lengths, unique names, and names that belong together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from reportgen.loss_facts import AXIS, is_axis
from reportgen.results.errors import shown
from reportgen.results.files import GRIDS, TABLES
from reportgen.results.limits import MOST_CELLS, MOST_LABEL, MOST_RATES, MOST_TARGETS

if TYPE_CHECKING:
    from reportgen.config import Config
    from reportgen.results.manifest import FileInfo, LossInfo, Manifest, OptimizerInfo, ProgramEntry

_MOST_DIM = 1_000_000
_GROUPED = {*TABLES} - {GRIDS}
_SHA256 = re.compile("[0-9a-f]{64}")


def manifest_problem(manifest: Manifest) -> str | None:
    """Return the first thing that is wrong with a manifest, with its key; None if nothing is."""
    return next(_problems(manifest), None)


def is_fingerprint(text: str) -> bool:
    """Whether a text is a SHA-256 in hexadecimal, and so the name of a file in its folder."""
    return _SHA256.fullmatch(text) is not None


def entry_problem(entry: ProgramEntry, manifest: Manifest) -> str | None:
    """Return the first thing that is wrong with the entry of a program; None if nothing is."""
    return next(_program_problems(entry, set(manifest.loss_labels), set(manifest.optimizer_labels)), None)


def _problems(manifest: Manifest) -> Iterator[str]:
    yield from _config_problems(manifest.config)
    if "tensorflow" not in manifest.versions:
        yield "versions: found no tensorflow; expected its version"
    yield from _label_problems("losses", manifest.loss_labels)
    yield from _label_problems("optimizers", manifest.optimizer_labels)
    for index, loss in enumerate(manifest.losses):
        yield from (f"losses.{index}.{problem}" for problem in _loss_problems(loss))
    for index, optimizer in enumerate(manifest.optimizers):
        yield from (f"optimizers.{index}.{problem}" for problem in _optimizer_problems(optimizer))
    cells = len(manifest.losses) * sum(len(each.learning_rates) for each in manifest.optimizers)
    if cells > MOST_CELLS:
        yield f"optimizers: found {cells:,} configurations; expected at most {MOST_CELLS:,}"
    losses, optimizers = set(manifest.loss_labels), set(manifest.optimizer_labels)
    for index, entry in enumerate(manifest.programs):
        yield from (f"programs.{index}.{problem}" for problem in _program_problems(entry, losses, optimizers))
    for name, info in manifest.files.items():
        yield from (f"files.{shown(name)}: {problem}" for problem in _file_problems(name, info))


def _config_problems(config: Config) -> Iterator[str]:
    if len(set(config.targets)) < len(config.targets):
        yield "config.targets: found a target twice; expected different ones"
    if len(config.targets) > MOST_TARGETS:
        yield f"config.targets: found {len(config.targets):,} targets; expected at most {MOST_TARGETS}"


def _label_problems(key: str, labels: Sequence[str]) -> Iterator[str]:
    seen: set[str] = set()
    for index, label in enumerate(labels):
        if not label.strip() or len(label) > MOST_LABEL or not label.isprintable():
            yield f"{key}.{index}.label: found {shown(label)}; expected 1 to {MOST_LABEL:,} printable characters"
        if label in seen:
            yield f"{key}.{index}.label: found {shown(label)} twice; expected different labels"
        seen.add(label)


def _loss_problems(loss: LossInfo) -> Iterator[str]:
    dim = loss.dim or 0
    if loss.dim is not None and not 1 <= loss.dim <= _MOST_DIM:
        yield f"dim: found {loss.dim}; expected 1 to {_MOST_DIM:,}"
    for key, coordinates in (("start", loss.start), ("domain", loss.domain)):
        if len(coordinates) != dim:
            yield f"{key}: found {len(coordinates):,} coordinates; expected {dim:,}"
    for key, points in (("minima", loss.minima), ("local_minima", loss.local_minima), ("saddles", loss.saddles)):
        for index, point in enumerate(points):
            if len(point) != dim:
                yield f"{key}.{index}: found {len(point):,} coordinates; expected {dim:,}"
    for index, (low, high) in enumerate(loss.domain):
        if not is_axis(low, high):
            yield f"domain.{index}: found {low:g} to {high:g}; expected {AXIS}"
    for name, value in loss.parameters.items():
        if not isinstance(value, int | float | str):
            yield f"parameters.{shown(name)}: found {shown(value)}; expected a number"
    if loss.starts < 0:
        yield f"starts: found {loss.starts}; expected a number >= 0"


def _optimizer_problems(optimizer: OptimizerInfo) -> Iterator[str]:
    rates = optimizer.learning_rates
    if len(rates) > MOST_RATES:
        yield f"learning_rates: found {len(rates):,} learning rates; expected at most {MOST_RATES:,}"
    if any(low >= high for low, high in zip((0.0, *rates), rates, strict=False)):
        yield "learning_rates: found a value that is not above the one before it; expected ascending values above 0"
    names = [each.name for each in optimizer.hyperparameters]
    if len(set(names)) < len(names):
        yield "hyperparameters: found a name twice; expected different names"


def _program_problems(entry: ProgramEntry, losses: set[str], optimizers: set[str]) -> Iterator[str]:
    if not is_fingerprint(entry.fingerprint):
        yield f"fingerprint: found {shown(entry.fingerprint)}; expected 64 hexadecimal digits"
    if entry.loss not in losses:
        yield f"loss: found {shown(entry.loss)}; expected the label of a loss"
    if not entry.optimizers or not set(entry.optimizers) <= optimizers:
        yield f"optimizers: found {shown(list(entry.optimizers))}; expected labels of optimizers"
    if entry.runs < 1:
        yield f"runs: found {entry.runs}; expected a number >= 1"
    if any(seconds < 0 for seconds in entry.seconds.values()):
        yield "seconds: found a negative number; expected a number >= 0"
    if entry.groups is not None and (set(entry.groups) != _GROUPED or min(entry.groups.values()) < 0):
        yield f"groups: found {shown(dict(entry.groups))}; expected the number of row groups of each table"


def _file_problems(name: str, info: FileInfo) -> Iterator[str]:
    if name not in TABLES:
        yield f"unknown table; expected {', '.join(TABLES)}"
    if info.bytes < 0 or not is_fingerprint(info.sha256):
        yield "expected a size in bytes and a SHA-256"
