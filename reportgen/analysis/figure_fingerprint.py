"""Whether two sets of results would look the same: digests of what a figure is drawn from."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import numpy as np

from reportgen.results.schema import hit_column

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from reportgen.analysis.loss_view import LossView, Trajectory
    from reportgen.analysis.runtime_profile import RuntimeProfile


def path_digest(view: LossView, optimizer: str) -> str:
    """Of the paths of one optimizer on one loss, and of the ground under them."""
    return _digest(
        *_setting(view), repr(view.optimizers.index(optimizer)), _best(view, optimizer), *_ground(view),
        *map(_history, view.drawn_runs(optimizer)),
    )  # fmt: skip


def loss_digest(view: LossView) -> str:
    """Of all that there is to see of one loss."""
    names = [hit_column(target) for target in view.results.manifest["targets"]]
    runs = view.results.runs[[*names, "steps", "gradient_evaluations", "initial_loss"]]
    histories = (run for name in view.optimizers for run in view.curve_runs(name) + view.drawn_runs(name))
    return _digest(*_setting(view), *map(_table, (view.cells, runs)), *_ground(view), *map(_history, histories))


def overview_digest(profile: RuntimeProfile, tuning: pd.DataFrame, optimizers: Sequence[str]) -> str:
    """Of the runtimes and tuning curves of some optimizers, in the colours of ``optimizers``."""
    told = repr((profile.names, list(optimizers), profile.t.shape, profile.budget))
    return _digest(
        told, *(np.ascontiguousarray(each).tobytes() for each in (profile.t, profile.weights)), _table(tuning)
    )


def _setting(view: LossView) -> list[str]:
    manifest = view.results.manifest
    told = [
        view.facts,
        view.optimizers,
        view.from_start,
        *(manifest[key] for key in ("steps", "targets", "learning_rates")),
    ]
    return [json.dumps(each, sort_keys=True) for each in told]


def _best(view: LossView, optimizer: str) -> str:
    cell = view.best[optimizer]
    return repr((cell["learning_rate"], cell["runs"], cell["solved"]))


def _ground(view: LossView) -> list[bytes | str]:
    parts = [np.ascontiguousarray(part).tobytes() for part in view.grid or ()]
    plane = view.plane
    return [*parts, repr(plane and (plane.origin.tolist(), plane.directions.tolist(), plane.share))]


def _history(run: Trajectory) -> bytes:
    arrays = [run.step, run.gap, *([] if run.x is None else [run.x])]
    return b"".join(
        [repr((run.start, run.outcome)).encode(), *(np.ascontiguousarray(each).tobytes() for each in arrays)]
    )


def _table(table: pd.DataFrame) -> bytes:
    import pandas as pd

    return pd.util.hash_pandas_object(table.astype(object), index=False).to_numpy().tobytes()


def _digest(*parts: str | bytes) -> str:
    made = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        made.update(len(data).to_bytes(8, "little") + data)
    return made.hexdigest()[:32]
