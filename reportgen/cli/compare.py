"""``reportgen compare``: what changed between two results, and whether a change may be merged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reportgen.cli.browser import open_option, show_in_browser
from reportgen.cli.console import color_option, echo_table
from reportgen.cli.summary import STDOUT, write_summary
from reportgen.cli.usage_error import UsageErrors

if TYPE_CHECKING:
    from reportgen.analysis.compare.model import Comparison
    from reportgen.results.location import ResultsLocation

GATE_FAILED = 4


@click.command(short_help="Say what changed between two results.")
@click.argument("base", type=click.Path(path_type=Path))
@click.argument("head", type=click.Path(path_type=Path))
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=Path("compare"),
    show_default=True,
    metavar="FOLDER",
    help="Where the page and comparison.md go.",
)
@click.option("--fail-on", type=click.Choice(["worse"]), help="Exit with 4 where something got worse.")
@click.option("--min-effect", type=float, default=1.1, show_default=True, help="The least ratio that counts.")
@click.option("--confidence", type=float, default=0.95, show_default=True, help="Of the intervals.")
@click.option("--json", "as_json", is_flag=True, help="As JSON on stdout, for programs.")
@click.option(
    "--summary", "--markdown", "summary", metavar="FILE", help="Also write the Markdown to FILE; - prints it."
)
@open_option
@color_option
def compare(
    base: Path,
    head: Path,
    output: Path,
    fail_on: str | None,
    min_effect: float,
    confidence: float,
    as_json: bool,
    summary: str | None,
    open_: bool,
) -> None:
    """Say what changed from BASE to HEAD, run by run, and how sure that is.

    Each is a results folder, a report's folder, or a runs.parquet. Runs are the same that have loss, optimizer,
    learning rate, start and seed in common. With --fail-on worse the exit code is 4 where an optimizer got worse on
    a loss by the least effect and with the confidence, or a cell that was solved is not any more; stderr lists what
    failed.

    \b
    Examples:
      reportgen compare main/output output
      reportgen compare base/results head/results --fail-on worse --summary comparison.md
      reportgen compare old.parquet new.parquet --json

    Exit codes: 0 done; 2 wrong usage; 4 the gate did not hold.
    """
    _check_usage(min_effect, confidence, as_json, summary)
    before, after = _located(base, head)
    comparison = _compared(before, after, min_effect, confidence)
    from reportgen.report.comparison_markdown import comparison_markdown
    from reportgen.report.comparison_page import write_comparison

    page = write_comparison(comparison, before, after, output)
    if summary:
        write_summary(summary, comparison_markdown(comparison))
    if as_json:
        from reportgen.analysis.compare.to_json import comparison_to_json

        click.echo(json.dumps(comparison_to_json(comparison), indent=1, ensure_ascii=False, allow_nan=False))
    elif summary != STDOUT:
        _tell(comparison, page)
    if open_:
        show_in_browser(page)
    _gate(comparison, fail_on)


def _check_usage(min_effect: float, confidence: float, as_json: bool, summary: str | None) -> None:
    mistakes = []
    if not 1 < min_effect <= 4:
        mistakes.append(f"--min-effect {min_effect:g}: a ratio above 1, and at most 4, is expected, as 1.1")
    if not 0.5 <= confidence < 1:
        mistakes.append(f"--confidence {confidence:g}: a share from 0.5 to below 1 is expected, as 0.95")
    if as_json and summary == STDOUT:
        mistakes.append("--json and --summary -: both want stdout; give --summary a file")
    if mistakes:
        raise UsageErrors(*mistakes)


def _located(base: Path, head: Path) -> list[ResultsLocation]:
    from reportgen.results.location import locate
    from reportgen.results.result_tables import NotResultsError

    found, mistakes = [], []
    for path in (base, head):
        try:
            found.append(locate(path))
        except NotResultsError as error:
            mistakes.append(str(error))
    if mistakes:
        raise UsageErrors(*mistakes)
    return found


def _compared(base: ResultsLocation, head: ResultsLocation, min_effect: float, confidence: float) -> Comparison:
    from reportgen.analysis.compare import compare as compared
    from reportgen.analysis.compare.model import Thresholds
    from reportgen.results.result_tables import NotResultsError

    try:
        return compared(base, head, Thresholds(min_effect, confidence))
    except NotResultsError as error:
        raise UsageErrors(str(error)) from error


def _tell(comparison: Comparison, page: Path) -> None:
    """One line where nothing changed; else what did, and where the page is."""
    from reportgen.analysis.compare.sentences import summary_sentence

    if comparison.identical:
        click.echo(summary_sentence(comparison))
        return
    rows = _rows(comparison)
    if rows:
        header = ["verdict", "optimizer", "loss", "best rate", "at best rate", "over all rates", "solved"]
        echo_table(header, rows, right=frozenset(header[3:]))
        click.echo()
    click.echo(summary_sentence(comparison))
    click.echo(page)
    for note in comparison.notes:
        click.echo(note, err=True)


def _rows(comparison: Comparison) -> list[list[str]]:
    """The pairs that differ."""
    from reportgen.analysis.compare.sentences import format_ratio
    from reportgen.report.comparison_markdown import format_best_rates, format_solved

    return [
        [
            pair.verdict,
            pair.optimizer,
            pair.loss,
            format_best_rates(pair),
            *(format_ratio(view) if view else "-" for view in (pair.best, pair.all_rates)),
            format_solved(pair),
        ]
        for pair in comparison.pairs
        if pair.verdict not in ("same", "not comparable")
    ]


def _gate(comparison: Comparison, fail_on: str | None) -> None:
    from reportgen.analysis.compare.sentences import gate_failures

    told = gate_failures(comparison) if fail_on else []
    if told:
        click.echo(f"The gate did not hold: {len(told)} worse.", err=True)
        for line in told:
            click.echo(f"  {line}", err=True)
        click.get_current_context().exit(GATE_FAILED)
    if fail_on and not comparison.identical and not any(pair.verdict != "not comparable" for pair in comparison.pairs):
        click.echo("The gate had nothing to look at: no run can be compared.", err=True)
