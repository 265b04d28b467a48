"""``reportgen merge``: join shards to the results of the whole matrix."""

from __future__ import annotations

from pathlib import Path

import click

from reportgen.cli.build import SOME_FAILED
from reportgen.cli.console import color_option
from reportgen.cli.results_table import failure_lines


@click.command(short_help="Join shards to the results of the whole matrix.")
@click.argument("shards", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=Path("output"),
    show_default=True,
    metavar="FOLDER",
    help="Folder for the results of the whole matrix.",
)
@color_option
def merge(shards: tuple[Path, ...], output: Path) -> None:
    """Join SHARDS, the folders that reportgen run --shard has written, to the results of the whole matrix.

    All programs must be there, whatever the number of shards. A program that is there twice is taken once. The folders
    are not changed. Then reportgen build with the same config and --output runs what needs all results, and writes the
    report.

    \b
    Examples:
      reportgen merge part-* --output output
      reportgen build my_matrix.toml --output output
    """
    from reportgen.analysis.best_rows import failed_cells
    from reportgen.results.lock import locked
    from reportgen.results.merge import merge_shards

    results = output / "results"
    with locked(results):
        merged = merge_shards(shards, results)
    count = f"{merged.shards:,} shard{'s' if merged.shards > 1 else ''}"
    click.echo(f"Merged {count}: {merged.programs:,} programs, {merged.runs:,} runs.", err=True)
    if merged.unfinished:
        click.echo("reportgen build with the same config and --output runs what needs all results.", err=True)
    failures = failed_cells(results)
    for line in failure_lines(failures):
        click.echo(line, err=True)
    click.echo(results)
    if failures:
        click.get_current_context().exit(SOME_FAILED)
