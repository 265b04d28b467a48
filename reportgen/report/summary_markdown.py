"""``summary.md``: the report in Markdown, for a pull request or the page of a job."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from reportgen.analysis.number_format import count, number, share, share_span
from reportgen.analysis.outcomes import SYMBOLS
from reportgen.report.markdown import Block, Bullets, Details, Table, code, document, link, strong, text

if TYPE_CHECKING:
    from reportgen.report.cell_table import FailureReason
    from reportgen.report.page_types import IndexPage
    from reportgen.results.results_info import ResultsInfo

SUMMARY = "summary.md"
"""Its name in the site."""


def summary_markdown(index: IndexPage, reasons: Sequence[FailureReason]) -> str:
    """The text, from the contents of the front page and the reasons why runs failed."""
    where = link("the report", index.report.site_url)
    last = f"Made by reportgen {text(index.report.version)}. Paths, curves and all configurations are in {where}."
    return document(_blocks(index, reasons), last)


def _blocks(index: IndexPage, reasons: Sequence[FailureReason]) -> Iterator[Block]:
    yield f"## {text(index.report.title, 200)}"
    yield text(index.setup)
    yield Bullets([_sentence(finding.pieces) for finding in index.findings], "finding")
    yield f"{strong('Outcomes')}: {format_outcomes(index.counts)}"
    if reasons:
        yield Bullets([_failure(each) for each in reasons], "reason")
    yield from _ranking(index)
    yield from _head_to_head(index)
    yield from _tuning(index)
    yield from _kinds(index)
    rows = [[code(loss.info.label), text(loss.heading)] for loss in index.losses]
    yield Details(f"Key results on {count(len(rows), 'loss')}", [Table(["Loss", "Key result"], rows, noun="row")])
    if index.limitations:
        yield Details("Limitations of the ranking", [Bullets([text(each) for each in index.limitations])])
    if index.report.manifest:
        yield Details("Set-up", [Bullets(list(setup_lines(index.report.manifest)))])


def format_outcomes(counts: Mapping[str, int]) -> str:
    """``● 303 solved · ○ 12 exhausted``, without outcomes that no run has."""
    return " · ".join(f"{SYMBOLS[name]} {number(n, 15)} {name}" for name, n in counts.items() if n)


def _failure(each: FailureReason) -> str:
    return f"{SYMBOLS['failed']} {strong(f'{each.where} failed')}: {text(each.reason)}"


def setup_lines(info: ResultsInfo) -> Iterator[str]:
    """Versions, device and commit, as far as they are known."""
    versions = {"reportgen": info.reportgen, **info.versions}
    yield text("Versions: " + ", ".join(f"{name} {version}" for name, version in versions.items() if version))
    device = info.device.description if info.device else "unknown"
    yield text(f"Device: {device}; precision: {info.dtype or 'unknown'}")
    if info.git_commit:
        yield f"Commit: {code(info.git_commit)}"


def _sentence(pieces: Sequence[str]) -> str:
    """Every second piece is emphasised."""
    return "".join(strong(piece) if place % 2 else _spaced(piece) for place, piece in enumerate(pieces) if piece)


def _spaced(piece: str) -> str:
    """A piece with the blanks at its ends, which escaping removes."""
    begin, end = piece[: len(piece) - len(piece.lstrip())], piece[len(piece.rstrip()) :]
    return f"{begin and ' '}{text(piece)}{end and ' '}"


def _head_to_head(index: IndexPage) -> Iterator[Block]:
    if not index.head_to_head:
        return
    yield f"### Compared with {code(index.head_to_head[0].baseline)}"
    rows = [
        [
            code(row.optimizer),
            *(strong(str(each)) if each.significant else text(str(each)) for each in (row.hits, row.speed)),
            f"{row.faster} of {row.losses}",
        ]
        for row in index.head_to_head
    ]
    header = ["Optimizer", "Targets hit, points (95 % CI)", "Speed, points (95 % CI)", "Faster on losses"]
    yield Table(header, rows, frozenset({1, 2, 3}), "optimizer")


def _tuning(index: IndexPage) -> Iterator[Block]:
    section = index.tuning
    if not section:
        return
    yield f"### {text(section.heading)}"
    rows = [
        [code(row.optimizer), *(share(each.value) for each in (row.default, row.rate_only, row.everything))]
        for row in section.rows
    ]
    header = ["Optimizer", "Targets hit, defaults", "Learning rate tuned", "Everything tuned"]
    yield Table(header, rows, frozenset({1, 2, 3}), "optimizer")


def _kinds(index: IndexPage) -> Iterator[Block]:
    table = index.kinds
    if not table:
        return
    yield f"### {text(table.heading)}"
    rows = [
        [code(row.optimizer), *(f"{share(cell.hit_rate)}{' ✓' if cell.passed else ''}" for cell in row.cells)]
        for row in table.rows
    ]
    header = ["Optimizer", *(text(column.name) for column in table.columns)]
    yield Table(header, rows, frozenset(range(1, len(header))), "optimizer")
    yield f"✓: at least {share(table.least)} of the targets hit."


def _ranking(index: IndexPage) -> Iterator[Block]:
    rows = []
    for row in index.ranking:
        rank = row.rank
        place = f"{rank.place}{'=' if rank.tied else ''}" if row.compared else "–"
        interval = share_span(row.interval) if row.interval else "–"
        speed = "–" if row.speed is None else number(100 * row.speed, 2)
        rows.append([place, code(rank.optimizer), share(rank.score), interval, speed])
    yield "### Ranking"
    header = ["Place", "Optimizer", "Targets hit", "95 % interval", "Speed"]
    yield Table(header, rows, frozenset({0, 2, 3, 4}), "optimizer")
