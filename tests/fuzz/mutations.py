"""Damages bytes, JSON and tables at random."""

from __future__ import annotations

import hashlib
import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

TEXTS = (
    *(
        "",
        " ",
        "x" * 300,
        "x" * 2_000_000,
        "\x00",
        "a\nb",
        "../../escape",
        "/etc/x",
        "$\\frac",
        "<script>",
        "%s{}",
        "é∂🙂",
    ),
    *("adam", "quartic", "solved", "failed", "lr=0.1", "-1", "1e400", "nan", "adam[beta_1=0.5]", "__class__", "con"),
)
NUMBERS = (0, 1, -1, 2, 7, 127, 2**31 - 1, 2**31, 2**53 + 1, 2**63 - 1, 0.5, -0.0, 1e-320, 1e-9, 1e9, 1e300, -1e300)
STRANGE = (float("nan"), float("inf"), float("-inf"))


def damaged_bytes(content: bytes, rng: random.Random) -> bytes:
    """The bytes cut, with other bytes in places, or replaced."""
    kind = rng.choice(("cut", "flip", "flip", "zeros", "random", "empty", "twice", "insert"))
    at = rng.randrange(len(content) + 1)
    if kind == "cut":
        return content[:at]
    if kind == "flip":
        changed = bytearray(content)
        for _ in range(rng.choice((1, 1, 2, 8, 64)) if content else 0):
            changed[rng.randrange(len(changed))] = rng.randrange(256)
        return bytes(changed)
    if kind == "zeros":
        return content[:at] + bytes(min(64, len(content) - at)) + content[at + 64 :]
    if kind == "random":
        return rng.randbytes(rng.choice((1, 8, 1000)))
    if kind == "empty":
        return b""
    return content + content if kind == "twice" else content[:at] + rng.randbytes(4) + content[at:]


def any_value(rng: random.Random) -> Any:
    """A JSON value of any type."""
    kind = rng.randrange(12)
    if kind < 4:
        return rng.choice(NUMBERS)
    if kind < 8:
        return rng.choice(TEXTS)
    simple = (None, True, False, [], {}, [1], {"x": 1}, [[1, 2]], "\ud800", 2**70, -(2**63))
    return nested(rng.choice((3, 60, 2000))) if kind == 8 else rng.choice((*simple, *STRANGE))


def nested(depth: int) -> Any:
    """Lists in lists."""
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


def damage_json(content: Any, rng: random.Random) -> None:
    """Change a parsed JSON object in one place."""
    holder = content
    while True:
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        if not keys:
            return
        key = rng.choice(keys)
        inner = holder[key]
        if isinstance(inner, dict | list) and inner and rng.random() < 0.85:
            holder = inner
            continue
        break
    kind = rng.choice(("delete", "replace", "replace", "replace", "like", "like", "copy", "rename", "grow"))
    if kind == "delete":
        del holder[key]
    elif kind == "replace":
        holder[key] = any_value(rng)
    elif kind == "like":
        holder[key] = _like(inner, rng)
    elif kind == "copy" and isinstance(holder, list):
        holder.insert(key, inner)
    elif kind == "rename" and isinstance(holder, dict):
        holder[rng.choice(TEXTS)] = holder.pop(key)
    elif isinstance(holder, list):
        holder += [inner] * rng.choice((1, 10, 3000))
    else:
        holder[rng.choice(TEXTS)] = any_value(rng)


def _like(value: Any, rng: random.Random) -> Any:
    """Another value of the same type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return rng.choice([number for number in NUMBERS if isinstance(number, int)])
    if isinstance(value, float):
        return rng.choice((*map(float, NUMBERS), *STRANGE))
    if isinstance(value, str):
        return rng.choice((*TEXTS, value + "x", value[:-1]))
    return [] if isinstance(value, list) else {}


def write_json(path: Path, content: Any) -> None:
    """Write JSON as a stranger may: with NaN, surrogates and any depth."""
    try:
        path.write_text(json.dumps(content))
    except RecursionError:
        path.write_text("[" * 100_000)


def damage_table(path: Path, rng: random.Random) -> None:
    """Change a Parquet file in one place."""
    if rng.random() < 0.15:
        path.write_bytes(damaged_bytes(path.read_bytes(), rng))
        return
    change = rng.choice((_columns, _columns, _rows, _cell, _cell, _cell, _cell, _whole_column))
    try:
        pq.write_table(change(pq.ParquetFile(path).read(), rng), path)
    except (OSError, pa.ArrowException, TypeError, ValueError, OverflowError, LookupError):
        path.write_bytes(damaged_bytes(path.read_bytes(), rng))  # Arrow cannot hold such a table


def _columns(table: pa.Table, rng: random.Random) -> pa.Table:
    name = rng.choice(table.column_names)
    at = table.column_names.index(name)
    kind = rng.choice(("drop", "rename", "add", "twice", "order", "type", "type", "type"))
    if kind == "drop":
        return table.drop_columns([name])
    if kind == "rename":
        return table.rename_columns(
            [rng.choice((*TEXTS[:8], "hit_2e-01", "hit_x")) if n == name else n for n in table.column_names]
        )
    if kind == "add":
        return table.append_column(rng.choice((*TEXTS[:8], "hit_2e-01", "extra")), table[name])
    if kind == "twice":
        return table.append_column(name, table[name])
    if kind == "order":
        return table.select(rng.sample(table.column_names, table.num_columns))
    types = (
        pa.string(),
        pa.int8(),
        pa.int64(),
        pa.float32(),
        pa.float64(),
        pa.bool_(),
        pa.binary(),
        pa.null(),
        pa.large_string(),
    )
    kinds = (
        *types,
        pa.date32(),
        pa.list_(pa.string()),
        pa.struct([("a", pa.int32())]),
        pa.dictionary(pa.int8(), pa.string()),
    )
    chosen = rng.choice(kinds)
    try:
        column = table[name].cast(chosen, safe=False)
    except (pa.ArrowException, TypeError):
        column = pa.nulls(len(table), chosen)
    return table.set_column(at, name, column)


def _rows(table: pa.Table, rng: random.Random) -> pa.Table:
    rows = list(range(len(table)))
    kind = rng.choice(("empty", "half", "drop", "twice", "shuffle", "swap", "all twice", "reverse"))
    if not rows:
        return table
    if kind == "empty":
        rows = []
    elif kind == "half":
        rows = rows[: len(rows) // 2]
    elif kind == "drop":
        del rows[rng.randrange(len(rows))]
    elif kind == "twice":
        rows.insert(rng.randrange(len(rows)), rng.choice(rows))
    elif kind == "shuffle":
        rng.shuffle(rows)
    elif kind == "swap":
        a, b = rng.randrange(len(rows)), rng.randrange(len(rows))
        rows[a], rows[b] = rows[b], rows[a]
    else:
        rows = rows * 2 if kind == "all twice" else rows[::-1]
    return table.take(pa.array(rows, pa.int64()))


def _cell(table: pa.Table, rng: random.Random) -> pa.Table:
    """Other values in one column of one row, or of a few."""
    if not len(table):
        return table
    name = rng.choice(table.column_names)
    values = table[name].to_pylist()
    for _ in range(rng.choice((1, 1, 3, 20))):
        row = rng.randrange(len(values))
        values[row] = other_cell(values[row], table.schema.field(name).type, rng)
    return _with(table, name, values)


def _whole_column(table: pa.Table, rng: random.Random) -> pa.Table:
    if not len(table):
        return table
    name = rng.choice(table.column_names)
    values = table[name].to_pylist()
    kind = rng.choice(("constant", "shuffle", "nulls", "each"))
    field = table.schema.field(name).type
    if kind == "shuffle":
        rng.shuffle(values)
    elif kind == "nulls":
        values = [None] * len(values)
    elif kind == "constant":
        values = [other_cell(values[0], field, rng)] * len(values)
    else:
        values = [other_cell(value, field, rng) for value in values]
    return _with(table, name, values)


def _with(table: pa.Table, name: str, values: list[Any]) -> pa.Table:
    kind = table.schema.field(name).type
    column = (
        pa.array(values, pa.string()).dictionary_encode() if pa.types.is_dictionary(kind) else pa.array(values, kind)
    )
    return table.set_column(table.column_names.index(name), name, column)


def other_cell(value: Any, kind: pa.DataType, rng: random.Random) -> Any:
    """Another value for a cell of a column of this type."""
    if rng.random() < 0.1:
        return None
    if pa.types.is_list(kind):
        value = list(value or [])
        return rng.choice(
            (
                [],
                value[:-1],
                [*value, 1.0],
                [*value, None],
                [float("nan")] * len(value),
                value * 2,
                [1e300] * len(value),
                [0.0] * len(value),
            )
        )
    if pa.types.is_floating(kind):
        return rng.choice((*map(float, NUMBERS), *STRANGE, -(value or 0.0), (value or 1.0) * 1.01))
    if pa.types.is_integer(kind):
        low, high = (-(2**31), 2**31 - 1) if kind == pa.int32() else (-(2**63), 2**63 - 1)
        return rng.choice((0, 1, -1, 2, 5, 39, 40, 41, low, high, min((value or 0) + 1, high)))
    if pa.types.is_boolean(kind):
        return not value
    return rng.choice((*TEXTS, f"{value}x", "exhausted", "diverged", "escaped", "stationary", "stalled"))


def fix_digests(folder: Path) -> None:
    """Make the digests of the manifest fit, so that the content has to be looked at."""
    manifest = json.loads((folder / "manifest.json").read_text())
    for name in manifest["files"]:
        content = (folder / name).read_bytes()
        manifest["files"][name] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    (folder / "manifest.json").write_text(json.dumps(manifest))


def bomb(path: Path, rng: random.Random) -> None:
    """Replace a table by a small file of very many equal rows or columns, or of many copies of a long text."""
    table = pq.read_table(path)
    kind = rng.choice(("columns", "rows", "texts")) if len(table) else "columns"
    if kind == "columns":
        names = [f"c{number}" for number in range(rng.choice((2_000, 20_000)))]
        pq.write_table(pa.table({name: pa.array([1], pa.int8()) for name in names}), path)
        return
    # A row of grids has thousands of numbers.
    copies = 10_000 if path.stem == "grids" else 1_000_000
    rows, columns = pa.array(np.zeros(copies, np.int32)), table.schema
    if kind == "texts":
        name = rng.choice([field.name for field in columns if not pa.types.is_nested(field.type)])
        text = pa.DictionaryArray.from_arrays(pa.array([0], pa.int32()), ["x" * rng.choice((1_000, 10**5, 10**6))])
        rows, place = pa.array(np.zeros(10_000, np.int32)), table.column_names.index(name)
        table = table.slice(0, 1).set_column(place, name, text)
    with pq.ParquetWriter(path, table.schema, compression="zstd") as writer:
        for _ in range(rng.choice((12, 25))):
            writer.write_table(table.slice(0, 1).take(rows))
