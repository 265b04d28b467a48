"""Runs a matrix from Python, and loads and compares results."""

from __future__ import annotations

import shutil
import sys
import tempfile
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypedDict, Unpack

from reportgen import pipeline
from reportgen.api.run_results import Results
from reportgen.api.shipped_objects import LossLike, OptimizerLike, ShippedObjects
from reportgen.config import Config, from_values
from reportgen.progress import Progress

if TYPE_CHECKING:
    from rich.console import Console

    from reportgen.analysis.compare.model import Comparison
    from reportgen.pipeline import BuildSummary


class Settings(TypedDict, total=False):
    """The keys of a config besides losses and optimizers, with the same meaning and defaults."""

    title: str
    learning_rates: Literal["auto"] | Sequence[float] | Mapping[str, float]
    starts: int | Mapping[str, object]
    """The number of random starts, or a table as in a config."""
    seeds: int
    steps: int
    targets: Sequence[float]
    target_scale: Literal["loss", "run"]
    judged_by: Literal["last", "best"]
    dtype: Literal["float32", "float64"]
    gradient_tolerance: float
    trace: Literal["all", "pictures", "none"]
    trace_points: int
    device: str
    deadline: float
    baseline: str


def run(
    losses: Sequence[LossLike] | None = None,
    optimizers: Sequence[OptimizerLike] | None = None,
    *,
    output: str | Path | None = None,
    **settings: Unpack[Settings],
) -> Results:
    """Run every combination of loss, optimizer, learning rate and start, and return the results.

    Args:
        losses: names as in a config, ``reportgen.losses.rosenbrock(dim=20)``, functions under ``@loss``, or plain
            functions of their coordinates; None: the default ones.
        optimizers: names as in a config, instances or classes of ``Optimizer``, or optimizers of Keras, PyTorch or
            optax; None: the default ones.
        output: a folder that keeps the results. A later run with the same folder runs only what is missing. None: they
            are deleted with the returned object.
        settings: keys of a config.

    Raises:
        ConfigError: a setting is invalid.
        TypeError: an object is neither a loss nor an optimizer.
        ValueError: an object cannot be sent to a worker process, or two have the same name.
        WorkerLostError: no worker process could be started.
    """
    if output is not None:
        return Results(_execute(pipeline.run, losses, optimizers, settings, Path(output)).results)
    folder = Path(tempfile.mkdtemp(prefix="reportgen-"))
    try:
        results = Results(_execute(pipeline.run, losses, optimizers, settings, folder).results)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    weakref.finalize(results, shutil.rmtree, folder, ignore_errors=True)
    return results


def build(
    losses: Sequence[LossLike] | None = None,
    optimizers: Sequence[OptimizerLike] | None = None,
    *,
    output: str | Path = "output",
    **settings: Unpack[Settings],
) -> Results:
    """As ``run``, and write the report to ``output``; ``Results.page`` is its first page."""
    summary = _execute(pipeline.build, losses, optimizers, settings, Path(output))
    return Results(summary.results, summary.site)


def load(path: str | Path) -> Results:
    """Return the results of an earlier run or build.

    Args:
        path: the output folder, or its folder ``results``.

    Raises:
        NotResultsError: there are no results, or they are damaged.
    """
    from reportgen.results.location import results_folder
    from reportgen.results.manifest import NotResultsError

    folder = results_folder(Path(path))
    if folder is None:
        raise NotResultsError(f"{path}: expected a results folder, not a single table")
    page = folder.parent / "index.html"
    return Results(folder, page if page.is_file() else None)


def compare(
    base: Results | str | Path, head: Results | str | Path, *, min_effect: float = 1.1, confidence: float = 0.95
) -> Comparison:
    """Compare the runs of two results, as ``reportgen compare`` does.

    Args:
        base: the results before a change, or their folder.
        head: the results after it.
        min_effect: the smallest ratio of gradient evaluations that counts as a difference.
        confidence: 1 minus the error rate.

    Raises:
        NotResultsError: there are no results, or they are damaged.
    """
    from reportgen.analysis.compare import compare as compare_results
    from reportgen.analysis.compare.model import Thresholds
    from reportgen.results.location import locate

    before, after = (locate(side.folder if isinstance(side, Results) else Path(side)) for side in (base, head))
    return compare_results(before, after, Thresholds(min_effect, confidence))


def _execute(
    action: Callable[..., BuildSummary],
    losses: Sequence[LossLike] | None,
    optimizers: Sequence[OptimizerLike] | None,
    settings: Settings,
    output: Path,
) -> BuildSummary:
    with tempfile.TemporaryDirectory(prefix="reportgen-objects-") as folder:
        config = _config(ShippedObjects(Path.cwd(), Path(folder)), losses, optimizers, settings, output)
        with Progress(_console()) as progress:
            return action(config, on_event=progress.show)


def _config(
    shipped: ShippedObjects,
    losses: Sequence[LossLike] | None,
    optimizers: Sequence[OptimizerLike] | None,
    settings: Settings,
    output: Path,
) -> Config:
    values: dict[str, object] = {**settings, "output": str(output)}
    if losses is not None:
        values["losses"] = shipped.losses(losses)
    if optimizers is not None:
        values["optimizers"] = shipped.optimizers(optimizers)
    if isinstance(settings.get("starts"), int):
        values["starts"] = {"random": settings["starts"]}
    shipped.link_files()
    return from_values(values, shipped.base)


def _console() -> Console | None:
    """Where the progress is shown: a terminal. In a notebook, rich would need a package of widgets."""
    from rich.console import Console

    console = Console(file=sys.stderr, highlight=False)
    return console if console.is_terminal and not console.is_jupyter else None
