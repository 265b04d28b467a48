"""The ``reportgen`` command: words in, exit code out; whatever is heavy is imported inside the commands."""

from __future__ import annotations

import click

from reportgen import __version__
from reportgen.cli.build import build, run
from reportgen.cli.check import check
from reportgen.cli.compare import compare
from reportgen.cli.init import init
from reportgen.cli.list import list_
from reportgen.cli.publish import publish
from reportgen.cli.render import render
from reportgen.execute.events import WorkerLostError

INTERRUPTED = 130


class Commands(click.Group):
    """A group that ends in one sentence, where a command is interrupted or the file system refuses."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command that the context asks for."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("Interrupted: what was finished is kept, and the next build goes on from there.", err=True)
            ctx.exit(INTERRUPTED)
        except WorkerLostError as error:
            raise click.ClickException(str(error)) from error
        except OSError as error:
            if error.filename is None or error.strerror is None:
                raise
            raise click.ClickException(f"{error.filename}: {error.strerror}") from error


@click.group(
    cls=Commands,
    commands=[init, build, run, render, compare, publish, check, list_],
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="reportgen")
def main() -> None:
    """Which optimizer, at which learning rate, gets where on which loss, and how sure can I be?

    \b
    Examples:
      reportgen build                  the default matrix, into output/
      reportgen build -o adam -o momentum -l rosenbrock --lr 1e-3 --lr 1e-2
      reportgen list optimizers        what there is to choose from
      reportgen publish output TO      put the report where others can read it
      reportgen init                   a config and an optimizer of your own, to begin with

    Exit codes: 0 done; 1 failed; 2 wrong usage or config; 3 done, but some cells failed; 4 a comparison's gate did not
    hold; 130 interrupted.
    """
