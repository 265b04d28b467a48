"""Wrong usage that is found after the flags are parsed: printed on stderr, exit code 2."""

from __future__ import annotations

from typing import IO

import click

from reportgen.failure import with_short_words


class UsageErrors(click.ClickException):
    """What the user has to change, one line each."""

    exit_code = 2

    def __init__(self, *lines: str) -> None:
        super().__init__(with_short_words("\n".join(lines)))

    def show(self, file: IO[str] | None = None) -> None:
        """Print the lines without a heading: each already says where the error is."""
        click.echo(self.message, file=file, err=file is None)
