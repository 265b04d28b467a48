"""Loads the configuration from its sources, or raises all errors in them at once."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from reportgen.catalogue.plugin_process import loading_deadline
from reportgen.config.draft import validate
from reportgen.config.errors import ConfigError
from reportgen.config.model import Config
from reportgen.config.optimizer_validation import with_float_hyperparameters
from reportgen.config.sources import Source, from_environment, from_file, from_flags, merge
from reportgen.config.validation import semantic_errors, with_suites_expanded
from reportgen.rate_grid import INITIAL_RATES


def load(
    path: Path | None = None,
    *,
    flags: Mapping[str, object] | None = None,
    environ: Mapping[str, str] = os.environ,
    folder: Path | None = None,
) -> Config:
    """Return the configuration: flags override the environment, which overrides files.

    Args:
        path: the config file; None: ``reportgen.toml`` in ``folder``, which overrides ``[tool.reportgen]`` of
            ``pyproject.toml`` there.
        flags: the values of command-line flags by key; None stands for a flag that is not given.
        environ: the environment with the REPORTGEN_* variables.
        folder: the folder of the default files; None: the current one.

    Raises:
        ConfigError: with all errors in all sources.
    """
    folder = folder or Path.cwd()
    flagged = from_flags(flags or {})
    sources = [*_files(path, folder), from_environment(environ), flagged]
    if "optimizers" in flagged.values and "baseline" not in flagged.values:
        sources = [_without_other_baseline(source, flagged.values["optimizers"]) for source in sources]
    return _load(sources, (path.parent if path else folder).resolve())


def _without_other_baseline(source: Source, optimizers: object) -> Source:
    """The source without its baseline if flags choose other optimizers: a smaller matrix needs no other config."""
    if not isinstance(optimizers, list | tuple) or source.values.get("baseline") in optimizers:
        return source
    return replace(source, values={key: value for key, value in source.values.items() if key != "baseline"})


def from_values(values: Mapping[str, object], base: Path) -> Config:
    """Return the configuration with these values and no other source.

    Args:
        values: the values by key.
        base: the folder that plug-in files are relative to.

    Raises:
        ConfigError: with all errors.
    """
    return _load([Source(values)], base.resolve())


def _load(sources: Sequence[Source], base: Path) -> Config:
    merged = merge(sources)
    draft = validate(merged.values, base)
    problems = [problem for source in sources for problem in source.problems]
    with loading_deadline(draft.config.deadline):
        for error in (*draft.errors, *semantic_errors(draft)):
            problems.append(error.message(merged.location(error.key)))
        if problems:
            raise ConfigError(problems)
        config = with_suites_expanded(with_float_hyperparameters(draft.config))
    configurations, runs = matrix_size(config)
    for found, most, noun in ((configurations, MOST_CONFIGURATIONS, "configurations"), (runs, MOST_RUNS, "runs")):
        if found > most:
            raise ConfigError([f"the matrix has {found:.2g} {noun}; expected at most {most:.0e}"])
    return config


MOST_CONFIGURATIONS = 10**6
"""Configurations of a matrix. The results of more are not read."""
MOST_RUNS = 10**9
"""Runs of a matrix. The results of more do not fit on one machine."""


def matrix_size(config: Config) -> tuple[int, int]:
    """Return the numbers of configurations and of runs, before any grid of learning rates has grown."""
    configurations = 0
    for entry in config.optimizers:
        rates = config.learning_rates if entry.learning_rates is None else entry.learning_rates
        count = math.prod(len(values) for values in entry.hyperparameters.values())
        configurations += count * len(INITIAL_RATES if isinstance(rates, str) else rates)
    starts = int(config.starts.standard) + config.starts.random + len(config.starts.points)
    runs = configurations * starts * sum(config.seeds if loss.noise else 1 for loss in config.losses)
    return configurations * len(config.losses), runs


def _files(path: Path | None, folder: Path) -> list[Source]:
    if path is not None:
        return [from_file(path)]
    return [from_file(folder / name) for name in ("pyproject.toml", "reportgen.toml") if (folder / name).exists()]
