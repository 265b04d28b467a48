"""The main job: run what is missing of a matrix, and draw and write its report while programs still run."""

from __future__ import annotations

import errno
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reportgen.engine.sampled import LossRef
from reportgen.execute.events import (
    BackgroundFailure,
    Event,
    FigureStart,
    PlanReady,
    ProgramEnd,
    ReportEnd,
    WorkerLostError,
)
from reportgen.execute.local_workers import LocalWorkers
from reportgen.plan import make_plan
from reportgen.results.manifest_index import indexed_programs, is_up_to_date

if TYPE_CHECKING:
    from reportgen.config import Config
    from reportgen.loss import Loss
    from reportgen.plan import Plan, Program
    from reportgen.report.render_options import RenderOptions
    from reportgen.report.site import Site
    from reportgen.results.store import Store

OnEvent = Callable[[Event], None]


@dataclass(frozen=True)
class BuildSummary:
    """What a build or a run came to."""

    results: Path
    """The results folder."""
    site: Path | None
    """The report's first page; None where none was asked for."""
    programs: int
    reused: int
    """Programs whose results were on disk already."""
    failed_cells: int = 0
    nothing_to_do: bool = False
    best: list[dict[str, Any]] = field(default_factory=list)
    """The best cell of each loss: loss, optimizer, learning_rate, solved, gap, steps."""


def build(config: Config, on_event: OnEvent) -> BuildSummary:
    """Run what is missing of the matrix and write the report into ``config.output``."""
    plan = make_plan(config)
    folder = config.output / "results"
    if is_up_to_date(folder, plan, config):
        from reportgen.report.site_record import is_current

        if is_current(config.output, _edition(config)):
            count = len(plan.programs)
            return BuildSummary(folder, config.output / "index.html", count, count, nothing_to_do=True)
    with _alone(folder):
        return _Session(config, plan, on_event).build()


def run(config: Config, on_event: OnEvent) -> BuildSummary:
    """Run what is missing of the matrix; no report."""
    plan = make_plan(config)
    folder = config.output / "results"
    if is_up_to_date(folder, plan, config):
        return BuildSummary(folder, None, len(plan.programs), len(plan.programs), nothing_to_do=True)
    with _alone(folder):
        return _Session(config, plan, on_event).run()


def _edition(config: Config) -> RenderOptions:
    from reportgen.report.render_options import RenderOptions

    return RenderOptions(config.templates and (config.base / config.templates).resolve(), config.max_size)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the results folder for this process; raises BlockingIOError where another one has it."""
    from filelock import FileLock, Timeout

    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / ".lock", timeout=0):
            yield
    except Timeout:
        told = "another reportgen is at work in this folder: wait for it, or choose another --output"
        raise BlockingIOError(errno.EWOULDBLOCK, told, str(folder)) from None


class _Session:
    """One build or run of one plan."""

    def __init__(self, config: Config, plan: Plan, on_event: OnEvent) -> None:
        self._config = config
        self._plan = plan
        self._on_event = on_event
        self._folder = config.output / "results"
        self._log = self._folder / "worker.log"

    def build(self) -> BuildSummary:
        """Results and report."""
        with LocalWorkers(self._log, self._config.compile_cache) as workers:
            self._start(workers)
            from reportgen.figures.svg import warm_up
            from reportgen.report.site import Site
            from reportgen.results.result_tables import Results

            warm_up()
            site = Site(self._config.output, lambda figure: self._on_event(FigureStart(figure)), _edition(self._config))
            outcome = self._run(workers, site)
            page = site.write(Results.for_report(self._folder))
        self._on_event(ReportEnd(page))
        return replace(outcome, site=page)

    def run(self) -> BuildSummary:
        """Results alone."""
        with LocalWorkers(self._log, self._config.compile_cache) as workers:
            self._start(workers)
            return self._run(workers, None)

    def _start(self, workers: LocalWorkers) -> None:
        """Have TensorFlow imported over there while this process imports pandas and matplotlib."""
        kept = indexed_programs(self._folder)
        missing = [program for program in self._plan.programs if program.fingerprint not in kept]
        if missing:
            workers.start(missing)

    def _run(self, workers: LocalWorkers, site: Site | None) -> BuildSummary:
        from reportgen.analysis import best_cell_per_loss
        from reportgen.analysis.cells import stored_cell_table
        from reportgen.results.manifest import describe, with_device
        from reportgen.results.store import Store

        store = Store(self._folder)
        programs = self._plan.programs
        missing = [program for program in programs if not store.has(program)]
        cells, runs = sum(len(p.cells) for p in programs), sum(p.runs for p in programs)
        run_steps = sum(p.run_steps for p in missing)
        self._on_event(PlanReady(len(programs), len(programs) - len(missing), cells, runs, run_steps))
        manifest = describe(self._config, self._plan)
        self._execute(workers, store, missing, site, manifest)
        planes = self._planes(workers, store, manifest)
        store.finish(self._plan, with_device(manifest, store.device(self._plan)), planes)
        table = stored_cell_table(self._folder)
        failed = int((table["failed"] > 0).sum())
        if not failed:
            self._log.unlink(missing_ok=True)
        best = [{str(k): v for k, v in row.items()} for row in best_cell_per_loss(table).to_dict("records")]
        reused = len(programs) - len(missing)
        return BuildSummary(self._folder, None, len(programs), reused, failed, best=best)

    def _execute(
        self,
        workers: LocalWorkers,
        store: Store,
        missing: list[Program],
        site: Site | None,
        manifest: dict[str, Any],
    ) -> None:
        """Run what is missing, keep each program's results, and draw each loss whose last program came in."""
        waiting = Counter(program.loss for program in missing)
        broken = ((program, program.broken) for program in missing if program.broken)
        whole = [program for program in missing if not program.broken]
        for item in chain(broken, workers.run(whole, self._config.deadline, store.keep)):
            if not isinstance(item, tuple):
                self._on_event(item)
                continue
            program, result = item
            reason = result if isinstance(result, str) else None
            if reason:
                store.keep_failure(program, reason)
            self._on_event(ProgramEnd(program.id, reason, program.run_steps))
            waiting[program.loss] -= 1
            # A loss on a plane is drawn at last: its ground needs the worker, which is busy now.
            if site and not waiting[program.loss] and not _on_plane(self._plan.losses[program.loss]):
                site.draw(store.results(self._of(program.loss), manifest))

    def _planes(self, workers: LocalWorkers, store: Store, manifest: dict[str, Any]) -> dict[str, Any]:
        """By label, the Grid of each loss of more than two dimensions on the plane that shows most of its paths.

        None where there is no such plane, or where evaluating the loss on it fails: that costs the picture's ground.
        """
        from reportgen.analysis.principal_plane import principal_plane

        planes: dict[str, Any] = {}
        for label in (label for label, loss in self._plan.losses.items() if _on_plane(loss)):
            one, found = self._of(label)[0], principal_plane(store.results(self._of(label), manifest), label)
            grid: Any = None
            if found:
                ref = LossRef(one.loss_ref, one.base, one.dim, one.parameters, found.box, found.plane)
                try:
                    (grid,) = workers.grids([ref], self._config.deadline)
                except WorkerLostError as error:  # the results are all there
                    grid = str(error)
            if isinstance(grid, str):
                self._on_event(BackgroundFailure(label, grid))
            planes[label] = None if isinstance(grid, str) else grid
        return planes

    def _of(self, label: str) -> list[Program]:
        return [program for program in self._plan.programs if program.loss == label]


def _on_plane(loss: Loss | str) -> bool:
    return not isinstance(loss, str) and loss.dim > 2
