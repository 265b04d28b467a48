"""A branch of the remote ``origin`` as a target: one commit on top of it, made without touching what is checked out."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Collection
from pathlib import Path, PurePosixPath
from types import TracebackType

from reportgen.publish.errors import OvertakenError, PublishError, RefusedError

REMOTE = "origin"
LARGEST = 100 * 2**20
"""Bytes of a file that GitHub takes; what is larger would be turned away after everything was sent."""


class Branch:
    """The files of a branch. Changes wait until the end, and then come in one commit, or not at all."""

    def __init__(self, branch: str, message: str) -> None:
        self.name = f"{REMOTE}/{branch}"
        self._branch = branch
        self._message = message
        self._tip: str | None = None
        self._sizes: dict[str, int] = {}
        self._staged: dict[str, str | None] = {}

    def __enter__(self) -> Branch:
        """Fetch the branch, if the remote has it."""
        try:
            _git("check-ref-format", "--branch", self._branch)
        except PublishError:
            raise RefusedError(f"gh-pages:{self._branch}: is no name of a branch") from None
        try:
            _git("rev-parse", "--git-dir")
        except (PublishError, FileNotFoundError) as error:
            raise RefusedError(f"gh-pages: the current folder is expected to be in a git repository; {error}") from None
        if REMOTE not in _git("remote").split():
            raise RefusedError(
                f"gh-pages: the git repository here has no remote {REMOTE}; git remote add {REMOTE} ADDRESS"
            )
        reference = f"refs/heads/{self._branch}"
        if _git("ls-remote", REMOTE, reference):
            _git("fetch", "--quiet", "--no-tags", REMOTE, reference)
            self._tip = _git("rev-parse", "FETCH_HEAD")
            for line in _git("ls-tree", "-r", "-l", "-z", "--full-tree", self._tip).split("\0"):
                facts, _, name = line.partition("\t")
                if name and facts.split()[1] == "blob":
                    self._sizes[name] = int(facts.split()[3])
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Push what was changed, unless something went wrong."""
        if self._staged and error is None:
            self._push(self._commit())

    def sizes(self, names: Collection[str]) -> dict[str, int]:
        """The bytes of those of ``names`` that are there."""
        return {name: self._sizes[name] for name in names if name in self._sizes}

    def read(self, name: str) -> bytes | None:
        """A file's content, or None where there is none."""
        return _git_bytes("cat-file", "blob", f"{self._tip}:{name}") if name in self._sizes else None

    def put(self, name: str, content: bytes) -> None:
        """Have a file written by the commit."""
        if len(content) > LARGEST:
            raise RefusedError(
                f"{name}: has {len(content) >> 20} MiB, and GitHub takes no file of more than {LARGEST >> 20}; "
                "a report without links to its data comes from: reportgen render RESULTS --output FOLDER"
            )
        above = {str(parent) for parent in PurePosixPath(name).parents} & self._sizes.keys()
        below = next((other for other in self._sizes if other.startswith(f"{name}/")), None)
        if above or below:
            there = f"a file {min(above)}" if above else f"a folder with {below} in it"
            raise RefusedError(f"gh-pages:{self._branch}: has {there}, where {name} is to be written")
        self._staged[name] = _git("hash-object", "-w", "--stdin", content=content)

    def remove(self, name: str) -> None:
        """Have a file taken away by the commit."""
        self._staged[name] = None

    def _commit(self) -> str:
        with tempfile.TemporaryDirectory() as folder:
            index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}  # not the user's
            _git("read-tree", self._tip or "--empty", more=index)
            nothing = "0" * len(self._tip or "")
            lines = (
                f"100644 {blob}\t{name}" if blob else f"0 {nothing}\t{name}" for name, blob in self._staged.items()
            )
            _git("update-index", "-z", "--index-info", content="\0".join(lines).encode() + b"\0", more=index)
            tree = _git("write-tree", more=index)
        parent = ["-p", self._tip] if self._tip else []
        return _git("commit-tree", tree, *parent, "-m", self._message, more=_identity())

    def _push(self, commit: str) -> None:
        try:
            _git("push", "--quiet", REMOTE, f"{commit}:refs/heads/{self._branch}")
        except PublishError as error:
            if "rejected" in str(error) and "hook" not in str(error):
                raise OvertakenError(str(error)) from None
            raise


def _identity() -> dict[str, str]:
    """Who commits, where git does not know: a fresh machine of a CI has no user."""
    try:
        _git("var", "GIT_COMMITTER_IDENT")
        _git("var", "GIT_AUTHOR_IDENT")
    except PublishError:
        who = ("AUTHOR", "COMMITTER")
        return {f"GIT_{one}_{what}": "reportgen" for one in who for what in ("NAME", "EMAIL")}
    return {}


def _git(*arguments: str, content: bytes | None = None, more: dict[str, str] | None = None) -> str:
    return _git_bytes(*arguments, content=content, more=more).decode(errors="surrogateescape").strip()


def _git_bytes(*arguments: str, content: bytes | None = None, more: dict[str, str] | None = None) -> bytes:
    """What git answers; PublishError with its words where it refuses."""
    # Its words are looked at, so they are in English; and nobody is here to type a password.
    environment = {**os.environ, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", **(more or {})}
    done = subprocess.run(["git", *arguments], input=content, capture_output=True, check=False, env=environment)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip() or f"exit code {done.returncode}"
        raise PublishError(f"git {arguments[0]}: {said}")
    return done.stdout
