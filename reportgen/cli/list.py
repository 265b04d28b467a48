"""``reportgen list``: list losses and optimizers, or show one with its formula, defaults and sources."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from reportgen.cli.completion import complete_listed
from reportgen.cli.console import color_option, echo_table
from reportgen.cli.usage_error import UsageErrors

GALLERY = "losses.html"
_COLLECTIONS = ("suite:", "tag:")


@click.command("list", short_help="List losses or optimizers.")
@click.argument("kind", type=click.Choice(["losses", "optimizers"]))
@click.argument("name", required=False, shell_complete=complete_listed)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--gallery",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    is_flag=False,
    flag_value=GALLERY,
    metavar="[FILE]",
    help=f"Draw the losses on one page (default: {GALLERY}).",
)
@color_option
def list_(kind: str, name: str | None, as_json: bool, gallery: Path | None) -> None:
    """List losses or optimizers, or show all facts about the one called NAME.

    If NAME is a suite or tag of losses, list its losses.

    \b
    Examples:
      reportgen list losses
      reportgen list losses tag:convex
      reportgen list losses --gallery
      reportgen list optimizers adam
      reportgen list optimizers "lookahead[base=adam]"
      reportgen list optimizers my_opt.py:Lookahead --json
    """
    if gallery:
        _write_gallery(kind, name, gallery)
        return
    from reportgen.cli.catalogue_facts import find_losses, find_optimizers, loss_facts

    facts = [loss_facts(loss) for loss in find_losses(name)] if kind == "losses" else find_optimizers(name)
    single = name is not None and not name.startswith(_COLLECTIONS)
    if as_json:
        values = [asdict(each) for each in facts]
        click.echo(json.dumps(values[0] if single else values, indent=2, ensure_ascii=False, allow_nan=False))
        return
    from reportgen.cli.fact_lines import fact_lines, table_row

    if single:
        click.echo("\n".join(fact_lines(facts[0])))
    else:
        rows = [table_row(each) for each in facts]
        echo_table(list(rows[0]), [list(row.values()) for row in rows])


def _write_gallery(kind: str, name: str | None, file: Path) -> None:
    if kind != "losses":
        raise UsageErrors("--gallery: works only with losses; run reportgen list losses --gallery")
    from reportgen.cli.catalogue_facts import find_losses
    from reportgen.cli.gallery import write_gallery

    write_gallery(find_losses(name), file, Path.cwd())
    click.echo(file)
