"""``reportgen publish``: a finished report, put where others can read it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reportgen.cli.console import color_option
from reportgen.cli.usage_error import UsageErrors

if TYPE_CHECKING:
    from reportgen.publish.change_plan import ChangePlan


@click.command(short_help="Put a finished report where others can read it.")
@click.argument("site", type=click.Path(path_type=Path))
@click.argument("to")
@click.option("--prefix", default="", metavar="FOLDER", help="The folder of TO for it; TO then lists its reports.")
@click.option(
    "--delete/--no-delete",
    default=True,
    help="Remove what earlier publishes wrote and the report no longer has.  [default: delete]",
)
@click.option("--dry-run", is_flag=True, help="Only say what would be written and removed.")
@color_option
def publish(site: Path, to: str, prefix: str, delete: bool, dry_run: bool) -> None:
    """Put the report in the folder SITE to TO, with the data that it links to.

    TO is gh-pages or gh-pages:BRANCH, a branch of the remote origin of the git repository here; or a directory; or
    s3://BUCKET/PATH, gs://BUCKET/PATH or file:///PATH. Only what changed is written, assets before the pages that show
    them, and nothing that publish did not write is overwritten or removed.

    \b
    Examples:
      reportgen publish output gh-pages --prefix main
      reportgen publish output /var/www/html/optimizers
      reportgen publish output s3://my-bucket/reports --prefix pr-123 --dry-run
    """
    from reportgen.publish import PublishError, RefusedError
    from reportgen.publish import publish as publish_site

    try:
        done = publish_site(
            site, to, prefix, delete=delete, dry_run=dry_run, note=lambda told: click.echo(told, err=True)
        )
    except RefusedError as error:
        raise UsageErrors(str(error)) from error
    except PublishError as error:
        raise click.ClickException(f"not published, and what was there before still works. {error}") from error
    _tell(done, dry_run)


def _tell(done: ChangePlan, dry_run: bool) -> None:
    """Each file on stdout, for people and programs; how many on stderr."""
    for name in done.written:
        click.echo(f"write  {name}")
    for name in done.remove:
        click.echo(f"remove {name}")
    if not done.written:
        click.echo("Nothing to do: everything was there already.", err=True)
        return
    would = "would be " if dry_run else ""
    removed = f", {len(done.remove)} {would}removed" if done.remove else ""
    files = "1 file" if len(done.written) == 1 else f"{len(done.written)} files"
    click.echo(f"{files} {would}written{removed}.", err=True)
