"""Wrong usage that is found after the flags were read: its lines on stderr, and exit code 2."""

from __future__ import annotations

from typing import IO, Any

import click


class UsageErrors(click.ClickException):
    """What the user has to change, one line each."""

    exit_code = 2

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))

    def show(self, file: IO[Any] | None = None) -> None:
        """Print the lines as they are: each already says where it belongs."""
        click.echo(self.message, file=file, err=file is None)
