"""``reportgen schema``: the JSON schema of the config file."""

from __future__ import annotations

import json

import click


@click.command(short_help="Print the JSON schema of the config file.")
def schema() -> None:
    """Print the JSON schema of reportgen.toml, with which an editor completes keys and marks errors.

    \b
    Examples:
      reportgen schema > reportgen.schema.json
      reportgen schema > ~/reportgen.schema.json
    """
    from reportgen.config.json_schema import json_schema

    click.echo(json.dumps(json_schema(), indent=2, ensure_ascii=False))
