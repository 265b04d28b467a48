"""Damaged shards, given to merge: their record, the entries of their programs, and their tables."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from . import harness
from .mutations import bomb, damage_json, damage_table, damaged_bytes, write_json
from .results_folder import CONFIG

TABLES = ("runs", "runs", "runs", "traces", "grids", "paths")


made: Path | None = None
"""A folder in which the shards were run; None: they are run each time."""


def prepare(shared: Path) -> None:
    """Run a tiny matrix into two shards."""
    if made:
        shutil.copytree(made, shared, dirs_exist_ok=True)
        return
    (shared / "reportgen.toml").write_text(CONFIG)
    (shared / "broken.py").write_text("raise ValueError('on purpose')\n")
    for number in (1, 2):
        command = [sys.executable, "-m", "reportgen", "run", "--shard", f"{number}/2", "--output", f"part-{number}"]
        subprocess.run(command, cwd=shared, capture_output=True, check=False)
    if len(list(shared.glob("part-*/results/parts/*/program.json"))) != 9:
        raise RuntimeError("the tiny matrix did not run")


def run(case: harness.Case) -> tuple[str, str]:
    """Damage one to three files of a shard, and merge it with the other one."""
    parts = [Path(shutil.copytree(case.shared / name, case.folder / name)) for name in ("part-1", "part-2")]
    for _ in range(case.random.choice((1, 1, 1, 2, 3))):
        _damage(case, case.random.choice(parts) / "results")
    case.random.shuffle(parts)
    case.ready()
    return harness.invoke(["merge", *parts, "--output", case.output])


def _damage(case: harness.Case, results: Path) -> None:
    part = case.random.choice(sorted(path for path in (results / "parts").iterdir() if path.is_dir()))
    table = part / f"{case.random.choice(TABLES)}.parquet"
    record = case.random.choice((results / "shard.json", results / "shard.json", part / "program.json"))
    kind = case.random.random()
    if kind < 0.1:
        record.write_bytes(damaged_bytes(record.read_bytes(), case.random))
    elif kind < 0.5:
        content = json.loads(record.read_text(errors="replace")) if _is_json(record) else {}
        damage_json(content, case.random)
        write_json(record, content)
    elif kind < 0.55:
        bomb(table, case.random)
    elif kind < 0.6:
        table.unlink(missing_ok=True)
    elif table.is_file():
        damage_table(table, case.random)


def _is_json(path: Path) -> bool:
    try:
        return bool(json.loads(path.read_text(errors="replace")))
    except ValueError:
        return False


TARGET = harness.Target(prepare, run)

if __name__ == "__main__":
    harness.main(TARGET, __doc__)
