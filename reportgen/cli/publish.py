"""``reportgen publish``: copy a report to a web server, a git branch or an object store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from reportgen.cli.console import color_option
from reportgen.cli.usage_error import UsageErrors

if TYPE_CHECKING:
    from reportgen.publish import ChangePlan


@click.command(short_help="Publish a report to GitHub Pages, a directory or an object store.")
@click.argument("site", type=click.Path(path_type=Path))
@click.argument("to")
@click.option(
    "--prefix",
    default="",
    metavar="FOLDER",
    help="Subfolder of TO for this report. TO then also has a page that lists all reports there.",
)
@click.option(
    "--delete/--no-delete",
    default=True,
    help="Remove files that an earlier publish wrote and the report no longer has.  [default: delete]",
)
@click.option("--dry-run", is_flag=True, help="Print the changes without making them.")
@color_option
def publish(site: Path, to: str, prefix: str, delete: bool, dry_run: bool) -> None:
    """Publish the report in the folder SITE, with the data that it links to, at the address TO.

    TO is one of: gh-pages or gh-pages:BRANCH, a branch of the git remote "origin" of the current repository; a
    directory; s3://BUCKET/PATH; gs://BUCKET/PATH; file:///PATH. Only changed files are written, assets before the pages
    that show them. Files that publish did not write are never overwritten or removed.

    \b
    Examples:
      reportgen publish output gh-pages --prefix main
      reportgen publish output /var/www/html/optimizers
      reportgen publish output s3://my-bucket/reports --prefix pr-123 --dry-run
    """
    from reportgen.publish import PublishError, RefusedError
    from reportgen.publish import publish as publish_site

    def warn(message: str) -> None:
        click.echo(message, err=True)

    try:
        changes = publish_site(site, to, prefix, delete=delete, dry_run=dry_run, warn=warn)
    except RefusedError as error:
        raise UsageErrors(str(error)) from error
    except PublishError as error:
        raise click.ClickException(f"not published; any earlier report still works. {error}") from error
    _print_changes(changes, dry_run)


def _print_changes(changes: ChangePlan, dry_run: bool) -> None:
    """Print each file to stdout, and the number of files to stderr."""
    for name in changes.written:
        click.echo(f"write  {name}")
    for name in changes.remove:
        click.echo(f"remove {name}")
    if not changes.written:
        click.echo("Up to date.", err=True)
        return
    would_be = "would be " if dry_run else ""
    removed = f", {len(changes.remove)} {would_be}removed" if changes.remove else ""
    files = "1 file" if len(changes.written) == 1 else f"{len(changes.written)} files"
    click.echo(f"{files} {would_be}written{removed}.", err=True)
