"""The short names of optimizers in a report: the ``label`` of the config, or the label without what all share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from reportgen.config.labels import parse_label
from reportgen.optimizer_specs import format_value

if TYPE_CHECKING:
    from reportgen.results.manifest import OptimizerInfo
    from reportgen.results.result_tables import Results


@dataclass(frozen=True)
class DisplayLabels:
    """How a report names its optimizers."""

    by_label: Mapping[str, str]
    """The name by label; names are unique."""
    shared: str
    """The settings of all optimizers, which no name repeats: ``beta_1=0.95``; empty without any."""


def display_labels(optimizers: Sequence[OptimizerInfo]) -> DisplayLabels:
    """The names of all optimizers of a report."""
    alone = {each.label: each.label for each in optimizers if each.rate_only_of}
    optimizers = [each for each in optimizers if not each.rate_only_of]
    parsed = {each.label: parse_label(each.label) for each in optimizers}
    counts = Counter((key, format_value(value)) for _, settings in parsed.values() for key, value in settings.items())
    shared = [setting for setting, times in counts.items() if times == len(optimizers) > 1]
    names = {
        each.label: each.short or _without(*parsed[each.label], [key for key, _ in shared], each.label)
        for each in optimizers
    }
    repeated = {name for name, times in Counter(names.values()).items() if times > 1}
    unique = {label: label if name in repeated else name for label, name in names.items()}
    return DisplayLabels(unique | alone, ", ".join("=".join(setting) for setting in shared))


def with_display_labels(results: Results) -> Results:
    """The same results with the names that a report shows in place of the labels of optimizers."""
    manifest = results.manifest
    names = display_labels(manifest.optimizers).by_label
    if all(label == name for label, name in names.items()):
        return results
    optimizers = tuple(
        replace(each, label=names[each.label], rate_only_of=names.get(each.rate_only_of, ""))
        for each in manifest.optimizers
    )
    programs = tuple(
        replace(each, optimizers=tuple(names.get(label, label) for label in each.optimizers))
        for each in manifest.programs
    )
    baseline = names.get(manifest.baseline, manifest.baseline)
    config = manifest.config.model_copy(update={"baseline": baseline})
    column = results.runs["optimizer"]
    renamed = column.cat.rename_categories(dict(names)) if _is_categorical(column) else column.map(names)
    return replace(
        results,
        runs=results.runs.assign(optimizer=renamed),
        basins=[replace(each, optimizer=names[each.optimizer]) for each in results.basins],
        manifest=replace(manifest, optimizers=optimizers, programs=programs, config=config),
    )


def _is_categorical(column: pd.Series) -> bool:
    return isinstance(column.dtype, pd.CategoricalDtype)


def _without(name: str, settings: Mapping[str, object], shared: Sequence[str], label: str) -> str:
    """The label without the shared settings."""
    if not any(key in shared for key in settings):
        return label
    rest = [f"{key}={format_value(value)}" for key, value in settings.items() if key not in shared]
    return f"{name}[{','.join(rest)}]" if rest else name
