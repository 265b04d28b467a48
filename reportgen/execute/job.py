"""A job: programs for another machine, with all that it needs to run them, and the results that come back."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from reportgen import __version__, catalogue
from reportgen.execute.events import ClusterError
from reportgen.failure import Failure, one_line
from reportgen.plan import Program
from reportgen.program_sources import source_hashes, tensorflow_version
from reportgen.regular_files import SOURCE_LIMIT, read_bytes

if TYPE_CHECKING:
    from reportgen.engine.run import Engine


class StoreInto(Protocol):
    """Runs a program with its engine, and writes its results into a folder below ``parts``; picklable."""

    def __call__(self, parts: Path, program: Program, engine: Engine, host: str = "") -> Any:
        """``host``: the name of this machine."""


class OtherCodeError(Exception):
    """This machine has another version of the code than the one that planned the programs."""


@dataclass(frozen=True)
class Versions:
    """The packages that determine the results."""

    reportgen: str
    tensorflow: str

    @classmethod
    def here(cls) -> Versions:
        """Return the versions on this machine."""
        return cls(__version__, tensorflow_version())

    def __str__(self) -> str:
        return f"reportgen {self.reportgen} and TensorFlow {self.tensorflow}"


@dataclass(frozen=True)
class Job:
    """Programs that one machine runs together; picklable."""

    programs: tuple[Program, ...]
    deadline: float
    """Seconds, as in ``LocalWorkers.run``."""
    memory_limit: int
    """Bytes of memory that a worker process may use; 0: no limit."""
    store: StoreInto
    files: Mapping[str, bytes]
    """The files of the plug-ins by absolute path."""
    versions: Versions
    """Of the machine that planned the programs."""
    xla_flags: str
    """The value of ``XLA_FLAGS`` there."""

    @classmethod
    def of(cls, programs: Sequence[Program], deadline: float, memory_limit: int, store: StoreInto) -> Job:
        """Return a job for programs that are planned on this machine.

        Raises:
            ClusterError: a plug-in is named by an absolute path.
            OSError: the file of a plug-in cannot be read.
        """
        for program in programs:
            _check_relative(program)
        paths = dict.fromkeys(Path(file) for program in programs for file in program.plugin_files)
        pickles = [path.with_suffix(".pickle") for path in paths]  # of optimizers and losses that are Python objects
        files = {str(path): read_bytes(path, SOURCE_LIMIT) for path in (*paths, *filter(Path.is_file, pickles))}
        moved = tuple(replace(program, base=program.base.resolve()) for program in programs)
        return cls(moved, deadline, memory_limit, store, files, Versions.here(), os.environ.get("XLA_FLAGS", ""))

    def unpacked(self, root: Path) -> tuple[Program, ...]:
        """Write the files below ``root``, each at its path on the other machine; return programs that use them."""
        for program in self.programs:
            _below(root, str(program.base)).mkdir(parents=True, exist_ok=True)
        for name, content in self.files.items():
            path = _below(root, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return tuple(
            replace(
                program,
                base=_below(root, str(program.base)),
                plugins=tuple(
                    str(_below(root, source)) if source in self.files else source for source in program.plugins
                ),
            )
            for program in self.programs
        )


def _below(root: Path, path: str) -> Path:
    return root / Path(path).relative_to(Path(path).anchor)


def check_code(programs: Sequence[Program]) -> None:
    """Raise OtherCodeError if the losses, optimizers or the engine here are not those of the programs."""
    for program in programs:
        try:
            loss = program.load_loss()
            kind = catalogue.find_optimizer(program.family, program.base)
            kinds = catalogue.wrapped_classes(kind, program.cells[0].hyperparameters, program.base)
            found = source_hashes(loss, [loss, *kinds])
        except Exception as error:  # whatever a plug-in raises that can be loaded on the other machine
            raise OtherCodeError(f"cannot load {program.id}: {one_line(str(error))}") from error
        if found != program.sources:
            raise OtherCodeError(f"has other code of {program.id}; expected the same as here")


def _check_relative(program: Program) -> None:
    """Raise ClusterError if a plug-in is named by an absolute path, which is another one on each machine."""
    texts = (program.loss_ref, program.family, *program.cells[0].hyperparameters.values())
    for text in texts:
        if isinstance(text, str) and ".py:" in text and Path(text).is_absolute():
            raise ClusterError(f"{text}: absolute path; with a Dask cluster, name plug-ins relative to the config")


@dataclass(frozen=True)
class Returned:
    """What comes back of one program."""

    program_id: str
    failure: Failure | None
    files: Mapping[str, bytes] | None
    """The files that it stored, by name; empty if it failed, and None if they are in the results folder already."""
