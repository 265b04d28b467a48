"""Random flags and arguments for the commands that run nothing."""

from __future__ import annotations

import os
from pathlib import Path

from . import harness, results_folder
from .mutations import NUMBERS, TEXTS

VALUES = (
    *TEXTS,
    *map(str, NUMBERS),
    *(
        "nan",
        "inf",
        "-inf",
        "1e-3",
        "1e999",
        "0x10",
        "1_000",
        "٣",
        "adam",
        "rosenbrock",
        "rosenbrock[dim=3]",
        "all",
        "mgh",
    ),
    *(
        "adam[beta_1=2]",
        "no.py:x",
        ".",
        "..",
        "/",
        "-",
        "--",
        "float64",
        "cpu",
        "gpu:99",
        "none",
        "worse",
        "optimizers",
    ),
    *("s3://", "gs://x", "gh-pages:", "file://x", "file:///", "http://x", "results", "results/runs.parquet", "missing"),
)
FLAGS = (
    *(
        "-o",
        "-l",
        "--lr",
        "--steps",
        "--starts",
        "--baseline",
        "--dtype",
        "--trace",
        "--device",
        "--output",
        "--templates",
    ),
    *(
        "--max-size",
        "--summary",
        "--json",
        "--fail-on",
        "--min-effect",
        "--confidence",
        "--prefix",
        "--delete",
        "--no-delete",
    ),
    *("--no-color", "--help", "--version", "--epochs", "--x", "-x", "--tag"),
)
COMMANDS = ("build", "run", "render", "compare", "publish", "list", "schema", "clean", "no-such-command")


def prepare(shared: Path) -> None:
    """The results of a tiny matrix."""
    results_folder.prepare(shared)


def run(case: harness.Case) -> tuple[str, str]:
    """Call one command."""
    from reportgen.cli import render

    rng = case.random
    output = case.output
    output.mkdir()
    (output / "results").symlink_to(case.shared / "results")
    os.chdir(output)
    command = rng.choice(COMMANDS)
    arguments = [command]
    for _ in range(rng.choice((0, 1, 1, 2, 3, 5))):
        arguments += [rng.choice(FLAGS), rng.choice(VALUES)] if rng.random() < 0.7 else [rng.choice(VALUES)]
    if command in ("build", "run", "publish", "clean"):
        arguments.insert(1, "--dry-run")
    render._WORKERS = 0
    harness.stub_figures(case)
    case.ready()
    return harness.invoke([each for each in arguments if "\x00" not in each])


TARGET = harness.Target(prepare, run)

if __name__ == "__main__":
    harness.main(TARGET, __doc__)
