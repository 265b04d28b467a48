"""Damaged folders of reports and damaged targets, given to ``publish``."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from . import harness, results_folder
from .mutations import TEXTS, damage_json, damaged_bytes, write_json

LINKS = (
    "../x",
    "/etc/passwd",
    "http://[",
    "a%00b",
    "%ff",
    "x?y#z",
    "//host/x",
    "losses",
    ".",
    "",
    "a" * 5000,
    "é.html",
    "a\\b",
    "con:x",
)


def prepare(shared: Path) -> None:
    """A report of a tiny matrix with empty figures, and the same as published with a prefix."""
    results_folder.prepare(shared)
    from reportgen.cli import render

    render._WORKERS = 0
    case = harness.Case(None, 1, shared, shared)  # type: ignore[arg-type]
    harness.stub_figures(case)
    harness.invoke(["render", shared / "results", "--output", shared / "site"])
    shutil.copytree(shared / "results", shared / "site" / "results")
    harness.invoke(["publish", shared / "site", str(shared / "target"), "--prefix", "main"])
    if not (shared / "target" / "main" / "index.html").is_file():
        raise RuntimeError("the report was not published")


def run(case: harness.Case) -> tuple[str, str]:
    """Damage the report, the target, or both."""
    rng = case.random
    site = Path(shutil.copytree(case.shared / "site", case.folder / "site"))
    prefix = rng.choice(("", "main", "main", "pr-1", "a/b"))
    if rng.random() < 0.6:
        shutil.copytree(case.shared / "target", case.output)
    damaged = rng.choice((("site",), ("site",), ("site",), ("output",), ("site", "output")))
    for name in damaged:
        for _ in range(rng.choice((1, 1, 2, 3))):
            _damage(case.folder / name, case)
    case.ready()
    arguments = ["publish", site, str(case.output), *rng.choice(([], [], ["--dry-run"], ["--no-delete"]))]
    return harness.invoke([*arguments, "--prefix", prefix] if prefix else arguments)


def _damage(folder: Path, case: harness.Case) -> None:
    rng = case.random
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    if not files:
        return
    records = [path for path in files if path.suffix == ".json" and "results" not in path.parts]
    path = rng.choice(records if records and rng.random() < 0.5 else files)
    kind = rng.choice(("bytes", "json", "json", "json", "delete", "link", "folder", "symlink", "entry"))
    if kind == "bytes":
        path.write_bytes(damaged_bytes(path.read_bytes(), rng))
    elif path.suffix == ".json" and kind in ("json", "entry"):
        _damage_record(path, kind, case)
    elif path.suffix == ".html":
        text = path.read_text(errors="replace")
        path.write_text(text.replace("</body>", f'<a href="{rng.choice(LINKS)}">x</a></body>'))
    elif kind == "symlink":
        path.unlink()
        path.symlink_to(rng.choice((case.shared / "results" / "manifest.json", Path("/no/such/file"), path)))
    else:
        path.unlink()
        if kind == "folder":
            path.mkdir()


def _damage_record(path: Path, kind: str, case: harness.Case) -> None:
    try:
        content = json.loads(path.read_text())
    except (ValueError, RecursionError):
        return
    if kind == "entry" and isinstance(content, dict) and isinstance(content.get("files"), list):
        content["files"] += [case.random.choice((*LINKS, *TEXTS, "assets", "results", "index.html/x"))]
    elif isinstance(content, dict | list):
        damage_json(content, case.random)
    write_json(path, content)


TARGET = harness.Target(prepare, run)

if __name__ == "__main__":
    os.environ["MPLBACKEND"] = "agg"
    harness.main(TARGET, __doc__)
