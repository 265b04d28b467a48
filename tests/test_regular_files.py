"""Only regular files of a sane size are read: nothing hangs on a pipe or fills the memory."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reportgen.regular_files import read_bytes, read_text
from reportgen.results.files import read_json, sha256


def test_a_regular_file_is_read_up_to_the_limit(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"12345")
    assert read_bytes(file, 5) == b"12345"
    with pytest.raises(OSError, match="is too large; expected at most") as raised:
        read_bytes(file, 4)
    assert raised.value.filename == str(file)


def test_a_huge_file_is_refused_without_reading_it(tmp_path: Path) -> None:
    file = tmp_path / "huge"
    with file.open("wb") as opened:
        opened.truncate(10**10)  # a hole: it takes no space
    with pytest.raises(OSError, match=r"is too large; expected at most 16 MiB"):
        read_text(file)
    assert read_json(file) is None


def test_a_named_pipe_is_refused_at_once(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for read in (read_bytes, read_text, sha256):
        with pytest.raises(OSError, match="is a named pipe; expected a file") as raised:
            read(pipe)
        assert raised.value.filename == str(pipe)
    assert read_json(pipe) is None


def test_a_device_is_refused_also_through_a_link(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("/dev/zero")
    with pytest.raises(OSError, match="is a device; expected a file"):
        read_bytes(link)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        read_bytes(tmp_path)
    assert read_json(tmp_path) is None


def test_line_ends_are_those_of_a_text(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"a\r\nb\rc\n")
    assert read_text(file) == file.read_text(encoding="utf-8")


def test_json_that_is_nested_too_deeply_counts_as_damaged(tmp_path: Path) -> None:
    file = tmp_path / "deep.json"
    file.write_text("[" * 100_000, encoding="utf-8")
    assert read_json(file) is None
