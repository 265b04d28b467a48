"""Publishing to a directory while it is read, the list of reports, and refused requests."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from publishing import Links, contents, dead_links, publish, published

from reportgen.cli import main

pytestmark = pytest.mark.slow

FIRST, SECOND = "2023-11-14T22:13:20Z", "2023-11-14T22:13:21Z"


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")


def test_a_directory_has_the_report_with_its_data_and_no_dead_link(site: Path, tmp_path: Path) -> None:
    to = tmp_path / "www" / "deep"
    lines = published(site, to)
    assert lines[-1] == "write  index.html"
    assert dead_links(to) == []
    there = contents(to)
    assert there["results/runs.parquet"] == (site / "results/runs.parquet").read_bytes()
    assert "site.json" not in there
    assert {name: content for name, content in contents(site).items() if name in there}.items() <= there.items()


def test_unchanged_files_are_not_written_again(made: Path, tmp_path: Path) -> None:
    published(made, tmp_path / "www")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "www").rglob("*")}
    done = publish(made, tmp_path / "www")
    assert (done.stdout, done.stderr) == ("", "Up to date.\n")
    assert before == {path: path.stat().st_mtime_ns for path in (tmp_path / "www").rglob("*")}
    (made / "assets/site.css").write_text("/* new */", encoding="utf-8")
    assert published(made, tmp_path / "www") == ["write  published.json", "write  assets/site.css"]


def test_a_lost_file_is_written_again(site: Path, tmp_path: Path) -> None:
    published(site, tmp_path / "www")
    (tmp_path / "www/losses/beale.html").unlink()
    assert "write  losses/beale.html" in published(site, tmp_path / "www")


def test_only_what_publish_wrote_is_removed(site: Path, shorter: Path, tmp_path: Path) -> None:
    to = tmp_path / "www"
    to.mkdir()
    (to / "CNAME").write_text("optimizers.example\n", encoding="utf-8")
    published(site, to)
    (to / "assets/other.svg").write_text("<svg/>", encoding="utf-8")
    assert "remove assets/thumbnail.quartic.svg" in published(shorter, to)
    assert not (to / "assets/thumbnail.quartic.svg").exists()
    assert (to / "assets/other.svg").exists()
    assert (to / "CNAME").read_text(encoding="utf-8") == "optimizers.example\n"


def test_no_delete_keeps_old_files_until_a_publish_deletes(site: Path, shorter: Path, tmp_path: Path) -> None:
    to = tmp_path / "www"
    published(site, to)
    assert not [line for line in published(shorter, to, "--no-delete") if line.startswith("remove")]
    assert (to / "assets/thumbnail.quartic.svg").exists()
    assert "remove assets/thumbnail.quartic.svg" in published(shorter, to)


def test_a_dry_run_prints_what_a_run_then_does(site: Path, shorter: Path, tmp_path: Path) -> None:
    to = tmp_path / "www"
    assert len(published(site, to, "--dry-run", "--prefix", "main")) > 20
    assert not to.exists()
    published(site, to)
    before = contents(to)
    planned = published(shorter, to, "--dry-run")
    assert contents(to) == before
    assert planned == published(shorter, to)


def test_a_record_cannot_have_files_elsewhere_removed(site: Path, tmp_path: Path) -> None:
    published(site, tmp_path / "www")
    for name in ("outside.txt", "www/CNAME"):
        (tmp_path / name).touch()
    record = json.loads((tmp_path / "www/published.json").read_text(encoding="utf-8"))
    record["files"] |= dict.fromkeys(["../outside.txt", str(tmp_path / "outside.txt"), "assets/../CNAME"], "")
    (tmp_path / "www/published.json").write_text(json.dumps(record), encoding="utf-8")
    published(site, tmp_path / "www")
    assert (tmp_path / "outside.txt").exists()
    assert (tmp_path / "www/CNAME").exists()


def test_files_of_others_are_not_overwritten(site: Path, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("my own page", encoding="utf-8")
    done = publish(site, tmp_path)
    assert done.exit_code == 2
    assert "index.html exists, and no earlier publish of this report wrote it" in done.stderr
    assert contents(tmp_path) == {"index.html": b"my own page"}


@pytest.mark.slow
def test_a_reader_always_finds_a_complete_page_with_all_its_assets(site: Path, shorter: Path, tmp_path: Path) -> None:
    to, wrong, looks, done = tmp_path / "www", [], [], threading.Event()
    published(site, to)
    pages = {(site / "index.html").read_bytes(), (shorter / "index.html").read_bytes()}

    def read() -> None:
        while not done.is_set():
            page = (to / "index.html").read_bytes()
            lost = [link for link in Links(page.decode()).found if not (to / link).is_file()]
            # Assets of the old page may go once the new page is there.
            if page not in pages or (lost and page == (to / "index.html").read_bytes()):
                wrong.append((len(page), lost))
            looks.append(page)

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(4):
        published(shorter, to)
        published(site, to)
    done.set()
    reader.join()
    assert wrong == []
    assert {*looks} == pages, "the reader was too slow to see both"


def test_a_failure_in_the_middle_leaves_the_old_report_working(
    site: Path, shorter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reportgen.publish.directory import Directory

    to, put, written = tmp_path / "www", Directory.put, []
    published(site, to)
    (shorter / "assets/site.css").write_text("/* new */", encoding="utf-8")
    old = (to / "index.html").read_bytes()

    def full(self: Directory, name: str, content: bytes) -> None:
        if name == "index.html":
            raise OSError(28, "No space left on device", str(to / name))
        written.append(name)
        put(self, name, content)

    with monkeypatch.context() as patch:
        patch.setattr(Directory, "put", full)
        done = publish(shorter, to)
    assert (done.exit_code, written) == (1, ["published.json", "assets/site.css"])
    assert "No space left on device" in done.stderr
    assert (to / "index.html").read_bytes() == old
    assert dead_links(to) == []
    published(shorter, to)
    assert (to / "index.html").read_bytes() == (shorter / "index.html").read_bytes()
    assert not (to / "assets/thumbnail.quartic.svg").exists()


def test_a_first_publish_that_failed_can_be_done_again_with_another_report(
    site: Path, shorter: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reportgen.publish.directory import Directory

    put = Directory.put

    def full(self: Directory, name: str, content: bytes) -> None:
        if name == "index.html":
            raise OSError(28, "No space left on device", name)
        put(self, name, content)

    with monkeypatch.context() as patch:
        patch.setattr(Directory, "put", full)
        assert publish(site, tmp_path / "www").exit_code == 1
    (shorter / "assets/site.css").write_text("/* new */", encoding="utf-8")
    assert "remove assets/thumbnail.quartic.svg" in published(shorter, tmp_path / "www")
    assert dead_links(tmp_path / "www") == []


def test_reports_in_one_directory_are_listed(
    site: Path, shorter: Path, tmp_path: Path, html_validate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    to = tmp_path / "www"
    published(site, to, "--prefix", "main")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000001")
    published(shorter, to, "--prefix", "pulls/pr-123")
    listed = json.loads((to / "reports.json").read_text(encoding="utf-8"))["reports"]
    assert {name: row["date"] for name, row in listed.items()} == {"main": FIRST, "pulls/pr-123": SECOND}
    assert listed["main"]["leader"] in ("adam", "gradient_descent")
    page = (to / "index.html").read_text(encoding="utf-8")
    assert page.index("pulls/pr-123/index.html") < page.index("main/index.html"), "the last one comes first"
    assert listed["main"]["leader"] in page
    assert dead_links(to) == []
    done = subprocess.run(
        [html_validate, "--config", Path(__file__).with_name("htmlvalidate.json"), to / "index.html"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_the_list_stays_as_it_is_while_the_reports_do(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published(site, tmp_path / "www", "--prefix", "main")
    before = contents(tmp_path / "www")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1800000000")
    assert published(site, tmp_path / "www", "--prefix", "main") == []
    assert contents(tmp_path / "www") == before


def test_a_removed_report_is_no_longer_listed(site: Path, tmp_path: Path) -> None:
    published(site, tmp_path, "--prefix", "pr-1")
    shutil.rmtree(tmp_path / "pr-1")
    published(site, tmp_path, "--prefix", "pr-2")
    assert list(json.loads((tmp_path / "reports.json").read_text(encoding="utf-8"))["reports"]) == ["pr-2"]


def test_a_foreign_index_page_is_not_replaced_by_the_list(site: Path, tmp_path: Path) -> None:
    published(site, tmp_path)
    done = publish(site, tmp_path, "--prefix", "pr-1")
    assert "has its own index.html, so its reports are listed in reports.json only" in done.stderr
    assert (tmp_path / "index.html").read_bytes() == (site / "index.html").read_bytes()


def test_names_are_escaped_in_the_list(made: Path, tmp_path: Path) -> None:
    record = json.loads((made / "site.json").read_text(encoding="utf-8"))
    record["about"] = {"title": "<script>alert(1)</script>", "leader": "a<b", "commit": None}
    (made / "site.json").write_text(json.dumps(record), encoding="utf-8")
    published(made, tmp_path / "www", "--prefix", "x")
    page = (tmp_path / "www/index.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "a&lt;b" in page


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (lambda made: (made / "site.json").unlink(), "not a report: it has no site.json"),
        (lambda made: (made / "index.html").unlink(), "has no index.html; run reportgen build or reportgen render"),
        (lambda made: (made / "losses/beale.html").unlink(), "incomplete report: losses/beale.html is missing"),
        (lambda made: (made / "results/runs.parquet").unlink(), "incomplete report: results/runs.parquet is missing"),
        (shutil.rmtree, "does not exist; expected the folder of a report"),
    ],
)
def test_an_incomplete_report_is_refused(made: Path, tmp_path: Path, harm: Any, message: str) -> None:
    harm(made)
    done = publish(made, tmp_path / "www")
    assert done.exit_code == 2
    assert message in done.stderr
    assert not (tmp_path / "www").exists()


LINK = "is a symbolic link, which reportgen does not follow; remove it"


@pytest.mark.parametrize("name", ["assets/site.css", "losses/beale.html"])
def test_a_linked_file_is_not_uploaded(made: Path, tmp_path: Path, name: str) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("not for you", encoding="utf-8")
    (made / name).unlink()
    (made / name).symlink_to(secret)
    done = publish(made, tmp_path / "www")
    assert done.exit_code == 1
    assert f"{made / name}: {LINK}" in done.stderr
    assert not (tmp_path / "www").exists()


def test_nothing_is_written_or_removed_through_a_link_in_the_target(site: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (tmp_path / "www").mkdir()
    elsewhere.mkdir()
    (elsewhere / "mine.svg").write_text("mine", encoding="utf-8")
    (tmp_path / "www" / "assets").symlink_to(elsewhere)
    done = publish(site, tmp_path / "www")
    assert done.exit_code == 1
    assert f"{tmp_path / 'www' / 'assets'}: {LINK}" in done.stderr
    assert [path.name for path in elsewhere.iterdir()] == ["mine.svg"]


def test_nothing_is_rendered_or_compared_through_a_link(site: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "mine.svg").write_text("mine", encoding="utf-8")
    output = tmp_path / "output"
    output.mkdir()
    (output / "assets").symlink_to(elsewhere)
    # As a comparison of a stranger: its files would be removed.
    record = {
        "files": dict.fromkeys(["assets/mine.svg", "comparison.md", "index.html"], hashlib.sha256(b"mine").hexdigest())
    }
    (output / "site.json").write_text(json.dumps(record), encoding="utf-8")
    results = str(site / "results")
    for arguments in (["render", results], ["compare", results, results]):
        done = CliRunner().invoke(main, [*arguments, "--output", str(output)])
        assert done.exit_code == 1
        assert f"{output / 'assets'}: {LINK}" in done.stderr
        assert (elsewhere / "mine.svg").read_text(encoding="utf-8") == "mine"
        assert len(list(elsewhere.iterdir())) == 1


@pytest.mark.parametrize(
    ("to", "prefix", "message"),
    [
        ("ftp://example.org/x", "", "cannot publish to ftp://; expected gh-pages"),
        ("gh-pages:", "", "no branch name after the colon"),
        ("gh-pages:a..b", "", "not a valid branch name"),
        ("gh-pages", "", "run this command inside a git repository"),
        ("s3://", "", "no bucket name; expected s3://BUCKET/PATH"),
        ("file://", "", "not a directory"),
        ("www", "../elsewhere", "--prefix '../elsewhere': expected folders such as"),
        ("www", "/root", "--prefix '/root': expected folders such as"),
        ("www", "index.html", "--prefix 'index.html': index.html is a reserved file name"),
        ("www", "reports.json/x", "--prefix 'reports.json/x': reports.json is a reserved file name"),
        ("made", "", "is the report itself"),
        ("taken", "", "is a file; expected a directory"),
    ],
)
def test_an_invalid_target_is_refused(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, to: str, prefix: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    (tmp_path / "taken").touch()
    done = publish(made, to, "--prefix", prefix)
    assert done.exit_code == 2, done.output
    assert message in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["made", "taken"]


def test_a_missing_package_is_named(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    done = publish(site, "gs://bucket/reports")
    assert done.exit_code == 2
    assert "needs the package gcsfs; run pip install 'optimizer-reportgen[gs]'" in done.stderr


def test_an_address_of_a_file_is_a_directory(site: Path, tmp_path: Path) -> None:
    to = tmp_path / "with space"
    published(site, to.as_uri())
    assert dead_links(to) == []
