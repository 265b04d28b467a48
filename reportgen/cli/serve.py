"""``reportgen serve``: show a report while its config, optimizers, losses and templates are edited."""

from __future__ import annotations

import threading
from pathlib import Path

import click

from reportgen.cli.console import color_option, progress_console
from reportgen.cli.usage_error import UsageErrors

PORT = 8000


@click.command(short_help="Show a report that follows your edits.")
@click.argument("config", required=False, type=click.Path(path_type=Path))
@click.option("--port", type=click.IntRange(1, 65535), default=PORT, show_default=True, help="First port to try.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address of this machine to listen on.")
@click.option("--open", "open_", is_flag=True, help="Open the report in a browser.")
@color_option
def serve(config: Path | None, port: int, host: str, open_: bool) -> None:
    """Build the report of CONFIG, show it on this machine, and build it again after each edit.

    The config, optimizers, losses and templates are watched. Only what an edit changes runs again. An error in an
    edited file appears over the page, and the last good report stays. Ctrl-C ends it.

    \b
    Examples:
      reportgen serve
      reportgen serve my_matrix.toml --open
    """
    from reportgen.config import ConfigError, load
    from reportgen.progress import Progress
    from reportgen.serve.server import LiveServer
    from reportgen.serve.state import LiveState
    from reportgen.serve.watch import FolderWatcher, LiveReport, watched_folders

    try:
        first = load(config)
    except ConfigError as error:
        raise UsageErrors(*error.problems) from error
    state = LiveState(has_report=(first.output / "index.html").is_file())
    with LiveServer(host, port, first.output, state) as server, Progress(progress_console()) as progress:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://{host}:{server.port}/"
        click.echo(f"{address}  (Ctrl-C ends it)")
        if host not in ("127.0.0.1", "localhost"):
            click.echo("Everyone with access to this address can read the report.", err=True)
        if open_:
            click.launch(address)
        report = LiveReport(lambda: load(config), state, progress.show)
        watcher = FolderWatcher(watched_folders(first))
        _say(report.build())
        while True:
            folders = watched_folders(report.config or first)
            if folders == watcher.folders:
                watcher.wait()
            else:  # what is in the new folders may have changed before they were watched
                watcher = FolderWatcher(folders)
            _say(report.build())


def _say(error: str) -> None:
    click.echo(error or "The report is up to date.", err=bool(error))
