"""Plans the changes that bring a target up to date, in an order that keeps the site working after each step.

``published.json``, next to the report, records the files that earlier publishes wrote, with their SHA-256. Unchanged
files are skipped. Only files in this record are replaced, and only those with a recorded SHA-256 are removed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reportgen import __version__
from reportgen.publish.errors import RefusedError
from reportgen.publish.prefix import INDEX, PUBLISHED, target_name
from reportgen.publish.rendered_site import RenderedSite, SiteFile
from reportgen.publish.target import Target
from reportgen.regular_files import parse_json

Files = tuple[tuple[str, bytes | SiteFile], ...]
"""File names, each with its content or the file to read it from."""

Digests = Mapping[str, Sequence[str]]
"""The SHA-256 of each file of a report by name; several if a publish may have stopped before it replaced the file."""


@dataclass(frozen=True)
class ChangePlan:
    """Files to write and files to remove, in the order of the fields."""

    put: Files = ()
    remove: tuple[str, ...] = ()
    put_last: Files = ()

    def __add__(self, other: ChangePlan) -> ChangePlan:
        """Both plans merged: every ``put`` comes before any ``remove``."""
        return ChangePlan((*self.put, *other.put), (*self.remove, *other.remove), (*self.put_last, *other.put_last))

    @property
    def written(self) -> list[str]:
        """The names of the files to write, each once."""
        return list(dict.fromkeys(name for name, _ in (*self.put, *self.put_last)))

    def apply(self, target: Target) -> None:
        """Make the changes."""
        _put_all(target, self.put)
        for name in self.remove:
            target.remove(name)
        _put_all(target, self.put_last)


def _put_all(target: Target, files: Files) -> None:
    for name, content in files:
        target.put(name, content if isinstance(content, bytes) else content.read())


def plan_changes(target: Target, site: RenderedSite, prefix: str, *, delete: bool) -> ChangePlan:
    """The changes that bring the report below ``prefix`` up to date; pages come after assets, index.html last.

    Args:
        target: where the report is published.
        site: the report.
        prefix: its folder in the target; empty for the top.
        delete: whether to remove files that the report no longer has.

    Raises:
        RefusedError: a file that publish did not write is in the way, or ``published.json`` is unreadable.
    """
    recorded = _read_record(target, prefix)
    names = {target_name(prefix, name): name for name in {*recorded, *site.files}}
    sizes = {names[name]: size for name, size in target.sizes(names).items()}
    changed = [name for name in site.files if not _is_current(name, site, recorded, sizes)]
    for name in changed:
        if name in sizes and name not in recorded:
            _check_identical(target, target_name(prefix, name), site.files[name])
    obsolete = {name: digests for name, digests in recorded.items() if name not in site.files}
    new = {name: (digest,) for name, digest in site.files.items()}
    record = new if delete else {**obsolete, **new}
    if recorded == record and not changed:
        return ChangePlan()
    # If the publish stops halfway, this record has the digest of every file that it may or may not have written.
    interim = {**recorded, **{name: (*recorded.get(name, ()), *new[name]) for name in changed}}
    record_name = target_name(prefix, PUBLISHED)
    removed = [
        target_name(prefix, name)
        for name, digests in sorted(obsolete.items())
        if delete and name in sizes and target.digest(target_name(prefix, name)) in digests
    ]
    return ChangePlan(
        put=(
            (record_name, _record_bytes(interim)),
            *((target_name(prefix, name), site.file(name)) for name in sorted(changed, key=_pages_last)),
        ),
        remove=tuple(removed),
        put_last=((record_name, _record_bytes(record)),),
    )


def json_bytes(value: object) -> bytes:
    """``value`` as JSON; equal values give equal bytes."""
    return (json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _pages_last(name: str) -> tuple[bool, bool, str]:
    return name.endswith(".html"), name == INDEX, name


def _is_current(name: str, site: RenderedSite, recorded: Digests, sizes: Mapping[str, int]) -> bool:
    return recorded.get(name) == (site.files[name],) and sizes.get(name) == (site.folder / name).stat().st_size


def _check_identical(target: Target, name: str, digest: str) -> None:
    """Refuse to overwrite a file that publish did not write, unless its content is already the wanted one."""
    if target.digest(name) != digest:
        raise RefusedError(
            f"{target.name}: {name} exists, and no earlier publish of this report wrote it; "
            "choose another target or another --prefix"
        )


def _record_bytes(files: Digests) -> bytes:
    as_json = {name: digests[0] if len(digests) == 1 else list(digests) for name, digests in files.items()}
    return json_bytes({"generator": f"reportgen {__version__}", "files": as_json})


def _read_record(target: Target, prefix: str) -> Digests:
    """The files that earlier publishes wrote; none before the first publish."""
    record_name = target_name(prefix, PUBLISHED)
    content = target.read(record_name)
    if content is None:
        return {}
    try:
        files = parse_json(content)["files"]
        # A damaged record must not lead to a removal outside the target.
        inside = {name: value for name, value in files.items() if not {"", ".", ".."} & {*name.split("/")}}
        return {name: (value,) if isinstance(value, str) else tuple(value or ()) for name, value in inside.items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise RefusedError(f"{target.name}: {record_name}: expected a record written by reportgen publish") from None
