"""The page of a comparison, with its figures and ``comparison.md``, in a separate folder."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from reportgen import __version__
from reportgen.analysis.compare.headline import headline, overall_verdict
from reportgen.analysis.compare.model import Comparison, Pair
from reportgen.analysis.compare.sentences import pair_sentence, pool_sentence, summary_sentence
from reportgen.analysis.loss_view import LossView
from reportgen.analysis.outcomes import SYMBOLS
from reportgen.figures.before_after import BeforeAfter, alt_curves, alt_path_overlay, draw_curves, draw_path_overlay
from reportgen.figures.convergence import NO_TRAJECTORIES
from reportgen.figures.registry import slug
from reportgen.figures.style import PANEL, series_style
from reportgen.report.comparison_markdown import (
    COMPARISON,
    VERDICT_SYMBOLS,
    changed_pools,
    comparison_markdown,
    format_evidence,
    format_pair,
    verdict_rules,
)
from reportgen.report.comparison_page_types import (
    CellGroup,
    ComparisonPage,
    PairItem,
    TransitionCell,
    TransitionTable,
)
from reportgen.report.links import ASSETS, INDEX, SiteLinks
from reportgen.report.new_site import NewSite
from reportgen.report.optimizer_tags import optimizer_tags
from reportgen.report.page_types import PageFigure, ReportInfo
from reportgen.report.site_record import RECORD, SiteRecord, SiteSummary, read_record
from reportgen.report.stylesheet import stylesheet
from reportgen.report.template import read_template, render_page
from reportgen.results.files import MANIFEST
from reportgen.results.location import ResultsLocation
from reportgen.results.lock import complete_pending
from reportgen.results.result_tables import Results

MOST_DRAWN = 8
"""Only this many pairs have figures; the table has all pairs."""
MOST_ROWS = 1000
"""Only this many rows are on the page; the JSON has all of them."""

Svg = tuple[PageFigure, str]
"""A figure and its SVG."""
DrawnPair = tuple[Pair, list[Svg], str]
"""A pair with its figures, and what they cannot show."""


def write_comparison(comparison: Comparison, base: ResultsLocation, head: ResultsLocation, output: Path) -> Path:
    """Write the page, its figures and ``comparison.md``. Returns the path of the page.

    Args:
        comparison: what is shown.
        base: where base was read from.
        head: where head was read from.
        output: the folder; files of an earlier comparison are replaced.

    Raises:
        FileExistsError: the folder has a report or other files.
        BlockingIOError: another process writes into the folder.
        OSError: a file cannot be written, or would be written or removed through a symbolic link.
    """
    complete_pending(output)
    earlier = read_record(output).files
    if COMPARISON not in earlier and (output / RECORD).exists():
        raise FileExistsError(errno.EEXIST, "holds a report; choose another --output", str(output))
    if COMPARISON not in earlier and any((output / name).exists() for name in (INDEX, MANIFEST)):
        raise FileExistsError(
            errno.EEXIST, "holds files that are not a comparison; choose another --output", str(output)
        )
    drawn = list(_drawn_pairs(comparison, base, head))
    page = _page(comparison, drawn)
    files = {f"{ASSETS}/{figure.file}": svg for _, figures, _ in drawn for figure, svg in figures}
    files |= {f"{ASSETS}/site.css": stylesheet(), f"{ASSETS}/site.js": read_template("site.js")}
    files |= {COMPARISON: comparison_markdown(comparison), ".nojekyll": ""}
    files[INDEX] = render_page("compare.html", page, SiteLinks(INDEX))
    with closing(NewSite(output)) as site:
        for path, text in files.items():
            site.write(path, text)
        site.switch(SiteRecord(about=SiteSummary(title=page.report.title)))
    return output / INDEX


def _drawn_pairs(comparison: Comparison, base: ResultsLocation, head: ResultsLocation) -> Iterator[DrawnPair]:
    """The pairs that differ, the worst first, with their figures if both sides have a results folder."""
    pairs = [pair for pair in comparison.pairs if pair.verdict not in ("same", "not comparable")][:MOST_DRAWN]
    if not pairs or base.folder is None or head.folder is None:
        yield from ((pair, [], "") for pair in pairs)
        return
    after = Results.for_report(head.folder)
    # Both sides are drawn on the same background.
    before = replace(Results.for_report(base.folder), grids=after.grids)
    for pair in pairs:
        change = BeforeAfter(_cell_view(before, after, pair), _cell_view(after, after, pair), pair.optimizer)
        yield pair, list(_figures(pair, change)), _missing(change)


def _cell_view(results: Results, after: Results, pair: Pair) -> LossView:
    """The configuration with the largest effect in a side, with the facts of the loss in head."""
    of_loss = results.of_loss(pair.loss)
    runs = of_loss.runs
    is_cell = (runs["optimizer"].astype(str) == pair.optimizer) & (runs["learning_rate"] == pair.changed_rate)
    return LossView(replace(of_loss, runs=runs[is_cell], manifest=after.manifest), after.manifest.loss(pair.loss))


def _missing(change: BeforeAfter) -> str:
    sides = " and ".join(change.without_trajectories)
    return f"Not drawn: {sides} ({NO_TRAJECTORIES})." if sides else ""


def _figures(pair: Pair, change: BeforeAfter) -> Iterator[Svg]:
    name = f"{slug(pair.loss)}.{slug(pair.optimizer)}.svg"
    yield PageFigure(f"curves.{name}", PANEL, alt_curves(change)), draw_curves(change)
    if change.has_paths:
        yield PageFigure(f"paths.{name}", PANEL, alt_path_overlay(change)), draw_path_overlay(change)


def _page(comparison: Comparison, drawn: list[DrawnPair]) -> ComparisonPage:
    info = comparison.head.info
    compared = [pair for pair in comparison.pairs if not pair.reason]
    not_comparable = [pair for pair in comparison.pairs if pair.reason]
    return ComparisonPage(
        path=INDEX,
        report=ReportInfo(
            title=f"{info.title}: changes" if info.title else "Changes between two results",
            version=__version__,
            site_url="",
            series={optimizer.label: series_style(place) for place, optimizer in enumerate(info.optimizers)},
            references=[optimizer.label for optimizer in info.optimizers if optimizer.reference],
            tags=optimizer_tags(info.optimizers),
            manifest=None,
        ),
        headline=headline(comparison),
        overall=overall_verdict(comparison),
        summary=summary_sentence(comparison),
        comparison=comparison,
        counts=comparison.counts,
        symbols=VERDICT_SYMBOLS,
        changed=[
            replace(_item(pair, comparison), figures=[figure for figure, _ in figures], missing=missing)
            for pair, figures, missing in drawn
        ],
        pools=[(pool, pool_sentence(pool)) for pool in changed_pools(comparison)],
        pairs=[_item(pair, comparison) for pair in compared[:MOST_ROWS]],
        hidden_pairs=max(len(compared) - MOST_ROWS, 0),
        not_comparable=not_comparable[:MOST_ROWS],
        hidden_not_comparable=max(len(not_comparable) - MOST_ROWS, 0),
        transitions=_transitions(comparison),
        rules=list(verdict_rules(comparison)),
        sides=[("Base", comparison.base), ("Head", comparison.head)],
        only_one_side=[CellGroup("Added", comparison.added), CellGroup("Removed", comparison.removed)],
    )


def _item(pair: Pair, comparison: Comparison) -> PairItem:
    sentence = pair_sentence(pair, comparison.thresholds)
    effect, solved, rates, best = format_pair(pair)
    return PairItem(
        pair=pair,
        sentence=sentence[:1].upper() + sentence[1:],
        effect=effect,
        evidence=format_evidence(pair),
        solved=solved,
        rates=rates,
        best=best,
    )


def _transitions(comparison: Comparison) -> TransitionTable:
    """Runs by outcome before and after, without outcomes that no run has."""
    table, outcomes = comparison.transitions, list(SYMBOLS)
    places = [place for place in range(len(outcomes)) if table[place].any() or table[:, place].any()]
    rows = [
        (outcomes[before], [_transition(int(table[before, after]), before, after) for after in places])
        for before in places
    ]
    return TransitionTable([outcomes[place] for place in places], rows)


def _transition(runs: int, before: int, after: int) -> TransitionCell:
    """A cell of the table; outcomes are sorted from best to worst."""
    return TransitionCell(runs, "kept" if before == after else "worse" if after > before else "better")
