"""Runs programs as a job array of Slurm, which writes the results through the shared file system."""

from __future__ import annotations

import logging
import os
import platform
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from reportgen.config.cluster import Cluster
from reportgen.execute.events import ClusterError, ClusterState, WorkerEvent
from reportgen.execute.job import OtherCodeError, Returned, StoreInto, check_code
from reportgen.execute.local_workers import LocalWorkers
from reportgen.execute.worker_log import shorten
from reportgen.failure import Failure
from reportgen.plan import Program
from reportgen.shards import cut

if TYPE_CHECKING:
    from submitit import Job

POLL_SECONDS = 2.0
RESULT_SECONDS = 60.0
"""How long the files of a job that has ended may take to arrive through the shared file system."""
_RUNNING = "RUNNING"


def run_element(
    programs: Sequence[Program], results: Path, store: StoreInto, deadline: float, memory_limit: int
) -> None:
    """Run the programs of one element of the array on its machine.

    Results and failures are written into the results folder as soon as a program ends.
    """
    try:
        check_code(programs)
    except OtherCodeError as error:
        for program in programs:
            _failure_file(results, program).write_text(f"a job on {platform.node()} {error}", encoding="utf-8")
        return
    log = results / _FOLDER / f"worker-{os.environ.get('SLURM_JOB_ID', os.getpid())}.log"
    with LocalWorkers(log, memory_limit=memory_limit) as workers:
        for item in workers.run(programs, deadline, partial(store, results / "parts", host=platform.node())):
            if isinstance(item, tuple) and isinstance(item[1], Failure):
                _failure_file(results, item[0]).write_text(item[1].reason, encoding="utf-8")


_FOLDER = "slurm"
"""The folder of the jobs, in the results folder."""


def _failure_file(results: Path, program: Program) -> Path:
    return results / _FOLDER / f"{program.fingerprint}.failure"


@dataclass(eq=False)
class _Element:
    """An element of an array, with the programs that have not ended."""

    waiting: dict[str, Program]
    """By fingerprint."""
    attempts: int = 0
    """How often its programs were lost before."""
    left_at: float | None = None
    """When Slurm did not know it any more."""


class SlurmCluster:
    """Slurm on this machine; a context manager that cancels its jobs."""

    def __init__(self, settings: Cluster, results: Path, memory_limit: int) -> None:
        """Submit nothing yet.

        Args:
            settings: what each element of the array needs.
            results: the results folder, which all machines must see.
            memory_limit: bytes of memory that a worker process may use; 0: no limit.
        """
        self._settings = settings
        self._results = results.resolve()
        self._memory_limit = memory_limit
        self._elements: dict[Job[None], _Element] = {}
        self._submitted = 0

    def __enter__(self) -> Self:
        try:
            import submitit  # noqa: F401 - whether it is installed
        except ImportError:
            raise ClusterError("Slurm needs submitit: pip install 'optimizer-reportgen[cluster]'") from None
        if shutil.which("sbatch") is None:
            raise ClusterError("slurm: found no command sbatch; expected a machine on which jobs are submitted")
        logging.getLogger("submitit").setLevel(logging.CRITICAL)  # all that matters is said here
        self._cancel_earlier()
        return self

    def _cancel_earlier(self) -> None:
        """Cancel what is left of the arrays of a run that was killed; what they have finished is stored."""
        self._arrays.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            ids = [word for word in self._arrays.read_text(encoding="utf-8").split() if word.isdecimal()]
            subprocess.run(["scancel", *ids], capture_output=True, check=False)
            self._arrays.unlink()

    @property
    def _arrays(self) -> Path:
        """The ids of the arrays that were submitted."""
        return self._results / _FOLDER / "arrays.txt"

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        for job in self._elements:
            with suppress(Exception):
                job.cancel(check=False)
        if kind is None:
            self._keep_logs()
            shutil.rmtree(self._results / _FOLDER, ignore_errors=True)

    def _keep_logs(self) -> None:
        """Add the logs of all elements to that of the run, where tracebacks of plug-ins are."""
        texts = [path.read_bytes() for path in sorted((self._results / _FOLDER).glob("worker-*.log"))]
        if any(texts):
            with (self._results / "worker.log").open("ab") as log:
                log.writelines(texts)
            shorten(self._results / "worker.log")

    def run(
        self, programs: Sequence[Program], deadline: float, store: StoreInto
    ) -> Iterator[tuple[Program, Returned | Failure] | WorkerEvent]:
        """Yield each program when its results or its failure have arrived, and events in between.

        Args:
            programs: the programs to run.
            deadline: seconds, as in ``LocalWorkers.run``.
            store: writes the results of a program into a folder.

        Raises:
            ClusterError: Slurm takes no jobs.
        """
        for program in programs:
            _failure_file(self._results, program).unlink(missing_ok=True)
            # A program that failed earlier has a part, which would look like a new one.
            shutil.rmtree(self._results / "parts" / program.fingerprint, ignore_errors=True)
        submit = partial(self._submit, deadline=deadline, store=store)
        submit(
            [
                _Element({program.fingerprint: program for program in members})
                for members in cut(programs, self._settings.jobs)
            ]
        )
        while self._elements:
            states = self._states()
            running = sum(states.get(job.job_id) == _RUNNING for job in self._elements)
            yield ClusterState(running, self._submitted, self._submitted - len(self._elements))
            for job, element in list(self._elements.items()):
                yield from self._arrived(element)
                if job.job_id not in states:
                    yield from self._left(job, element, submit)
            time.sleep(POLL_SECONDS)

    def _submit(self, elements: Sequence[_Element], deadline: float, store: StoreInto) -> None:
        import submitit

        settings = self._settings
        executor = submitit.AutoExecutor(folder=self._results / _FOLDER, cluster="slurm")
        options: dict[str, Any] = {"slurm_partition": settings.partition} if settings.partition else {}
        executor.update_parameters(
            name="reportgen",
            timeout_min=settings.time,
            mem_gb=settings.memory,
            cpus_per_task=settings.cpus,
            gpus_per_node=settings.gpus,
            **options,
        )
        try:
            with executor.batch():
                jobs = [
                    executor.submit(
                        run_element, tuple(each.waiting.values()), self._results, store, deadline, self._memory_limit
                    )
                    for each in elements
                ]
        except Exception as error:  # of submitit, or of its command
            raise ClusterError(f"slurm: the jobs were not accepted: {_last_line(error)}") from error
        with self._arrays.open("a", encoding="utf-8") as file:
            file.writelines(f"{each}\n" for each in sorted({job.job_id.partition("_")[0] for job in jobs}))
        self._elements |= dict(zip(jobs, elements, strict=True))
        self._submitted += len(jobs)

    def _states(self) -> dict[str, str]:
        """The state of each element that Slurm knows; UNKNOWN for all while Slurm does not answer."""
        ids = ",".join(sorted({job.job_id.partition("_")[0] for job in self._elements}))
        command = ["squeue", "--noheader", "--array", "--format=%i %T", f"--jobs={ids}"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode and "Invalid job id" not in done.stderr:
            return dict.fromkeys((job.job_id for job in self._elements), "UNKNOWN")
        return dict(line.split(maxsplit=1) for line in done.stdout.splitlines() if line.strip())

    def _arrived(self, element: _Element) -> Iterator[tuple[Program, Returned | Failure]]:
        """Yield the programs of an element that have ended."""
        for fingerprint, program in list(element.waiting.items()):
            failure = _failure_file(self._results, program)
            if (self._results / "parts" / fingerprint).is_dir():
                yield program, Returned(program.id, None, None)
            elif failure.exists():
                yield program, Failure(failure.read_text(encoding="utf-8"))
            else:
                continue
            del element.waiting[fingerprint]

    def _left(
        self, job: Job[None], element: _Element, submit: Callable[[Sequence[_Element]], None]
    ) -> Iterator[tuple[Program, Failure]]:
        """End an element that Slurm does not know any more, or submit what it has not run."""
        element.left_at = element.left_at or time.monotonic()
        if element.waiting and time.monotonic() - element.left_at < RESULT_SECONDS and not _has_raised(job):
            return
        del self._elements[job]
        attempts = element.attempts + 1
        if len(element.waiting) > 1:  # one of them may be to blame
            submit([_Element({fingerprint: program}, attempts) for fingerprint, program in element.waiting.items()])
        elif element.waiting and attempts <= self._settings.retries:
            submit([_Element(element.waiting, attempts)])
        else:
            for program in element.waiting.values():
                yield program, Failure(f"its Slurm jobs were lost {attempts} times, the last one as {_end_of(job)}")


def _has_raised(job: Job[None]) -> bool:
    """Whether a job has returned an exception, so that no results will arrive."""
    return bool(job.paths.result_pickle.exists())


def _end_of(job: Job[None]) -> str:
    """How a job ended, as far as Slurm or its log says."""
    with suppress(Exception):
        text: str = job.stderr() or ""
        lines = [line for line in text.splitlines() if line.strip()]
        return f"{job.job_id}: {lines[-1][:200]}"
    return str(job.job_id)


def _last_line(error: BaseException) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
