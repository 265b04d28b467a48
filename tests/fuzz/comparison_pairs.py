"""Two results that are valid or nearly so, and differ in any way, given to ``compare`` with random options."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from . import harness
from .mutations import damage_table, fix_digests, other_cell
from .results_folder import copied, prepare

MEASURED = (
    *(
        "outcome",
        "steps",
        "gradient_evaluations",
        "initial_loss",
        "final_loss",
        "gap",
        "scale",
        "left_target",
        "distance",
    ),
    *("hit_1e-01", "hit_1e-03", "hit_1e-05", "hit_1e-07", "diverged_at", "final_x", "x0", "best_loss", "start", "seed"),
)
SETTINGS: dict[str, tuple[Any, ...]] = {
    "dtype": ("float32", "float64"),
    "target_scale": ("loss", "run"),
    "judged_by": ("last", "best"),
    "gradient_tolerance": (1e-300, 1.0),
    "steps": (40, 41, 2**31 - 1),
    "title": ("", "x" * 1000, "<b>"),
}


def run(case: harness.Case) -> tuple[str, str]:
    """Change both sides, each alone or as a whole, and compare them."""
    rng = case.random
    sides = [copied(case, "base"), copied(case, "head")]
    for side in sides:
        for _ in range(rng.choice((0, 1, 2))):
            rng.choice((_measure, _measure, _measure, _rename, _settings, _drop))(side, case)
        if rng.random() < 0.2:
            damage_table(side / "runs.parquet", rng)
        fix_digests(side)
    paths = [_as_table(side, case) if rng.random() < 0.3 else side for side in sides]
    options: list[object] = []
    for option in (["--fail-on", "worse"], ["--json"], ["--min-effect", "1.0001"], ["--confidence", "0.999"]):
        options += option if rng.random() < 0.3 else []
    case.ready()
    return harness.invoke(["compare", *paths, "--output", case.output, *options])


def _measure(side: Path, case: harness.Case) -> None:
    """Other values of one measured column."""
    rng, path = case.random, side / "runs.parquet"
    table = pq.ParquetFile(path).read()
    name = rng.choice([name for name in MEASURED if name in table.column_names])
    kind, values = table.schema.field(name).type, table[name].to_pylist()
    share = rng.choice((0.05, 0.5, 1.0))
    values = [other_cell(value, kind, rng) if rng.random() < share and value is not None else value for value in values]
    if pa.types.is_dictionary(kind):
        column = pa.array(values, pa.string()).dictionary_encode()
    else:
        column = pa.array(values, kind)
    pq.write_table(table.set_column(table.column_names.index(name), name, column), path)


def _rename(side: Path, case: harness.Case) -> None:
    """Another label of an optimizer or a loss, everywhere."""
    old, new = case.random.choice((("momentum", "a$b_c"), ("adam", "<i>"), ("quartic", "../x"), ("beale", "b" * 200)))
    for name in ("runs", "traces", "grids", "paths"):
        path = side / f"{name}.parquet"
        table = pq.ParquetFile(path).read()
        for at, field in enumerate(table.schema):
            if pa.types.is_string(field.type) or pa.types.is_dictionary(field.type):
                texts = [text and text.replace(old, new) for text in table[field.name].to_pylist()]
                column = pa.array(texts, pa.string())
                table = table.set_column(
                    at, field.name, column.dictionary_encode() if pa.types.is_dictionary(field.type) else column
                )
        pq.write_table(table, path)
    path = side / "manifest.json"
    path.write_text(path.read_text().replace(old, json.dumps(new)[1:-1]))


def _settings(side: Path, case: harness.Case) -> None:
    path = side / "manifest.json"
    manifest = json.loads(path.read_text())
    name = case.random.choice(sorted(SETTINGS))
    manifest["config"][name] = case.random.choice(SETTINGS[name])
    loss = case.random.choice(manifest["losses"])
    loss["minimum"] = case.random.choice((loss["minimum"], None, 1e300, -1.0))
    path.write_text(json.dumps(manifest))


def _drop(side: Path, case: harness.Case) -> None:
    """One optimizer less, everywhere."""
    gone = case.random.choice(("momentum", "adam"))
    for name in ("runs", "traces", "paths"):
        path = side / f"{name}.parquet"
        table = pq.ParquetFile(path).read()
        ids = table["run_id"].to_pylist()
        pq.write_table(table.filter(pa.array([f"/{gone}/" not in text for text in ids], pa.bool_())), path)
    path = side / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["optimizers"] = [each for each in manifest["optimizers"] if each["label"] != gone]
    manifest["programs"] = [each for each in manifest["programs"] if gone not in each["optimizers"]]
    path.write_text(json.dumps(manifest))


def _as_table(side: Path, case: harness.Case) -> Path:
    """The table of runs alone."""
    return Path(shutil.copy(side / "runs.parquet", case.folder / f"{side.name}.parquet"))


TARGET = harness.Target(prepare, run)

if __name__ == "__main__":
    harness.main(TARGET, __doc__)
