"""A site is replaced as a whole: no reader, kill or stranger's record makes a mixture or costs anybody's file."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import synthetic
from click.testing import CliRunner
from publishing import Links, contents, dead_links, published

from reportgen.cli import main
from reportgen.report import render
from reportgen.report.site_record import is_current
from reportgen.results.lock import locked
from reportgen.results.result_tables import Results

pytestmark = pytest.mark.slow

HIDDEN = (".reportgen-unfinished", ".reportgen-complete")


def made(title: str, losses: int) -> Results:
    results = synthetic.results(
        losses=synthetic.LOSSES[:losses],
        optimizers=("gradient_descent", "adam"),
        rates=(1e-2, 1e-1),
        starts=2,
        steps=30,
    )
    config = results.manifest.config.model_copy(update={"title": title})
    return replace(results, manifest=replace(results.manifest, config=config))


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of the old site, on three losses."""
    return synthetic.write(made("Old", 3), tmp_path_factory.mktemp("old") / "results")


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of the new site, without one of the losses."""
    return synthetic.write(made("New", 2), tmp_path_factory.mktemp("new") / "results")


@pytest.fixture(scope="module")
def old_site(old: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("old-site")
    render(old, folder)
    return folder


@pytest.fixture(scope="module")
def new_site(new: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("new-site")
    render(new, folder)
    return folder


class Killed(BaseException):
    """What stands for a kill between two moves."""


def kill_after(moves: int, patch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Raise ``Killed`` in place of the next move or removal of a file of the site; returns how many there were."""
    done: list[Path] = []
    unlink = Path.unlink

    def count(path: Path) -> None:
        if len(done) == moves:
            raise Killed
        done.append(path)

    def move(self: Path, target: Path) -> Path:
        if HIDDEN[1] in (*self.parts, target.name):
            count(self)
        os.rename(self, target)  # noqa: PTH104 - this is what Path.rename does
        return target

    def remove(self: Path, missing_ok: bool = False) -> None:
        if self.suffix in (".svg", ".html", ".csv") and not {*HIDDEN} & {*self.parts}:
            count(self)
        unlink(self, missing_ok)

    patch.setattr(Path, "rename", move)
    patch.setattr(Path, "replace", move)
    patch.setattr(Path, "unlink", remove)
    return lambda: len(done)


def reachable_dead_links(site: Path) -> list[str]:
    """The dead links of the pages that a reader can get to from the first page."""
    dead, waiting, seen = [], [site / "index.html"], set()
    while waiting:
        page = waiting.pop()
        seen.add(page)
        for link in Links(page.read_text(encoding="utf-8")).found:
            target = Path(os.path.normpath(page.parent / link))
            if not target.is_file():
                dead.append(f"{page}: {link}")
            elif target.suffix == ".html" and target not in seen:
                waiting.append(target)
    return dead


def interrupted(old_site: Path, new: Path, folder: Path, moves: int) -> int:
    """Render the new results into a copy of the old site, and end after some moves; returns how many there were."""
    shutil.copytree(old_site, folder)
    with pytest.MonkeyPatch.context() as patch:
        count = kill_after(moves, patch)
        try:
            render(new, folder)
        except Killed:
            return count()
    return -1


@pytest.fixture(scope="module")
def pending(old_site: Path, new: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The old site with a complete new one beside it, of which no file is in place yet."""
    folder = tmp_path_factory.mktemp("pending") / "site"
    assert interrupted(old_site, new, folder, 1) == 1
    return folder


def test_a_render_that_ends_before_the_switch_changes_nothing(old_site: Path, new: Path, tmp_path: Path) -> None:
    assert interrupted(old_site, new, tmp_path / "site", 0) == 0
    assert contents(tmp_path / "site") == contents(old_site)


def test_after_an_end_at_any_move_every_link_works_and_the_next_command_completes_the_switch(
    pending: Path, old_site: Path, new_site: Path, tmp_path: Path
) -> None:
    before, after = contents(old_site), contents(new_site)
    assert len(before.keys() - after.keys()) > 5
    ended = 0
    while True:
        folder = Path(shutil.copytree(pending, tmp_path / str(ended)))
        with pytest.MonkeyPatch.context() as patch:
            kill_after(ended, patch)
            try:
                published(folder, tmp_path / "www", "--dry-run")
                break
            except Killed:
                ended += 1
        assert reachable_dead_links(folder) == []
        assert not is_current(folder)
        www = tmp_path / "www" / str(ended)
        published(folder, www)
        assert contents(folder) == after
        assert contents(www)["index.html"] == after["index.html"]
        assert dead_links(www) == []
    assert ended > 20
    assert contents(folder) == after


def test_a_render_completes_the_switch_of_another(pending: Path, old: Path, old_site: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(pending, tmp_path / "site")
    render(old, folder)
    assert contents(folder) == contents(old_site)
    assert dead_links(folder) == []


def test_a_comparison_that_ends_at_any_move_is_completed_by_the_next_one(new: Path, tmp_path: Path) -> None:
    arguments = ["compare", str(new), str(new), "--output"]
    whole = tmp_path / "whole"
    assert CliRunner().invoke(main, [*arguments, str(whole)]).exit_code == 0
    moves = len(contents(whole))  # without the lock, but with the folder of the new files
    for ended in range(moves):
        with pytest.MonkeyPatch.context() as patch:
            kill_after(ended, patch)
            with pytest.raises(Killed):
                CliRunner().invoke(main, [*arguments, str(tmp_path / str(ended))])
        done = CliRunner().invoke(main, [*arguments, str(tmp_path / str(ended))])
        assert done.exit_code == 0, done.output
        assert contents(tmp_path / str(ended)) == contents(whole)
    assert moves > 5


FORKS = """
import os, signal, sys
from pathlib import Path
from reportgen.report import render
from reportgen.report.site import Site  # what is imported later writes no file

def until(last, folder):
    count = 0

    def hook(event, arguments):
        nonlocal count
        if event in ("os.rename", "os.remove", "os.rmdir", "os.mkdir", "shutil.rmtree") or (
            event == "open" and isinstance(arguments[1], str) and arguments[1][0] in "wax"
        ):
            count += 1
            if count == last:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    render(Path(sys.argv[1]), Path(folder))
    print(count, flush=True)

for last, folder in zip(sys.argv[2::2], sys.argv[3::2], strict=True):
    if not (pid := os.fork()):
        until(int(last), folder)
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""
"""Renders into each folder in a process that kills itself before the given change on disk; prints how each ended.

The processes are forks of one that has imported the modules and done nothing else, because imports take seconds.
"""


def rendered_until(results: Path, *moments: tuple[int, Path]) -> list[int]:
    """The numbers that ``FORKS`` prints: the changes of each render that was not killed, and each exit code."""
    asked = [str(part) for moment in moments for part in moment]
    command = [sys.executable, "-c", FORKS, str(results), *asked]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [int(line) for line in done.stdout.split()]


def test_a_kill_at_any_moment_leaves_a_site_that_works_and_that_the_next_render_completes(
    new: Path, old_site: Path, new_site: Path, tmp_path: Path
) -> None:
    changes, code = rendered_until(new, (0, Path(shutil.copytree(old_site, tmp_path / "whole"))))
    assert code == 0
    moments = random.Random(0).sample(range(1, changes + 1), 8)
    folders = [Path(shutil.copytree(old_site, tmp_path / str(moment))) for moment in moments]
    assert rendered_until(new, *zip(moments, folders, strict=True)) == [-signal.SIGKILL] * 8
    indexes = {(folder / "index.html").read_bytes() for folder in (old_site, new_site)}
    for moment, folder in zip(moments, folders, strict=True):
        assert (folder / "index.html").read_bytes() in indexes
        assert reachable_dead_links(folder) == []
        published(folder, tmp_path / "www" / str(moment))
        assert dead_links(tmp_path / "www" / str(moment)) == []
        render(new, folder)
        assert contents(folder) == contents(new_site)
    assert len(moments) == 8


def test_a_reader_always_finds_a_whole_site_while_it_is_rendered_again_and_again(tmp_path: Path) -> None:
    results = [synthetic.write(made(f"On {count}", count), tmp_path / str(count)) for count in (1, 2)]
    sites = [tmp_path / f"site-{place}" for place in range(2)]
    for each, site in zip(results, sites, strict=True):
        render(each, site)
    pages = {(site / "index.html").read_bytes() for site in sites}
    links = {page: Links(page.decode()).found for page in pages}  # once: parsing would slow the reader and the render
    folder = Path(shutil.copytree(sites[1], tmp_path / "site"))
    wrong, seen, done = [], set(), threading.Event()

    def read() -> None:
        while not done.wait(0.0005):  # a reader that never pauses would slow the render down
            page = (folder / "index.html").read_bytes()
            lost = [link for link in links.get(page, ()) if not (folder / link).is_file()]
            # What only the old page shows may go once the new page is there.
            if page not in pages or (lost and page == (folder / "index.html").read_bytes()):
                wrong.append((len(page), lost))
            seen.add(page)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for turn in range(16):  # 50 were tried once; they take a minute
            render(results[turn % 2], folder)
    finally:
        done.set()
        reader.join()
    assert wrong == []
    assert seen == pages
    assert contents(folder) == contents(sites[1])


def test_unchanged_files_are_not_written_again(new: Path, new_site: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(new_site, tmp_path / "site"))
    before = {path: path.stat().st_ino for path in folder.rglob("*.*") if path.name != "site.json"}
    render(new, folder)
    assert len(before) > 20
    assert {path: path.stat().st_ino for path in before} == before


def stranger_record(folder: Path, names: list[str]) -> None:
    """A record that claims files, each with the SHA-256 of an empty file."""
    empty = hashlib.sha256(b"").hexdigest()
    record = {"files": dict.fromkeys([*names, "comparison.md", "index.html"], empty)}
    (folder / "site.json").write_text(json.dumps(record), encoding="utf-8")


@pytest.mark.parametrize("command", ["render", "compare"])
def test_a_record_of_a_stranger_cannot_have_files_removed(command: str, new: Path, tmp_path: Path) -> None:
    folder = tmp_path / "site"
    (folder / "mine").mkdir(parents=True)
    mine = [folder / "thesis.tex", folder / "mine" / "notes.md", tmp_path / "outside.txt"]
    for path in mine:
        path.write_text("mine", encoding="utf-8")
    (folder / "ours.txt").touch()
    stranger_record(folder, ["thesis.tex", "mine/notes.md", "mine", "../outside.txt", "ours.txt"])
    arguments = [str(new)] * (2 if command == "compare" else 1)
    done = CliRunner().invoke(main, [command, *arguments, "--output", str(folder)])
    assert done.exit_code == 0, done.output
    assert [path.read_text(encoding="utf-8") for path in mine] == ["mine"] * 3
    assert not (folder / "ours.txt").exists()


def test_an_unfinished_switch_of_a_stranger_cannot_have_other_files_removed(new_site: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(new_site, tmp_path / "site"))
    outside = tmp_path / "outside.txt"
    outside.write_bytes(b"")
    (folder / "mine.txt").write_text("mine", encoding="utf-8")
    (folder / HIDDEN[1]).mkdir()
    claimed = dict.fromkeys(["../outside.txt", str(outside), "mine.txt", ""], hashlib.sha256(b"").hexdigest())
    (folder / HIDDEN[1] / ".obsolete.json").write_text(json.dumps(claimed), encoding="utf-8")
    published(folder, tmp_path / "www")
    assert outside.exists()
    assert (folder / "mine.txt").exists()
    assert not (folder / HIDDEN[1]).exists()


def test_a_folder_in_the_way_of_a_file_is_named_and_the_earlier_site_stays(
    old_site: Path, new: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(old_site, tmp_path / "site"))
    (folder / "summary.md").unlink()
    (folder / "summary.md").mkdir()
    before = contents(folder)
    done = CliRunner().invoke(main, ["render", str(new), "--output", str(folder)])
    assert done.exit_code == 1
    assert f"{folder / 'summary.md'}: is a folder; expected a file; remove it" in done.stderr
    assert contents(folder) == before


def test_two_processes_cannot_write_the_same_site(new: Path, tmp_path: Path) -> None:
    with locked(tmp_path / "site"):
        done = CliRunner().invoke(main, ["render", str(new), "--output", str(tmp_path / "site")])
    assert done.exit_code == 1
    assert f"{tmp_path / 'site'}: locked by another reportgen process" in done.stderr
