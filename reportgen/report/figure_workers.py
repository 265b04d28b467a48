"""Drawing in several processes: each takes the next few figures until all are drawn."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from pebble import ProcessPool

from reportgen.results.files import atomic_replace

if TYPE_CHECKING:
    from reportgen.analysis.loss_view import LossView
    from reportgen.figures.registry import FigureSpec
    from reportgen.results.result_tables import Results

PORTION = 6
"""Figures of one loss that are taken at a time; they share the ground under their paths."""

Portion = tuple[str, list[str]]
"""The label of a loss, and the names of some of its figures."""
OnFigure = Callable[[str], None]

_taken: Any = None
"""How many portions some process has taken."""
_results: Results | None = None


def write_file(path: Path, content: str | bytes) -> None:
    """Write a file of the site, whole or not at all."""
    with atomic_replace(path) as temporary:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)


def draw_figures(pictures: Sequence[FigureSpec], assets: Path, on_figure: OnFigure) -> None:
    """Draw some figures in this process; ``on_figure`` is told the name of each before."""
    for picture in pictures:
        on_figure(picture.file.removesuffix(".svg"))
        write_file(assets / picture.file, picture.draw())


class FigureWorkers:
    """Processes that draw beside this one, from the results on disk; a context manager that ends them.

    They start at once, so that they import what they need while this process does.
    """

    def __init__(self, results: Path, processes: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._taken: Any = context.Value("l", 0)
        self._processes = processes
        self._pool = ProcessPool(
            max_workers=processes, initializer=_prepare, initargs=(results, self._taken), context=context
        )
        for _ in range(processes):
            self._pool.schedule(_ready)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._pool.stop()  # type: ignore[no-untyped-call]  # Pebble's is without types
        self._pool.join()

    def draw(self, jobs: Sequence[tuple[LossView, list[FigureSpec]]], assets: Path, on_figure: OnFigure) -> None:
        """Draw all ``jobs``, once for each instance; what an assistant takes and does not finish is drawn here."""
        shares = [(view.label, part) for view, some in jobs for part in _portions(some)]
        named: list[Portion] = [(label, [picture.file for picture in part]) for label, part in shares]
        futures: list[Any] = [self._pool.schedule(_draw, args=[named, assets]) for _ in range(self._processes)]
        left = set(range(len(shares)))
        while (place := _take(self._taken)) < len(shares):
            draw_figures(shares[place][1], assets, on_figure)
            left.remove(place)
        for future in futures if left else []:
            error = future.exception()
            if error is None:
                left -= set(future.result())
        for place in sorted(left):
            draw_figures(shares[place][1], assets, on_figure)


def _portions(some: list[FigureSpec]) -> Iterator[list[FigureSpec]]:
    return (some[begin : begin + PORTION] for begin in range(0, len(some), PORTION))


def _take(taken: Any) -> int:
    with taken.get_lock():
        taken.value += 1
        return int(taken.value) - 1


def _prepare(folder: Path, taken: Any) -> None:
    global _taken, _results
    from reportgen.figures.svg import warm_up
    from reportgen.results.result_tables import Results

    _taken, _results = taken, Results.for_report(folder)
    warm_up()


def _ready() -> None:
    """Nothing: the task that starts an assistant."""


def _draw(portions: Sequence[Portion], assets: Path) -> list[int]:
    """Draw what nobody has taken; the places of it."""
    done = []
    while (place := _take(_taken)) < len(portions):
        label, files = portions[place]
        draw_figures([picture for picture in _pictures(label) if picture.file in files], assets, lambda _: None)
        done.append(place)
    return done


@cache
def _pictures(label: str) -> list[FigureSpec]:
    from reportgen.analysis.loss_view import loss_view
    from reportgen.figures.registry import loss_figures

    assert _results is not None
    return loss_figures(loss_view(_results, label))
