"""Drawing in several processes: each takes the next few figures until all are drawn."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import lru_cache
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from pebble import ProcessPool

from reportgen.results.files import atomic_replace

if TYPE_CHECKING:
    from reportgen.figures.registry import FigureSpec
    from reportgen.results.result_tables import Results

BATCH_SIZE = 6
"""Figures of one loss that are taken at a time; they share the background under their paths."""

_POLL = 1.0
"""Seconds between two looks at whether there are still workers that can finish."""

Batch = tuple[str, list[str]]
"""The label of a loss, and the file names of some of its figures."""
OnFigure = Callable[[str], None]

_next_batch: Synchronized[int] | None = None
"""In a worker: the next batch that no process has taken."""
_results: Results | None = None
"""In a worker: what is drawn."""


def write_file(path: Path, content: str | bytes) -> None:
    """Write a file of the site, completely or not at all."""
    with atomic_replace(path) as temporary:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)


def draw_figures(figures: Sequence[FigureSpec], assets: Path, on_figure: OnFigure) -> None:
    """Draw some figures in this process.

    Args:
        figures: what is drawn.
        assets: the folder of the files.
        on_figure: called with the name of each figure before it is drawn.
    """
    for figure in figures:
        on_figure(figure.file.removesuffix(".svg"))
        write_file(assets / figure.file, figure.draw())


class FigureWorkers:
    """Worker processes that help to draw figures from results on disk; a context manager that ends them.

    They start at once, so that their imports overlap with those of this process.
    """

    def __init__(self, results: Path, processes: int) -> None:
        """Start the workers.

        Args:
            results: the results folder.
            processes: how many workers.
        """
        context = multiprocessing.get_context("spawn")
        self._next_batch: Synchronized[int] = context.Value("l", 0)
        self._processes = processes
        self._pool = ProcessPool(
            max_workers=processes, initializer=_prepare, initargs=(results, self._next_batch), context=context
        )
        for _ in range(processes):
            self._schedule(_start)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._pool.stop()  # type: ignore[no-untyped-call]  # Pebble's is without types
        self._pool.join()

    def draw(
        self,
        batches: Sequence[Batch],
        figures: Callable[[str], Sequence[FigureSpec]],
        assets: Path,
        on_figure: OnFigure,
    ) -> None:
        """Draw all figures; to be called once. This process draws what a worker takes and does not finish.

        Args:
            batches: what is drawn, made by ``batches_of``.
            figures: returns all figures of a loss, by its label.
            assets: the folder of the files.
            on_figure: called with the name of each figure before it is drawn in this process.
        """
        futures = [self._schedule(_draw_batches, batches, assets) for _ in range(self._processes)]
        remaining = set(range(len(batches)))
        while (place := _take(self._next_batch)) < len(batches):
            _draw_batch(batches[place], figures, assets, on_figure)
            remaining.remove(place)
        for future in futures if remaining else []:
            remaining -= set(self._drawn(future))
        for place in sorted(remaining):
            _draw_batch(batches[place], figures, assets, on_figure)

    def _schedule(self, task: Callable[..., Any], *args: object) -> Future[Any] | None:
        """Give the workers a task; None if none can be started, for example because the system has no memory left."""
        try:
            future: Future[Any] = self._pool.schedule(task, args=args)
        except RuntimeError:
            return None
        return future

    def _drawn(self, future: Future[list[int]] | None) -> list[int]:
        """The places of what a worker has drawn; none if it failed or was lost."""
        while future and self._pool.active:
            with suppress(TimeoutError):
                return [] if future.exception(_POLL) else future.result()
        return []


def batches_of(label: str, figures: Sequence[FigureSpec]) -> list[Batch]:
    """Return figures of a loss in batches."""
    files = [figure.file for figure in figures]
    return [(label, files[begin : begin + BATCH_SIZE]) for begin in range(0, len(files), BATCH_SIZE)]


def _draw_batch(
    batch: Batch, figures: Callable[[str], Sequence[FigureSpec]], assets: Path, on_figure: OnFigure
) -> None:
    label, files = batch
    draw_figures([figure for figure in figures(label) if figure.file in files], assets, on_figure)


def _take(next_batch: Synchronized[int]) -> int:
    """The place of the next batch, which no other process gets."""
    with next_batch.get_lock():
        next_batch.value += 1
        return int(next_batch.value) - 1


def _prepare(folder: Path, next_batch: Synchronized[int]) -> None:
    """Initialize a worker."""
    global _next_batch, _results
    from reportgen.figures.svg import warm_up
    from reportgen.report.display_labels import with_display_labels
    from reportgen.results.result_tables import Results

    _next_batch, _results = next_batch, with_display_labels(Results.for_report(folder)).without_rate_only()
    warm_up()


def _start() -> None:
    """Does nothing: scheduling it starts a worker."""


def _draw_batches(batches: Sequence[Batch], assets: Path) -> list[int]:
    """In a worker, draw batches until all are taken. Returns the places of those that it drew."""
    assert _next_batch is not None
    drawn = []
    while (place := _take(_next_batch)) < len(batches):
        _draw_batch(batches[place], _figures, assets, lambda _: None)
        drawn.append(place)
    return drawn


@lru_cache(maxsize=1)  # a loss may have many trajectories
def _figures(label: str) -> list[FigureSpec]:
    from reportgen.analysis.loss_view import loss_view
    from reportgen.figures.registry import loss_figures

    assert _results is not None
    return loss_figures(loss_view(_results, label))
