"""``reportgen clean``: remove stored programs that are not in the matrix."""

from __future__ import annotations

from pathlib import Path

import click

from reportgen.results.files import MANIFEST, PARTS


@click.command()
@click.argument("output", type=click.Path(path_type=Path), default=Path("output"))
def clean(output: Path) -> None:
    """Remove the results of programs that are no longer in the matrix.

    A build keeps them, up to 1 GiB, so that they need not run again when they return to the matrix. OUTPUT is the
    folder of the build (default: output). The report and its results stay.

    \b
    Examples:
      reportgen clean
      reportgen clean my_output
    """
    folder = output / "results"
    if not (folder / MANIFEST).is_file() and not (folder / PARTS).is_dir():
        raise click.UsageError(f"{output}: holds no results; expected the output folder of a build")
    from reportgen.results.lock import locked
    from reportgen.results.store import Store

    with locked(folder):
        removed = Store(folder).remove_others()
    if removed:
        click.echo(f"Removed {removed / 1e6:.1f} MB: results of programs that are not in the matrix.")
    else:
        click.echo("Nothing to remove.")
