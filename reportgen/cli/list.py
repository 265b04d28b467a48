"""``reportgen list``: what losses and optimizers there are, with formulas, defaults and sources."""

from __future__ import annotations

import inspect
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reportgen.cli.console import color_option, echo_table
from reportgen.cli.mistakes import Mistakes

if TYPE_CHECKING:
    from reportgen.loss import Loss
    from reportgen.optimizer import Optimizer


@click.command("list", short_help="Say which losses or optimizers there are.")
@click.argument("kind", type=click.Choice(["losses", "optimizers"]))
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
@color_option
def list_(kind: str, name: str | None, as_json: bool) -> None:
    """Say which losses or optimizers there are, or all that is known about the one called NAME.

    \b
    Examples:
      reportgen list losses
      reportgen list optimizers adam
      reportgen list optimizers my_opt.py:Lookahead --json
    """
    facts = _losses(name) if kind == "losses" else _optimizers(name)
    if as_json:
        click.echo(json.dumps(facts[0] if name else facts, indent=2, ensure_ascii=False, allow_nan=False))
    elif name:
        _echo_facts(facts[0])
    else:
        columns = _LOSS_COLUMNS if kind == "losses" else _OPTIMIZER_COLUMNS
        echo_table(columns, [[_shown(each[column]) for column in columns] for each in facts])


_LOSS_COLUMNS = ["name", "dim", "formula", "start", "minimum", "source"]
_OPTIMIZER_COLUMNS = ["name", "hyperparameters", "formula", "source"]


def _losses(name: str | None) -> list[dict[str, Any]]:
    from reportgen import catalogue
    from reportgen.config.labels import parse_label

    if name is None:
        return [_loss_facts(loss) for loss in catalogue.losses().values()]
    plain, settings = parse_label(name)
    try:
        return [_loss_facts(catalogue.find_loss(plain, Path.cwd(), settings.get("dim")))]
    except (catalogue.UnknownName, ValueError) as error:
        raise Mistakes(f"{name}: {error}") from error
    except catalogue.BrokenPlugin as error:
        raise click.ClickException(str(error)) from error


def _optimizers(name: str | None) -> list[dict[str, Any]]:
    from reportgen import catalogue

    if name is None:
        return [_optimizer_facts(each, kind) for each, kind in catalogue.optimizers().items()]
    try:
        return [_optimizer_facts(name, catalogue.find_optimizer(name, Path.cwd()))]
    except catalogue.UnknownName as error:
        raise Mistakes(f"{name}: {error}") from error
    except catalogue.BrokenPlugin as error:
        raise click.ClickException(str(error)) from error


def _loss_facts(loss: Loss) -> dict[str, Any]:
    return {
        "name": loss.label,
        "title": loss.title,
        "dim": loss.dim,
        "any_dim": loss.default_dim is not None,
        "formula": loss.formula,
        "start": list(loss.start),
        "domain": [list(interval) for interval in loss.domain],
        "minima": [list(point) for point in loss.minima],
        # JSON has no infinity: null where the loss is unbounded below.
        "minimum": loss.minimum if math.isfinite(loss.minimum) else None,
        "note": loss.note,
        "source": loss.source,
    }


def _optimizer_facts(name: str, kind: type[Optimizer]) -> dict[str, Any]:
    from reportgen.optimizer import hyperparameters

    declared = hyperparameters(kind).values()
    return {
        "name": name,
        "title": kind.title or kind.__name__,
        "doc": (inspect.getdoc(kind) or "").split("\n\n")[0],
        "formula": kind.formula,
        "hyperparameters": [
            {"name": each.name, "default": each.default, "low": each.low, "high": each.high, "doc": each.doc}
            for each in declared
        ],
        "note": kind.note,
        "source": kind.source,
    }


def _echo_facts(facts: dict[str, Any]) -> None:
    width = max(map(len, facts))
    for key, value in facts.items():
        lines = _lines(value) or ["-"]
        click.echo(f"{key.ljust(width)}  {lines[0]}".rstrip())
        for line in lines[1:]:
            click.echo(f"{'':{width}}  {line}")


def _lines(value: Any) -> list[str]:
    """One line a hyperparameter with all that is declared of it; anything else in its lines."""
    if not (isinstance(value, list) and value and isinstance(value[0], dict)):
        return _shown(value).splitlines()
    return [_hyperparameter_line(**each) for each in value]


def _hyperparameter_line(name: str, default: Any, low: float | None, high: float | None, doc: str) -> str:
    bounds = [f"from {low:g}" if low is not None else "", f"to {high:g}" if high is not None else ""]
    said = ", ".join(filter(None, [" ".join(filter(None, bounds)), doc]))
    return f"{name} = {_shown(default)}" + (f"  ({said})" if said else "")


def _shown(value: Any) -> str:
    if isinstance(value, list):
        if value and isinstance(value[0], dict):
            return ", ".join(f"{each['name']}={_shown(each['default'])}" for each in value)
        return f"({', '.join(_shown(each) for each in value)})"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    return "-" if value is None else " ".join(str(value).split())
