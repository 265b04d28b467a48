"""Builds a report again whenever a file changes that it depends on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from reportgen import pipeline
from reportgen.analysis.best_rows import FailedCells
from reportgen.analysis.number_format import and_list
from reportgen.config import Config, ConfigError
from reportgen.execute.events import DeviceMissingError, Event, WorkerLostError
from reportgen.pipeline import BuildSummary
from reportgen.report.template import TemplateError
from reportgen.results.errors import NotResultsError
from reportgen.serve.state import LiveState

_KINDS = (".py", ".toml", ".html", ".css", ".js", ".svg")
"""Endings of the watched files."""


class LiveReport:
    """The report of a config that is edited."""

    def __init__(self, load: Callable[[], Config], state: LiveState, on_event: Callable[[Event], None]) -> None:
        """Build nothing yet.

        Args:
            load: reads the config.
            state: receives the outcome of each build.
            on_event: called with each event of a build.
        """
        self._load = load
        self._state = state
        self._on_event = on_event
        self.config: Config | None = None
        """The config of the last complete build."""
        self._known_failures: set[str] = set()
        """Reasons of failures that the shown report has."""

    def build(self) -> str:
        """Build the report, and return what is wrong with the edited files; empty if nothing is.

        If an edit makes a program fail, the last good report stays.
        """
        failures: set[str] = set()

        def accept(summary: BuildSummary) -> bool:
            failures.update(map(_in_words, summary.failures))
            return not (failures - self._known_failures and self._state.status.built)

        try:
            config = self._load()
            summary = pipeline.build(config, self._on_event, accept)
        except ConfigError as error:
            return self._end("\n".join(error.problems), built=False)
        except (TemplateError, NotResultsError, DeviceMissingError, WorkerLostError, OSError) as error:
            return self._end(str(error), built=False)
        if summary.site is None:
            return self._end("\n".join(sorted(failures - self._known_failures)), built=False)
        self.config = config
        self._known_failures = failures
        return self._end("", built=not summary.up_to_date or bool(self._state.status.error))

    def _end(self, error: str, *, built: bool) -> str:
        self._state.update(error, built=built)
        return error


def _in_words(failure: FailedCells) -> str:
    return f"{and_list(failure.optimizers)} on {and_list(failure.losses)}: {failure.reason}"


def watched_folders(config: Config) -> list[Path]:
    """Return the folders with the files that a report depends on; each is watched without those below it."""
    names = [*(entry.name for entry in config.losses), *(entry.name for entry in config.optimizers)]
    files = [config.base / name.rpartition(":")[0] for name in names if ".py:" in name]
    folders = [config.base, config.base / "optimizers", config.base / "losses", *(file.parent for file in files)]
    if config.templates is not None:
        templates = config.base / config.templates
        folders += [templates, *(folder for folder in templates.rglob("*") if folder.is_dir())]
    return [folder for folder in dict.fromkeys(map(Path.resolve, folders)) if folder.is_dir()]


class FolderWatcher:
    """Notices the edits in some folders, also those that are made during a build."""

    def __init__(self, folders: Sequence[Path]) -> None:
        """Begin to watch."""
        from watchfiles import watch

        self.folders = folders
        self._changes = watch(
            *folders,
            watch_filter=_is_watched,
            debounce=100,
            step=20,
            rust_timeout=_POLL_MILLISECONDS,
            yield_on_timeout=True,
            recursive=False,
        )
        self._has_changed = bool(next(self._changes))  # it watches as soon as it is asked

    def wait(self) -> None:
        """Return as soon as a file has changed since the last call."""
        while not self._has_changed:
            self._has_changed = bool(next(self._changes))
        self._has_changed = False


_POLL_MILLISECONDS = 100


def _is_watched(_: object, path: str) -> bool:
    return Path(path).suffix in _KINDS and not Path(path).name.startswith(".")
