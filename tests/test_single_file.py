"""``report.html``: all that the site says in one file that needs no other, within the size that is asked for."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import synthetic

from reportgen.report.joining import Pieces
from reportgen.report.render_options import RenderOptions
from reportgen.report.single_file import STEPS, single
from reportgen.report.site import Site
from reportgen.results.result_tables import Results

PLAYER = """<div class="player"><div><img src="../assets/ground.svg" width="9" height="9" alt="g"></div>
<script type="application/json">{"a": "b"}</script></div>"""


class Document(HTMLParser):
    """What a page says, and its ids and links."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self.shown: list[str] = []
        self._skip = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        self.ids += [told["id"]] if "id" in told else []
        self.links += [told["href"]] if tag == "a" and "href" in told else []
        self.shown += [told.get("alt") or told.get("aria-label", "")] if tag in ("img", "svg") else []
        self._skip = tag if tag in ("script", "style", "title") else ""

    def handle_endtag(self, tag: str) -> None:
        self._skip = "" if tag == self._skip else self._skip

    def handle_data(self, data: str) -> None:
        self.words += [] if self._skip else data.split()


def made(**options: object) -> Results:
    chosen = {"optimizers": ("gradient_descent", "adam"), "rates": (1e-2, 1e-1), "starts": 2, "steps": 40}
    return synthetic.results(**(chosen | options))  # type: ignore[arg-type]


def sized(folder: Path, mib: float, results: Results) -> str:
    Site(folder, edition=RenderOptions(max_size=mib)).write(results)
    return (folder / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def whole(site: Path) -> Document:
    return Document((site / "report.html").read_text(encoding="utf-8"))


def test_it_says_all_that_the_site_says(site: Path, whole: Document) -> None:
    told, alts = " ".join(whole.words), set(whole.shown)
    for page in (path for path in site.rglob("*.html") if path.name != "report.html"):
        text = page.read_text(encoding="utf-8")
        main = Document(text[text.index("<main") : text.index("</main>")])
        assert " ".join(main.words) in told, page.name
        assert set(main.shown) <= alts, page.name


def test_its_links_stay_inside_and_its_ids_are_different(whole: Document) -> None:
    assert len(set(whole.ids)) == len(whole.ids)
    assert len(whole.links) > 100
    assert [link for link in whole.links if link[0] != "#" or link[1:] not in whole.ids] == []


def test_each_figure_is_in_it_once(site: Path) -> None:
    text = (site / "report.html").read_text(encoding="utf-8")
    figures = list((site / "assets").glob("*.svg"))
    data = re.findall(r'(?:src|href)="(data:image[^"]+)"', text)
    assert len(data) == len(set(data)) == len(figures) > 20


def test_the_default_matrix_is_small(tmp_path: Path) -> None:
    text = sized(tmp_path, 10, synthetic.results())
    assert len(text.encode()) < 2.5 * 2**20


def test_images_show_in_both_themes_without_scripts(site: Path, browser: Any) -> None:
    pictures = {}
    for scheme in ("light", "dark"):
        context = browser.new_context(java_script_enabled=False, color_scheme=scheme)
        page = context.new_page()
        page.goto((site / "report.html").as_uri())
        pictures[scheme] = [page.locator(kind).last.screenshot() for kind in ("svg.picture:visible", "img:visible")]
        context.close()
    light, dark = pictures["light"], pictures["dark"]
    assert all(len(image) > 2000 for image in (*light, *dark)), "an empty picture has hardly any bytes"
    assert light[0] != dark[0]
    assert light[1] != dark[1]


def test_what_is_left_out_is_told_in_the_stated_order(tmp_path: Path) -> None:
    results = made(losses=[synthetic.BEALE])
    whole = sized(tmp_path, 10, results)
    full = len(whole.encode())
    order = [said for step, said in STEPS.items() if step != "player" or 'class="player"' in whole]
    seen = []
    for share in (0.95, 0.6, 0.02):
        text = sized(tmp_path, share * full / 2**20, results)
        note = re.search(r"Left out of this file, to keep it within [^:]+ MiB: (.*?)\. The site has them", text)
        assert note, share
        told = [said for said in STEPS.values() if said in note[1]]
        seen.append(len(told))
        assert told == order[: len(told)]
        assert share < 0.1 or len(text.encode()) <= share * full + 1000
        found = Document(text)
        assert [link for link in found.links if link[1:] not in found.ids] == []
    assert seen == sorted(seen)
    assert seen[0] == 1
    assert seen[-1] == len(order)
    assert "<img" not in text
    assert "Left out of this file: Paths of adam on beale" in text
    assert "Left out" not in whole


def joined(pages: dict[str, str], limit: int = 10**6, files: dict[str, bytes] | None = None) -> str:
    """The parts of pages, joined without a frame."""
    content = {"site.css": b"p{}", "ground.svg": b"<svg/>", "a.svg": b"<svg>" + b"a" * 500 + b"</svg>"} | (files or {})

    def render(template: str, context: dict[str, Any]) -> str:
        if template == "left-out.html":
            return ", ".join(context["left_out"])
        parts = "".join(
            part["content"] if part["first"] else f'<article data-page="{part["page"]}">{part["content"]}</article>'
            for part in context["joined"]
        )
        return f"<body>{context['left_out']}{parts}{''.join(context['scripts'])}</body>"

    return single(pages, content.__getitem__, {"a.svg", "ground.svg"}, render, limit)


def test_a_player_keeps_its_image_and_its_data_and_goes_first() -> None:
    image = '<img src="../assets/a.svg" width="9" height="9" alt="an a">'
    page = f'<main><p id="x">{image}</p>{PLAYER}{PLAYER}<p>after</p></main>'
    text = joined({"index.html": "<main>1</main>", "losses/a.html": page})
    assert text.count('<img src="data:image/svg+xml') == 3
    assert text.count('{"a": "b"}') == 2
    assert 'id="losses-a--x"' in text
    less = joined({"index.html": "<main>1</main>", "losses/a.html": page}, limit=1000)
    assert less.startswith(f"<body>{STEPS['player']}")
    assert 'class="player"' not in less
    assert "after" in less
    assert "an a" in less


def test_an_image_in_a_drawing_is_filled_and_only_the_table_of_every_cell_goes() -> None:
    drawing = '<svg><image width="9" height="9" href="assets/ground.svg"/></svg><img data-src="x" src=\'assets/a.svg\'>'
    tables = (
        '<section class="scroll tall"><b>ranking</b></section><section class="scroll every-cell"><b>cells</b></section>'
    )
    text = joined({"index.html": f"<main>{drawing}{tables}</main>"})
    assert 'href="data:image/svg+xml' in text
    assert '<img data-src="x" src="data:image/svg+xml' in text
    less = joined({"index.html": f"<main>{drawing}{tables}</main>"}, limit=1)
    assert "ranking" in less
    assert "<b>cells" not in less
    assert "This table is left out" in less


def test_scripts_of_any_page_are_in_it_once_and_cannot_end_early() -> None:
    tag = '<script src="../assets/one.js" defer></script>'
    pages = {
        "index.html": "<main></main>",
        "losses/a.html": f"{tag}<main></main>",
        "losses/b.html": f"{tag}<main></main>",
    }
    text = joined(pages, files={"one.js": b'say("</script>")'})
    assert text.count("say(") == 1
    assert "</script>" not in text


@pytest.mark.parametrize(
    ("written", "becomes"),
    [
        ('<a href="../losses/b.html#k">', '<a href="#losses-b--k">'),
        ("<a class=\"c\" href='b.html'>", '<a class="c" href="#losses-b">'),
        ('<a href="#k">', '<a href="#losses-a--k">'),
        ('<a href="../index.html">', '<a href="#content">'),
        ('<a href="../index.html#k">', '<a href="#k">'),
        ('<a href="https://example.org/b.html">', '<a href="https://example.org/b.html">'),
        ('<label for="k l" title="a &amp; b">', '<label for="losses-a--k losses-a--l" title="a &amp; b">'),
        ("<rect clip-path=none viewBox='0 0 1 1'/>", "<rect clip-path=none viewBox='0 0 1 1'/>"),
        ("<h2>a &lt; b &#955;</h2>", "<h3>a &lt; b &#955;</h3>"),
        ('<section aria-label="Cells">', '<section aria-label="Cells, losses/a">'),
    ],
)
def test_what_a_page_refers_to_is_found_in_the_document(written: str, becomes: str) -> None:
    text = f'<article data-page="losses/a.html">{written}</article>'
    pieces = Pieces(text, ["index.html", "losses/a.html", "losses/b.html"], []).found
    assert "".join(piece.text for piece in pieces) == text.replace(written, becomes)


def test_a_link_to_what_is_not_there_is_only_text() -> None:
    page = '<main><a href="results/runs.parquet" class="c">runs</a> <a href="#gone">gone</a></main>'
    assert "href" not in joined({"index.html": page})


def test_hostile_names_do_no_harm(tmp_path: Path) -> None:
    hostile = {"adam": "<script>alert(1)</script>@policy@<!--left out-->", "beale": "損失 \"'&</main>" + "x" * 200}
    text = sized(tmp_path, 10, made(rename=hostile))
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;@policy@&lt;!--left out--&gt;" in text
    assert "default-src 'none'" in text[: text.index("</head>")]
