"""``reportgen init``: write a sample config and a sample optimizer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from reportgen.cli.usage_error import UsageErrors
from reportgen.failure import WriteError, write_errors

_FILES = ("reportgen.toml", "my_optimizer.py")


@click.command(short_help="Write a sample config and a sample optimizer.")
@click.argument("folder", type=click.Path(path_type=Path), default=Path())
def init(folder: Path) -> None:
    """Write reportgen.toml and my_optimizer.py into FOLDER (default: the current folder).

    Both files are explained line by line and work unchanged. Existing files are never overwritten.

    \b
    Examples:
      reportgen init
      reportgen init my_comparison
    """
    from importlib import resources

    if folder.exists() and not folder.is_dir():
        raise UsageErrors(f"{folder}: is a file; expected a folder")
    existing = [folder / name for name in _FILES if (folder / name).exists()]
    if existing:
        raise UsageErrors(f"{existing[0]}: already exists; nothing was written. Choose another folder")
    folder.mkdir(parents=True, exist_ok=True)
    sources = resources.files("reportgen.templates").joinpath("starter-files")
    _write_all({folder / name: sources.joinpath(name).read_text(encoding="utf-8") for name in _FILES})
    for name in _FILES:
        click.echo(folder / name)
    _print_next_steps(folder)


def _write_all(texts: Mapping[Path, str]) -> None:
    """Write new files, all of them or none."""
    created = []
    try:
        for path, text in texts.items():
            with write_errors(path), path.open("x", encoding="utf-8") as file:
                created.append(path)
                file.write(text)
    except WriteError:
        for path in created:
            path.unlink()
        raise


def _print_next_steps(folder: Path) -> None:
    steps = [] if folder == Path() else [(f"cd {folder}", "")]
    steps += [
        (f"reportgen check {_FILES[1]}", "verify the optimizer"),
        ("reportgen build --open", "compare it with others"),
    ]
    click.echo("\nNext:", err=True)
    for command, purpose in steps:
        click.echo(f"  {command:34}{purpose}".rstrip(), err=True)
