"""``report.html``: everything that the site shows in one file, without other files and below its size limit."""

from __future__ import annotations

import posixpath
import re
from base64 import b64encode
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import synthetic

from reportgen.report.render_options import RenderOptions
from reportgen.report.single_file import STEPS
from reportgen.report.site import Site
from reportgen.results.result_tables import Results

pytestmark = pytest.mark.slow

DATA_LINK = re.compile(r'<a href="(?:\.\./)*data/[^"]+">Data<span class="hidden"> of the [^<]+</span> \(CSV\)</a>')
"""A link to the numbers of a figure, which the single file does not have."""
OMITTED_FIGURE = "Omitted to stay below the file-size limit: "
OMITTED_TABLE = "This table is omitted to stay below the file-size limit."


@dataclass
class Section:
    """The attributes that name a section."""

    label: str
    labelledby: str


@dataclass
class Document(HTMLParser):
    """The contents of HTML: its text, headings, links, ids, images, sections and scripts."""

    html: str
    text: str = ""
    headings: list[tuple[int, str]] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    """Alternative texts."""
    sections: list[Section] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    text_by_id: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__()
        self._open: list[tuple[str, str]] = []
        self.feed(self.html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag not in ("img", "input", "meta", "link", "br"):
            self._open.append((tag, values.get("id", "")))
        if "id" in values:
            self.ids.append(values["id"])
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if tag == "img" or (tag == "svg" and "aria-label" in values):
            self.images.append(values.get("alt") or values.get("aria-label", ""))
        if tag == "section":
            self.sections.append(Section(values.get("aria-label", ""), values.get("aria-labelledby", "")))
        if re.fullmatch("h[1-6]", tag):
            self.headings.append((int(tag[1]), ""))
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        tags = [tag for tag, _ in self._open]
        if tags and tags[-1] == "script":
            self.scripts[-1] += data
        elif not {"style", "title"} & {*tags}:
            self.text += data
            for tag, id_ in self._open:
                if re.fullmatch("h[1-6]", tag):
                    self.headings[-1] = (self.headings[-1][0], self.headings[-1][1] + data)
                if id_:
                    self.text_by_id[id_] = self.text_by_id.get(id_, "") + data

    def name(self, section: Section) -> str:
        """The accessible name of a section."""
        return section.label or " ".join(self.text_by_id[id_] for id_ in section.labelledby.split())


def made(**options: Any) -> Results:
    chosen: dict[str, Any] = {"optimizers": ("gradient_descent", "adam"), "rates": (1e-2, 1e-1)}
    return synthetic.results(**(chosen | {"starts": 2, "steps": 40} | options))


def written(folder: Path, results: Results, mib: float = 10, templates: Path | None = None) -> str:
    """The text of the single file."""
    Site(folder, options=RenderOptions(templates, mib)).write(results)
    return (folder / "report.html").read_text(encoding="utf-8")


def main_of(page: Path) -> str:
    """The content of a page of the site."""
    text = page.read_text(encoding="utf-8")
    return text[text.index("<main") : text.index("</main>")]


def parts_of(text: str) -> dict[str, str]:
    """The parts of a single file by the id of their page; the first page is ``content``."""
    body = text[text.index("<main") : text.index("</main>")]
    first, *others = re.split(r'<div class="page" id="([^"]+)">', body)
    return {"content": first} | dict(zip(others[::2], others[1::2], strict=True))


def part_id(path: str) -> str:
    return "content" if path == "index.html" else path.removesuffix(".html").replace("/", "-")


def anchor(address: str, path: str) -> str:
    """The anchor in the single file for an address on the page at ``path``."""
    parts = urlsplit(address)
    page = posixpath.normpath(posixpath.join(posixpath.dirname(path), parts.path)) if parts.path else path
    if not parts.fragment:
        return f"#{part_id(page)}"
    return f"#{parts.fragment}" if page == "index.html" else f"#{part_id(page)}--{parts.fragment}"


@pytest.fixture(scope="module")
def text(site: Path) -> str:
    return (site / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, Document]:
    """The content of each page of the site, without links to data of figures."""
    paths = [path for path in site.rglob("*.html") if path.name != "report.html"]
    return {path.relative_to(site).as_posix(): Document(DATA_LINK.sub("", main_of(path))) for path in paths}


@pytest.fixture(scope="module")
def parts(text: str) -> dict[str, Document]:
    return {part: Document(content) for part, content in parts_of(text).items()}


def test_it_shows_everything_that_the_site_shows(pages: dict[str, Document], parts: dict[str, Document]) -> None:
    assert parts.keys() == {part_id(path) for path in pages}
    for path, page in pages.items():
        part = parts[part_id(path)]
        name = [] if path == "index.html" else ["Report", "/", path.removesuffix(".html")]
        assert part.text.split() == name + page.text.split(), path
        assert page.images == part.images, path


def test_its_links_are_those_of_the_site_as_anchors(pages: dict[str, Document], parts: dict[str, Document]) -> None:
    for path, page in pages.items():
        expected = [anchor(link, path) for link in page.links if "data/" not in link and "results/" not in link]
        added = [] if path == "index.html" else ["#content"]
        assert parts[part_id(path)].links == added + expected, path
    assert sum(len(page.links) for page in pages.values()) > 100


def test_its_links_stay_inside_and_its_ids_are_unique(text: str) -> None:
    document = Document(text)
    assert len(set(document.ids)) == len(document.ids)
    assert len(document.links) > 100
    assert [link for link in document.links if link[0] != "#" or link[1:] not in document.ids] == []


def test_headings_of_other_pages_are_one_level_lower(pages: dict[str, Document], parts: dict[str, Document]) -> None:
    for path, page in pages.items():
        lower = 0 if path == "index.html" else 1
        assert parts[part_id(path)].headings == [(level + lower, text) for level, text in page.headings], path
    assert sum(len(page.headings) for page in pages.values()) > 20


def test_names_of_sections_differ(text: str) -> None:
    document = Document(text)
    names = [document.name(section) for section in document.sections]
    assert all(names)
    assert len(set(names)) == len(names) > 50
    assert "The function losses/beale" in names


def test_each_figure_is_stored_once(site: Path, text: str) -> None:
    figures = list((site / "assets").glob("*.svg"))
    data = re.findall(r'(?:src|href)="(data:image[^"]+)"', text)
    assert len(data) == len(set(data)) == len(figures) > 20


def test_the_player_keeps_its_image_and_its_paths(site: Path, text: str, pages: dict[str, Document]) -> None:
    for name in ("beale", "rosenbrock"):
        player = text[text.index(f'<div class="player" role="group" aria-label="Player of paths on {name}"') :]
        assert re.search(r'<div class="stage">\s*<img src="data:image/svg\+xml', player)
        assert pages[f"losses/{name}.html"].scripts[0].strip() in player
    assert text.count('<div class="player"') == 2


@pytest.mark.slow
def test_the_default_matrix_is_small(tmp_path: Path) -> None:
    text = written(tmp_path, synthetic.results())
    assert len(text.encode()) < 2.5 * 2**20


@pytest.mark.parametrize(("kind", "has_scripts"), [("svg.picture", False), (".stage img", True)])
def test_images_show_in_both_themes(site: Path, browser: Any, kind: str, has_scripts: bool) -> None:
    screenshots = []
    for scheme in ("light", "dark"):
        context = browser.new_context(java_script_enabled=has_scripts, color_scheme=scheme)
        page = context.new_page()
        page.goto((site / "report.html").as_uri())
        screenshots.append(page.locator(f"{kind}:visible").last.screenshot())
        context.close()
    assert all(len(image) > 2000 for image in screenshots), "an empty picture has hardly any bytes"
    assert screenshots[0] != screenshots[1]


def test_it_omits_parts_in_the_stated_order(tmp_path: Path) -> None:
    results = made(losses=[synthetic.BEALE])
    complete = written(tmp_path, results)
    full = len(complete.encode())
    assert "Omitted" not in complete
    assert 'class="player"' in complete
    # These results have no maps of basins.
    order, counts = [step for name, step in STEPS.items() if name != "basins"], []
    for share in (0.95, 0.75, 0.02):
        text = written(tmp_path, results, share * full / 2**20)
        note = re.search(
            r"Omitted from this file to keep it below [^:]+ MiB: ([^.]*)\.( It is still larger [^.]*\.)? The site",
            text,
        )
        assert note, share
        omitted = [step for step in order if step in note[1]]
        assert omitted == order[: len(omitted)]
        assert note[1] == re.sub(", ([^,]*)$", r" and \1", ", ".join(omitted))
        counts.append(len(omitted))
        assert bool(note[2]) == (len(text.encode()) > share * full) == (share < 0.1)
        assert ("the player of paths" in omitted) == ('class="player"' not in text)
        for step, kind in (("rates", "rates"), ("paths", "paths"), ("figures", "convergence")):
            alt = next(figure.alt() for figure in figures(results) if figure.kind == kind)
            assert (f"{OMITTED_FIGURE}{alt}" in text) == (STEPS[step] in omitted), step
        assert (OMITTED_TABLE in text) == (STEPS["cells"] in omitted)
        document = Document(text)
        assert [link for link in document.links if link[1:] not in document.ids] == []
    assert counts == sorted(counts)
    assert (counts[0], counts[-1]) == (1, len(order))
    assert "data:image" not in text
    assert 'aria-label="Ranking"' in text, "only the table of all configurations is omitted"


def figures(results: Results) -> list[Any]:
    from reportgen.analysis.loss_view import loss_view
    from reportgen.figures.registry import loss_figures

    return loss_figures(loss_view(results, "beale"))


def test_it_names_no_omission_of_parts_that_do_not_exist(tmp_path: Path) -> None:
    results = made(losses=[synthetic.BEALE])
    text = written(tmp_path, replace(results, traces=results.traces.head(0)), 0.001)
    assert "the learning-rate curves of each optimizer, all other figures and the tables" in text
    for step in ("player", "paths"):
        assert STEPS[step] not in text


def test_scripts_and_styles_are_in_it_once_and_cannot_end_early(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "site.js").write_text('own("</script><b>", "</SCRIPT >")')
    (folder / "site.css").write_text('p::after { content: "</style></STYLE><b>" }')
    text = written(tmp_path / "site", made(losses=[synthetic.BEALE]), templates=folder)
    assert text.count("own(") == 1
    document = Document(text)
    assert r'own("<\/script><b>", "<\/SCRIPT >")' in document.scripts
    assert text.count("</script>") == text.count("<script")
    assert r'content: "<\/style><\/STYLE><b>"' in text
    assert len(re.findall("</style", text, re.I)) == len(re.findall("<style", text, re.I)) == 1


def test_assets_of_user_templates_are_data(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "assets").mkdir(parents=True)
    logo = b"\x89PNG a logo"
    (folder / "assets" / "logo.png").write_bytes(logo)
    (folder / "assets" / "dot.svg").write_bytes(b"<svg/>")
    (folder / "loss.html").write_text(
        '{% extends "default/loss.html" %}{% block facts %}<img src="{{ links.asset("logo.png") }}" alt="logo">'
        '<svg><image href="{{ links.asset("dot.svg") }}"/></svg><p id="{{ links.id("own") }}"></p>'
        '<a href="{{ links.here("own") }}">own</a><a href="https://example.org/b.html">b</a>{{ super() }}{% endblock %}'
    )
    text = written(tmp_path / "site", made(losses=[synthetic.BEALE]), templates=folder)
    assert f'<img src="data:image/png;base64,{b64encode(logo).decode()}" alt="logo">' in text
    assert re.search(r'<svg><image href="data:image/svg\+xml[^"]+"/></svg><p id="losses-beale--own">', text)
    assert '<a href="#losses-beale--own">own</a><a href="https://example.org/b.html">b</a>' in text
    page = (tmp_path / "site" / "losses" / "beale.html").read_text(encoding="utf-8")
    assert '<img src="../assets/logo.png" alt="logo"><svg><image href="../assets/dot.svg"/></svg><p id="own">' in page


def test_names_of_a_custom_frame_are_known_to_all_pages_and_the_frame_occurs_once(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "base.html").write_text(
        '{% extends "default/base.html" %}{% set lab = "Example Lab" %}{% block top %}<p>own top</p>{% endblock %}'
    )
    (folder / "loss.html").write_text(
        '{% extends "default/loss.html" %}{% block facts %}<p>{{ lab }}</p>{{ super() }}{% endblock %}'
    )
    text = written(tmp_path / "site", made(losses=[synthetic.BEALE]), templates=folder)
    assert [text.count(part) for part in ("<html", "<p>own top</p>", "<p>Example Lab</p>")] == [1, 1, 1]


def test_a_frame_that_replaces_the_default_one_occurs_once(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    frame = '<html lang="en"><title>own</title>{% block content %}{% endblock %}</html>'
    (folder / "base.html").write_text('{% import "parts.html" as parts with context %}' + frame)
    text = written(tmp_path / "site", made(losses=[synthetic.BEALE]), templates=folder)
    assert text.count("<html") == 1


def test_files_of_the_site_are_not_linked(text: str) -> None:
    for name in ("results/runs.parquet", "data/cells.csv", "assets/"):
        assert f'="{name}' not in text
    assert "all configurations (CSV)" in text


def test_hostile_names_are_only_text(tmp_path: Path) -> None:
    hostile = {"adam": "<script>alert(1)</script>@policy@<!--omitted-->", "beale": "損失 \"'&</main>" + "x" * 200}
    text = written(tmp_path, made(rename=hostile))
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;@policy@&lt;!--omitted--&gt;" in text
    assert not any(script.startswith("alert") for script in Document(text).scripts)
    assert "default-src 'none'" in text[: text.index("</head>")]
    assert text.count("</main>") == 1
