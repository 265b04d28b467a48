"""The file of the basins of attraction: for each configuration where the runs of a grid of starts end, and how fast."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from reportgen.engine.result import Array
from reportgen.loss import Interval
from reportgen.regular_files import open_regular
from reportgen.results.errors import NotResultsError
from reportgen.results.files import atomic_replace
from reportgen.results.manifest import Manifest

BASINS = "basins.parquet"
MOST_SIZE = 256
"""Starts along each axis."""
_MOST_BYTES = 1 << 30
_KEY = b"reportgen:plan"

_SCHEMA = pa.schema(
    [
        ("program", pa.string()),  # the fingerprint of the program with the same optimizer and loss
        ("loss", pa.string()),
        ("optimizer", pa.string()),
        ("learning_rate", pa.float64()),
        ("size", pa.int32()),  # starts along each axis
        ("box", pa.list_(pa.float64())),  # lowest and highest start of each axis
        ("ends", pa.binary()),  # a byte for each start, see reportgen.engine.basins
        ("steps", pa.binary()),  # int32 for each start, -1: the target was not hit
    ]
)


@dataclass(frozen=True)
class BasinMap:
    """Where the runs of one configuration end."""

    program: str
    """The fingerprint of the program of the matrix with this configuration."""
    loss: str
    """Its label."""
    optimizer: str
    """Its label."""
    learning_rate: float
    size: int
    """Starts along each axis."""
    box: tuple[Interval, ...]
    """The first and the last start along each axis."""
    ends: Array
    """Codes of ``reportgen.engine.basins``, uint8 [size] or [size, size]; the first axis of the loss is the last."""
    steps: Array
    """The step at which each run hit the speed target, int32 of the same shape; -1 if it did not."""


def plan_key(programs: Iterable[str], size: int) -> str:
    """Return what tells the maps of a plan from those of another one.

    Args:
        programs: the fingerprints of its programs.
        size: starts along each axis.
    """
    return sha256(f"{size} {' '.join(programs)}".encode()).hexdigest()


def write_basins(folder: Path, maps: Iterable[BasinMap], key: str) -> None:
    """Replace the file in a results folder; ``key`` is the ``plan_key`` of the plan."""
    rows = [
        {
            **{name: getattr(each, name) for name in ("program", "loss", "optimizer", "learning_rate", "size")},
            "box": [limit for interval in each.box for limit in interval],
            "ends": each.ends.astype(np.uint8).tobytes(),
            "steps": each.steps.astype("<i4").tobytes(),
        }
        for each in maps
    ]
    table = pa.Table.from_pylist(rows, _SCHEMA.with_metadata({_KEY: key}))
    with atomic_replace(folder / BASINS) as temporary:
        pq.write_table(table, temporary, compression="zstd", use_dictionary=False)


def read_basins(folder: Path, manifest: Manifest) -> list[BasinMap]:
    """Return the maps of the programs in a manifest, in its order; none if there is no file.

    Raises:
        NotResultsError: the file is damaged, too large, or not such a file.
    """
    path = folder / BASINS
    if not path.exists():
        return []
    places = {entry.fingerprint: place for place, entry in enumerate(manifest.programs)}
    maps = [each for each in _read(path) if each.program in places]
    return sorted(maps, key=lambda each: (places[each.program], each.optimizer, each.learning_rate))


def has_basins(folder: Path, key: str) -> bool:
    """Whether the file in a results folder was written for the plan with this key."""
    try:
        with open_regular(folder / BASINS) as file:
            metadata = pq.read_metadata(file).schema.to_arrow_schema().metadata or {}
    except (OSError, ValueError, pa.ArrowException):
        return False
    return metadata.get(_KEY) == key.encode()


def _read(path: Path) -> Iterator[BasinMap]:
    expected = "expected the basins of attraction that reportgen has stored"
    try:
        with open_regular(path) as file:
            metadata = pq.read_metadata(file)
            if not metadata.schema.to_arrow_schema().equals(_SCHEMA):
                raise NotResultsError(f"{path}: other columns; {expected}")
            groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
            encodings = {name for each in groups for i in range(each.num_columns) for name in each.column(i).encodings}
            # With other encodings, few bytes can stand for many equal rows.
            if not encodings <= {"PLAIN", "RLE"}:
                raise NotResultsError(f"{path}: not written by reportgen; {expected}")
            if sum(group.total_byte_size for group in groups) > _MOST_BYTES:
                raise NotResultsError(f"{path}: more than 1 GiB; {expected}")
            rows = pq.read_table(file).to_pylist()
    except (OSError, ValueError, pa.ArrowException) as error:
        if isinstance(error, NotResultsError):
            raise
        raise NotResultsError(f"{path}: cannot be read; {expected}") from error
    for row in rows:
        yield _map_of(path, row)


def _map_of(path: Path, row: dict[str, object]) -> BasinMap:
    size, box, ends, steps = row.pop("size"), row.pop("box"), row.pop("ends"), row.pop("steps")
    if (
        None in (*row.values(), size, box, ends, steps)
        or not isinstance(size, int)
        or not isinstance(box, list)
        or not isinstance(ends, bytes)
        or not isinstance(steps, bytes)
        or not 1 < size <= MOST_SIZE
        or len(box) not in (2, 4)
        or not np.isfinite(np.array(box, float)).all()
        or len(ends) != size ** (len(box) // 2)
        or len(steps) != 4 * len(ends)
    ):
        raise NotResultsError(f"{path}: a row with wrong sizes; expected one code and one step for each start")
    shape = (size,) * (len(box) // 2)
    return BasinMap(
        program=str(row["program"]),
        loss=str(row["loss"]),
        optimizer=str(row["optimizer"]),
        learning_rate=float(str(row["learning_rate"])),
        size=size,
        box=tuple((float(low), float(high)) for low, high in zip(box[::2], box[1::2], strict=True)),
        ends=np.frombuffer(ends, np.uint8).reshape(shape),
        steps=np.frombuffer(steps, "<i4").reshape(shape),
    )
