"""``reportgen list``: what losses and optimizers there are, with formulas, defaults and sources."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reportgen.cli.console import color_option, echo_table
from reportgen.cli.usage_error import UsageErrors

GALLERY = "losses.html"
_SEVERAL = ("suite:", "tag:")

if TYPE_CHECKING:
    from reportgen.loss import Loss
    from reportgen.optimizer import Optimizer


@click.command("list", short_help="Say which losses or optimizers there are.")
@click.argument("kind", type=click.Choice(["losses", "optimizers"]))
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")
@click.option(
    "--gallery",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    is_flag=False,
    flag_value=GALLERY,
    metavar="[FILE]",
    help=f"Draw the losses on one page, {GALLERY} unless another file is named.",
)
@color_option
def list_(kind: str, name: str | None, as_json: bool, gallery: Path | None) -> None:
    """Say which losses or optimizers there are, or all that is known about the one called NAME.

    Losses that a suite or a tag stands for are listed under its name.

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
    facts = [_loss_facts(loss) for loss in _losses(name)] if kind == "losses" else _optimizers(name)
    one = name and not name.startswith(_SEVERAL)
    if as_json:
        click.echo(json.dumps(facts[0] if one else facts, indent=2, ensure_ascii=False, allow_nan=False))
    elif one:
        _echo_facts(facts[0])
    else:
        row = _loss_row if kind == "losses" else _optimizer_row
        echo_table(list(row(facts[0])), [list(row(each).values()) for each in facts])


def _write_gallery(kind: str, name: str | None, file: Path) -> None:
    if kind != "losses":
        raise UsageErrors("--gallery: is for losses; optimizers have no picture without a build")
    from reportgen.cli.gallery import write_gallery

    write_gallery(_losses(name), file, Path.cwd())
    click.echo(file)


def _loss_row(facts: dict[str, Any]) -> dict[str, str]:
    """What fits into one line."""
    dim = f"{facts['dim']}+" if facts["any_dim"] else str(facts["dim"])
    # A loss of any dimension has a + behind its own.
    tags = ", ".join(tag for tag in facts["tags"] if tag != "n-d")
    # Of three authors or more the first one is named, so that a row stays short.
    source = re.sub(r"^([^,;]+), .* and .*?(?= \d{4}$)", r"\1 et al.", _paper(facts["source"]))
    return {"name": facts["name"], "dim": dim, "source": source, "tags": tags}


def _optimizer_row(facts: dict[str, Any]) -> dict[str, str]:
    """What fits into one line."""
    marked = "(reference) " if facts["reference"] else ""
    return {"name": facts["name"], "source": _paper(facts["source"]), "rule": marked + facts["doc"].rstrip(".")}


def _paper(source: str) -> str:
    """Authors and year of the first source: ``Kingma and Ba 2015``; what has no year up to its first stop."""
    found = re.match(r"[^;]*?\b\d{4}\b", source)
    return found.group() if found else re.split(r'[;:("]', source)[0].strip()


def _losses(name: str | None) -> list[Loss]:
    from reportgen import catalogue
    from reportgen.config.labels import parse_label

    folder = Path.cwd()
    try:
        if name is None:
            names = [*catalogue.losses(), *catalogue.local_losses(folder)]
        else:
            names = catalogue.suite_members(name, folder) or [name]
        found = []
        for each in names:
            plain, settings = parse_label(each)
            dim = settings.pop("dim", None)
            found.append(catalogue.find_loss(plain, folder, dim, settings))
        return found
    except (catalogue.UnknownNameError, ValueError) as error:
        raise UsageErrors(f"{name}: {error}") from error
    except catalogue.BrokenPluginError as error:
        raise click.ClickException(str(error)) from error


def _optimizers(name: str | None) -> list[dict[str, Any]]:
    from reportgen import catalogue
    from reportgen.config import OptimizerEntry
    from reportgen.config.optimizer_validation import optimizer_errors

    folder = Path.cwd()
    if name is None:
        beside = catalogue.local_optimizers(folder)
        own = {each: catalogue.find_optimizer(ref, folder) for each, ref in beside.items()}
        return [_optimizer_facts(each, kind, {}, folder) for each, kind in (catalogue.optimizers() | own).items()]
    mistakes = [f"{name}: {mistake.reason}" for mistake in optimizer_errors((name,), folder)]
    if mistakes:
        raise UsageErrors(*mistakes)
    entry = OptimizerEntry.model_validate(name)
    values = {key: chosen[0] for key, chosen in entry.hyperparameters.items()}
    try:
        return [_optimizer_facts(name, catalogue.find_optimizer(entry.name, folder), values, folder)]
    except catalogue.BrokenPluginError as error:
        raise click.ClickException(str(error)) from error


def _loss_facts(loss: Loss) -> dict[str, Any]:
    return {
        "name": loss.label,
        "title": loss.title,
        "dim": loss.dim,
        "any_dim": loss.default_dim is not None,
        "aliases": list(loss.aliases),
        "tags": list(loss.tags),
        "formula": loss.formula,
        "parameters": dict(loss.parameters),
        "start": list(loss.start),
        "domain": [list(interval) for interval in loss.domain],
        # JSON has no infinity: null where the loss is unbounded below.
        "minimum": loss.minimum if math.isfinite(loss.minimum) else None,
        "minima": [list(point) for point in loss.minima],
        "local_minima": [list(point) for point in loss.local_minima],
        "saddles": [list(point) for point in loss.saddles],
        "note": loss.note,
        "source": loss.source,
    }


def _optimizer_facts(name: str, kind: type[Optimizer], values: dict[str, Any], folder: Path) -> dict[str, Any]:
    from reportgen import catalogue
    from reportgen.optimizer import docstring_of

    declared = catalogue.declared_hyperparameters(kind, values, folder)
    return {
        "name": name,
        "title": kind.title or kind.__name__,
        "doc": docstring_of(kind).split("\n\n")[0],
        "reference": kind.reference,
        "formula": kind.formula,
        "hyperparameters": [
            {
                "name": each.name,
                "value": values.get(each.name, each.default),
                "default": each.default,
                "low": each.low,
                "high": each.high,
                "choices": list(each.choices),
                "doc": each.doc,
                "source": each.source,
            }
            for each in declared.values()
        ],
        "note": kind.note,
        "source": kind.source,
        "verified": kind.verified,
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
    return [_hyperparameter_line(each) for each in value]


def _hyperparameter_line(facts: dict[str, Any]) -> str:
    value, default = facts["value"], facts["default"]
    bounds = [f"{word} {facts[key]:g}" for word, key in (("from", "low"), ("to", "high")) if facts[key] is not None]
    said = [
        f"default {_setting(default)}" if value != default else "",
        " ".join(bounds),
        " or ".join(map(str, facts["choices"])),
        facts["doc"],
        f"source: {facts['source']}" if facts["source"] else "",
    ]
    told = "; ".join(filter(None, said))
    return f"{facts['name']} = {_setting(value)}" + (f"  ({told})" if told else "")


def _setting(value: Any) -> str:
    """As a config would say it."""
    return str(value).lower() if isinstance(value, bool) else _shown(value)


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} = {_shown(each)}" for name, each in value.items()) or "-"
    if value == []:
        return "-"
    if isinstance(value, list):
        return f"({', '.join(_shown(each) for each in value)})"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    return "-" if value is None else " ".join(str(value).split())
