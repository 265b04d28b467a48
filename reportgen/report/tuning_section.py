"""What tuning achieved: a row for each optimizer on the first page, and the details on the page of the optimizer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reportgen.analysis.number_format import count, rate, share
from reportgen.analysis.tuning_study import SHARES, TriedConfiguration, TunedOptimizer
from reportgen.optimizer_specs import format_value
from reportgen.report.config_toml import toml_value

if TYPE_CHECKING:
    from reportgen.analysis.expected_best import Score
    from reportgen.analysis.importance import Importance
    from reportgen.report.page_types import PageFigure
    from reportgen.results.manifest import OptimizerInfo
    from reportgen.search import Choice, Search


LEAST_SHOWN = 0.05
"""A hyperparameter that explains less is left out of the table of all optimizers."""
LEAST_GAIN = 0.01
"""A smaller gain is not named."""


@dataclass(frozen=True)
class TuningRow:
    """An optimizer in the table of tuning."""

    optimizer: str
    default: Score
    """Of trial 0."""
    rate_only: Score
    """With all trials, of which each changes only the learning rate."""
    everything: Score
    """With all trials."""
    tunes_more: bool
    """Whether it has more to tune than its learning rate."""
    needed: Sequence[int | None]
    """The fewest trials that are expected to hit each of ``SHARES`` of the targets; None if all are not enough."""
    important: str
    """The hyperparameters that explain the most, in words."""
    figure: PageFigure | None


@dataclass(frozen=True)
class TuningSection:
    """The tuning of all optimizers on the first page."""

    trials: int
    shares: Sequence[float]
    """The columns of ``TuningRow.needed``."""
    rows: Sequence[TuningRow]
    """In the order of the ranking."""
    heading: str


@dataclass(frozen=True)
class SearchedRow:
    """A hyperparameter on the page of a tuned optimizer."""

    name: str
    default: str
    searched: str
    """The range or the choices."""
    source: str
    explained: float | None
    """Share of the variance of the ranks of the trials, 0 to 1; None with too few trials."""
    best: str
    """Its values in the best tenth of the trials."""


@dataclass(frozen=True)
class BestTrial:
    """A configuration to copy."""

    loss: str
    """Label; empty: all losses."""
    number: int
    hit_rate: float
    toml: str
    """An entry of ``optimizers``; empty if it hits no target."""


@dataclass(frozen=True)
class OptimizerTuning:
    """The tuning of one optimizer on its page."""

    row: TuningRow
    trials: int
    hyperparameters: Sequence[SearchedRow]
    """The most important first."""
    best: Sequence[BestTrial]
    """Over all losses, then on each."""
    figures: Sequence[tuple[PageFigure, str]]
    """With their captions."""


def tuning_section(
    study: Sequence[TunedOptimizer], order: Sequence[str], figures: Mapping[tuple[str, str], PageFigure]
) -> TuningSection | None:
    """The section of the first page; None without tuning.

    Args:
        study: of each optimizer.
        order: labels in the order of the ranking.
        figures: by kind and optimizer.
    """
    if not study:
        return None
    trials = len(study[0].everything.expected)
    rows = [_row(tuned, figures.get(("tuned", tuned.optimizer))) for tuned in study]
    rows.sort(key=lambda row: order.index(row.optimizer))
    return TuningSection(trials, SHARES, rows, _heading(rows, trials))


def _heading(rows: Sequence[TuningRow], trials: int) -> str:
    gains = {row.optimizer: row.everything.value - row.rate_only.value for row in rows}
    most = max(gains, key=lambda name: gains[name])
    if gains[most] < LEAST_GAIN:
        return f"With {trials} trials, tuning more than the learning rate helped no optimizer"
    row = next(row for row in rows if row.optimizer == most)
    return (
        f"With {trials} trials, tuning more than the learning rate helped {most} the most: from "
        f"{share(row.rate_only.value)} to {share(row.everything.value)}"
    )


def _row(tuned: TunedOptimizer, figure: PageFigure | None) -> TuningRow:
    last = len(tuned.everything.expected)
    return TuningRow(
        optimizer=tuned.optimizer,
        default=tuned.default,
        rate_only=tuned.rate_only.at(last),
        everything=tuned.everything.at(last),
        tunes_more=tuned.tunes_more,
        needed=[tuned.everything.trials_for(part) for part in SHARES],
        important=_important(tuned.importances),
        figure=figure,
    )


def _important(importances: Sequence[Importance]) -> str:
    known = [(each.name, each.explained) for each in importances if each.explained is not None]
    return ", ".join(f"{name} {share(part)}" for name, part in known[:3] if part >= LEAST_SHOWN) or "–"


def optimizer_tuning(
    tuned: TunedOptimizer, info: OptimizerInfo, figures: Mapping[tuple[str, str], PageFigure]
) -> OptimizerTuning:
    """The section of the page of an optimizer; other arguments as for ``tuning_section``."""
    last = len(tuned.everything.expected)
    defaults = {item.name: item.value for item in info.hyperparameters}
    searched = [
        SearchedRow(
            name=each.name,
            default=_default(each.search, defaults.get(each.name, tuned.defaults.learning_rate)),
            searched=_searched(each.search),
            source=each.search.source,
            explained=each.explained,
            best=_best(each),
        )
        for each in tuned.importances
    ]
    drawn = ((figures.get((kind, tuned.optimizer)), caption) for kind, caption in _captions(last).items())
    return OptimizerTuning(
        row=_row(tuned, None),
        trials=last,
        hyperparameters=searched,
        best=list(_best_trials(tuned, info)),
        figures=[(figure, caption) for figure, caption in drawn if figure],
    )


def _captions(trials: int) -> dict[str, str]:
    return {
        "tuned": "Targets that you can expect to hit with the best of k trials. Solid: everything tuned, with its 95 % "
        "interval; dashed: only the learning rate; dotted: defaults.",
        "trials": f"All {count(trials, 'trial')}: the stronger the colour, the more targets hit. Square: defaults; "
        "ring: best.",
        "coordinates": "A line for each trial. Colour: the best tenth; dashed: defaults.",
    }


def _default(search: Search, value: Choice | None) -> str:
    return "–" if value is None else _format(search, value)


def _format(search: Search, value: Choice) -> str:
    """A value; a number near 1 with all its digits."""
    is_rate = search.scale == "log" and isinstance(value, float) and value > 0 and not search.choices
    return rate(value) if is_rate and isinstance(value, float) else format_value(value)


def _searched(search: Search) -> str:
    if search.choices:
        return " or ".join(map(format_value, search.choices))
    scale = {"log": "logarithmic", "linear": "linear", "1 - log": "logarithmic in 1 − value"}[search.scale]
    return f"{_ends(search, (search.low, search.high))}, {scale}"


def _best(each: Importance) -> str:
    if each.search.choices:
        return ", ".join(map(format_value, each.best))
    return _ends(each.search, each.best)


def _ends(search: Search, values: Sequence[Choice]) -> str:
    return " to ".join(dict.fromkeys(_format(search, value) for value in values))


def _best_trials(tuned: TunedOptimizer, info: OptimizerInfo) -> Iterator[BestTrial]:
    for loss, each in {"": tuned.configurations[0], **tuned.best}.items():
        yield BestTrial(loss, each.number, each.hit_rate, _toml(each, info) if each.hit_rate else "")


def _toml(each: TriedConfiguration, info: OptimizerInfo) -> str:
    """The entry of ``optimizers`` that runs a trial again."""
    items = ((item, each.values[item.name]) for item in info.hyperparameters)
    settings = {item.name: value for item, value in items if item.wraps or value != item.default}
    return toml_value({"name": info.family, **settings, "learning_rates": [each.learning_rate]})
