"""What the terminal shows of results, stored next to them: a build with nothing to do shows it without their tables."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from reportgen.analysis.best_rows import BestRow
from reportgen.analysis.head_to_head import HeadToHead
from reportgen.results.files import RUNS, read_json, write_json
from reportgen.results.manifest import find_manifest

FILE = "terminal.json"
"""Its name in the results folder."""


@dataclass(frozen=True)
class TerminalSummary:
    """The tables on the terminal."""

    best: tuple[BestRow, ...] = ()
    """The best configuration of each optimizer on each loss."""
    head_to_head: tuple[HeadToHead, ...] = ()
    """The other optimizers against the baseline."""


@dataclass(frozen=True)
class _Stored:
    results: str
    """What the summary belongs to, see ``_key``."""
    summary: TerminalSummary


def write_terminal_summary(folder: Path, summary: TerminalSummary) -> None:
    """Store the summary of the complete results in ``folder``."""
    write_json(folder / FILE, asdict(_Stored(_key(folder) or "", summary)))


def read_terminal_summary(folder: Path) -> TerminalSummary:
    """The stored summary; an empty one if it is missing, damaged, or that of other results."""
    try:
        stored = TypeAdapter(_Stored).validate_python(read_json(folder / FILE))
    except ValidationError:
        return TerminalSummary()
    return stored.summary if stored.results == _key(folder) else TerminalSummary()


def _key(folder: Path) -> str | None:
    """The digest of the table of runs with the baseline; None if there are no complete results."""
    manifest = find_manifest(folder)
    if manifest is None or RUNS not in manifest.files:
        return None
    return f"{manifest.files[RUNS].sha256} {manifest.config.baseline}"
