"""``reportgen init``: a config and an optimizer of one's own, to begin with."""

from __future__ import annotations

from pathlib import Path

import click

from reportgen.cli.usage_error import UsageErrors

_FILES = ("reportgen.toml", "my_optimizer.py")


@click.command(short_help="Write a config and an optimizer to begin with.")
@click.argument("folder", type=click.Path(path_type=Path), default=Path())
def init(folder: Path) -> None:
    """Write reportgen.toml and my_optimizer.py into FOLDER, by default the current one.

    Both are explained line by line and work as they are. A file that is there already is never overwritten.

    \b
    Examples:
      reportgen init
      reportgen init my_comparison
    """
    from importlib import resources

    if folder.exists() and not folder.is_dir():
        raise UsageErrors(f"{folder}: is a file; a folder is expected")
    there = [folder / name for name in _FILES if (folder / name).exists()]
    if there:
        raise UsageErrors(f"{there[0]}: is there already, so nothing was written; choose another folder")
    folder.mkdir(parents=True, exist_ok=True)
    for name in _FILES:
        text = resources.files("reportgen.templates").joinpath("starter-files", name).read_text(encoding="utf-8")
        with (folder / name).open("x", encoding="utf-8") as file:
            file.write(text)
        click.echo(folder / name)
    _tell_what_next(folder)


def _tell_what_next(folder: Path) -> None:
    steps = [] if folder == Path() else [(f"cd {folder}", "")]
    steps += [
        (f"reportgen check {_FILES[1]}", "is the optimizer right?"),
        ("reportgen build --open", "how does it compare?"),
    ]
    click.echo("\nNext:", err=True)
    for command, why in steps:
        click.echo(f"  {command:34}{why}".rstrip(), err=True)
