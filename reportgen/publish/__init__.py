"""Publishes a report to a git branch, a directory or an object store."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from reportgen.publish.address import open_target
from reportgen.publish.change_plan import ChangePlan, plan_changes
from reportgen.publish.errors import ConflictError, PublishError, RefusedError
from reportgen.publish.listing import listing_changes
from reportgen.publish.prefix import check_prefix
from reportgen.publish.rendered_site import read_site

ATTEMPTS = 5
"""How many times to fetch and push a branch that others push to at the same time."""

__all__ = ["ChangePlan", "PublishError", "RefusedError", "publish"]


def publish(
    site: Path,
    to: str,
    prefix: str = "",
    *,
    delete: bool = True,
    dry_run: bool = False,
    warn: Callable[[str], None] = lambda _: None,
) -> ChangePlan:
    """Publish the report in the folder ``site`` to the target ``to``, and return the changes.

    Args:
        site: a folder that reportgen has rendered into.
        to: ``gh-pages[:branch]``, a directory, or an address that begins with ``s3://``, ``gs://`` or ``file://``.
        prefix: the folder of the target for this report; with a prefix, the target also lists its reports.
        delete: whether to remove files that an earlier publish wrote and the report no longer has.
        dry_run: whether to return the changes without making them.
        warn: receives a sentence about anything that was left undone.

    Raises:
        RefusedError: the request is invalid; nothing was written.
        PublishError: the target could not be written; the report that was there before still works.
    """
    rendered = read_site(site)
    check_prefix(prefix)
    message = f"Publish the report {prefix}" if prefix else "Publish the report"

    def publish_once() -> ChangePlan:
        with open_target(to, site, message) as target:
            changes = plan_changes(target, rendered, prefix, delete=delete)
            if prefix:
                changes += listing_changes(target, rendered, prefix, warn)
            if not dry_run:
                changes.apply(target)
            return changes

    for _ in range(ATTEMPTS - 1):
        with suppress(ConflictError):
            return publish_once()
    return publish_once()
