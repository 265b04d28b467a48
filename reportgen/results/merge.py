"""Joins the parts of shards to the tables of the whole matrix. Neither TensorFlow nor any plug-in is loaded for it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from reportgen.config.model import AUTO, Config
from reportgen.results.errors import NotResultsError, shown
from reportgen.results.files import PARTS, SHARD_RECORD
from reportgen.results.json_checks import json_problem
from reportgen.results.manifest import NOT_STORED, Manifest, ProgramEntry
from reportgen.results.manifest_checks import entry_problem
from reportgen.results.program_store import read_entry
from reportgen.results.shard_record import PlannedProgram, ShardRecord, read_shard_record
from reportgen.results.store import Store

_MOST_NAMED = 5
"""Shards that a message names."""


@dataclass(frozen=True)
class MergeSummary:
    """What was merged."""

    results: Path
    """The results folder."""
    shards: int
    """Number of folders."""
    programs: int
    runs: int
    unfinished: bool
    """Whether a build has more to run."""


def merge_shards(folders: Sequence[Path], results: Path) -> MergeSummary:
    """Write the tables of a matrix into a results folder, from shards that hold all of its programs.

    Programs that the results folder has already count as well. One program is read at a time.

    Args:
        folders: folders that ``run --shard`` has written. They are not changed.
        results: the results folder, which must be locked.

    Raises:
        NotResultsError: a folder holds no shard, or one of another plan, or it is the results folder; or programs are
            missing.
    """
    for folder in folders:
        if _inner(folder).resolve() == results.resolve():
            raise NotResultsError(f"{folder}: is a shard; expected another --output for the whole matrix")
    shards = {folder: read_shard_record(_inner(folder)) for folder in folders}
    first, record = next(iter(shards.items()))
    for folder, other in shards.items():
        if difference := _difference(record, other):
            raise NotResultsError(f"{folder}: is a shard of another plan than {first}: {difference}")
    store = Store(results)
    for program in record.programs:
        store.check_part(program.fingerprint, program.runs, record.manifest.targets)
    _adopt(store, shards)
    missing = [program for program in record.programs if store.entry(program) is None]
    if missing:
        raise NotResultsError(_missing(missing, shards))
    manifest = replace(record.manifest, unfinished=_is_unfinished(record.manifest))
    store.finish(record.programs, manifest, {})
    runs = sum(program.runs for program in record.programs)
    return MergeSummary(results, len(shards), len(record.programs), runs, manifest.unfinished)


def _inner(folder: Path) -> Path:
    """The results folder of an output folder, or the folder itself."""
    inner = folder / "results"
    if not folder.is_dir():
        found = "is a file" if folder.exists() else "does not exist"
        raise NotResultsError(f"{folder}: {found}; expected a folder of reportgen run --shard")
    return inner if (inner / SHARD_RECORD).is_file() else folder


def _adopt(store: Store, shards: Mapping[Path, ShardRecord]) -> None:
    """Take each program from the first shard in which it succeeded, or else from one in which it failed."""
    for folder, record in shards.items():
        parts, targets = _inner(folder) / PARTS, record.manifest.targets
        for program in record.programs:
            found = None if store.succeeded(program) else _read_entry(parts / program.fingerprint, program, record)
            if found and not (found.failed and store.entry(program)):
                store.adopt(parts / program.fingerprint, found, targets)


def _read_entry(part: Path, program: PlannedProgram, record: ShardRecord) -> ProgramEntry | None:
    """The entry in a part, with the facts that the plan knows; None if it is missing, damaged or of another program."""
    found = None if any(path.is_symlink() for path in (part, *part.glob("*"))) else read_entry(part)
    if found is None or found.fingerprint != program.fingerprint:
        return None
    entry = replace(
        found,
        id=program.id,
        loss=program.loss,
        optimizers=program.optimizers,
        runs=program.runs,
        host=record.host,
        groups=None,
    )
    problem = entry_problem(entry, record.manifest) or json_problem(asdict(entry))
    return None if problem else entry


def _difference(record: ShardRecord, other: ShardRecord) -> str | None:
    """What differs between the plans of two shards; None if they are the same."""
    if [program.fingerprint for program in record.programs] == [program.fingerprint for program in other.programs]:
        return None
    return next(_differences(record, other))


def _differences(record: ShardRecord, other: ShardRecord) -> Iterator[str]:
    one, two = record.manifest, other.manifest
    for name, here, there in (
        ("reportgen", two.reportgen, one.reportgen),
        ("TensorFlow", two.versions["tensorflow"], one.versions["tensorflow"]),
    ):
        if here != there:
            yield f"it was run with {name} {shown(here)}, the other one with {shown(there)}"
    settings, others = _settings(one.config), _settings(two.config)
    for key, value in others.items():
        if value != settings[key]:
            yield f"{key} is {shown(value)} in it, and {shown(settings[key])} in the other one"
    known = {program.fingerprint for program in record.programs}
    name = next((program.id for program in other.programs if program.fingerprint not in known), "")
    yield f"the code or the XLA flags of {shown(name)} differ" if name else "programs are missing in its record"


def _settings(config: Config) -> dict[str, object]:
    return config.model_dump(mode="json", exclude=NOT_STORED)


def _missing(missing: Collection[PlannedProgram], shards: Mapping[Path, ShardRecord]) -> str:
    """Which programs are missing, and in which shards they should be."""
    record = next(iter(shards.values()))
    wanted = record.shards_with({program.fingerprint for program in missing})
    given = {other.shard: folder for folder, other in shards.items()}
    names = [f"{shard} ({given[shard]} is not complete)" if shard in given else str(shard) for shard in wanted]
    if len(names) > _MOST_NAMED:
        names[_MOST_NAMED:] = [f"{len(names) - _MOST_NAMED} more"]
    found = f"{len(missing):,} of {len(record.programs):,} programs are missing, such as {next(iter(missing)).id}"
    return f"{found}; run and merge also {'shards' if len(names) > 1 else 'shard'} {', '.join(names)}"


def _is_unfinished(manifest: Manifest) -> bool:
    """Whether a build adds to the results of all programs of the first plan.

    It grows automatic grids of learning rates, searches unknown minima, evaluates losses above two dimensions on a
    plane, and maps basins.
    """
    config = manifest.config
    rates = [
        config.learning_rates if each.learning_rates is None else each.learning_rates for each in config.optimizers
    ]
    loaded = [loss for loss in manifest.losses if loss.dim is not None]
    grows = AUTO in rates and not config.tune.trials
    return grows or config.basins > 0 or any(loss.minimum is None or (loss.dim or 0) > 2 for loss in loaded)
