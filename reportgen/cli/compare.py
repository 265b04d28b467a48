"""``reportgen compare``: what differs between two results, and a gate for regressions."""

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


@click.command(short_help="Compare two results.")
@click.argument("base", type=click.Path(path_type=Path))
@click.argument("head", type=click.Path(path_type=Path))
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=Path("compare"),
    show_default=True,
    metavar="FOLDER",
    help="Folder for the page and comparison.md.",
)
@click.option("--fail-on", type=click.Choice(["worse"]), help="Exit with code 4 on a regression.")
@click.option(
    "--min-effect",
    type=float,
    default=1.1,
    show_default=True,
    help="Smallest ratio of the gradient evaluations of HEAD and BASE that counts as a difference.",
)
@click.option("--confidence", type=float, default=0.95, show_default=True, help="1 minus the error rate of the gate.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
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
    """Compare HEAD with BASE, run by run, with a stated error rate.

    BASE is the old result, HEAD the new one. Each is a results folder, the folder of a report, or a runs.parquet file.
    Runs are compared if they have the same loss, optimizer, learning rate, start and seed.

    With --fail-on worse, the exit code is 4 if there are regressions, and stderr lists them. A regression is an
    optimizer that is worse on a loss or over all losses: significantly and by at least --min-effect. If base and head
    do not differ, an optimizer is called worse with a probability of at most 1 minus --confidence.

    \b
    Examples:
      reportgen compare main/output output
      reportgen compare base/results head/results --fail-on worse --summary comparison.md
      reportgen compare old.parquet new.parquet --json

    Exit codes: 0 done; 2 wrong usage, or with --fail-on too few runs in both results; 4 regression gate failed.
    """
    _check_usage(min_effect, confidence, as_json, summary)
    before, after = _locate_results(base, head)
    comparison = _compare_results(before, after, min_effect, confidence)
    from reportgen.report.comparison_markdown import comparison_markdown
    from reportgen.report.comparison_page import write_comparison

    page = write_comparison(comparison, before, after, output)
    if summary:
        write_summary(summary, comparison_markdown(comparison))
    if as_json:
        from reportgen.analysis.compare.to_json import comparison_to_json

        click.echo(json.dumps(comparison_to_json(comparison), indent=1, ensure_ascii=False, allow_nan=False))
    elif summary != STDOUT:
        _print_comparison(comparison, page)
    if open_:
        show_in_browser(page)
    if fail_on:
        _apply_gate(comparison)


def _check_usage(min_effect: float, confidence: float, as_json: bool, summary: str | None) -> None:
    errors = []
    if not 1 < min_effect <= 4:
        errors.append(f"--min-effect {min_effect:g}: expected a ratio above 1 and at most 4, such as 1.1")
    if not 0.5 <= confidence < 1:
        errors.append(f"--confidence {confidence:g}: expected a number from 0.5 to below 1, such as 0.95")
    if as_json and summary == STDOUT:
        errors.append("--json and --summary -: both print to stdout; give --summary a file name")
    if errors:
        raise UsageErrors(*errors)


def _locate_results(base: Path, head: Path) -> tuple[ResultsLocation, ResultsLocation]:
    from reportgen.results.location import locate
    from reportgen.results.manifest import NotResultsError

    locations, errors = [], []
    for path in (base, head):
        try:
            locations.append(locate(path))
        except NotResultsError as error:
            errors.append(str(error))
    if errors:
        raise UsageErrors(*errors)
    before, after = locations
    return before, after


def _compare_results(base: ResultsLocation, head: ResultsLocation, min_effect: float, confidence: float) -> Comparison:
    from reportgen.analysis.compare import compare as compare_results
    from reportgen.analysis.compare.model import Thresholds
    from reportgen.results.manifest import NotResultsError

    try:
        return compare_results(base, head, Thresholds(min_effect, confidence))
    except NotResultsError as error:
        raise UsageErrors(str(error)) from error


def _print_comparison(comparison: Comparison, page: Path) -> None:
    """Print one line if nothing changed; otherwise the pairs that differ and the path of the page."""
    from reportgen.analysis.compare.headline import headline
    from reportgen.analysis.compare.sentences import summary_sentence

    if comparison.identical:
        click.echo(summary_sentence(comparison))
        return
    rows = _rows(comparison)
    if rows:
        header = ["verdict", "optimizer", "loss", "evaluations, head / base", "solved", "best rate", "at best rates"]
        echo_table(header, rows, right=frozenset(header[3:]))
        click.echo()
    if answer := headline(comparison):
        click.echo(answer)
    click.echo(summary_sentence(comparison))
    click.echo(page)
    for note in comparison.notes:
        click.echo(note, err=True)


def _rows(comparison: Comparison) -> list[list[str]]:
    """One row for each pair that differs."""
    from reportgen.report.comparison_markdown import format_pair

    return [
        [pair.verdict, pair.optimizer, pair.loss, *format_pair(pair)]
        for pair in comparison.pairs
        if pair.verdict not in ("same", "not comparable")
    ]


def _apply_gate(comparison: Comparison) -> None:
    """Exit with code 4 and list the regressions, if there are any; with code 2 if too few runs can be compared."""
    from reportgen.analysis.compare.sentences import gate_failures, summary_sentence

    if comparison.refused:
        raise UsageErrors(f"Regression gate: {summary_sentence(comparison)}")
    failures = gate_failures(comparison)
    if failures:
        regressions = "1 regression" if len(failures) == 1 else f"{len(failures)} regressions"
        click.echo(f"Regression gate failed: {regressions}.", err=True)
        for failure in failures:
            click.echo(f"  {failure}", err=True)
        click.get_current_context().exit(GATE_FAILED)
    if not comparison.identical and all(pair.verdict == "not comparable" for pair in comparison.pairs):
        click.echo("Regression gate: no comparable runs.", err=True)
