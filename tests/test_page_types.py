"""Templates and their page types: each page renders from its dataclass, uses no other names, and is documented."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import changed
import pytest
import synthetic
from jinja2 import Environment, StrictUndefined, meta, nodes
from jinja2.defaults import DEFAULT_FILTERS, DEFAULT_NAMESPACE
from publishing import published

from reportgen.analysis.compare import compare
from reportgen.analysis.compare.model import Thresholds
from reportgen.catalogue import find_loss
from reportgen.report import comparison_page_types, page_types, template
from reportgen.report.comparison_page import write_comparison
from reportgen.report.gallery import Exhibit, gallery
from reportgen.report.links import Links
from reportgen.report.plane_slice import plotted_loss
from reportgen.report.site import Site
from reportgen.results.location import locate

ROOT = Path(__file__).parent.parent
TEMPLATES = ROOT / "templates"
DOCS = (ROOT / "docs" / "templates.md").read_text(encoding="utf-8")
PAGES: dict[str, type[Any]] = {
    "index.html": page_types.IndexPage,
    "loss.html": page_types.LossPage,
    "optimizer.html": page_types.OptimizerPage,
    "single.html": page_types.SingleFilePage,
    "compare.html": comparison_page_types.ComparisonPage,
    "gallery.html": page_types.GalleryPage,
    "reports.html": page_types.ReportsPage,
}
IN_SINGLE_FILE = ("index.html", "loss.html", "optimizer.html")
"""The pages that the single file consists of."""
SHARED = ("base.html", "body.html", "parts.html", "player.html", "basins.html")
"""Templates that pages include, import or extend."""
STYLES = ("site.css", "tables.css", "player.css", "basins.css", "contents.css")
NAMES = {"links", "omitted", "level"}
"""What every page receives besides its fields."""
GLOBALS = {*template.GLOBALS, "SCRIPTS"}

Rendered = tuple[str, bool, frozenset[str]]
"""Template, whether only its content is rendered, and the names that it receives."""


def names_of(page: type[Any]) -> set[str]:
    return {field.name for field in fields(page)}


def parsed(environment: Environment, name: str, is_body: bool = False) -> Iterator[nodes.Template]:
    """The template and all templates that it extends, includes or imports."""
    tree = environment.parse((TEMPLATES / name).read_text(encoding="utf-8"))
    yield tree
    for other in meta.find_referenced_templates(tree):
        assert other, f"{name} names a template only when it is rendered"
        yield from parsed(environment, "body.html" if is_body and other == "base.html" else other, is_body)


@pytest.fixture(scope="module")
def environment() -> Environment:
    """The environment of our templates without global names."""
    bare = Environment(trim_blocks=True, lstrip_blocks=True)
    bare.filters = template._environment(None).filters
    bare.globals = {}
    return bare


@pytest.fixture(scope="module")
def rendered(site: Path, tmp_path_factory: pytest.TempPathFactory) -> set[Rendered]:
    """Everything that is rendered for a site, a comparison, a gallery and a list of reports."""
    calls: set[Rendered] = set()
    render, folder = template._render, tmp_path_factory.mktemp("rendered")

    def record(name: str, context: dict[str, object], user_folder: Path | None, is_body: bool = False) -> str:
        calls.add((name, is_body, frozenset(context)))
        return render(name, context, user_folder, is_body)

    base, head = (locate(changed.write(folder / rule / "results", rule)) for rule in ("equal", "diverging"))
    loss = find_loss("quartic", folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(template, "_render", record)
        Site(folder / "site").write(synthetic.results(starts=2, steps=40, failed=[("beale", "adam")]))
        write_comparison(compare(base, head, Thresholds()), base, head, folder / "comparison")
        assert loss.title in gallery([Exhibit(loss, plotted_loss(loss))])
        assert published(site, folder / "published", "--prefix", "main")
    return calls


def test_every_page_is_rendered_from_its_dataclass(rendered: set[Rendered]) -> None:
    expected = {(name, False, frozenset(names_of(page) | NAMES)) for name, page in PAGES.items()}
    bodies = {(name, True, context) for name, _, context in expected if name in IN_SINGLE_FILE}
    assert rendered == expected | bodies | {(name, False, frozenset()) for name in STYLES}
    assert template._environment(None).undefined is StrictUndefined


def test_every_template_is_a_page_or_shared() -> None:
    assert {path.name for path in TEMPLATES.glob("*.html")} == {*PAGES, *SHARED}
    assert {path.name for path in TEMPLATES.glob("*.css")} == {*STYLES}


@pytest.mark.parametrize(
    ("name", "is_body"), [(name, False) for name in (*PAGES, *STYLES)] + [(name, True) for name in IN_SINGLE_FILE]
)
def test_a_template_uses_only_its_fields_and_the_global_names(
    name: str, is_body: bool, environment: Environment
) -> None:
    trees = list(parsed(environment, name, is_body))
    assert trees
    used = set().union(*(meta.find_undeclared_variables(tree) - own_names(tree) for tree in trees))
    # Pages use the imports of their frame.
    used -= {node.target for tree in trees for node in tree.find_all(nodes.Import)}
    context = names_of(PAGES[name]) | NAMES if name in PAGES else set()
    assert used - context - GLOBALS - set(DEFAULT_NAMESPACE) == set()


def own_names(tree: nodes.Template) -> set[str]:
    """The names that a template defines itself: macros and ``set``."""
    names = {node.name for node in tree.find_all(nodes.Macro)}
    return names | {target.name for node in tree.find_all(nodes.Assign) for target in node.find_all(nodes.Name)}


def section(heading: str) -> str:
    """The text of the documentation below a heading."""
    found = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", DOCS, re.M | re.S)
    assert found, heading
    return found[1]


def first_cells(text: str) -> list[str]:
    """The names in the first column of each table."""
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row)]


@pytest.mark.parametrize(("name", "page"), PAGES.items())
def test_every_field_is_documented(name: str, page: type[Any]) -> None:
    shared = names_of(page_types.Page) if issubclass(page, page_types.Page) else set()
    assert first_cells(section(f"`{name}`")) == [field.name for field in fields(page) if field.name not in shared]
    assert first_cells(section("All pages of a report")) == [field.name for field in fields(page_types.Page)]


def test_every_part_of_a_page_is_documented() -> None:
    modules = (page_types, comparison_page_types)
    classes = {each for module in modules for _, each in inspect.getmembers(module, dataclasses.is_dataclass)}
    parts = {each.__name__: names_of(each) for each in classes if each not in (page_types.Page, *PAGES.values())}
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", section("Parts of pages").partition("The other classes")[0], re.M)
    assert sorted(name for name, _ in rows) == sorted(parts)
    assert [(name, field) for name, row in rows for field in sorted(parts[name]) if f"`{field}`" not in row] == []


def test_blocks_of_the_report_are_documented(environment: Environment) -> None:
    blocks = {
        name: [node.name for node in next(parsed(environment, name)).find_all(nodes.Block)] for name in IN_SINGLE_FILE
    }
    frame = [node.name for node in next(parsed(environment, "base.html")).find_all(nodes.Block)]
    text = section("Blocks")
    for name in IN_SINGLE_FILE:
        (row,) = re.findall(rf"^\| `{name}` \| (.*) \|$", text, re.M)
        assert re.findall(r"`(\w+)`", row) == [block for block in blocks[name] if block not in frame], name
    above = text.partition("The block `content`")[0]
    assert {*re.findall(r"`(\w+)`", above)} - {"base"} == {*frame}


def test_links_names_and_filters_are_documented() -> None:
    calls = re.findall(r"^\| `links\.(\w+)\(", section("Links"), re.M)
    assert sorted(calls) == sorted(name for name in vars(Links) if not name.startswith("_"))
    filters = {
        name
        for name, filter_ in template._environment(None).filters.items()
        if filter_ is not DEFAULT_FILTERS.get(name)
    }
    names = {re.sub(r"\(.*", "", name) for name in first_cells(section("Other names and filters"))}
    assert names == filters | GLOBALS | {"level", "omitted"}
