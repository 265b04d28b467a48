"""The list of the reports in one target: ``reports.json`` for programs and a page for people."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from reportgen import __version__
from reportgen.publish.address import is_prefix
from reportgen.publish.change_plan import PUBLISHED, ChangePlan, prefixed, to_json
from reportgen.publish.errors import RefusedError
from reportgen.publish.rendered_site import INDEX, RenderedSite
from reportgen.publish.target import Target
from reportgen.report.stylesheet import stylesheet
from reportgen.report.template import render_page

REPORTS = "reports.json"
_FACTS = ("title", "leader", "commit")
_MARK = b'<meta name="reportgen" content="reports">'
"""In the page that lists reports, and in no other."""


def listing_changes(store: Target, made: RenderedSite, prefix: str, note: Callable[[str], None]) -> ChangePlan:
    """What adds the report to the list of its target, or brings its row up to date."""
    before = _read(store)
    rows = _still_there(store, before) | {prefix: _row(made, before.get(prefix, {}))}
    files = {
        REPORTS: to_json({"generator": f"reportgen {__version__}", "reports": rows}),
        ".nojekyll": b"",
        INDEX: _page(rows),
    }
    index = store.read(INDEX)
    if index is not None and _MARK not in index:
        del files[INDEX]
        note(f"{store.name} has an {INDEX} of its own, so its reports are listed in {REPORTS} alone.")
    return ChangePlan(put=tuple((name, content) for name, content in files.items() if store.read(name) != content))


def _row(made: RenderedSite, before: dict[str, str]) -> dict[str, str]:
    """What is listed of a report. One that did not change keeps its date, so that its target does not change either."""
    content = hashlib.sha256(to_json(made.files)).hexdigest()
    date = before["date"] if before.get("content") == content and "date" in before else _now()
    facts = {name: value for name in _FACTS if (value := made.about.get(name))}
    return {**facts, "content": content, "date": date}


def _now() -> str:
    """The time of publishing, which SOURCE_DATE_EPOCH sets where the same bytes are wanted again."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    at = datetime.fromtimestamp(int(epoch), UTC) if epoch.isdigit() else datetime.now(UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _still_there(store: Target, rows: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    found = store.sizes([prefixed(prefix, PUBLISHED) for prefix in rows])
    return {prefix: row for prefix, row in rows.items() if prefixed(prefix, PUBLISHED) in found}


def _read(store: Target) -> dict[str, dict[str, str]]:
    content = store.read(REPORTS)
    if content is None:
        return {}
    try:
        reports = json.loads(content)["reports"]
        return {prefix: _texts(row) for prefix, row in reports.items() if is_prefix(prefix)}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise RefusedError(f"{store.name}: {REPORTS} is not a list of reports that publish wrote") from None


def _texts(row: dict[str, Any]) -> dict[str, str]:
    return {name: row[name] for name in (*_FACTS, "content", "date") if isinstance(row.get(name), str)}


def _page(rows: dict[str, dict[str, str]]) -> bytes:
    whole = {prefix: {name: row.get(name, "") for name in (*_FACTS, "date")} for prefix, row in sorted(rows.items())}
    newest_first = sorted(whole.items(), key=lambda item: item[1]["date"], reverse=True)
    context = {"style": stylesheet(), "version": __version__, "reports": newest_first}
    return render_page("reports.html", context).encode()
