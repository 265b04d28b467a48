"""The ``--open`` flag: the report in the user's browser."""

from __future__ import annotations

from pathlib import Path

import click

open_option = click.option("--open", "open_", is_flag=True, help="Show the report in a browser.")


def show_in_browser(page: Path) -> None:
    """Open the page, or say that it could not be."""
    import webbrowser

    if not webbrowser.open(page.resolve().as_uri()):
        click.echo("No browser was found; the report is where the path above says.", err=True)
