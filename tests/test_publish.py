"""Publishing to a branch, to a directory that somebody reads and to an object store; and what is refused."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from reportgen.cli import main
from reportgen.publish import branch

FIRST, SECOND = "2023-11-14T22:13:20Z", "2023-11-14T22:13:21Z"


def publish(site: Path, to: object, *options: str) -> Result:
    return CliRunner().invoke(main, ["publish", str(site), str(to), *options])


def published(site: Path, to: object, *options: str) -> list[str]:
    """The lines that a publish which went well has printed."""
    done = publish(site, to, *options)
    assert done.exit_code == 0, done.output
    return done.stdout.splitlines()


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")


@pytest.fixture
def made(site: Path, tmp_path: Path) -> Path:
    """A site that a test may change."""
    return Path(shutil.copytree(site, tmp_path / "made"))


@pytest.fixture
def shorter(made: Path) -> Path:
    """The same report, made anew: without one of its figures, and with another heading."""
    index = made / "index.html"
    figure = "thumbnail.quartic.svg"
    text = index.read_text(encoding="utf-8").replace(figure, "thumbnail.beale.svg")
    index.write_text(text.replace("<h1>", "<h1>Anew: "), encoding="utf-8")
    (made / "assets" / figure).unlink()
    record = json.loads((made / "site.json").read_text(encoding="utf-8"))
    record["files"].remove(f"assets/{figure}")
    (made / "site.json").write_text(json.dumps(record), encoding="utf-8")
    return made


class Links(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = (value.partition("#")[0] for name, value in attrs if name in ("href", "src") and value)
        self.found |= {name for name in names if name and not name.startswith("data:")}


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def dead_links(folder: Path) -> list[str]:
    links = [(page, link) for page in folder.rglob("*.html") for link in Links(page.read_text(encoding="utf-8")).found]
    return [f"{page}: {link}" for page, link in links if not (page.parent / link).is_file()]


def test_a_directory_has_the_report_with_its_data_and_no_dead_link(site: Path, tmp_path: Path) -> None:
    to = tmp_path / "www" / "deep"
    lines = published(site, to)
    assert lines[-1] == "write  index.html"
    assert dead_links(to) == []
    there = contents(to)
    assert there["results/runs.parquet"] == (site / "results/runs.parquet").read_bytes()
    assert "site.json" not in there
    assert {name: content for name, content in contents(site).items() if name in there}.items() <= there.items()


def test_what_has_not_changed_is_not_written_again(made: Path, tmp_path: Path) -> None:
    published(made, tmp_path / "www")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "www").rglob("*")}
    done = publish(made, tmp_path / "www")
    assert (done.stdout, done.stderr) == ("", "Nothing to do: everything was there already.\n")
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
    (to / "assets/of_mine.svg").write_text("<svg/>", encoding="utf-8")
    assert "remove assets/thumbnail.quartic.svg" in published(shorter, to)
    assert not (to / "assets/thumbnail.quartic.svg").exists()
    assert (to / "assets/of_mine.svg").exists()
    assert (to / "CNAME").read_text(encoding="utf-8") == "optimizers.example\n"


def test_no_delete_keeps_old_files_until_somebody_deletes(site: Path, shorter: Path, tmp_path: Path) -> None:
    to = tmp_path / "www"
    published(site, to)
    assert not [line for line in published(shorter, to, "--no-delete") if line.startswith("remove")]
    assert (to / "assets/thumbnail.quartic.svg").exists()
    assert "remove assets/thumbnail.quartic.svg" in published(shorter, to)


def test_a_dry_run_says_what_a_run_then_does(site: Path, shorter: Path, tmp_path: Path) -> None:
    to = tmp_path / "www"
    assert len(published(site, to, "--dry-run", "--prefix", "main")) > 20
    assert not to.exists()
    published(site, to)
    before = contents(to)
    told = published(shorter, to, "--dry-run")
    assert contents(to) == before
    assert told == published(shorter, to)


def test_what_somebody_else_put_there_is_not_overwritten(site: Path, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("my own page", encoding="utf-8")
    done = publish(site, tmp_path)
    assert done.exit_code == 2
    assert "index.html is there, and no earlier publish of this report wrote it" in done.stderr
    assert contents(tmp_path) == {"index.html": b"my own page"}


def test_a_reader_always_finds_a_whole_page_with_all_its_assets(site: Path, shorter: Path, tmp_path: Path) -> None:
    to, wrong, looks, done = tmp_path / "www", [], [], threading.Event()
    published(site, to)
    whole = {(site / "index.html").read_bytes(), (shorter / "index.html").read_bytes()}

    def read() -> None:
        while not done.is_set():
            page = (to / "index.html").read_bytes()
            lost = [link for link in Links(page.decode()).found if not (to / link).is_file()]
            # What the old page showed may go once the new one is there.
            if page not in whole or (lost and page == (to / "index.html").read_bytes()):
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
    assert {*looks} == whole, "the reader was too slow to see both"


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


def test_a_report_that_was_taken_away_is_no_longer_listed(site: Path, tmp_path: Path) -> None:
    published(site, tmp_path, "--prefix", "pr-1")
    shutil.rmtree(tmp_path / "pr-1")
    published(site, tmp_path, "--prefix", "pr-2")
    assert list(json.loads((tmp_path / "reports.json").read_text(encoding="utf-8"))["reports"]) == ["pr-2"]


def test_a_page_of_ones_own_is_not_replaced_by_the_list(site: Path, tmp_path: Path) -> None:
    published(site, tmp_path)
    done = publish(site, tmp_path, "--prefix", "pr-1")
    assert "has an index.html of its own, so its reports are listed in reports.json alone" in done.stderr
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
    ("harm", "told"),
    [
        (lambda made: (made / "site.json").unlink(), "is no report of reportgen, site.json was not found in it"),
        (lambda made: (made / "index.html").unlink(), "has no index.html"),
        (lambda made: (made / "losses/beale.html").unlink(), "is not whole, losses/beale.html is missing"),
        (lambda made: (made / "results/runs.parquet").unlink(), "is not whole, results/runs.parquet is missing"),
        (shutil.rmtree, "is not there; a rendered report is expected"),
    ],
)
def test_what_is_no_whole_report_is_refused(made: Path, tmp_path: Path, harm: Any, told: str) -> None:
    harm(made)
    done = publish(made, tmp_path / "www")
    assert done.exit_code == 2
    assert told in done.stderr
    assert not (tmp_path / "www").exists()


@pytest.mark.parametrize(
    ("to", "prefix", "told"),
    [
        ("ftp://example.org/x", "", "nothing can be published to ftp://; expected gh-pages"),
        ("gh-pages:", "", "names no branch after the colon"),
        ("gh-pages:a..b", "", "is no name of a branch"),
        ("gh-pages", "", "the current folder is expected to be in a git repository"),
        ("s3://", "", "names no bucket"),
        ("file://", "", "is no directory"),
        ("www", "../elsewhere", "--prefix '../elsewhere': letters, digits"),
        ("www", "/root", "--prefix '/root': letters, digits"),
        ("made", "", "is the report itself"),
        ("taken", "", "is a file; a directory is expected"),
    ],
)
def test_a_target_that_is_none_is_refused(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, to: str, prefix: str, told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    (tmp_path / "taken").touch()
    done = publish(made, to, "--prefix", prefix)
    assert done.exit_code == 2, done.output
    assert told in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["made", "taken"]


def test_a_missing_package_is_named(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    done = publish(site, "gs://bucket/reports")
    assert done.exit_code == 2
    assert "needs the package gcsfs: pip install 'optimizer-reportgen[gs]'" in done.stderr


def test_an_address_of_a_file_is_a_directory(site: Path, tmp_path: Path) -> None:
    to = tmp_path / "with space"
    published(site, to.as_uri())
    assert dead_links(to) == []


# A branch


def git(*arguments: str, cwd: Path | None = None) -> str:
    return subprocess.run(
        ["git", *arguments], capture_output=True, text=True, check=True, cwd=cwd, stdin=subprocess.DEVNULL
    ).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone of a bare repository that has a branch of pages with something of its own; the current folder."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    monkeypatch.setenv("EMAIL", "somebody@example.org")
    remote, clone = tmp_path / "remote.git", tmp_path / "clone"
    git("init", "--quiet", "--bare", "--initial-branch=main", str(remote))
    git("init", "--quiet", "--initial-branch=gh-pages", str(clone))
    monkeypatch.chdir(clone)
    git("remote", "add", "origin", str(remote))
    for name in ("CNAME", "docs/index.html"):
        (clone / name).parent.mkdir(exist_ok=True)
        (clone / name).write_text("kept", encoding="utf-8")
    git("add", ".")
    git("commit", "--quiet", "-m", "pages by hand")
    git("push", "--quiet", "origin", "gh-pages")
    git("switch", "--quiet", "--orphan", "main")
    git("commit", "--quiet", "--allow-empty", "-m", "code")
    (clone / "work.txt").write_text("not committed", encoding="utf-8")
    git("add", "work.txt")
    return clone


def checked_out(repository: Path, branch: str, to: Path) -> Path:
    git("clone", "--quiet", "--branch", branch, str(repository.parent / "remote.git"), str(to))
    return to


def test_a_branch_gets_one_commit_and_keeps_what_else_it_has(site: Path, repository: Path, tmp_path: Path) -> None:
    published(site, "gh-pages", "--prefix", "main")
    published(site, "gh-pages", "--prefix", "pr-123")
    pages = checked_out(repository, "gh-pages", tmp_path / "pages")
    assert (pages / "CNAME").read_text(encoding="utf-8") == (pages / "docs/index.html").read_text(encoding="utf-8")
    assert contents(pages / "main") == contents(pages / "pr-123")
    assert dead_links(pages) == []
    assert (pages / ".nojekyll").exists()
    told = git("log", "--format=%s", cwd=pages).splitlines()
    assert told == ["Publish the report pr-123", "Publish the report main", "pages by hand"]
    assert git("status", "--short") == "A  work.txt", "what is checked out here is not touched"
    assert git("branch", "--format=%(refname:short)").splitlines() == ["gh-pages", "main"]


def test_a_new_branch_is_made_and_nothing_new_makes_no_commit(site: Path, repository: Path, tmp_path: Path) -> None:
    published(site, "gh-pages:reports")
    published(site, "gh-pages:reports")
    pages = checked_out(repository, "reports", tmp_path / "pages")
    assert git("log", "--format=%s", cwd=pages) == "Publish the report"
    assert dead_links(pages) == []


def test_files_go_from_a_branch_with_the_report_that_had_them(
    site: Path, shorter: Path, repository: Path, tmp_path: Path
) -> None:
    published(site, "gh-pages", "--prefix", "main")
    assert "remove main/assets/thumbnail.quartic.svg" in published(shorter, "gh-pages", "--prefix", "main")
    pages = checked_out(repository, "gh-pages", tmp_path / "pages")
    assert not (pages / "main/assets/thumbnail.quartic.svg").exists()
    assert dead_links(pages) == []


def test_a_push_that_came_first_is_built_upon(
    site: Path, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = checked_out(repository, "gh-pages", tmp_path / "other")
    commit = branch.Branch._commit

    def while_another_pushes(self: branch.Branch) -> str:
        made = commit(self)
        if not (other / "theirs.txt").exists():
            (other / "theirs.txt").write_text("first", encoding="utf-8")
            git("add", ".", cwd=other)
            git("commit", "--quiet", "-m", "theirs", cwd=other)
            git("push", "--quiet", "origin", "gh-pages", cwd=other)
        return made

    monkeypatch.setattr(branch.Branch, "_commit", while_another_pushes)
    published(site, "gh-pages", "--prefix", "main")
    pages = checked_out(repository, "gh-pages", tmp_path / "pages")
    assert (pages / "theirs.txt").exists()
    assert (pages / "main/index.html").exists()


def test_a_push_that_is_turned_away_changes_nothing(site: Path, repository: Path) -> None:
    before = git("ls-remote", "origin")
    hook = repository.parent / "remote.git/hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho no pages today >&2\nexit 1\n", encoding="utf-8")
    hook.chmod(0o755)
    done = publish(site, "gh-pages")
    assert done.exit_code == 1
    assert "no pages today" in done.stderr
    assert git("ls-remote", "origin") == before


def test_a_file_that_github_does_not_take_is_told_before_a_push(
    site: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(branch, "LARGEST", 1000)
    before = git("ls-remote", "origin")
    done = publish(site, "gh-pages")
    assert done.exit_code == 2
    assert "reportgen render RESULTS --output FOLDER" in done.stderr
    assert git("ls-remote", "origin") == before


# An object store


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    """A client of an S3 server on this machine, which s3fs is told of as a user would."""
    pytest.importorskip("moto.server")
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        client = boto3.client("s3")
        yield client
        client.close()
    server.stop()


@pytest.fixture
def bucket(s3: Any, request: pytest.FixtureRequest) -> str:
    """A new bucket."""
    name = f"b-{abs(hash(request.node.name))}"
    s3.create_bucket(Bucket=name)
    return name


def objects(s3: Any, bucket: str) -> dict[str, Any]:
    return {item["Key"]: item for item in s3.list_objects_v2(Bucket=bucket).get("Contents", [])}


def test_a_bucket_has_the_report_with_types_and_cache_headers(
    site: Path, shorter: Path, s3: Any, bucket: str, tmp_path: Path
) -> None:
    to = f"s3://{bucket}/reports"
    published(site, to, "--prefix", "main")
    published(site, tmp_path / "www", "--prefix", "main")
    assert {f"reports/{name}" for name in contents(tmp_path / "www")} == {*objects(s3, bucket)}
    for name, kind in (("index.html", "text/html; charset=utf-8"), ("main/assets/site.css", "text/css; charset=utf-8")):
        found = s3.get_object(Bucket=bucket, Key=f"reports/{name}")
        assert (found["ContentType"], found["CacheControl"]) == (kind, "no-cache")
        assert found["Body"].read() == (tmp_path / "www" / name).read_bytes()
    assert published(site, to, "--prefix", "main") == []
    assert "remove main/assets/thumbnail.quartic.svg" in published(shorter, to, "--prefix", "main")
    assert "reports/main/assets/thumbnail.quartic.svg" not in objects(s3, bucket)


def test_pages_come_last_into_a_bucket_and_old_files_go_after_them(
    site: Path, shorter: Path, s3: Any, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reportgen.publish.objects import Objects

    published(site, f"s3://{bucket}")
    put, remove, order = Objects.put, Objects.remove, []
    (shorter / "assets/site.css").write_text("/* new */", encoding="utf-8")
    monkeypatch.setattr(Objects, "put", lambda self, name, content: (order.append(name), put(self, name, content)))
    monkeypatch.setattr(Objects, "remove", lambda self, name: (order.append(name), remove(self, name)))
    published(shorter, f"s3://{bucket}")
    gone = "assets/thumbnail.quartic.svg"
    assert order == ["published.json", "assets/site.css", "index.html", gone, "published.json"]


@pytest.mark.usefixtures("s3")
def test_a_bucket_that_is_not_there_is_told_in_a_sentence(site: Path) -> None:
    done = publish(site, "s3://there-is-no-such-bucket/x")
    assert done.exit_code == 1
    assert "s3://there-is-no-such-bucket/x: " in done.stderr
    assert "Traceback" not in done.output
