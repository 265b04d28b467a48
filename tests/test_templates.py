"""Custom templates replace ours by name and can extend them; a broken one leaves results and the earlier report."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import synthetic
from click.testing import CliRunner

from reportgen.cli import main
from reportgen.report import render
from reportgen.report.render_options import RenderOptions
from reportgen.report.site_record import is_current
from reportgen.report.template import TemplateError, check_templates

EXAMPLE = Path(__file__).parent.parent / "examples" / "templates"


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = synthetic.results(losses=[synthetic.QUARTIC], optimizers=("adam",), rates=(0.1,), starts=1, steps=20)
    return synthetic.write(made, tmp_path_factory.mktemp("made") / "results")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "folder").mkdir()
    return tmp_path / "folder"


def rendered(results: Path, folder: Path) -> Path:
    return render(results, folder.parent / "site", options=RenderOptions(folder)).parent


def test_the_example_changes_logo_and_colours_of_all_pages(results: Path, tmp_path: Path) -> None:
    site = rendered(results, Path(shutil.copytree(EXAMPLE, tmp_path / "folder")))
    assert (site / "assets" / "logo.svg").read_bytes() == (EXAMPLE / "assets" / "logo.svg").read_bytes()
    for page in site.rglob("*.html"):
        text = page.read_text()
        assert 'alt="Example Lab"' in text
        assert "Example Lab, optimization group" in text
        assert "<h1" in text
    report = (site / "report.html").read_text()
    assert "assets/logo.svg" not in report
    assert report.count('<img src="data:image/svg+xml') == report.count("Example Lab, optimization group") == 1
    for styled in (site / "assets" / "site.css", site / "report.html"):
        text = styled.read_text()
        assert text.index("--accent: #0a5cad") < text.index("--accent: #9a1750")


def test_a_template_of_the_same_name_replaces_ours(results: Path, folder: Path) -> None:
    (folder / "loss.html").write_text("<p>{{ info.label }} & {{ '<b>' }}</p>")
    site = rendered(results, folder)
    assert (site / "losses" / "quartic.html").read_text() == "<p>quartic & &lt;b&gt;</p>\n"
    assert "quartic & &lt;b&gt;" in (site / "report.html").read_text()


def test_a_block_is_changed_by_extending_ours(results: Path, folder: Path) -> None:
    (folder / "index.html").write_text(
        '{% extends "default/index.html" %}{% block content %}<p>first</p>{{ super() }}{% endblock %}'
    )
    site = rendered(results, folder)
    for page in ("index.html", "report.html"):
        text = (site / page).read_text()
        assert text.index("<p>first</p>") < text.index("<h1")


def test_a_site_is_current_only_with_the_same_templates_and_size(results: Path, folder: Path) -> None:
    site = folder.parent / "site"
    shutil.copytree(results, site / "results")
    (folder / "site.css").write_text("p { color: red }")
    render(site / "results", site, options=RenderOptions(folder))
    assert is_current(site, RenderOptions(folder))
    assert not is_current(site)
    assert not is_current(site, RenderOptions(folder, max_size=1.0))
    (folder / "site.css").rename(folder / "other.css")
    assert not is_current(site, RenderOptions(folder))
    (folder / "other.css").rename(folder / "site.css")
    assert is_current(site, RenderOptions(folder))
    (folder / "site.css").write_text("p { color: tan }")
    assert not is_current(site, RenderOptions(folder))
    render(site / "results", site)
    assert "tan" not in (site / "assets" / "site.css").read_text()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<p>\n{% if %}", "index.html, line 2: Expected an expression"),
        ("<p>\n\n{{ nothing }}", "index.html, line 3: 'nothing' is undefined"),
        (
            "{% extends 'default/indx.html' %}",
            'line 1: no template is called "default/indx.html". Did you mean "default/',
        ),
        ("{{ 1 / 0 }}", "index.html, line 1: division by zero"),
        ("{% include '../secret.html' %}", 'line 1: no template is called "../secret.html"'),
    ],
)
def test_a_broken_template_is_one_sentence_and_leaves_the_report(
    results: Path, folder: Path, text: str, message: str
) -> None:
    (folder.parent / "secret.html").write_text("secret")
    site = rendered(results, folder)
    before = {path: path.read_bytes() for path in site.rglob("*.html")}
    (folder / "index.html").write_text(text)
    done = CliRunner().invoke(main, ["render", str(results), "--output", str(site), "--templates", str(folder)])
    assert done.exit_code == 2
    assert message in done.stderr.splitlines()[0]
    assert "Traceback" not in done.stderr
    assert {path: path.read_bytes() for path in site.rglob("*.html")} == before


def test_a_build_finds_a_broken_template_before_it_runs_anything(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "parts.html").write_text("{% macro %}")
    (folder.parent / "reportgen.toml").write_text('templates = "folder"')
    monkeypatch.chdir(folder.parent)
    done = CliRunner().invoke(main, ["build"])
    assert done.exit_code == 2
    assert "parts.html, line 1" in done.stderr
    assert not (folder.parent / "output").exists()


def test_the_folder_of_a_config_is_relative_to_it_and_that_of_a_flag_to_the_current_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = folder.parent / "reportgen.toml"
    config.write_text('templates = "folder"')
    (folder / "base.html").write_text("{% block %}")
    (folder.parent / "elsewhere" / "other").mkdir(parents=True)
    (folder.parent / "elsewhere" / "other" / "loss.html").write_text("{% block %}")
    monkeypatch.chdir(folder.parent / "elsewhere")
    assert "base.html, line 1" in CliRunner().invoke(main, ["build", str(config)]).stderr
    assert "loss.html, line 1" in CliRunner().invoke(main, ["build", str(config), "--templates", "other"]).stderr
    config.write_text('templates = "mien"')
    done = CliRunner().invoke(main, ["build", str(config)])
    assert (done.exit_code, done.stderr) == (2, 'reportgen.toml: templates = "mien": no such folder\n')


def test_a_template_that_is_not_text_is_an_error(folder: Path) -> None:
    (folder / "loss.html").write_bytes(b"\xff\xfe")
    with pytest.raises(TemplateError, match=r"loss\.html: "):
        check_templates(folder)
