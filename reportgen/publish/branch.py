"""A branch of the git remote ``origin`` as a target: one new commit, without a change to the working tree or index."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Collection, Mapping
from pathlib import Path, PurePosixPath
from types import TracebackType

from reportgen.publish.errors import ConflictError, PublishError, RefusedError

REMOTE = "origin"
GITHUB_FILE_LIMIT = 100 * 2**20
"""The largest file in bytes that GitHub accepts; checked here because GitHub rejects a push only after the upload."""


class Branch:
    """The files of a branch. Leaving the context without an error commits and pushes all changes at once."""

    def __init__(self, branch: str, message: str) -> None:
        self.name = f"{REMOTE}/{branch}"
        self._branch = branch
        self._message = message
        self._tip: str | None = None
        self._sizes: dict[str, int] = {}
        self._staged: dict[str, str | None] = {}
        """The new blob of each changed file; None if the file is removed."""

    def __enter__(self) -> Branch:
        """Fetch the branch, if the remote has it."""
        try:
            _git("check-ref-format", "--branch", self._branch)
        except PublishError:
            raise RefusedError(f"gh-pages:{self._branch}: not a valid branch name") from None
        try:
            _git("rev-parse", "--git-dir")
        except (PublishError, FileNotFoundError) as error:
            raise RefusedError(f"gh-pages: run this command inside a git repository; {error}") from None
        if REMOTE not in _git("remote").split():
            raise RefusedError(
                f"gh-pages: this git repository has no remote {REMOTE}; run git remote add {REMOTE} ADDRESS"
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
        """Commit and push the changes, unless there was an error."""
        if self._staged and error is None:
            self._push(self._commit())

    def sizes(self, names: Collection[str]) -> dict[str, int]:
        """The sizes in bytes of those files in ``names`` that exist."""
        return {name: self._sizes[name] for name in names if name in self._sizes}

    def read(self, name: str) -> bytes | None:
        """The content of a file; None if it does not exist."""
        return _git_bytes("cat-file", "blob", f"{self._tip}:{name}") if name in self._sizes else None

    def digest(self, name: str) -> str:
        """The SHA-256 of a file that exists."""
        return hashlib.sha256(self.read(name) or b"").hexdigest()

    def put(self, name: str, content: bytes) -> None:
        """Stage a file for the commit.

        Raises:
            RefusedError: GitHub would reject the file for its size, or a file and a folder would have the same name.
        """
        if len(content) > GITHUB_FILE_LIMIT:
            raise RefusedError(
                f"{name}: has {len(content) >> 20} MiB; GitHub accepts at most {GITHUB_FILE_LIMIT >> 20} MiB per file. "
                "To publish without data: reportgen render RESULTS --output FOLDER"
            )
        parent_file = next((str(parent) for parent in PurePosixPath(name).parents if str(parent) in self._sizes), None)
        child = next((other for other in self._sizes if other.startswith(f"{name}/")), None)
        if parent_file or child:
            conflict = f"{parent_file} is a file" if parent_file else f"it is a folder, with {child}"
            raise RefusedError(
                f"gh-pages:{self._branch}: cannot write {name}, because {conflict}; choose another --prefix"
            )
        self._staged[name] = _git("hash-object", "-w", "--stdin", content=content)

    def remove(self, name: str) -> None:
        """Stage the removal of a file for the commit."""
        self._staged[name] = None

    def _commit(self) -> str:
        """Make the commit on top of the fetched branch; its hash."""
        with tempfile.TemporaryDirectory() as folder:
            index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}  # leaves the user's index alone
            _git("read-tree", self._tip or "--empty", variables=index)
            no_blob = "0" * len(self._tip or "")
            lines = (
                f"100644 {blob}\t{name}" if blob else f"0 {no_blob}\t{name}" for name, blob in self._staged.items()
            )
            _git("update-index", "-z", "--index-info", content="\0".join(lines).encode() + b"\0", variables=index)
            tree = _git("write-tree", variables=index)
        parent = ["-p", self._tip] if self._tip else []
        return _git("commit-tree", tree, *parent, "-m", self._message, variables=_fallback_identity())

    def _push(self, commit: str) -> None:
        try:
            _git("push", "--quiet", REMOTE, f"{commit}:refs/heads/{self._branch}")
        except PublishError as error:
            if "rejected" in str(error) and "hook" not in str(error):
                raise ConflictError(str(error)) from None
            raise


def _fallback_identity() -> dict[str, str]:
    """An author and committer if git has none, as on a fresh CI machine."""
    try:
        _git("var", "GIT_COMMITTER_IDENT")
        _git("var", "GIT_AUTHOR_IDENT")
    except PublishError:
        return {f"GIT_{role}_{key}": "reportgen" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}
    return {}


def _git(*arguments: str, content: bytes | None = None, variables: Mapping[str, str] | None = None) -> str:
    return _git_bytes(*arguments, content=content, variables=variables).decode(errors="surrogateescape").strip()


def _git_bytes(*arguments: str, content: bytes | None = None, variables: Mapping[str, str] | None = None) -> bytes:
    """The output of a git command.

    Args:
        arguments: the command line after ``git``.
        content: the standard input.
        variables: environment variables in addition to the current ones.

    Raises:
        PublishError: git failed; the message is git's own.
    """
    # English, because _push reads the messages; no prompt, because the command must not wait for a password.
    environment = {**os.environ, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", **(variables or {})}
    done = subprocess.run(["git", *arguments], input=content, capture_output=True, check=False, env=environment)
    if done.returncode:
        message = done.stderr.decode(errors="replace").strip() or f"exit code {done.returncode}"
        raise PublishError(f"git {arguments[0]}: {message}")
    return done.stdout
