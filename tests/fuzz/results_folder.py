"""A small valid results folder, made by a real run, and what is done with a damaged copy of it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from . import harness

CONFIG = """
losses = ["quartic", "rosenbrock[dim=3]", { name = "beale", noise = { relative = 0.1 } }]
optimizers = ["adam", "momentum", "broken.py:Broken"]
learning_rates = [0.01, 0.1, 1e9]
starts = { random = 2 }
seeds = 2
steps = 40
baseline = "adam"
trace_points = 16
"""


made: Path | None = None
"""A folder in which the tiny matrix was run; None: it is run each time."""


def prepare(shared: Path) -> None:
    """Run a tiny matrix into ``shared/results``."""
    if made:
        shutil.copytree(made, shared, dirs_exist_ok=True)
        return
    (shared / "reportgen.toml").write_text(CONFIG)
    (shared / "broken.py").write_text("raise ValueError('on purpose')\n")
    command = [sys.executable, "-m", "reportgen", "run", "--output", "output"]
    subprocess.run(command, cwd=shared, capture_output=True, check=False)
    shutil.copytree(shared / "output" / "results", shared / "results")
    if not (shared / "results" / "manifest.json").is_file():
        raise RuntimeError("the tiny matrix did not run")


def copied(case: harness.Case, name: str = "results") -> Path:
    """A copy of the valid results in the folder of the case."""
    return Path(shutil.copytree(case.shared / "results", case.folder / name))


def use(case: harness.Case, folder: Path) -> tuple[str, str]:
    """Give a folder to ``render``, ``compare`` or ``load``."""
    command = case.random.choice(("render", "render", "compare", "load"))
    case.ready()
    if command == "load":
        return _load(folder)
    if command == "compare":
        sides = [case.shared / "results", folder]
        case.random.shuffle(sides)
        return harness.invoke(["compare", *sides, "--output", case.output, "--json"])
    from reportgen.cli import render

    harness.stub_figures(case)
    render._WORKERS = 0
    return harness.invoke(["render", folder, "--output", case.output])


def _load(folder: Path) -> tuple[str, str]:
    import reportgen
    from reportgen.results.manifest import NotResultsError

    try:
        results = reportgen.load(folder)
        repr(results)
        for table in (results.best, results.traces, results.runs):
            len(table)
    except NotResultsError as error:
        return "refused", str(error)
    return "done", ""
