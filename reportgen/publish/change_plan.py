"""What a publish changes in a target, in an order in which each state between is a working site.

Beside a report lies ``published.json``: the files that publishes of it have written, with their SHA-256. It tells what
need not be written again, and what may be replaced or removed: nothing else is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reportgen import __version__
from reportgen.publish.errors import RefusedError
from reportgen.publish.rendered_site import INDEX, RenderedSite
from reportgen.publish.target import Target

PUBLISHED = "published.json"


Files = tuple[tuple[str, bytes | Path], ...]
"""Names, each with the content or where that is read from."""


@dataclass(frozen=True)
class ChangePlan:
    """Files to write, in this order, and then files to remove."""

    put: Files = ()
    remove: tuple[str, ...] = ()
    then: Files = ()
    """What is written when all that is done."""

    def __add__(self, other: ChangePlan) -> ChangePlan:
        """One after the other: what is removed goes when everything is written."""
        return ChangePlan((*self.put, *other.put), (*self.remove, *other.remove), (*self.then, *other.then))

    @property
    def written(self) -> list[str]:
        """The names of the files that are written, each once."""
        return list(dict.fromkeys(name for name, _ in (*self.put, *self.then)))

    def apply(self, store: Target) -> None:
        """Make the changes."""
        _put(store, self.put)
        for name in self.remove:
            store.remove(name)
        _put(store, self.then)


def _put(store: Target, files: Files) -> None:
    for name, content in files:
        store.put(name, content if isinstance(content, bytes) else content.read_bytes())


def plan_changes(store: Target, made: RenderedSite, prefix: str, *, delete: bool) -> ChangePlan:
    """What brings the report in the folder ``prefix`` of the store up to date: pages last, of these index.html."""
    before = _read(store, prefix)
    inside = {prefixed(prefix, name): name for name in {*before, *made.files}}
    there = {inside[name]: size for name, size in store.sizes(inside).items()}
    changed = [name for name in made.files if not _is_current(name, made, before, there)]
    for name in changed:
        if name in there and name not in before:
            _check_same(store, prefixed(prefix, name), made.files[name])
    gone = [name for name in before if name not in made.files]
    after = {**({} if delete else {name: before[name] for name in gone}), **made.files}
    if before == after and not changed:
        return ChangePlan()
    # Whatever goes wrong from here on, the record has every file that may have been written.
    meanwhile = {**before, **dict.fromkeys(changed, None)}
    return ChangePlan(
        put=(
            (prefixed(prefix, PUBLISHED), _record(meanwhile)),
            *((prefixed(prefix, name), made.folder / name) for name in sorted(changed, key=_pages_last)),
        ),
        remove=tuple(prefixed(prefix, name) for name in sorted(gone) if name in there) if delete else (),
        then=((prefixed(prefix, PUBLISHED), _record(after)),),
    )


def prefixed(prefix: str, name: str) -> str:
    """The name of a report's file in its target."""
    return f"{prefix}/{name}" if prefix else name


def to_json(value: Any) -> bytes:
    """JSON in the same bytes whenever the value is the same."""
    return (json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _pages_last(name: str) -> tuple[bool, bool, str]:
    return name.endswith(".html"), name == INDEX, name


def _is_current(name: str, made: RenderedSite, before: Mapping[str, str | None], there: Mapping[str, int]) -> bool:
    return before.get(name) == made.files[name] and there.get(name) == (made.folder / name).stat().st_size


def _check_same(store: Target, name: str, digest: str) -> None:
    """A file that no publish wrote down may stay what it is, but is not overwritten."""
    if hashlib.sha256(store.read(name) or b"").hexdigest() != digest:
        raise RefusedError(
            f"{store.name}: {name} is there, and no earlier publish of this report wrote it; "
            "choose another target, or a --prefix of its own"
        )


def _record(files: Mapping[str, str | None]) -> bytes:
    return to_json({"generator": f"reportgen {__version__}", "files": dict(files)})


def _read(store: Target, prefix: str) -> dict[str, str | None]:
    """The files that earlier publishes wrote, each with its SHA-256, or None where that is not certain."""
    content = store.read(prefixed(prefix, PUBLISHED))
    if content is None:
        return {}
    try:
        files = json.loads(content)["files"]
        # Whatever the record says, nothing outside the target may go.
        return {name: digest for name, digest in files.items() if not {"", ".", ".."} & {*name.split("/")}}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise RefusedError(f"{store.name}: {prefixed(prefix, PUBLISHED)} is not the record of a publish") from None
