"""The ``--open`` flag: show the report in the user's browser."""

from __future__ import annotations

from pathlib import Path

import click

open_option = click.option("--open", "open_", is_flag=True, help="Open the report in a browser.")


def show_in_browser(page: Path) -> None:
    """Open the page, or print that there is no browser."""
    import webbrowser

    if not webbrowser.open(page.resolve().as_uri()):
        click.echo("No browser was found; open the page at the path above.", err=True)
