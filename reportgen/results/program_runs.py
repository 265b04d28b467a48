"""Runs programs here or on a cluster, and stores their results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from reportgen.execute.events import WorkerEvent
from reportgen.execute.job import Returned
from reportgen.failure import Failure
from reportgen.plan import Program
from reportgen.results.program_store import store_program
from reportgen.results.store import Store

if TYPE_CHECKING:
    from reportgen.execute.dask_cluster import DaskCluster
    from reportgen.execute.local_workers import LocalWorkers
    from reportgen.execute.slurm_cluster import SlurmCluster


def run_programs(
    programs: Sequence[Program],
    store: Store,
    workers: LocalWorkers,
    cluster: DaskCluster | SlurmCluster | None,
    deadline: float,
) -> Iterator[tuple[Program, Failure | None] | WorkerEvent]:
    """Yield each program with its failure, if it has one, when its results are stored; and events in between.

    A program that could not be loaded has failed before it runs.

    Args:
        programs: the programs to run.
        store: gets the results.
        workers: the workers of this machine.
        cluster: what runs the programs in place of the workers.
        deadline: seconds, as in ``LocalWorkers.run``.

    Raises:
        Exception: as ``run`` of the workers or of the cluster.
    """
    for program in programs:
        if program.failure:
            store.store_failure(program, program.failure)
            yield program, program.failure
    loaded = [program for program in programs if not program.failure]
    outcomes = (
        cluster.run(loaded, deadline, store_program) if cluster else workers.run(loaded, deadline, store.store_program)
    )
    for item in outcomes:
        if not isinstance(item, tuple):
            yield item
            continue
        program, result = item
        if isinstance(result, Failure):
            store.store_failure(program, result)
        elif isinstance(result, Returned) and result.files is not None:
            store.receive(program, result.files)
        yield program, result if isinstance(result, Failure) else None
