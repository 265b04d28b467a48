"""The documentation as a site: its generated reference is complete, and it builds without warnings and dead links."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

import reportgen
from reportgen import catalogue
from reportgen.cli import main
from reportgen.config import Config
from reportgen.results.schema import GRIDS, PATHS, TRACES, runs_schema

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def generated() -> dict[str, Callable[[], str]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(DOCS))
        import reference_text

        return reference_text.GENERATED


def headings(text: str) -> list[str]:
    return re.findall(r"^## (.+)$", text, re.M)


def test_every_built_in_thing_has_a_section(generated: dict[str, Callable[[], str]]) -> None:
    assert headings(generated["optimizers"]()) == list(catalogue.optimizers())
    assert headings(generated["losses"]()) == list(catalogue.losses())
    assert headings(generated["commands"]()) == ["reportgen", *(f"reportgen {name}" for name in main.commands)]
    assert headings(generated["python"]())[: len(reportgen.__all__)] == reportgen.__all__


def test_every_option_key_and_column_is_there(generated: dict[str, Callable[[], str]]) -> None:
    commands, keys, results = (generated[name]() for name in ("commands", "config-keys", "results"))
    options = [name for command in main.commands.values() for param in command.params for name in param.opts]
    assert len(options) > 30
    assert [name for name in options if name.startswith("--") and f"`{name}`" not in commands] == []
    assert len(Config.model_fields) > 20
    assert [key for key in Config.model_fields if key != "base" and f"| `{key}` |" not in keys] == []
    columns = [*runs_schema(Config().targets).names, *TRACES.names, *GRIDS.names, *PATHS.names]
    assert len(columns) > 40
    assert [name for name in columns if f"| `{name}` |" not in results] == []


def test_an_optimizer_has_its_formula_defaults_and_sources(generated: dict[str, Callable[[], str]]) -> None:
    section = generated["optimizers"]().partition("## adamw\n")[2].partition("\n## ")[0]
    assert "<math" in section
    assert "Loshchilov and Hutter 2019" in section
    assert "PyTorch 2.13" in section
    assert re.search(r"^\| `epsilon` \| <math.*</math> \| `1e-08` \| from 0 \| 1e-10 to 0.01 \(log; ", section, re.M)
    assert "Default learning rate: 0.001." in section


def test_a_loss_has_its_minima_and_domain(generated: dict[str, Callable[[], str]]) -> None:
    section = generated["losses"]().partition("## beale\n")[2].partition("\n## ")[0]
    assert "| global minimizers | (3, 0.5) |" in section
    assert "| domain | [-4.5, 4.5] in each coordinate |" in section
    assert "Beale 1958" in section


def test_public_names_stay_what_they_are_after_the_first_access() -> None:
    for name in reportgen.__all__:
        assert getattr(reportgen, name) is getattr(reportgen, name)
    assert callable(reportgen.hyperparameter)


def test_every_page_is_in_the_menu_and_is_generated_from_something_known(
    generated: dict[str, Callable[[], str]],
) -> None:
    pages = {path.stem: path.read_text(encoding="utf-8") for path in DOCS.glob("*.md")}
    linked = re.findall(r"^- \[[^\]]*\]\(([\w-]+)\.md\)", pages["index"], re.M)
    assert sorted(linked) == sorted(pages.keys() - {"index"})
    used = [name for text in pages.values() for name in re.findall(r"<!-- generated: ([\w-]+) -->", text)]
    assert sorted(used) == sorted(generated)


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.loaded: list[str] = []
        self.ids: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.ids.add(values.get("id") or "")
        address = values.get("href") if tag in ("a", "link") else values.get("src")
        if address:
            (self.addresses if tag == "a" else self.loaded).append(address)


@pytest.mark.slow
def test_the_site_builds_without_warnings_or_dead_links_or_files_of_other_hosts(tmp_path: Path) -> None:
    for package in ("sphinx", "myst_parser", "furo"):
        pytest.importorskip(package, reason=f"{package} is not installed: pip install 'optimizer-reportgen[docs]'")
    site = tmp_path / "site"
    command = [sys.executable, "-m", "sphinx", "-q", "--fresh-env", "--fail-on-warning", "--keep-going"]
    done = subprocess.run([*command, str(DOCS), str(site)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    pages = {path: _Links() for path in site.glob("*.html")}
    assert len(pages) > 30
    for path, parsed in pages.items():
        parsed.feed(path.read_text(encoding="utf-8"))
    dead = []
    for path, parsed in pages.items():
        assert [address for address in parsed.loaded if re.match(r"(https?:)?//", address)] == []
        for address in parsed.addresses:
            name, _, anchor = address.partition("#")
            target = (site / name).resolve() if name else path
            if re.match(r"\w+:", address) or (target not in pages and target.is_file()):
                continue
            if target not in pages or (anchor and anchor not in pages[target].ids):
                dead.append(f"{path.name}: {address}")
    assert dead == []
