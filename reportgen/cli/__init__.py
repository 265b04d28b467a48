"""The ``reportgen`` command. Heavy packages are imported inside the commands, so that ``--help`` is fast."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from reportgen import __version__
from reportgen.cli.build import build, run
from reportgen.cli.check import check
from reportgen.cli.clean import clean
from reportgen.cli.compare import compare
from reportgen.cli.doctor import doctor
from reportgen.cli.figures import figures
from reportgen.cli.init import init
from reportgen.cli.list import list_
from reportgen.cli.merge import merge
from reportgen.cli.publish import publish
from reportgen.cli.render import render
from reportgen.cli.schema import schema
from reportgen.cli.serve import serve
from reportgen.cli.usage_error import UsageErrors
from reportgen.execute.events import ClusterError, DeviceMissingError, WorkerLostError
from reportgen.results.errors import NotResultsError

INTERRUPTED = 130


class CommandGroup(click.Group):
    """A group that reports an interrupt or a file system error in one sentence."""

    def main(self, *arguments: Any, **options: Any) -> Any:
        """Parse the command line and run; click itself handles a pipe that is closed."""
        try:
            return super().main(*arguments, **options)
        except OSError as error:
            click.echo(f"Error: {_sentence(error)}", err=True)
            sys.exit(1)

    def invoke(self, ctx: click.Context) -> object:
        """Run the chosen command."""
        try:
            return super().invoke(ctx)
        except click.NoSuchOption as error:
            flag = None if error.possibilities else _flag_like(error.option_name)
            if flag is None:
                raise
            raise click.UsageError(f"No such option '{error.option_name}'. Did you mean '{flag}'?", error.ctx) from None
        except KeyboardInterrupt:
            click.echo("Interrupted. Finished programs are saved; run the command again to resume.", err=True)
            ctx.exit(INTERRUPTED)
        except (DeviceMissingError, NotResultsError) as error:
            raise UsageErrors(str(error)) from error
        except (ClusterError, WorkerLostError) as error:
            raise click.ClickException(str(error)) from error


def _sentence(error: OSError) -> str:
    """Which file, and what the system said. Only errors of streams and of libraries' temporary files have no name."""
    where = error.filename or "standard output or a temporary file"
    return f"{where}: {error.strerror or str(error) or type(error).__name__}"


def _flag_like(name: str) -> str | None:
    """The flag for a key that other tools name otherwise: ``--epochs``."""
    from reportgen.catalogue import nearest_name
    from reportgen.config.sources import FLAGS

    key = nearest_name(name.lstrip("-"), FLAGS)
    return FLAGS[key] if key else None


@click.group(
    cls=CommandGroup,
    commands=[init, build, serve, run, merge, render, figures, compare, publish, check, list_, schema, doctor, clean],
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="reportgen")
def main() -> None:
    """Compare optimizers and learning rates on test losses, and write a static HTML report.

    A matrix is every combination of optimizer, learning rate, loss and start.

    \b
    Examples:
      reportgen build                  run the default matrix, write the report to output/
      reportgen build -o adam -o momentum -l rosenbrock --lr 1e-3 --lr 1e-2
      reportgen list optimizers        list the optimizers
      reportgen publish output TO      publish the report to TO
      reportgen init                   write a sample config and a sample optimizer

    Exit codes: 0 done; 1 failed; 2 wrong usage or config; 3 done, but some configurations failed; 4 regression gate
    failed; 130 interrupted.
    """
    # A notebook sets this to a backend that only its own process can import. The figures need none.
    os.environ["MPLBACKEND"] = "agg"
