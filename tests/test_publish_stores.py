"""Publishing to a real git branch and to a local S3 server."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import MISSING
from publishing import contents, dead_links, publish, published

from reportgen.publish import branch

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")


def git(*arguments: str, cwd: Path | None = None) -> str:
    return subprocess.run(
        ["git", *arguments], capture_output=True, text=True, check=True, cwd=cwd, stdin=subprocess.DEVNULL
    ).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone, as the current folder, of a bare repository with other files on its branch gh-pages."""
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


def test_a_branch_gets_one_commit_and_keeps_other_files(site: Path, repository: Path, tmp_path: Path) -> None:
    published(site, "gh-pages", "--prefix", "main")
    published(site, "gh-pages", "--prefix", "pr-123")
    pages = checked_out(repository, "gh-pages", tmp_path / "pages")
    assert (pages / "CNAME").read_text(encoding="utf-8") == (pages / "docs/index.html").read_text(encoding="utf-8")
    assert contents(pages / "main") == contents(pages / "pr-123")
    assert dead_links(pages) == []
    assert (pages / ".nojekyll").exists()
    messages = git("log", "--format=%s", cwd=pages).splitlines()
    assert messages == ["Publish the report pr-123", "Publish the report main", "pages by hand"]
    assert git("status", "--short") == "A  work.txt", "what is checked out here is not touched"
    assert git("branch", "--format=%(refname:short)").splitlines() == ["gh-pages", "main"]


def test_publish_works_in_a_subfolder_of_the_repository(
    site: Path, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published(site, "gh-pages", "--prefix", "main")
    below = Path("bench")
    below.mkdir()
    monkeypatch.chdir(below)
    published(site, "gh-pages", "--prefix", "third")
    pages = checked_out(repository, "gh-pages", tmp_path / "pages")
    assert set(json.loads((pages / "reports.json").read_text(encoding="utf-8"))["reports"]) == {"main", "third"}


@pytest.mark.parametrize("prefix", ["CNAME", "CNAME/x"])
def test_a_file_of_others_is_not_replaced_by_a_folder(site: Path, repository: Path, prefix: str) -> None:
    done = publish(site, "gh-pages", "--prefix", prefix)
    assert done.exit_code == 2
    assert "because CNAME is a file" in done.stderr


def test_a_new_branch_is_made_and_nothing_new_makes_no_commit(site: Path, repository: Path, tmp_path: Path) -> None:
    published(site, "gh-pages:reports")
    published(site, "gh-pages:reports")
    pages = checked_out(repository, "reports", tmp_path / "pages")
    assert git("log", "--format=%s", cwd=pages) == "Publish the report"
    assert dead_links(pages) == []


def test_obsolete_files_are_removed_from_a_branch(site: Path, shorter: Path, repository: Path, tmp_path: Path) -> None:
    published(site, "gh-pages", "--prefix", "main")
    assert "remove main/assets/thumbnail.quartic.svg" in published(shorter, "gh-pages", "--prefix", "main")
    pages = checked_out(repository, "gh-pages", tmp_path / "pages")
    assert not (pages / "main/assets/thumbnail.quartic.svg").exists()
    assert dead_links(pages) == []


def test_a_conflicting_push_is_kept_and_built_upon(
    site: Path, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = checked_out(repository, "gh-pages", tmp_path / "other")
    commit = branch.Branch._commit

    def while_another_pushes(self: branch.Branch) -> str:
        new_commit = commit(self)
        if not (other / "theirs.txt").exists():
            (other / "theirs.txt").write_text("first", encoding="utf-8")
            git("add", ".", cwd=other)
            git("commit", "--quiet", "-m", "theirs", cwd=other)
            git("push", "--quiet", "origin", "gh-pages", cwd=other)
        return new_commit

    monkeypatch.setattr(branch.Branch, "_commit", while_another_pushes)
    published(site, "gh-pages", "--prefix", "main")
    pages = checked_out(repository, "gh-pages", tmp_path / "pages")
    assert (pages / "theirs.txt").exists()
    assert (pages / "main/index.html").exists()


def test_a_rejected_push_changes_nothing(site: Path, repository: Path) -> None:
    before = git("ls-remote", "origin")
    hook = repository.parent / "remote.git/hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho no pages today >&2\nexit 1\n", encoding="utf-8")
    hook.chmod(0o755)
    done = publish(site, "gh-pages")
    assert done.exit_code == 1
    assert "no pages today" in done.stderr
    assert git("ls-remote", "origin") == before


def test_a_file_that_github_rejects_is_reported_before_the_push(
    site: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(branch, "GITHUB_FILE_LIMIT", 1000)
    before = git("ls-remote", "origin")
    done = publish(site, "gh-pages")
    assert done.exit_code == 2
    assert "reportgen render RESULTS --output FOLDER" in done.stderr
    assert git("ls-remote", "origin") == before


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    """A client of an S3 server on this machine, configured for s3fs through the environment, as a user would."""
    pytest.importorskip("moto.server", reason=MISSING.format("moto"))
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
    from reportgen.publish.object_store import ObjectStore

    published(site, f"s3://{bucket}")
    put, remove, order = ObjectStore.put, ObjectStore.remove, []
    (shorter / "assets/site.css").write_text("/* new */", encoding="utf-8")
    monkeypatch.setattr(ObjectStore, "put", lambda self, name, content: (order.append(name), put(self, name, content)))
    monkeypatch.setattr(ObjectStore, "remove", lambda self, name: (order.append(name), remove(self, name)))
    published(shorter, f"s3://{bucket}")
    gone = "assets/thumbnail.quartic.svg"
    assert order == ["published.json", "assets/site.css", "index.html", gone, "published.json"]


@pytest.mark.usefixtures("s3")
def test_a_missing_bucket_is_reported_in_one_sentence(site: Path) -> None:
    done = publish(site, "s3://there-is-no-such-bucket/x")
    assert done.exit_code == 1
    assert "s3://there-is-no-such-bucket/x: " in done.stderr
    assert "Traceback" not in done.output
