"""Publish removes no file of another, and uploads no mixture of two reports."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import synthetic
from publishing import dead_links, publish, published

from reportgen.publish.directory import Directory
from reportgen.report import render
from reportgen.results.files import TABLES, sha256
from reportgen.results.manifest import FileInfo, write_manifest

pytestmark = pytest.mark.slow


def test_a_record_of_a_stranger_cannot_have_files_removed(site: Path, tmp_path: Path) -> None:
    to = tmp_path / "www"
    published(site, to)
    (to / "thesis.tex").write_text("mine", encoding="utf-8")
    record = json.loads((to / "published.json").read_text(encoding="utf-8"))
    for claimed in ("0" * 64, None, ["0" * 64]):
        record["files"]["thesis.tex"] = claimed
        (to / "published.json").write_text(json.dumps(record), encoding="utf-8")
        assert published(site, to) == ["write  published.json"]
        assert (to / "thesis.tex").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("name", "prefix", "expected"),
    [("main/published.json", "main", "a record"), ("reports.json", "main", "a list"), ("reports.json", "x", "a list")],
)
def test_a_record_that_is_nested_without_end_is_refused(
    site: Path, tmp_path: Path, name: str, prefix: str, expected: str
) -> None:
    to = tmp_path / "www"
    published(site, to, "--prefix", "main")
    (to / name).write_text("[" * 100_000, encoding="utf-8")
    done = publish(site, to, "--prefix", prefix)
    assert done.exit_code == 2
    assert f"{name}: expected {expected} written by reportgen publish" in done.stderr


def test_an_old_file_that_somebody_changed_is_not_removed(site: Path, shorter: Path, tmp_path: Path) -> None:
    published(site, tmp_path / "www")
    figure = tmp_path / "www/assets/thumbnail.quartic.svg"
    figure.write_text("mine", encoding="utf-8")
    assert not [line for line in published(shorter, tmp_path / "www") if line.startswith("remove")]
    assert figure.read_text(encoding="utf-8") == "mine"


@pytest.fixture
def described(tmp_path: Path) -> Path:
    """A site with results of which the manifest describes the tables, as a build writes it."""
    results = synthetic.results(losses=synthetic.LOSSES[:1], starts=2, steps=30)
    folder = synthetic.write(results, tmp_path / "described" / "results")
    files = {name: FileInfo((folder / name).stat().st_size, sha256(folder / name)) for name in TABLES}
    write_manifest(folder, replace(results.manifest, files=files))
    render(folder, folder.parent)
    published(folder.parent, tmp_path / "before")
    return folder.parent


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("manifest.json", "the pages do not show the results in results; run reportgen build again"),
        ("traces.parquet", "traces.parquet is damaged; run reportgen build again"),
    ],
)
def test_pages_are_not_published_with_the_data_of_other_results(
    name: str, message: str, site: Path, described: Path, tmp_path: Path
) -> None:
    shutil.copy(site / "results" / name, described / "results" / name)
    done = publish(described, tmp_path / "www")
    assert done.exit_code == 2
    assert message in done.stderr
    assert not (tmp_path / "www").exists()


def test_a_report_that_changes_meanwhile_is_not_published(
    site: Path, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    to, put = tmp_path / "www", Directory.put
    published(site, to)
    before = (to / "index.html").read_bytes()
    (made / "assets/site.css").write_text("/* new */", encoding="utf-8")
    (made / "index.html").write_text("<h1>New</h1>", encoding="utf-8")

    def rebuilt_meanwhile(self: Directory, name: str, content: bytes) -> None:
        (made / "index.html").write_text("<h1>Newer</h1>", encoding="utf-8")
        put(self, name, content)

    monkeypatch.setattr(Directory, "put", rebuilt_meanwhile)
    done = publish(made, to)
    assert done.exit_code == 1
    assert f"{made / 'index.html'}: has changed meanwhile; run reportgen publish again" in done.stderr
    assert (to / "index.html").read_bytes() == before
    assert dead_links(to) == []
