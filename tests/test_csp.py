"""The content security policy: every page has one, works under it, and loads nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import synthetic

from reportgen.report.csp import PLACEHOLDER, add_policy, content_security_policy
from reportgen.report.render_options import RenderOptions
from reportgen.report.site import Site

SCRIPT = 'document.documentElement.dataset.ran = "</script>".length;'
PAGE = """{% extends "default/index.html" %}
{% block head %}
<style>h1 { letter-spacing: 3px }</style><script>document.documentElement.dataset.inline = 1</script>
{% endblock %}"""


@pytest.fixture(scope="module")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with a custom script on all pages, and inline parts on the first page."""
    folder = tmp_path_factory.mktemp("scripted")
    (folder / "mine").mkdir()
    (folder / "mine" / "site.js").write_text(SCRIPT)
    (folder / "mine" / "index.html").write_text(PAGE)
    made = synthetic.results(losses=[synthetic.BEALE], optimizers=("adam",), rates=(0.1,), starts=2, steps=30)
    Site(folder / "site", options=RenderOptions(folder / "mine")).write(made)
    return folder / "site"


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


def test_all_pages_work_under_the_policy_and_load_only_their_own_files(scripted: Path, page: Any) -> None:
    messages: list[str] = []
    requests: list[str] = []
    page.on("console", lambda message: messages.append(message.text))
    page.on("pageerror", lambda error: messages.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    pages = sorted(scripted.rglob("*.html"))
    assert len(pages) > 3
    for path in pages:
        page.goto(path.as_uri(), wait_until="load")
        assert page.locator("meta[http-equiv=Content-Security-Policy]").count() == 1
        assert page.evaluate("document.documentElement.dataset.ran") == "9", path.name
        assert page.evaluate("getComputedStyle(document.body).paddingTop") == "24px", path.name
        images = page.evaluate("Promise.all([...document.images].map(i => (i.loading = 'eager', i.decode())))")
        assert len(images) > 0 or path.name == "report.html"
    assert messages == []
    assert [url for url in requests if not url.startswith((scripted.as_uri(), "data:"))] == []


def test_inline_parts_of_a_users_template_are_allowed_by_their_hashes(scripted: Path, page: Any) -> None:
    page.goto((scripted / "index.html").as_uri())
    assert page.evaluate("document.documentElement.dataset.inline") == "1"
    assert page.locator("h1").evaluate("h1 => getComputedStyle(h1).letterSpacing") == "3px"


@pytest.mark.parametrize("name", ["index.html", "report.html"])
def test_parts_that_were_added_later_are_blocked(scripted: Path, page: Any, name: str) -> None:
    script = '<script>document.title = "changed"</script>'
    rest = '<p id="p" style="color: red" onclick="1"></p><img alt="" src="https://example.invalid/i.png">'
    text = (scripted / name).read_text(encoding="utf-8").replace("</main>", f"{script}{rest}</main>")
    changed = scripted / f"changed-{name}"
    changed.write_text(text, encoding="utf-8")
    blocked: list[str] = []
    failed: list[tuple[str, str]] = []
    page.on("console", lambda message: blocked.append(message.text))
    page.on("requestfailed", lambda request: failed.append((request.url, request.failure)))
    page.goto(changed.as_uri())
    changed.unlink()
    assert page.title() != "changed"
    assert page.locator("#p").evaluate("p => getComputedStyle(p).color") != "rgb(255, 0, 0)"
    assert len([message for message in blocked if "Content Security Policy" in message]) >= 3
    assert failed == [("https://example.invalid/i.png", "csp")]


@pytest.mark.parametrize(("name", "source"), [("optimizers/adam.html", "'self'"), ("report.html", "data:")])
def test_formulas_have_the_font_that_the_report_contains(scripted: Path, page: Any, name: str, source: str) -> None:
    page.goto((scripted / name).as_uri())
    fonts = page.evaluate("document.fonts.ready.then(fonts => [...fonts].map(font => [font.family, font.status]))")
    assert fonts == [["Report Math", "loaded"]]
    policy = page.locator("meta[http-equiv=Content-Security-Policy]").get_attribute("content")
    assert f"font-src {source};" in policy
    assert len((scripted / "assets" / "math.woff2").read_bytes()) < 60_000


def test_a_page_that_loads_no_files_allows_none() -> None:
    inline = '<style>p{}</style><script type="application/json">{}</script>'
    text = f'<meta content="{PLACEHOLDER}">{inline}<p>{PLACEHOLDER}</p>'
    page = add_policy(text)
    assert "'self'" not in page
    assert "font-src" not in page
    assert "script-src" not in page
    assert "style-src 'sha256-" in page
    assert page.count(PLACEHOLDER) == 1
    assert content_security_policy("<p>") == "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'"
