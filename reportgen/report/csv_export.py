"""The numbers behind the figures, as CSV files that any program reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from reportgen.analysis.loss_view import LossView, median_gap
from reportgen.analysis.runtime_profile import RuntimeProfile
from reportgen.analysis.runtimes import performance_profile, runtime_distribution
from reportgen.figures.registry import slug

if TYPE_CHECKING:
    from reportgen.analysis.cells import Array

CELLS = "data/cells.csv"
RUNTIMES, PERFORMANCE, TUNING = "data/runtimes.csv", "data/performance.csv", "data/tuning.csv"


def curves_file(label: str) -> str:
    """The name of the file with the curves of a loss."""
    return f"data/curves.{slug(label)}.csv"


def paths_file(label: str) -> str:
    """The name of the file with the paths of a loss."""
    return f"data/paths.{slug(label)}.csv"


def data_files(
    cells: pd.DataFrame, views: list[LossView], profile: RuntimeProfile | None, tuning: pd.DataFrame | None
) -> Iterator[tuple[str, str]]:
    """Name and text of each file."""
    yield CELLS, _csv(cells.drop(columns="cell_id"))
    if profile:
        yield RUNTIMES, _shares(profile, "gradient_evaluations", *runtime_distribution(profile.t, profile.weights))
        yield PERFORMANCE, _shares(profile, "ratio", *performance_profile(profile.t, profile.weights))
    if tuning is not None:
        yield TUNING, _csv(tuning)
    for view in views:
        yield curves_file(view.label), _csv(_curves(view))
        if any(view.drawn_runs(name) for name in view.optimizers):
            yield paths_file(view.label), _csv(_paths(view))


def _curves(view: LossView) -> pd.DataFrame:
    """The median gap of each optimizer at its best rate."""
    parts = [_part(view, name, *median_gap(view.curve_runs(name))) for name in view.best]
    return pd.concat(parts) if parts else pd.DataFrame(columns=["optimizer", "learning_rate", "step", "median_gap"])


def _part(view: LossView, name: str, step: Array, gap: Array) -> pd.DataFrame:
    told = {"optimizer": name, "learning_rate": view.best[name]["learning_rate"]}
    return pd.DataFrame({"step": step.astype(int), "median_gap": gap}).assign(**told)[[*told, "step", "median_gap"]]


def _paths(view: LossView) -> pd.DataFrame:
    """Each optimizer's path from the first start, at its best rate, in the coordinates of the picture."""
    parts = []
    for name in view.best:
        for run in view.drawn_runs(name)[:1]:
            x = np.asarray(run.x)
            told = {"optimizer": name, "learning_rate": view.best[name]["learning_rate"], "start": run.start}
            where = {axis: x[:, place] for place, axis in enumerate("xy"[: x.shape[1]])}
            columns = {"step": run.step} | where | {"gap": run.gap}
            parts.append(pd.DataFrame(columns).assign(**told)[[*told, *columns]])
    return pd.concat(parts)


def _shares(profile: RuntimeProfile, column: str, at: Array, shares: Array) -> str:
    return _csv(pd.DataFrame({column: at} | dict(zip(profile.names, shares.T, strict=True))))


def _csv(table: pd.DataFrame) -> str:
    return table.to_csv(index=False, float_format="%.7g", lineterminator="\n")
