"""What tests share: a rendered site, a browser, and the rule that a skipped test can be made a failure."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
# Taken out of the environment, where the REPORTGEN_* names belong to the user's config.
REQUIRE_ALL = os.environ.pop("REPORTGEN_REQUIRE_ALL", "") not in ("", "0")


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


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test depends on how its terminal is coloured or on the user's own settings."""
    for name in os.environ:
        if name.startswith("REPORTGEN_") or name in ("NO_COLOR", "FORCE_COLOR", "SOURCE_DATE_EPOCH"):
            monkeypatch.delenv(name)


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


@pytest.fixture(scope="session")
def html_validate() -> Path:
    """The html-validate program."""
    return _node_module(".bin/html-validate")


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, to be run in a page."""
    return _node_module("axe-core/axe.min.js").read_text(encoding="utf-8")


def _node_module(path: str) -> Path:
    found = ROOT / "node_modules" / path
    if not found.exists():
        pytest.skip("html-validate and axe-core are not here: npm install --no-package-lock")
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
