"""A live report: it follows edits, keeps the last good page when one is wrong, and tells nobody else."""

from __future__ import annotations

import http.client
import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from reportgen.serve.server import live_page

pytestmark = pytest.mark.slow

RULE = '''from dataclasses import dataclass
from reportgen.optimizer import Optimizer

@dataclass(frozen=True)
class Mine(Optimizer):
    """My rule."""

    title = "TITLE"

    def step(self, x, state, problem):
        _, gradient = problem.value_and_gradient(x)
        return x - FACTOR * problem.learning_rate * gradient, state
'''
CONFIG = """title = "Live"
losses = ["beale"]
optimizers = ["momentum", "mine.py:Mine"]
learning_rates = [0.001, 0.01]
starts = { random = 1 }
steps = 30
templates = "pages"
"""


def write_rule(folder: Path, factor: str, title: str = "First") -> None:
    (folder / "mine.py").write_text(RULE.replace("FACTOR", factor).replace("TITLE", title))


class Live:
    """A running ``reportgen serve``."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "reportgen", "serve", "--port", "8750"]
        self.process = subprocess.Popen(
            command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        assert self.process.stdout
        line = self.process.stdout.readline()
        match = re.search(r"http://127\.0\.0\.1:(\d+)/", line)
        assert match, line
        self.port = int(match[1])

    def get(self, path: str, host: str | None = None) -> tuple[int, str]:
        """Status and text of an answer."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port)) as connection:
            connection.request("GET", path, headers={"Host": host} if host else {})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def wait(self, built: int = 0, *, error: bool = False) -> dict[str, Any]:
        """The first status with so many reports and no error, or with an error."""
        version = 0
        while True:
            status: dict[str, Any] = json.loads(self.get(f"/-/status?version={version}")[1])
            if status["error"] if error else status["built"] >= built and not status["error"]:
                return status
            version = status["version"]


def page_of_rule(live: Live, folder: Path) -> str:
    """The page of the edited optimizer, as the browser gets it."""
    (file,) = (folder / "output" / "optimizers").glob("mine*.html")
    return live.get(f"/optimizers/{file.name}")[1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("live")
    (folder / "pages").mkdir()
    (folder / "reportgen.toml").write_text(CONFIG)
    write_rule(folder, "0.5")
    return folder


@pytest.fixture(scope="module")
def live(folder: Path) -> Iterator[Live]:
    live = Live(folder)
    live.wait(1)
    yield live
    live.process.send_signal(signal.SIGINT)
    _, errors = live.process.communicate()
    assert live.process.returncode == 130
    assert "Traceback" not in errors


def test_only_the_served_page_asks_for_changes(live: Live, folder: Path) -> None:
    status, text = live.get("/")
    assert status == 200
    assert "<h1" in text
    assert "connect-src 'self'" in text
    assert "/-/live.js" in text
    on_disk = "".join(file.read_text() for file in (folder / "output").rglob("*.html"))
    assert "connect-src" not in on_disk
    assert "live.js" not in on_disk


def test_an_edited_rule_runs_again_and_the_others_do_not(live: Live, folder: Path) -> None:
    before = live.wait()["built"]
    write_rule(folder, "0.7", "Second")
    live.wait(before + 1)
    assert "Second" in page_of_rule(live, folder)
    manifest = json.loads((folder / "output" / "results" / "manifest.json").read_text())
    assert [entry["id"] for entry in manifest["programs"]] == ["beale/momentum", "beale/mine.py:Mine"]


@pytest.mark.parametrize(
    ("factor", "message"),
    [("(1 / 0)", "ZeroDivisionError: division by zero (mine.py:12)"), ("(", "SyntaxError")],
)
def test_an_error_names_its_line_and_the_last_good_report_stays(
    factor: str, message: str, live: Live, folder: Path
) -> None:
    before = live.wait()["built"]
    write_rule(folder, factor, "Broken")
    status = live.wait(error=True)
    assert message in status["error"]
    assert status["built"] == before
    assert "Broken" not in page_of_rule(live, folder)
    write_rule(folder, "0.5", "Mended")
    live.wait(before + 1)
    assert "Mended" in page_of_rule(live, folder)


def test_a_template_and_a_wrong_config_count_as_well(live: Live, folder: Path) -> None:
    before = live.wait()["built"]
    (folder / "pages" / "body.html").write_text("{% broken %}")
    assert "body.html" in live.wait(error=True)["error"]
    (folder / "pages" / "body.html").unlink()
    live.wait(before + 1)
    (folder / "reportgen.toml").write_text(CONFIG.replace("steps = 30", "steps = 0"))
    assert "steps" in live.wait(error=True)["error"]
    (folder / "reportgen.toml").write_text(CONFIG.replace('"Live"', '"Renamed"'))
    live.wait(before + 2)
    assert "Renamed" in live.get("/")[1]
    (folder / "reportgen.toml").write_text(CONFIG)
    live.wait(before + 3)


def test_an_edit_during_a_build_is_not_lost(live: Live, folder: Path) -> None:
    before = live.wait()["built"]
    # The rule edits a template while it is loaded, which is part of a build.
    edit = f"open({str(folder / 'pages' / 'site.css')!r}, 'w').write('/* during a build */')"
    (folder / "mine.py").write_text(f"{edit}\n{RULE.replace('FACTOR', '0.6').replace('TITLE', 'Editing')}")
    while "during a build" not in live.get("/assets/site.css")[1]:
        live.wait(before + 1)
    assert "Editing" in page_of_rule(live, folder)
    write_rule(folder, "0.5")
    (folder / "pages" / "site.css").unlink()
    while "during a build" in live.get("/assets/site.css")[1]:
        live.wait()


@pytest.mark.parametrize(
    "path", ["/../reportgen.toml", "/..%2freportgen.toml", "/%2e%2e/mine.py", "/none.html", "/%00none", "//etc/passwd"]
)
def test_nothing_outside_of_the_report_is_served(path: str, live: Live) -> None:
    assert live.get(path)[0] == 404


def test_a_page_of_another_site_cannot_read_the_report(live: Live) -> None:
    assert live.get("/", host=f"evil.example:{live.port}")[0] == 403


def test_another_one_takes_the_next_port(live: Live, tmp_path: Path) -> None:
    (tmp_path / "reportgen.toml").write_text(
        'losses = ["beale"]\noptimizers = ["adam"]\nlearning_rates = [0.1]\nsteps = 5\n'
    )
    other = Live(tmp_path)
    assert other.port > live.port
    other.process.send_signal(signal.SIGINT)
    other.process.communicate()
    assert other.process.returncode == 130


def test_the_page_reloads_in_place_and_shows_errors(live: Live, folder: Path, browser: Any) -> None:
    before = live.wait()["built"]
    page = browser.new_page(viewport={"width": 800, "height": 500})
    page.goto(f"http://127.0.0.1:{live.port}/")
    page.evaluate("document.querySelector('details').open = true; scrollTo({ top: 400, behavior: 'instant' })")
    write_rule(folder, "0.9", "Reloaded")
    page.wait_for_selector(f"script[data-built='{before + 1}']", state="attached")
    page.wait_for_selector("details[open]")
    assert page.evaluate("scrollY") == 400
    write_rule(folder, "nothing", "Reloaded")
    page.wait_for_selector("#reportgen-error")
    assert "NameError" in page.locator("#reportgen-error").inner_text()
    write_rule(folder, "0.8", "Reloaded")
    page.wait_for_selector("#reportgen-error", state="detached")
    page.goto("about:blank")  # which ends its question for changes
    page.close()
    live.wait(before + 2)


def test_a_policy_with_other_sources_keeps_them() -> None:
    policy = "default-src 'none'; script-src 'sha256-x'; img-src data:"
    page = f'<meta http-equiv="Content-Security-Policy" content="{policy}"><body></body>'
    text = live_page(page, 3)
    assert "script-src 'sha256-x' 'self'" in text
    assert "img-src data:" in text
    assert "connect-src 'self'" in text
