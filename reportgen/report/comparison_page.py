"""The page of a comparison, in a folder of its own."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from reportgen import __version__
from reportgen.analysis.compare.model import Comparison, Pair
from reportgen.analysis.compare.sentences import format_ratio, pair_sentence, summary_sentence
from reportgen.analysis.loss_view import LossView
from reportgen.analysis.outcomes import SYMBOLS
from reportgen.figures.before_after import BeforeAfter, alt_curves, alt_path_overlay, draw_curves, draw_path_overlay
from reportgen.figures.convergence import NOTHING
from reportgen.figures.registry import slug
from reportgen.figures.style import PANEL, series_style
from reportgen.report.comparison_markdown import (
    COMPARISON,
    VERDICT_SYMBOLS,
    comparison_markdown,
    format_best_rates,
    format_solved,
    verdict_rules,
)
from reportgen.report.figure_workers import write_file
from reportgen.report.site_record import RECORD, read_record, write_record
from reportgen.report.stylesheet import stylesheet
from reportgen.report.template import read_template, render_page
from reportgen.results.files import MANIFEST
from reportgen.results.location import ResultsLocation
from reportgen.results.result_tables import Results

MOST_DRAWN = 8
"""More pairs than this have no pictures; the table has all."""
MOST_ROWS = 1000
"""More are left to the JSON."""

Drawn = tuple[Pair, list[dict[str, Any]], str]
"""A pair with its pictures, ``file``, ``svg``, ``alt`` and ``size`` of each, and what they cannot show."""


def write_comparison(comparison: Comparison, base: ResultsLocation, head: ResultsLocation, output: Path) -> Path:
    """Write page, pictures and Markdown into ``output``; the path of the page.

    Raises FileExistsError where that folder holds a report, which would be spoiled.
    """
    earlier = read_record(output)["files"]
    if COMPARISON not in earlier and (output / RECORD).exists():
        raise FileExistsError(errno.EEXIST, "holds a report; choose another --output for the comparison", str(output))
    if COMPARISON not in earlier and any((output / name).exists() for name in ("index.html", MANIFEST)):
        raise FileExistsError(errno.EEXIST, "holds files of others; choose another --output for it", str(output))
    drawn = list(_drawn(comparison, base, head))
    files = {f"assets/{picture['file']}": picture["svg"] for _, pictures, _ in drawn for picture in pictures}
    files |= {"assets/site.css": stylesheet(), "assets/site.js": read_template("site.js")}
    files |= {COMPARISON: comparison_markdown(comparison), ".nojekyll": ""}
    context = _context(comparison, drawn)
    files["index.html"] = render_page("compare.html", context)
    for name, text in files.items():
        write_file(output / name, text)
    for name in set(earlier) - set(files):
        (output / name).unlink(missing_ok=True)
    manifests = {"base": base.manifest, "head": head.manifest}
    write_record(output, manifests, [*files], about={"title": context["title"]})
    return output / "index.html"


def _drawn(comparison: Comparison, base: ResultsLocation, head: ResultsLocation) -> Iterator[Drawn]:
    """The pairs that differ, the worst first, with their pictures where both sides have histories."""
    shown = [pair for pair in comparison.pairs if pair.verdict not in ("same", "not comparable")][:MOST_DRAWN]
    if not shown or base.folder is None or head.folder is None:
        yield from ((pair, [], "") for pair in shown)
        return
    after = Results.for_report(head.folder)
    # Both are drawn on one ground, that of head.
    before = replace(Results.for_report(base.folder), grids=after.grids)
    for pair in shown:
        was, now = pair.shown_rates
        change = BeforeAfter(_cell(before, after, pair, was), _cell(after, after, pair, now), pair.optimizer)
        yield pair, list(_pictures(pair, change)), _missing(change)


def _cell(results: Results, after: Results, pair: Pair, rate: float) -> LossView:
    """One cell of a side, with the loss's facts as head has them."""
    mine = results.of_loss(pair.loss)
    runs = mine.runs
    here = (runs["optimizer"].astype(str) == pair.optimizer) & (runs["learning_rate"] == rate)
    facts = next(fact for fact in after.manifest["losses"] if fact["label"] == pair.loss)
    return LossView(replace(mine, runs=runs[here], manifest=after.manifest), facts)


def _missing(change: BeforeAfter) -> str:
    told = " and ".join(change.without_history)
    return f"Nothing is drawn of {told}: {NOTHING}." if told else ""


def _pictures(pair: Pair, change: BeforeAfter) -> Iterator[dict[str, Any]]:
    name = f"{slug(pair.loss)}.{slug(pair.optimizer)}.svg"
    made = [("curves", draw_curves, alt_curves)]
    if change.has_paths:
        made.append(("paths", draw_path_overlay, alt_path_overlay))
    for kind, draw, alt in made:
        yield {"file": f"{kind}.{name}", "svg": draw(change), "alt": alt(change), "size": PANEL}


def _context(comparison: Comparison, drawn: list[Drawn]) -> dict[str, Any]:
    facts = comparison.head.facts
    compared = [pair for pair in comparison.pairs if not pair.reason]
    aside = [pair for pair in comparison.pairs if pair.reason]
    return {
        "root": "",
        "title": f"{facts['title']}: what changed" if facts["title"] else "What changed",
        "manifest": {"reportgen": __version__, "losses": facts["losses"], "optimizers": facts["optimizers"]},
        "looks": {fact["label"]: series_style(place) for place, fact in enumerate(facts["optimizers"])},
        "said": summary_sentence(comparison),
        "comparison": comparison,
        "counts": comparison.counts,
        "symbols": VERDICT_SYMBOLS,
        "shown": [
            _told(pair, comparison) | {"pictures": pictures, "missing": missing} for pair, pictures, missing in drawn
        ],
        "rows": [_told(pair, comparison) for pair in compared[:MOST_ROWS]],
        "left_out": max(len(compared) - MOST_ROWS, 0),
        "aside": aside[:MOST_ROWS],
        "aside_left_out": max(len(aside) - MOST_ROWS, 0),
        "outcomes": _outcomes(comparison),
        "decided": list(verdict_rules(comparison)),
        "sides": [("Base", comparison.base), ("Head", comparison.head)],
        "alone": [("Added", comparison.added), ("Removed", comparison.removed)],
    }


def _told(pair: Pair, comparison: Comparison) -> dict[str, Any]:
    """A pair as the template shows it."""
    asked = comparison.asked
    was, now = pair.shown_rates
    sentence = pair_sentence(pair, asked)
    return {
        "pair": pair,
        "said": sentence[:1].upper() + sentence[1:],
        "best": format_ratio(pair.best) if pair.best else "–",
        "all_rates": format_ratio(pair.all_rates) if pair.all_rates else "–",
        "rates": format_best_rates(pair),
        "solved": format_solved(pair),
        "before": was,
        "after": now,
        "targets": [(target, format_ratio(view)) for target, view in pair.targets.items()],
    }


def _outcomes(comparison: Comparison) -> dict[str, Any]:
    """The matrix of outcomes, without those that never came."""
    table, names = comparison.transitions, list(SYMBOLS)
    there = [place for place in range(len(names)) if table[place].any() or table[:, place].any()]
    rows = [
        {
            "name": names[was],
            "cells": [
                {"n": int(table[was, now]), "kind": "kept" if was == now else "worse" if now > was else "better"}
                for now in there
            ],
        }
        for was in there
    ]
    return {"names": [names[place] for place in there], "rows": rows}
