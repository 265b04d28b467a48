"""The content security policy: it stands on every page, lets all of it work, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import synthetic

from reportgen.report.csp import PLACE, add_policy, content_security_policy
from reportgen.report.render_options import RenderOptions
from reportgen.report.site import Site

SCRIPT = 'document.documentElement.dataset.ran = "</script>".length;'
PAGE = """{% extends "default/index.html" %}
{% block head %}
<style>h1 { letter-spacing: 3px }</style><script>document.documentElement.dataset.inline = 1</script>
{% endblock %}"""


@pytest.fixture(scope="module")
def scripted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site whose pages have a script of their own, and inline parts on the first."""
    folder = tmp_path_factory.mktemp("scripted")
    (folder / "mine").mkdir()
    (folder / "mine" / "site.js").write_text(SCRIPT)
    (folder / "mine" / "index.html").write_text(PAGE)
    made = synthetic.results(losses=[synthetic.BEALE], optimizers=("adam",), rates=(0.1,), starts=2, steps=30)
    Site(folder / "site", edition=RenderOptions(folder / "mine")).write(made)
    return folder / "site"


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


def test_all_pages_of_a_folder_work_under_it_and_ask_for_nothing_else(scripted: Path, page: Any) -> None:
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    for path in sorted(scripted.rglob("*.html")):
        page.goto(path.as_uri(), wait_until="load")
        assert page.locator("meta[http-equiv=Content-Security-Policy]").count() == 1
        assert page.evaluate("document.documentElement.dataset.ran") == "9", path.name
        assert page.evaluate("getComputedStyle(document.body).maxWidth") == "1216px", path.name
        images = page.evaluate("Promise.all([...document.images].map(i => (i.loading = 'eager', i.decode())))")
        assert len(images) > 0 or path.name == "report.html"
    assert said == []
    assert [url for url in asked if not url.startswith((scripted.as_uri(), "data:"))] == []


def test_inline_parts_of_a_users_template_are_let_through_by_their_hashes(scripted: Path, page: Any) -> None:
    page.goto((scripted / "index.html").as_uri())
    assert page.evaluate("document.documentElement.dataset.inline") == "1"
    assert page.locator("h1").evaluate("h1 => getComputedStyle(h1).letterSpacing") == "3px"


@pytest.mark.parametrize("name", ["index.html", "report.html"])
def test_what_was_put_in_later_is_refused(scripted: Path, page: Any, name: str) -> None:
    script = '<script>document.title = "changed"</script>'
    rest = '<p id="p" style="color: red" onclick="1"></p><img alt="" src="https://example.invalid/i.png">'
    text = (scripted / name).read_text(encoding="utf-8").replace("</main>", f"{script}{rest}</main>")
    changed = scripted / f"changed-{name}"
    changed.write_text(text, encoding="utf-8")
    refused: list[str] = []
    failed: list[tuple[str, str]] = []
    page.on("console", lambda message: refused.append(message.text))
    page.on("requestfailed", lambda request: failed.append((request.url, request.failure)))
    page.goto(changed.as_uri())
    changed.unlink()
    assert page.title() != "changed"
    assert page.locator("#p").evaluate("p => getComputedStyle(p).color") != "rgb(255, 0, 0)"
    assert len([said for said in refused if "Content Security Policy" in said]) >= 3
    assert failed == [("https://example.invalid/i.png", "csp")]


def test_a_page_without_files_of_its_own_allows_none() -> None:
    text = f'<meta content="{PLACE}"><style>p{{}}</style><script type="application/json">{{}}</script><p>{PLACE}</p>'
    told = add_policy(text)
    assert "'self'" not in told
    assert "script-src" not in told
    assert "style-src 'sha256-" in told
    assert told.count(PLACE) == 1
    assert content_security_policy("<p>") == "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'"
