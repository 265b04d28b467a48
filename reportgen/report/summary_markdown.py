"""``summary.md``: what a report says, for a pull request or a job's page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reportgen.analysis.number_format import number, share
from reportgen.analysis.outcomes import SYMBOLS
from reportgen.report.markdown import Block, Bullets, Details, Table, code, document, link, strong, text

SUMMARY = "summary.md"
"""Its name in the site."""


def summary_markdown(index: Mapping[str, Any], reasons: Sequence[Mapping[str, str]]) -> str:
    """The text, from what the front page is given and the reasons why runs failed."""
    return document(_blocks(index, reasons), _last(index["manifest"]))


def _blocks(index: Mapping[str, Any], reasons: Sequence[Mapping[str, str]]) -> Iterator[Block]:
    yield f"## {text(index['title'], 200)}"
    yield text(index["setup"])
    yield Bullets([_sentence(found["pieces"]) for found in index["findings"]], "finding")
    yield f"{strong('Outcomes')}: {format_outcomes(index['counts'])}"
    if reasons:
        yield Bullets([_failure(each["who"], each["reason"]) for each in reasons], "reason")
    yield from _ranking(index)
    losses = index["losses"]
    rows = [[code(loss["facts"]["label"]), text(loss["heading"])] for loss in losses]
    yield Details(f"What came out on {_losses(len(losses))}", [Table(["Loss", "What came out"], rows, noun="row")])
    if index["caveats"]:
        yield Details("What the ranking cannot say", [Bullets([text(each) for each in index["caveats"]])])
    yield Details("Set-up", [Bullets(list(setup_lines(index["manifest"])))])


def format_outcomes(counts: Mapping[str, int]) -> str:
    """``● 303 solved · ○ 12 exhausted``; those that there are."""
    return " · ".join(f"{SYMBOLS[name]} {number(n, 15)} {name}" for name, n in counts.items() if n)


def _failure(who: str, reason: str) -> str:
    return f"{SYMBOLS['failed']} {strong(f'{who} failed')}: {text(reason)}"


def setup_lines(manifest: Mapping[str, Any]) -> Iterator[str]:
    """Versions, device and commit, as far as they are known."""
    versions = {"reportgen": manifest["reportgen"], **manifest["versions"]}
    yield text("Versions: " + ", ".join(f"{name} {version}" for name, version in versions.items()))
    yield text(f"Device: {manifest['device']['description'] or 'unknown'}; precision: {manifest['dtype']}")
    if manifest["git_commit"]:
        yield f"Commit: {code(manifest['git_commit'])}"


def _sentence(pieces: Sequence[str]) -> str:
    """Every second piece is emphasised."""
    return "".join(strong(piece) if place % 2 else _spaced(piece) for place, piece in enumerate(pieces) if piece)


def _spaced(piece: str) -> str:
    """A piece with the blanks at its ends, which escaping takes away."""
    begin, end = piece[: len(piece) - len(piece.lstrip())], piece[len(piece.rstrip()) :]
    return f"{begin and ' '}{text(piece)}{end and ' '}"


def _ranking(index: Mapping[str, Any]) -> Iterator[Block]:
    rows = []
    for row in index["standings"]:
        rank = row.rank
        place = f"{rank.place}{'=' if rank.tied else ''}" if row.compared else "–"
        sure = f"{share(row.interval[0])} to {share(row.interval[1])}" if row.interval else "–"
        speed = "–" if row.speed is None else number(100 * row.speed, 2)
        rows.append([place, code(rank.optimizer), share(rank.score), sure, speed])
    header = ["Place", "Optimizer", "Targets reached", "95 % interval", "Speed"]
    yield "### Ranking"
    yield Table(header, rows, frozenset({0, 2, 3, 4}), "optimizer")


def _losses(how_many: int) -> str:
    return "1 loss" if how_many == 1 else f"{number(how_many, 15)} losses"


def _last(manifest: Mapping[str, Any]) -> str:
    """Where all of it is."""
    where = link("the report", manifest["config"].get("site_url") or "")
    return f"Made by reportgen {text(manifest['reportgen'])}; paths, curves and every cell are in {where}."
