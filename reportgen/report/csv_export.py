"""The numbers behind the figures as CSV files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from reportgen.analysis.loss_view import LossView, median_gap
from reportgen.analysis.rate_rule import RULE
from reportgen.analysis.report_analysis import ReportAnalysis
from reportgen.analysis.runtime_profile import RuntimeProfile
from reportgen.analysis.runtimes import performance_profile, runtime_distribution
from reportgen.figures.registry import slug

if TYPE_CHECKING:
    from reportgen.analysis.cells import Array
    from reportgen.analysis.tuning_study import TunedOptimizer

CELLS, EXPECTED_TIMES = "data/cells.csv", "data/expected_times.csv"
RUNTIMES, PERFORMANCE, TUNING = "data/runtimes.csv", "data/performance.csv", "data/tuning.csv"
TRIALS, TUNED = "data/trials.csv", "data/tuned.csv"


def curves_file(label: str) -> str:
    """Path in the site of the file with the curves of a loss."""
    return f"data/curves.{slug(label)}.csv"


def paths_file(label: str) -> str:
    """Path in the site of the file with the paths of a loss."""
    return f"data/paths.{slug(label)}.csv"


def data_files(analysis: ReportAnalysis) -> Iterator[tuple[str, str]]:
    """Path in the site and text of each file."""
    profile, tuning = analysis.profile, analysis.tuning
    yield CELLS, _csv(analysis.cells.drop(columns=["cell_id", *RULE]))
    yield EXPECTED_TIMES, _csv(analysis.expected_times)
    if profile:
        yield RUNTIMES, _shares(profile, "gradient_evaluations", *runtime_distribution(profile.t, profile.weights))
        yield PERFORMANCE, _shares(profile, "ratio", *performance_profile(profile.t, profile.weights))
    if tuning is not None:
        yield TUNING, _csv(tuning)
    if study := analysis.tuning_study:
        yield TRIALS, _csv(_trials(study))
        yield TUNED, _csv(_tuned_curves(study))
    for view in analysis.views.values():
        yield curves_file(view.label), _csv(_curves(view))
        if any(view.drawn_runs(name) for name in view.optimizers):
            yield paths_file(view.label), _csv(_paths(view))
        view.release()


def _trials(study: Sequence[TunedOptimizer]) -> pd.DataFrame:
    """Every trial of every tuned optimizer, with its share of targets hit, averaged over the losses."""
    rows = (
        {"optimizer": tuned.optimizer, "trial": each.number, "targets_hit": each.hit_rate}
        | {"learning_rate": each.learning_rate, "hyperparameters": json.dumps(dict(each.values), sort_keys=True)}
        for tuned in study
        for each in sorted(tuned.configurations, key=lambda each: each.number)
    )
    return pd.DataFrame(rows)


def _tuned_curves(study: Sequence[TunedOptimizer]) -> pd.DataFrame:
    """The expected share of targets hit at the best of 1, 2, 4, ... trials, with its 95 % interval."""
    rows = []
    for tuned in study:
        for what, curve in (("learning rate", tuned.rate_only), ("everything", tuned.everything)):
            for trials in curve.shown:
                score = curve.at(trials)
                low, high = score.interval or (np.nan, np.nan)
                rows.append((tuned.optimizer, what, trials, score.value, low, high))
    return pd.DataFrame(rows, columns=["optimizer", "tuned", "trials", "targets_hit", "low", "high"])


def _curves(view: LossView) -> pd.DataFrame:
    """The median gap by step of each optimizer at its best learning rate."""
    parts = [_curve(view, name, *median_gap(view.curve_runs(name))) for name in view.best]
    return pd.concat(parts) if parts else pd.DataFrame(columns=["optimizer", "learning_rate", "step", "median_gap"])


def _curve(view: LossView, name: str, step: Array, gap: Array) -> pd.DataFrame:
    curve = pd.DataFrame({"step": step.astype(int), "median_gap": gap})
    curve.insert(0, "optimizer", name)
    curve.insert(1, "learning_rate", view.best[name].learning_rate)
    return curve


def _paths(view: LossView) -> pd.DataFrame:
    """The path of each optimizer from the first start, at its best learning rate, in the coordinates of the picture."""
    parts = []
    for name in view.best:
        for run in view.drawn_runs(name)[:1]:
            x = np.asarray(run.x)
            coordinates = {axis: x[:, place] for place, axis in enumerate("xy"[: x.shape[1]])}
            path = pd.DataFrame({"step": run.step} | coordinates | {"gap": run.gap})
            path.insert(0, "optimizer", name)
            path.insert(1, "learning_rate", view.best[name].learning_rate)
            path.insert(2, "start", run.start)
            parts.append(path)
    return pd.concat(parts)


def _shares(profile: RuntimeProfile, column: str, at: Array, shares: Array) -> str:
    return _csv(pd.DataFrame({column: at} | dict(zip(profile.names, shares.T, strict=True))))


def _csv(table: pd.DataFrame) -> str:
    return table.to_csv(index=False, float_format="%.7g", lineterminator="\n")
