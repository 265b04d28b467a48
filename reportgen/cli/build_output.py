"""What ``build`` and ``run`` print at the end, as text or as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from reportgen.cli.output_options import OutputOptions
from reportgen.cli.results_table import echo_head_to_head, echo_results, failure_lines

if TYPE_CHECKING:
    from reportgen.pipeline import BuildSummary
    from reportgen.preview import Preview


def print_outcome(outcome: BuildSummary, options: OutputOptions) -> None:
    """Print the results and the path to stdout; print the rest to stderr."""
    if options.as_json:
        click.echo(json.dumps(_facts(outcome), indent=2, ensure_ascii=False, allow_nan=False))
    elif not options.summary_only:
        _print_tables(outcome, options)
        click.echo(outcome.site or outcome.results)
    if not (options.quiet or options.as_json or options.summary_only):
        _print_reuse(outcome)
    if not options.summary_only:
        for line in failure_lines(outcome.failures):
            click.echo(line, err=True)


def _print_tables(outcome: BuildSummary, options: OutputOptions) -> None:
    if options.quiet:
        return
    if outcome.best:
        echo_results(outcome.best)
        click.echo()
    if outcome.head_to_head:
        echo_head_to_head(outcome.head_to_head)
        click.echo()


def _print_reuse(outcome: BuildSummary) -> None:
    if outcome.up_to_date:
        click.echo("Up to date.", err=True)
    elif outcome.reused:
        click.echo(f"Reused {outcome.reused} of {outcome.programs} programs.", err=True)


def _facts(outcome: BuildSummary) -> dict[str, object]:
    return {
        "programs": outcome.programs,
        "reused": outcome.reused,
        "up_to_date": outcome.up_to_date,
        "failed_configurations": outcome.failed_cells,
        "failures": [asdict(each) for each in outcome.failures],
        "best": [asdict(row) for row in outcome.best],
        "head_to_head": [asdict(row) for row in outcome.head_to_head],
        "results": str(outcome.results),
        "page": str(outcome.site) if outcome.site else None,
    }


def print_preview(plan: Preview, options: OutputOptions) -> None:
    """Print to stdout what would run."""
    if options.as_json:
        click.echo(json.dumps(asdict(plan) | {"missing": plan.missing}, indent=2))
        return
    for line in _preview_lines(plan):
        click.echo(line)


def _preview_lines(plan: Preview) -> Iterator[str]:
    yield f"programs        {plan.programs:,}: {plan.missing:,} to run, {plan.reused:,} reused"
    yield f"configurations  {plan.configurations:,}"
    yield f"runs            {plan.runs:,}"
    yield f"run-steps       {plan.run_steps:.1e} to run"
    minutes, seconds = divmod(round(plan.seconds), 60)
    yield f"time            about {minutes}:{seconds:02}, without figures and pages"
    if plan.memory is not None:
        yield f"memory          about {plan.memory / 2**30:,.1f} GiB for the report"
    if plan.missing:
        yield f"Estimated {plan.basis}."
    if plan.may_grow:
        yield "The grids of learning rates may still grow."
