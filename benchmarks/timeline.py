"""Print what happens when in a build of the default matrix from nothing, and in a render of its results.

Example: python benchmarks/timeline.py

Each line has the seconds since the script started, the process, and what it begins or has finished. The script imports
what the command imports, but it starts a little later than a command, which first reads its configuration.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

START = time.perf_counter()


def log(process: str, text: str) -> None:
    """Print one line."""
    print(f"{time.perf_counter() - START:7.2f} s  {process:<7}{text}", flush=True)


class Timeline:
    """Prints the first and the last event of each kind and loss."""

    def __init__(self) -> None:
        self._latest = ("", "")

    def show(self, event: object) -> None:
        """Print an event unless the one before was of the same kind and loss."""
        from reportgen.execute import events

        match event:
            case events.PlanReady():
                line = ("main", f"waits for results of {event.programs} programs")
            case events.CompileStart():
                line = ("worker", f"has imported TensorFlow, begins with {event.program.partition('/')[0]}")
            case events.RunStart():
                line = ("worker", f"has traced, compiled and run {event.program.partition('/')[0]}")
            case events.ProgramEnd():
                line = ("worker", f"stores results of {event.program.partition('/')[0]}")
            case events.FigureStart():
                parts = event.figure.split(".")
                line = ("main", f"draws figures of {parts[1] if len(parts) > 1 else 'the first page'}")
            case events.ReportEnd():
                line = ("main", "has written the report")
            case _:
                return
        if line != self._latest:
            log(*line)
        self._latest = line


def main() -> None:
    """Build, render once from nothing and once again."""
    from reportgen import pipeline
    from reportgen.config import load
    from reportgen.report import render

    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "output"
        log("main", "has read the code of the command")
        config = load(None, folder=Path(folder), environ={}).model_copy(update={"output": output})
        pipeline.build(config, Timeline().show)
        for how in ("from nothing", "again"):
            log("main", f"renders {how}")
            render(output / "results", Path(folder) / "site")
        log("main", "has rendered")


if __name__ == "__main__":
    main()
