"""Loads the configuration from its sources, or raises all errors in them at once."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from reportgen.config.draft import validate
from reportgen.config.errors import ConfigError
from reportgen.config.model import Config
from reportgen.config.optimizer_validation import with_float_hyperparameters
from reportgen.config.sources import Source, from_environment, from_file, from_flags, merge
from reportgen.config.validation import semantic_errors, with_suites_expanded


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
    sources = [*_files(path, folder), from_environment(environ), from_flags(flags or {})]
    return _load(sources, (path.parent if path else folder).resolve())


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
    for error in (*draft.errors, *semantic_errors(draft)):
        problems.append(error.message(merged.location(error.key)))
    if problems:
        raise ConfigError(problems)
    return with_suites_expanded(with_float_hyperparameters(draft.config))


def _files(path: Path | None, folder: Path) -> list[Source]:
    if path is not None:
        return [from_file(path)]
    return [from_file(folder / name) for name in ("pyproject.toml", "reportgen.toml") if (folder / name).exists()]
