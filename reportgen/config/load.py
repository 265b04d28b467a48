"""Makes the config from its sources, or tells all mistakes in them at once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from reportgen.config.errors import ConfigError, ConfigProblem, shape_errors, unknown_key_reason
from reportgen.config.model import Config, RateRange
from reportgen.config.optimizer_validation import with_float_hyperparameters
from reportgen.config.sources import Source, from_environment, from_file, from_flags, merge
from reportgen.config.validation import semantic_errors, with_suites_expanded


def load(
    path: Path | None = None,
    *,
    flags: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] = os.environ,
    folder: Path | None = None,
) -> Config:
    """The config that flags, environment and files make together, the former before the latter.

    Args:
        path: the file to read; by default those in ``folder``, ``reportgen.toml`` before ``[tool.reportgen]``
            of ``pyproject.toml``.
        flags: what the command line says, by key.
        environ: where REPORTGEN_* variables are looked for.
        folder: by default the current one.

    Raises:
        ConfigError: with every mistake that was found.
    """
    folder = folder or Path.cwd()
    sources = [*_files(path, folder), from_environment(environ), from_flags(flags or {})]
    merged = merge(sources)
    base = (path.parent if path else folder).resolve()
    config, mistakes = _validated(merged.values, base)
    problems = [problem for source in sources for problem in source.problems]
    problems += [mistake.line(merged) for mistake in mistakes]
    if config is None or problems:
        raise ConfigError(problems)
    return with_suites_expanded(with_float_hyperparameters(config))


def _files(path: Path | None, folder: Path) -> list[Source]:
    if path is not None:
        return [from_file(path)]
    return [from_file(folder / name) for name in ("pyproject.toml", "reportgen.toml") if (folder / name).exists()]


def _validated(values: dict[str, Any], base: Path) -> tuple[Config | None, list[ConfigProblem]]:
    values = dict(values)
    mistakes = [*_expand_rates(values)]
    if "base" in values:
        mistakes.append(ConfigProblem(("base",), values.pop("base"), unknown_key_reason(("base",))))
    config = None
    try:
        config = Config.model_validate(values | {"base": base})
    except ValidationError as error:
        mistakes += shape_errors(error)
    return config, [*mistakes, *semantic_errors(values, base)]


def _expand_rates(values: dict[str, Any]) -> list[ConfigProblem]:
    """Put the rates in the place of a table that describes them; one with mistakes is taken out."""
    table = values.get("learning_rates")
    if not isinstance(table, dict):
        return []
    del values["learning_rates"]
    try:
        values["learning_rates"] = RateRange.model_validate(table).rates()
    except ValidationError as error:
        return list(shape_errors(error, ("learning_rates",)))
    return []
