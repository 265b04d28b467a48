"""``reportgen doctor``: whether the installation, the config and the output folder work."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click

from reportgen import __version__
from reportgen.cli.console import color_option, uses_color

_PACKAGES = ("tensorflow", "keras", "numpy", "pandas", "pyarrow", "matplotlib", "scipy", "pydantic")
_EXTRAS = {"torch": "torch", "optax": "optax", "s3": "s3fs", "gs": "gcsfs"}
"""The package by which an extra is recognised."""
_FREE = 2**30
"""Bytes that a report with its results may need."""
_DEADLINE = 120.0


@dataclass(frozen=True)
class Fact:
    """One line of the examination."""

    name: str
    detail: str
    """What was found; if it is wrong, in one sentence what to do."""
    wrong: bool = False


@click.command()
@color_option
def doctor() -> None:
    """Examine the installation, the config and the output folder.

    \b
    Examples:
      reportgen doctor

    Exit codes: 0 all is well; 1 something is wrong.
    """
    failed = 0
    for fact in _facts():
        failed += fact.wrong
        _print(fact)
    if failed:
        click.echo(f"{failed} problem{'' if failed == 1 else 's'} found.")
        click.get_current_context().exit(1)


def _print(fact: Fact) -> None:
    color = uses_color(sys.stdout)
    status = "FAILED" if fact.wrong else "ok    "
    if color:
        status = click.style(status, fg="red" if fact.wrong else "green", bold=fact.wrong)
    click.echo(f"  {status}  {fact.name:10}  {fact.detail}", color=color)


def _facts() -> Iterator[Fact]:
    yield Fact("python", platform.python_version())
    yield Fact("reportgen", __version__)
    yield from map(_package, _PACKAGES)
    yield from (_extra(name, package) for name, package in _EXTRAS.items())
    yield _devices()
    yield from _config_and_output()


def _package(name: str) -> Fact:
    try:
        return Fact(name, version(name))
    except PackageNotFoundError:
        return Fact(name, "not installed; run pip install optimizer-reportgen again", wrong=True)


def _extra(name: str, package: str) -> Fact:
    if importlib.util.find_spec(package) is None:
        return Fact(name, f"optional, not installed: pip install 'optimizer-reportgen[{name}]'")
    return Fact(name, version(package))


def _devices() -> Fact:
    from reportgen.execute.events import WorkerLostError
    from reportgen.execute.local_workers import LocalWorkers
    from reportgen.failure import Failure

    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "worker.log")
        try:
            with LocalWorkers(log) as workers:
                found = workers.device_names(_DEADLINE)
        except WorkerLostError:
            text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
            last = (text.strip().splitlines() or ["no message"])[-1]
            return Fact("devices", f"a process that imports TensorFlow ends at once: {last}", wrong=True)
    if isinstance(found, Failure):
        return Fact("devices", f"TensorFlow does not start: {found.reason}", wrong=True)
    return Fact("devices", ", ".join(found))


def _config_and_output() -> Iterator[Fact]:
    from reportgen.config import Config, ConfigError, load

    files = [name for name in ("reportgen.toml", "pyproject.toml") if Path(name).is_file()]
    output = Config().output
    try:
        output = load().output
        yield Fact("config", f"{files[0]} loads" if files else "no reportgen.toml here; the default matrix is used")
    except ConfigError as error:
        yield from (Fact("config", problem, wrong=True) for problem in error.problems)
    yield _output(output)
    yield _disk(output)


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    return next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())


def _output(folder: Path) -> Fact:
    there = _existing(folder)
    if not there.is_dir():
        return Fact("output", f"{there} is a file; choose another folder with --output", wrong=True)
    if not os.access(there, os.W_OK):
        return Fact("output", f"{there} is not writable; choose another folder with --output", wrong=True)
    return Fact("output", f"{folder} is writable")


def _disk(folder: Path) -> Fact:
    free = shutil.disk_usage(_existing(folder)).free
    size = f"{free / 2**30:.1f} GiB free"
    if free < _FREE:
        return Fact("disk", f"{size}; free some space, a large report needs more than 1 GiB", wrong=True)
    return Fact("disk", size)
