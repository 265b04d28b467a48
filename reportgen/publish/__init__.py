"""A finished site, put where it can be read: a git branch, a directory or an object store."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from reportgen.publish.address import check_prefix, open_target
from reportgen.publish.change_plan import ChangePlan, plan_changes
from reportgen.publish.errors import OvertakenError, PublishError, RefusedError
from reportgen.publish.listing import listing_changes
from reportgen.publish.rendered_site import read_site

ATTEMPTS = 5
"""How often a branch is looked at anew, where somebody else pushed to it in the meantime."""

__all__ = ["PublishError", "RefusedError", "publish"]


def publish(
    site: Path,
    to: str,
    prefix: str = "",
    *,
    delete: bool = True,
    dry_run: bool = False,
    note: Callable[[str], None] = lambda _: None,
) -> ChangePlan:
    """Put the report in the folder ``site`` to the target ``to``; what was changed there, or would be.

    Args:
        site: a folder that reportgen has rendered into.
        to: ``gh-pages[:branch]``, a directory, or an address that begins with ``s3://``, ``gs://`` or ``file://``.
        prefix: the folder of the target in which the report goes; the target then has a list of its reports.
        delete: whether files go that an earlier publish wrote and that the report no longer has.
        dry_run: only say what would be changed.
        note: told, in a sentence, what could not be done as one may expect.

    Raises:
        RefusedError: what was asked for is wrong, and nothing was written.
        PublishError: the target could not be written; what was there before still works.
    """
    made = read_site(site)
    check_prefix(prefix)
    message = f"Publish the report {prefix}" if prefix else "Publish the report"

    def once() -> ChangePlan:
        with open_target(to, site, message) as store:
            planned = plan_changes(store, made, prefix, delete=delete)
            if prefix:
                planned += listing_changes(store, made, prefix, note)
            if not dry_run:
                planned.apply(store)
            return planned

    for _ in range(ATTEMPTS - 1):
        with suppress(OvertakenError):
            return once()
    return once()
