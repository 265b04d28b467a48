"""What is compiled is kept, and whatever becomes of the cache costs a recompile and nothing else."""

from __future__ import annotations

import os
import resource
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import programs
import pytest
from conftest import PATIENCE

from reportgen.execute import compile_cache
from reportgen.execute.local_workers import LocalWorkers
from reportgen.failure import Failure
from reportgen.tf_setup import FULL, QUICK

ASKED: dict[str, Any] = {"steps": 20, "starts": {"random": 2}}
CODE = b"native code"


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the cache, which is not there yet."""
    monkeypatch.setattr(compile_cache, "cache_folder", lambda: tmp_path / "user" / "compiled")
    return tmp_path / "user" / "compiled"


@pytest.fixture
def work(root: Path) -> Iterator[Path]:
    """The working folder of one process."""
    found = compile_cache.working_folder(QUICK)
    assert found
    yield found
    compile_cache.clean_up(found)


def entries(root: Path) -> list[Path]:
    return sorted(path for path in root.glob("*/*") if path.is_file())


def kept(work: Path, name: str = "one.pb", code: bytes = CODE) -> Path:
    """An entry, as it is after TensorFlow has written it."""
    (work / name).write_bytes(code)
    compile_cache.store_entries(work)
    (entry,) = work.parent.glob(f"*-{name}")
    return entry


def test_what_one_process_compiled_the_next_finds(root: Path, work: Path) -> None:
    kept(work)
    after = compile_cache.working_folder(QUICK)
    assert after
    compile_cache.link_entries(after)
    assert (after / "one.pb").read_bytes() == CODE
    compile_cache.clean_up(after)
    assert not after.exists()
    assert len(entries(root)) == 1


@pytest.mark.parametrize(
    "harm",
    [
        lambda entry: entry.write_bytes(CODE[:-1] + b"x"),
        lambda entry: entry.write_bytes(CODE[:3]),
        lambda entry: entry.write_bytes(b""),
        lambda entry: entry.rename(entry.with_name("one.pb")),
        lambda entry: entry.rename(entry.with_name(f"{'0' * 32}-one.pb")),
    ],
    ids=["damaged", "truncated", "empty", "without its digest", "with another's digest"],
)
def test_an_entry_that_is_not_as_it_was_written_is_thrown_away(
    harm: Callable[[Path], Any], root: Path, work: Path
) -> None:
    harm(kept(work))
    after = compile_cache.working_folder(QUICK)
    assert after
    compile_cache.link_entries(after)
    assert not list(after.iterdir())
    assert [path.parent for path in entries(root)] == []


def test_entries_of_others_are_in_other_folders(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = {work.parent}
    for change in (
        lambda: None,
        lambda: monkeypatch.setattr(compile_cache, "_processor", lambda: "another one"),
        lambda: monkeypatch.setattr(compile_cache, "tensorflow_version", lambda: "99.0"),
        lambda: monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_max_isa=AVX2"),
    ):
        change()
        found = compile_cache.working_folder(FULL)
        assert found
        folders.add(found.parent)
    assert len(folders) == 5


def test_two_processes_that_write_the_same_entry_at_once_leave_one(root: Path) -> None:
    folders = [compile_cache.working_folder(QUICK) for _ in range(8)]
    whole = [folder for folder in folders if folder]
    assert len(set(whole)) == 8
    code = CODE * 100_000
    for folder in whole:
        (folder / "one.pb").write_bytes(code)
    threads = [threading.Thread(target=compile_cache.store_entries, args=[folder]) for folder in whole]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (entry,) = [path for path in entries(root) if not path.parent.name.startswith("work-")]
    assert entry.read_bytes() == code


def test_it_is_the_users_alone_and_bounded(root: Path, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert root.stat().st_mode & 0o777 == 0o700
    monkeypatch.setattr(compile_cache, "LIMIT", 25)
    made = [kept(work, f"{number}.pb", b"%10d" % number) for number in range(4)]
    for age, entry in enumerate(reversed(made)):
        os.utime(entry, (1e9 - age, 1e9 - age))
    compile_cache.clean_up(work)
    assert entries(root) == sorted(made[2:])


@pytest.mark.parametrize("obstacle", ["file", "other user"])
def test_without_a_folder_that_can_be_used_there_is_no_cache(
    obstacle: str, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root.parent.mkdir()
    if obstacle == "file":
        root.write_text("")
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 12345)
    assert compile_cache.working_folder(QUICK) is None


def ran(log: Path) -> Any:
    """The final positions of a small program, run in a worker of its own."""
    program = programs.program("quartic", "gradient_descent", (0.1, 0.01), **ASKED)
    with LocalWorkers(log) as workers:
        (done,) = [item for item in workers.run([program], PATIENCE) if isinstance(item, tuple)]
    assert not isinstance(done[1], Failure), done[1]
    return done[1].final_x


@pytest.mark.slow
def test_workers_use_it_and_survive_what_is_wrong_with_it(root: Path, tmp_path: Path) -> None:
    """Filled, used, damaged, and on a disk that is full for what TensorFlow writes."""
    expected = ran(tmp_path / "log")
    found = entries(root)
    assert found
    times = {path: path.stat().st_mtime_ns for path in found}
    np.testing.assert_array_equal(ran(tmp_path / "log"), expected)
    assert {path: path.stat().st_mtime_ns for path in entries(root)} == times
    found[0].write_bytes(found[0].read_bytes()[:1000])
    np.testing.assert_array_equal(ran(tmp_path / "log"), expected)
    assert [path.stat().st_size for path in entries(root)] != [1000]
    entries(root)[0].unlink()
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1][1]))
    try:
        np.testing.assert_array_equal(ran(tmp_path / "log"), expected)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before[1])
        signal.signal(signal.SIGXFSZ, before[0])
    assert entries(root) == []


@pytest.mark.slow
def test_what_a_program_is_called_does_not_depend_on_what_was_traced_before_it(root: Path, tmp_path: Path) -> None:
    both = [programs.program("quartic", name, (0.1, 0.01), **ASKED) for name in ("gradient_descent", "adam")]
    found = []
    for order in (both, both[::-1]):
        with LocalWorkers(tmp_path / "worker.log") as workers:
            done = [item for item in workers.run(order, PATIENCE) if isinstance(item, tuple)]
        assert not [result for _, result in done if isinstance(result, Failure)]
        found.append(entries(root))
    assert len(found[0]) >= len(both)
    assert found[1] == found[0]
