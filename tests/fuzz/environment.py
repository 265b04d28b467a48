"""Strange environments: variables of reportgen, of the terminal and of the system."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from . import harness
from .mutations import NUMBERS, TEXTS

VALUES = (
    *(text for text in TEXTS if "\x00" not in text),
    *map(str, NUMBERS),
    "nan",
    "[1, 2",
    "1,2",
    "true",
    "{ random = 1 }",
)
KEYS = (
    *(
        "LOSSES",
        "OPTIMIZERS",
        "LEARNING_RATES",
        "STEPS",
        "STARTS",
        "SEEDS",
        "TARGETS",
        "DTYPE",
        "TITLE",
        "BASELINE",
        "TRACE",
    ),
    *(
        "TRACE_POINTS",
        "DEVICE",
        "DEADLINE",
        "OUTPUT",
        "MAX_SIZE",
        "SITE_URL",
        "NO_SUCH_KEY",
        "STARTS_RANDOM",
        "",
        "BASE",
    ),
)
SYSTEM = {
    "NO_COLOR": ("", "1"),
    "FORCE_COLOR": ("", "0", "1", "3", "x"),
    "COLUMNS": ("", "0", "-1", "1", "x", "99999999"),
    "LINES": ("0", "x"),
    "TERM": ("", "dumb", "xterm", "no-such-terminal"),
    "LANG": ("", "C", "de_DE.UTF-8", "no_SUCH"),
    "LC_ALL": ("C", "POSIX", "no_SUCH"),
    "MPLBACKEND": ("", "agg", "no-such-backend", "module://matplotlib_inline.backend_inline"),
    "MPLCONFIGDIR": ("/no/such/folder",),
    "TMPDIR": ("/no/such/folder", "", "relative"),
    "HOME": (None, "", "/no/such/folder"),
    "XDG_CACHE_HOME": ("", "/proc/x", "relative"),
    "PYTHONUTF8": ("0", "1"),
    "PYTHONIOENCODING": ("ascii", "latin-1", "utf-16"),
    "SOURCE_DATE_EPOCH": ("", "x", "-1", "99999999999999"),
    "PAGER": ("false",),
    "PATH": ("", "/no/such/folder"),
    "TF_CPP_MIN_LOG_LEVEL": ("x",),
    "XLA_FLAGS": ("", "--no_such_flag"),
}
NEW_PROCESS = 20
"""One of this many cases starts a new process: others cannot change what Python reads when it starts."""


def prepare(_shared: Path) -> None:
    """Nothing is shared."""


def run(case: harness.Case) -> tuple[str, str]:
    """Call one command in a strange environment."""
    rng = case.random
    changes: dict[str, str | None] = {
        f"REPORTGEN_{rng.choice(KEYS)}": rng.choice(VALUES) for _ in range(rng.choice((0, 1, 1, 2)))
    }
    for name in rng.sample(sorted(SYSTEM), rng.choice((0, 1, 2, 4))):
        changes[name] = rng.choice(SYSTEM[name])
    arguments = rng.choice(
        (["build", "--dry-run"], ["run", "--dry-run"], ["list", "losses"], ["list", "optimizers"], ["schema"])
    )
    case.output.mkdir()
    os.chdir(case.output)
    case.ready()
    if case.number % NEW_PROCESS:
        return harness.invoke(arguments, changes)
    environment = {**os.environ, **changes}
    known = {name: value for name, value in environment.items() if value is not None and len(value) < 100_000}
    done = subprocess.run([sys.executable, "-m", "reportgen", *arguments], env=known, capture_output=True, check=False)
    text = done.stderr.decode(errors="replace")
    if "Traceback" in text:
        return "traceback", " ".join(text.split()[-12:])
    return ("done" if done.returncode == 0 else "refused"), text


TARGET = harness.Target(prepare, run)

if __name__ == "__main__":
    harness.main(TARGET, __doc__)
