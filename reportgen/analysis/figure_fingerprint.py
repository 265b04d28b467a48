"""Fingerprints of figures: digests of the data that they are drawn from."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from reportgen.results.schema import evaluations_column, hit_column

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from reportgen.analysis.loss_view import LossView, Trajectory
    from reportgen.analysis.profile_bands import ProfileBands
    from reportgen.analysis.runtime_profile import RuntimeProfile
    from reportgen.analysis.tuning_study import TunedOptimizer


def path_digest(view: LossView, optimizer: str) -> str:
    """The digest of one optimizer's paths on one loss and of the background under them."""
    return _digest(
        *_setting(view), repr(view.optimizers.index(optimizer)), _best(view, optimizer), *_background(view),
        *map(_trajectory, view.drawn_runs(optimizer)),
    )  # fmt: skip


def loss_digest(view: LossView) -> str:
    """The digest of everything that figures show of one loss."""
    names = [hit_column(target) for target in view.manifest.targets]
    names += [name for name in map(evaluations_column, view.manifest.targets) if name in view.results.runs]
    runs = view.results.runs[[*names, "steps", "gradient_evaluations", "initial_loss", "scale"]]
    trajectories = (run for name in view.optimizers for run in view.curve_runs(name) + view.drawn_runs(name))
    tables = map(_table, (view.cells, runs))
    return _digest(*_setting(view), *tables, *_background(view), *map(_trajectory, trajectories))


def overview_digest(
    profile: RuntimeProfile, bands: ProfileBands | None, tuning: pd.DataFrame, optimizers: Sequence[str]
) -> str:
    """The digest of the figures of all losses.

    Args:
        profile: the runtimes.
        bands: of some optimizers.
        tuning: the tuning curves, made by ``tuning_curve.mean_over_losses``.
        optimizers: all labels, in the order of their colours.
    """
    facts = repr((profile.names, list(optimizers), profile.t.shape, profile.budget, bands and bands.names))
    of_bands = (bands.budgets, bands.low, bands.high) if bands else ()
    arrays = (np.ascontiguousarray(each).tobytes() for each in (profile.t, profile.weights, *of_bands))
    return _digest(facts, *arrays, _table(tuning))


def tuning_digest(tuned: TunedOptimizer, optimizers: Sequence[str]) -> str:
    """The digest of the figures of the tuning of one optimizer; ``optimizers`` are all labels, which decide colours."""
    facts = (tuned.optimizer, list(optimizers), tuned.default, tuned.space, tuned.configurations)
    curves = (tuned.rate_only, tuned.everything)
    arrays = [each.expected for each in curves] + [each.interval for each in curves if each.interval is not None]
    return _digest(repr(facts), *(np.ascontiguousarray(array).tobytes() for array in arrays))


def _setting(view: LossView) -> list[str]:
    config = view.manifest.config
    setting = (view.info, view.optimizers, view.from_start, config.steps, config.targets, view.manifest.learning_rates)
    return [repr(part) for part in setting]


def _best(view: LossView, optimizer: str) -> str:
    cell = view.best[optimizer]
    return repr((cell.learning_rate, cell.runs, cell.solved))


def _background(view: LossView) -> list[bytes | str]:
    parts = [np.ascontiguousarray(part).tobytes() for part in view.grid or ()]
    plane = view.plane
    return [*parts, repr(plane and (plane.origin.tolist(), plane.directions.tolist(), plane.share))]


def _trajectory(run: Trajectory) -> bytes:
    arrays = [run.step, run.gap, *([] if run.x is None else [run.x])]
    facts = repr((run.start, run.outcome)).encode()
    return b"".join([facts, *(np.ascontiguousarray(each).tobytes() for each in arrays)])


def _table(table: pd.DataFrame) -> bytes:
    import pandas as pd

    return pd.util.hash_pandas_object(table.astype(object), index=False).to_numpy().tobytes()


def _digest(*parts: str | bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        # The length keeps the boundaries between the parts.
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.hexdigest()[:32]
