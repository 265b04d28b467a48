"""The files of a new site, which replace those of the earlier one all at once."""

from __future__ import annotations

import errno
import hashlib
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path

from reportgen.report.figure_workers import write_file
from reportgen.report.site_record import RECORD, SiteRecord, read_record
from reportgen.results.files import has_digest, inner_path, sha256, write_json
from reportgen.results.lock import locked
from reportgen.results.replacement import mark_obsolete, replacement


class NewSite:
    """Files for the site in a folder, which other processes cannot write meanwhile.

    The earlier site stays as it is until ``switch``. A file that it has with the same content is not written again.
    """

    def __init__(self, output: Path) -> None:
        """Lock the folder of the site, and complete a switch that was interrupted.

        Raises:
            BlockingIOError: another process has locked it.
            OSError: a file cannot be written.
        """
        self._output = output
        self._digests: dict[str, str] = {}
        with ExitStack() as stack:
            stack.enter_context(locked(output))
            self.earlier = read_record(output)
            """The record of the site that is replaced."""
            self.folder = stack.enter_context(replacement(output))
            """The folder that gets the new files."""
            self._stack = stack.pop_all()

    def has(self, name: str) -> bool:
        """Whether the earlier site has this file, as reportgen wrote it."""
        digest = self.earlier.files.get(name)
        return digest is not None and has_digest(inner_path(self._output, name), digest)

    def write(self, name: str, content: str | bytes) -> None:
        """Add a file, or replace one of the new files."""
        content = content.encode() if isinstance(content, str) else content
        self._digests[name] = hashlib.sha256(content).hexdigest()
        if has_digest(self._target(name), self._digests[name]):
            (self.folder / name).unlink(missing_ok=True)
        else:
            write_file(self.folder / name, content)

    def add(self, name: str) -> None:
        """Add a file that was written into ``folder``, or keep that of the earlier site."""
        self._target(name)
        self._digests[name] = sha256(self.path(name))

    def path(self, name: str) -> Path:
        """Where the content of a file is now."""
        new = self.folder / name
        return new if new.exists() else inner_path(self._output, name)

    def switch(self, record: SiteRecord) -> None:
        """Replace the earlier site, and remove its files that the new one does not have.

        Args:
            record: the record of the new site; its files are added.
        """
        self._target(RECORD)
        for path in self.folder.rglob("*"):
            if not path.is_dir() and path.relative_to(self.folder).as_posix() not in self._digests:
                path.unlink()  # left by a process that died while it drew
        obsolete = {name: digest for name, digest in self.earlier.files.items() if name not in self._digests}
        mark_obsolete(self.folder, obsolete)
        write_json(self.folder / RECORD, asdict(replace(record, files=self._digests)))
        self._stack.close()

    def _target(self, name: str) -> Path:
        """The place of a file in the site; raises OSError if a folder or a file is in the way."""
        path = inner_path(self._output, name)
        parent = next(parent for parent in path.parents if parent.exists())
        if path.is_dir() or not parent.is_dir():
            problem = "is a folder; expected a file" if path.is_dir() else "is a file; expected a folder"
            raise OSError(errno.EEXIST, f"{problem}; remove it", str(path if path.is_dir() else parent))
        return path

    def close(self) -> None:
        """Remove the new files, unless they have replaced the earlier ones, and unlock the folder."""
        self._stack.__exit__(_DiscardedError, _DiscardedError(), None)


class _DiscardedError(Exception):
    """Leaves a replacement without making it."""
