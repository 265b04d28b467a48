"""Lists the reports of a target: ``reports.json`` for programs and a page for people."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime

from markupsafe import Markup

from reportgen import __version__
from reportgen.publish.change_plan import ChangePlan, json_bytes
from reportgen.publish.errors import RefusedError
from reportgen.publish.prefix import INDEX, PUBLISHED, REPORTS, is_prefix, target_name
from reportgen.publish.rendered_site import RenderedSite
from reportgen.publish.target import Target
from reportgen.regular_files import parse_json
from reportgen.report.links import SiteLinks
from reportgen.report.page_types import ReportsPage
from reportgen.report.stylesheet import stylesheet
from reportgen.report.template import render_page

_MARK = b'<meta name="reportgen" content="reports">'
"""Tells the page that lists reports from all other pages."""


@dataclass(frozen=True)
class ReportRow:
    """One report in the list of its target. Unknown values are empty, and absent from ``reports.json``."""

    title: str = ""
    leader: str = ""
    """The optimizer that leads the ranking."""
    commit: str = ""
    """The git commit that the report was built from."""
    content: str = ""
    """A SHA-256 of all files of the report; it shows whether the report has changed."""
    date: str = ""
    """When the report last changed, in UTC: ``2023-11-14T22:13:20Z``."""


Rows = Mapping[str, ReportRow]
"""The listed reports by prefix."""


def listing_changes(target: Target, site: RenderedSite, prefix: str, warn: Callable[[str], None]) -> ChangePlan:
    """The changes that add the report to the list of its target, or update its row.

    Args:
        target: where the report is published.
        site: the report.
        prefix: its folder in the target.
        warn: receives a sentence if the target has its own ``index.html``, which then stays.

    Raises:
        RefusedError: ``reports.json`` is not a list that publish wrote.
    """
    listed = _read_rows(target)
    rows = {**_existing_reports(target, listed), prefix: _updated_row(site, listed.get(prefix, ReportRow()))}
    files = {REPORTS: _rows_to_json(rows), ".nojekyll": b"", INDEX: _render_list(rows)}
    index = target.read(INDEX)
    if index is not None and _MARK not in index:
        del files[INDEX]
        warn(f"{target.name} has its own {INDEX}, so its reports are listed in {REPORTS} only.")
    return ChangePlan(put=tuple((name, content) for name, content in files.items() if target.read(name) != content))


def _updated_row(site: RenderedSite, row: ReportRow) -> ReportRow:
    """The row of a report. An unchanged report keeps its date, so its target does not change either."""
    content = hashlib.sha256(json_bytes(site.files)).hexdigest()
    date = row.date if row.date and row.content == content else _timestamp()
    return ReportRow(site.about.title, site.about.leader, site.about.commit, content, date)


def _timestamp() -> str:
    """The current time in UTC; SOURCE_DATE_EPOCH overrides it for reproducible bytes."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    time = datetime.fromtimestamp(int(epoch), UTC) if epoch.isdigit() else datetime.now(UTC)
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def _existing_reports(target: Target, rows: Rows) -> Rows:
    """The rows without reports that were removed from the target."""
    sizes = target.sizes([target_name(prefix, PUBLISHED) for prefix in rows])
    return {prefix: row for prefix, row in rows.items() if target_name(prefix, PUBLISHED) in sizes}


def _read_rows(target: Target) -> Rows:
    content = target.read(REPORTS)
    if content is None:
        return {}
    try:
        reports = parse_json(content)["reports"]
        return {prefix: _row_from_json(row) for prefix, row in reports.items() if is_prefix(prefix)}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise RefusedError(f"{target.name}: {REPORTS}: expected a list written by reportgen publish") from None


def _row_from_json(row: Mapping[str, object]) -> ReportRow:
    values = {field.name: row.get(field.name) for field in fields(ReportRow)}
    return ReportRow(**{name: value for name, value in values.items() if isinstance(value, str)})


def _rows_to_json(rows: Rows) -> bytes:
    reports = {prefix: {name: value for name, value in asdict(row).items() if value} for prefix, row in rows.items()}
    return json_bytes({"generator": f"reportgen {__version__}", "reports": reports})


def _render_list(rows: Rows) -> bytes:
    """The page, with the most recent report first."""
    newest_first = sorted(sorted(rows.items()), key=lambda item: item[1].date, reverse=True)
    page = ReportsPage(style=Markup(stylesheet()), version=__version__, reports=newest_first)
    return render_page("reports.html", page, SiteLinks(INDEX)).encode()
