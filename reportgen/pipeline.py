"""Builds a report: runs the missing programs of a matrix, and draws figures while programs still run."""

from __future__ import annotations

import errno
import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

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
from reportgen.failure import Failure
from reportgen.loss import Loss
from reportgen.plan import make_plan
from reportgen.results.lock import locked
from reportgen.results.manifest import find_manifest
from reportgen.results.manifest_index import indexed_programs, is_up_to_date, stored_plan
from reportgen.shards import programs_of

if TYPE_CHECKING:
    import pandas as pd

    from reportgen.analysis.best_rows import BestRow, FailedCells
    from reportgen.analysis.head_to_head import HeadToHead
    from reportgen.config import Config
    from reportgen.engine.result import Grid
    from reportgen.execute.dask_cluster import DaskCluster
    from reportgen.execute.local_workers import LocalWorkers
    from reportgen.execute.slurm_cluster import SlurmCluster
    from reportgen.plan import Plan, Program
    from reportgen.rate_grid import Extension
    from reportgen.report.render_options import RenderOptions
    from reportgen.report.site import Site
    from reportgen.results.manifest import Manifest
    from reportgen.results.store import Store
    from reportgen.shards import Shard

OnEvent = Callable[[Event], None]


@dataclass(frozen=True)
class BuildSummary:
    """What a build or a run has done."""

    results: Path
    """The results folder."""
    site: Path | None
    """The first page of the report; None for a run."""
    programs: int
    """Number of programs."""
    reused: int
    """Programs with valid results on disk."""
    failed_cells: int = 0
    """Configurations with failed runs."""
    up_to_date: bool = False
    """Whether everything was on disk already."""
    best: Sequence[BestRow] = ()
    """The best configuration of each optimizer on each loss."""
    head_to_head: Sequence[HeadToHead] = ()
    """The other optimizers against the baseline; empty without a baseline in the ranking."""
    failures: Sequence[FailedCells] = ()
    """Why configurations failed, each reason once."""


Accept = Callable[[BuildSummary], bool]


def build(config: Config, on_event: OnEvent, accept: Accept | None = None) -> BuildSummary:
    """Run the missing programs of the matrix and write the report into ``config.output``.

    Args:
        config: the matrix.
        on_event: called with each event.
        accept: called with what was run, before the report is replaced. If it returns False, the earlier report stays.

    Raises:
        BlockingIOError: another process uses the results folder.
        ConfigError: the baseline is not an optimizer of the matrix.
        ClusterError: the cluster of the config cannot run the programs.
        DeviceMissingError: TensorFlow does not find the device of the config.
        WorkerLostError: no worker process could be started.
        TemplateError: a template of the user is broken.
    """
    folder = config.output / "results"
    plan = stored_plan(folder, config)
    if is_up_to_date(folder, plan, config):
        from reportgen.report.site_record import is_current

        if is_current(config.output, _render_options(config)):
            return _up_to_date(folder, plan, config.output / "index.html")
    with locked(folder):
        return _Pipeline(config, on_event).build(accept)


def run(config: Config, on_event: OnEvent) -> BuildSummary:
    """Run the missing programs of the matrix, without a report; arguments and errors as for ``build``."""
    folder = config.output / "results"
    plan = stored_plan(folder, config)
    if is_up_to_date(folder, plan, config):
        return _up_to_date(folder, plan, None)
    with locked(folder):
        return _Pipeline(config, on_event).run()


def run_shard(config: Config, shard: Shard, on_event: OnEvent) -> BuildSummary:
    """Run the missing programs of one shard of the matrix, for ``results.merge``; other arguments as for ``build``.

    Raises:
        FileExistsError: the folder has the results of a whole matrix.
        Exception: as for ``build``.
    """
    folder = config.output / "results"
    with locked(folder):
        if find_manifest(folder):
            message = "has the results of a whole matrix; choose another --output for a shard"
            raise FileExistsError(errno.EEXIST, message, str(folder))
        return _Pipeline(config, on_event).run_shard(shard)


def _up_to_date(folder: Path, plan: Plan, site: Path | None) -> BuildSummary:
    """What a build or a run reports if there was nothing to do. No heavy package is imported for it."""
    from reportgen.analysis.terminal_summary import read_terminal_summary

    count, stored = len(plan.programs), read_terminal_summary(folder)
    return BuildSummary(folder, site, count, count, up_to_date=True, best=stored.best, head_to_head=stored.head_to_head)


def _render_options(config: Config) -> RenderOptions:
    from reportgen.report.render_options import RenderOptions

    return RenderOptions(config.templates and (config.base / config.templates).resolve(), config.max_size)


class _Pipeline:
    """One build or run of one config, in rounds: the grids of learning rates may grow after each of them."""

    def __init__(self, config: Config, on_event: OnEvent) -> None:
        self._config = config
        self._plan = make_plan(config)
        self._ran: dict[str, int] = {}
        """The programs that this build has run: run-steps by fingerprint."""
        self._on_event = on_event
        self._folder = config.output / "results"
        self._log = self._folder / "worker.log"
        self._cluster: DaskCluster | SlurmCluster | None = None
        """What runs the programs in place of the workers of this machine."""
        self._connections = ExitStack()

    def build(self, accept: Accept | None) -> BuildSummary:
        """Make results and report."""
        with self._machines() as workers:
            from reportgen.report.site import Site
            from reportgen.results.result_tables import Results

            options = _render_options(self._config)
            with Site(self._config.output, lambda figure: self._on_event(FigureStart(figure)), options) as site:
                site.warm_up()
                summary = self._run(workers, site)
                if accept and not accept(summary):
                    return self._stored(summary)
                page = site.write(Results.for_report(self._folder))
        self._on_event(ReportEnd(page))
        return self._stored(replace(summary, site=page, head_to_head=site.head_to_head))

    def run(self) -> BuildSummary:
        """Make results only."""
        with self._machines() as workers:
            summary = self._run(workers, None)
        if self._config.baseline:
            from reportgen.analysis.report_analysis import ReportAnalysis
            from reportgen.results.result_tables import Results

            analysis = ReportAnalysis(Results.for_report(self._folder))
            summary = replace(summary, head_to_head=analysis.head_to_head)
        return self._stored(summary)

    def run_shard(self, shard: Shard) -> BuildSummary:
        """Make the parts of one shard only."""
        from reportgen.results.manifest_builder import build_manifest
        from reportgen.results.shard_record import ShardRecord, write_shard_record
        from reportgen.results.store import Store

        plan = self._plan
        write_shard_record(self._folder, ShardRecord.of(shard, plan, build_manifest(self._config, plan)))
        self._plan = replace(plan, programs=programs_of(plan, shard))
        store = Store(self._folder)
        with self._machines() as workers:
            self._run_round(workers, store, None)
        return self._summary(store)

    def _stored(self, summary: BuildSummary) -> BuildSummary:
        """Store what the terminal shows, and return the summary."""
        from reportgen.analysis.terminal_summary import TerminalSummary, write_terminal_summary

        shown = TerminalSummary(tuple(summary.best), tuple(summary.head_to_head))
        write_terminal_summary(self._folder, shown)
        return summary

    @contextmanager
    def _machines(self) -> Iterator[LocalWorkers]:
        """The workers of this machine, and a connection to the cluster, if there is one and programs are missing."""
        from reportgen.execute.local_workers import LocalWorkers  # imported only if programs are missing

        finished = indexed_programs(self._folder, find_manifest(self._folder))
        missing = [program for program in self._plan.programs if program.fingerprint not in finished]
        with LocalWorkers(self._log, memory_limit=self._memory_limit) as workers, self._connections:
            if missing and self._config.cluster:
                self._connect()
            elif missing:  # they import TensorFlow while this process imports pandas and matplotlib
                workers.start(missing)
            yield workers

    def _connect(self) -> None:
        """Connect to the cluster of the config, if there is one, unless it is connected."""
        if self._config.cluster and not self._cluster:
            from reportgen.config.cluster import SLURM
            from reportgen.execute.dask_cluster import DaskCluster
            from reportgen.execute.slurm_cluster import SlurmCluster

            arguments = (self._config.cluster, self._folder, self._memory_limit)
            is_slurm = self._config.cluster.address == SLURM
            cluster = SlurmCluster(*arguments) if is_slurm else DaskCluster(*arguments)
            self._cluster = cluster
            self._connections.enter_context(cluster)

    @property
    def _memory_limit(self) -> int:
        return int(self._config.memory_limit * 2**30)

    def _run(self, workers: LocalWorkers, site: Site | None) -> BuildSummary:
        from reportgen.results.store import Store

        store = Store(self._folder)
        # The grids often grow after the first round. Then figures of that round would be drawn twice.
        manifest = self._run_round(workers, store, None if self._plan.extensions or self._searched else site)
        while (extensions := self._grown(store)) != self._plan.extensions:
            self._plan = make_plan(self._config, extensions)
            manifest = self._run_round(workers, store, None if self._searched else site)
        if lowest := self._lowest(store):
            self._plan = make_plan(self._config, self._plan.extensions, lowest)
            manifest = self._run_round(workers, store, site)
        planes = self._planes(workers, store, manifest)
        manifest = store.finish(self._plan.programs, manifest, planes)
        self._update_basins(workers, manifest, planes)
        return self._summary(store)

    def _summary(self, store: Store) -> BuildSummary:
        """What was run, from the stored programs of the plan."""
        from reportgen.analysis.best_rows import FAILURE_COLUMNS, best_rows, failed_cells_of_batches

        programs = self._plan.programs
        if not programs:
            return BuildSummary(self._folder, None, 0, 0)
        table = self._cells(store)
        failed = int((table["failed"] > 0).sum())
        if not failed:
            self._log.unlink(missing_ok=True)
        reused = sum(program.fingerprint not in self._ran for program in programs)
        main = table[~table["optimizer"].isin(self._plan.rate_only)]
        best = best_rows(main, self._plan.custom_optimizers)
        failures = failed_cells_of_batches(store.run_batches(programs, FAILURE_COLUMNS)) if failed else ()
        return BuildSummary(self._folder, None, len(programs), reused, failed, best=best, failures=failures)

    def _cells(self, store: Store) -> pd.DataFrame:
        """The table of the configurations of the plan."""
        from reportgen.analysis.cells import cell_table_of_batches, columns_of_cells

        targets, plan = self._config.targets, self._plan
        batches = store.run_batches(plan.programs, columns_of_cells(targets))
        return cell_table_of_batches(batches, targets, list(plan.losses), list(plan.optimizers))

    def _update_basins(self, workers: LocalWorkers, manifest: Manifest, planes: Mapping[str, Grid | None]) -> None:
        from reportgen.results.basin_runs import update_basins

        def show(program: str) -> None:
            self._on_event(FigureStart(program))

        update_basins(self._folder, manifest, self._plan, planes, workers, show)

    def _run_round(self, workers: LocalWorkers, store: Store, site: Site | None) -> Manifest:
        """Run the missing programs of the plan; return its manifest."""
        from reportgen.results.manifest_builder import build_manifest

        programs = self._plan.programs
        missing = [program for program in programs if program.fingerprint not in self._ran and not store.has(program)]
        self._ran |= {program.fingerprint: program.run_steps for program in missing}
        cells, runs = sum(len(p.cells) for p in programs), sum(p.runs for p in programs)
        reused = sum(program.fingerprint not in self._ran for program in programs)
        self._on_event(PlanReady(len(programs), reused, cells, runs, sum(self._ran.values())))
        if missing:
            self._connect()
        if missing and not self._cluster and self._config.device not in ("auto", "cpu"):
            workers.require_device(self._config.device, self._config.deadline)
        manifest = build_manifest(self._config, self._plan)
        self._execute(workers, store, missing, site, manifest)
        return manifest

    @property
    def _searched(self) -> list[str]:
        """Labels of the losses of which the lowest value is not known yet."""
        losses = self._plan.losses.items()
        return [label for label, loss in losses if isinstance(loss, Loss) and math.isnan(loss.minimum)]

    def _lowest(self, store: Store) -> dict[str, float]:
        """The lowest value that any run has found of each loss with an unknown minimum."""
        lowest = {}
        for label in self._searched:
            batches = store.run_batches(self._programs_on(label), ["cell_id", "best_loss"])
            values = [batch["best_loss"].min() for batch in batches]
            if finite := [float(value) for value in values if math.isfinite(value)]:
                lowest[label] = min(finite)
        return lowest

    def _grown(self, store: Store) -> dict[str, Extension]:
        """How far the automatic grids must reach, from the results so far."""
        from reportgen.analysis.grid_extension import grown

        extensions = self._plan.extensions
        return grown(self._cells(store), extensions) if extensions else {}

    def _execute(
        self,
        workers: LocalWorkers,
        store: Store,
        missing: list[Program],
        site: Site | None,
        manifest: Manifest,
    ) -> None:
        """Run the missing programs and store their results; draw the figures of a loss when its last program ends."""
        from reportgen.results.program_runs import run_programs

        waiting = Counter(program.loss for program in missing)
        for item in run_programs(missing, store, workers, self._cluster, self._config.deadline):
            if not isinstance(item, tuple):
                self._on_event(item)
                continue
            program, failure = item
            self._on_event(ProgramEnd(program.id, failure.reason if failure else None, program.run_steps))
            waiting[program.loss] -= 1
            # The background of a loss on a plane needs a worker, and they are busy now. It is drawn at the end.
            if site and not waiting[program.loss] and not _needs_plane(self._plan.losses[program.loss]):
                site.draw(store.results(self._programs_on(program.loss), manifest))

    def _planes(self, workers: LocalWorkers, store: Store, manifest: Manifest) -> dict[str, Grid | None]:
        """The grid of each loss of more than two dimensions on its principal plane, by label.

        None if there is no plane, or if the loss cannot be evaluated on it. Its pictures then have no background.
        """
        from reportgen.analysis.principal_plane import principal_plane

        planes: dict[str, Grid | None] = {}
        for label, loss in self._plan.losses.items():
            if isinstance(loss, Failure) or not _needs_plane(loss):
                continue
            programs = self._programs_on(label)
            view = principal_plane(store.results(programs, manifest), label)
            grid: Grid | Failure | None = None
            if view:
                first = programs[0]
                names = (first.loss_ref, first.base, first.dim, first.parameters)
                ref = LossRef.of(loss, *names, view.box, view.plane)
                try:
                    (grid,) = workers.grids([ref], self._config.deadline)
                except WorkerLostError as error:  # the results are complete, so the report can be written
                    grid = Failure(str(error))
            if isinstance(grid, Failure):
                self._on_event(BackgroundFailure(label, grid.reason))
            planes[label] = None if isinstance(grid, Failure) else grid
        return planes

    def _programs_on(self, loss: str) -> list[Program]:
        return [program for program in self._plan.programs if program.loss == loss]


def _needs_plane(loss: Loss | Failure) -> bool:
    return not isinstance(loss, Failure) and loss.dim > 2
