"""The generated parts of the documentation, as Markdown: what the code itself declares, so that no page goes stale."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from inspect import cleandoc, isfunction, ismodule
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import click
import pyarrow as pa

import reportgen
from reportgen import catalogue
from reportgen.analysis.compare.model import Comparison
from reportgen.api.plots import Plots
from reportgen.cli import main
from reportgen.cli.catalogue_facts import OptimizerFacts, find_optimizers
from reportgen.cli.fact_lines import format_search
from reportgen.config.json_schema import field_descriptions, json_schema
from reportgen.config.model import Config
from reportgen.config.sources import FLAGS
from reportgen.hyperparameters import hyperparameters
from reportgen.loss import Loss
from reportgen.optimizer import Optimizer
from reportgen.report.formula import math_block, math_inline
from reportgen.results import manifest
from reportgen.results.schema import GRIDS, PATHS, TRACES, runs_schema

MOST_POINTS = 4
"""Minimizers of a loss that its table shows."""
MOST_COORDINATES = 4
"""A point of more coordinates is not shown."""


def commands() -> str:
    """Every command with its help, options and examples."""
    parts = [_command(main, "reportgen")]
    parts += [_command(command, f"reportgen {name}") for name, command in main.commands.items()]
    return "\n\n".join(parts)


def _command(command: click.Command, name: str) -> str:
    context = click.Context(command, info_name=name)
    usage = " ".join([name, *command.collect_usage_pieces(context)])
    # "\b" begins lines that click must not join: a heading and examples.
    paragraphs = [paragraph.strip("\n") for paragraph in re.split(r"\n\s*\n", cleandoc(command.help or ""))]
    texts = [_help_paragraph(paragraph) for paragraph in paragraphs]
    records = [
        (param, param.get_help_record(context))
        for param in command.get_params(context)
        if isinstance(param, click.Option) and param.name != "help"  # the text of the command explains its arguments
    ]
    options = [(_names(param, record[0]), record[1]) for param, record in records if record]
    table = [_table(("option", "meaning"), options)] if options else []
    return "\n\n".join([f"## {name}", _code(usage), *texts, *table])


def _help_paragraph(paragraph: str) -> str:
    if not paragraph.startswith("\b"):
        return _escape(" ".join(paragraph.split()))
    heading, *lines = paragraph.removeprefix("\b").strip("\n").splitlines()
    return f"{heading}\n\n{_code(chr(10).join(line.strip() for line in lines))}"


def _names(param: click.Parameter, record: str) -> str:
    metavar = record.rsplit(" ", 1)[-1] if not record.endswith(tuple(param.opts)) else ""
    return ", ".join(f"`{name}`" for name in param.opts) + (f" `{metavar}`" if metavar else "")


def config_keys() -> str:
    """Every key of the config with type, default and meaning, and the keys of the tables in it."""
    schema = json_schema()
    rows = [
        (f"`{key}`", f"`{FLAGS[key]}`" if key in FLAGS else "", _kind(field), _default(field), field["description"])
        for key, field in schema["properties"].items()
    ]
    parts = [_table(("key", "flag", "type", "default", "meaning"), rows)]
    for name, heading in (
        ("Starts", "The table starts"),
        ("Cluster", "The table cluster"),
        ("RateRange", "A range of learning rates"),
        ("LossEntry", "An entry of losses, as a table"),
        ("Noise", "The table noise of a loss"),
        ("OptimizerEntry", "An entry of optimizers, as a table"),
    ):
        entry = schema["definitions"][name]
        inner = [
            (f"`{key}`", _kind(field), _default(field), field.get("description", ""))
            for key, field in entry["properties"].items()
        ]
        more = {"LossEntry": "All other keys are parameters of the loss, with numbers as values."}
        more["OptimizerEntry"] = (
            "All other keys are hyperparameters of the optimizer: a value, a list of values with one optimizer for "
            "each, or a table that describes a wrapped optimizer."
        )
        table = _table(("key", "type", "default", "meaning"), inner)
        parts += [f"## {heading}", entry["description"], table, more.get(name, "")]
    return "\n\n".join(filter(None, parts))


_KINDS = {"string": "string", "integer": "integer", "number": "number", "boolean": "true or false", "object": "table"}


def _kind(field: dict[str, Any]) -> str:
    """The type of a key in words."""
    if "allOf" in field or "$ref" in field:
        return "table"
    if "enum" in field:
        return _alternatives([f'`"{value}"`' for value in field["enum"]])
    if "const" in field:
        return f'`"{field["const"]}"`'
    if "anyOf" in field:
        return _alternatives([_kind(each) for each in field["anyOf"]])
    if field["type"] == "array":
        return f"list of {_plural(_kind(field['items']))}"
    return _KINDS[field["type"]] + _limits(field)


def _alternatives(kinds: Sequence[str]) -> str:
    *others, last = kinds
    return f"{', '.join(others)} or {last}" if others else last


def _plural(kind: str) -> str:
    return re.sub(r"\b(string|integer|number|table)\b", r"\1s", kind).replace("list of", "lists of")


def _limits(field: dict[str, Any]) -> str:
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    found = [f"{sign} {field[key]:g}" for key, sign in signs.items() if key in field and field[key] != 2**31 - 1]
    return f" {' and '.join(found)}" if found else ""


def _default(field: dict[str, Any]) -> str:
    return f"`{_toml(field['default'])}`" if "default" in field else ""


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {_toml(each)}' for key, each in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return f"{value:g}" if isinstance(value, float) else str(value)


def optimizers() -> str:
    """Every built-in optimizer with its formula, hyperparameters, sources and verification."""
    kinds = catalogue.optimizers()
    by_name = {facts.name: facts for facts in find_optimizers(None) if facts.name in kinds}
    return "\n\n".join(_optimizer(by_name[name], kinds[name]) for name in kinds)


def _optimizer(facts: OptimizerFacts, kind: Any) -> str:
    declared = hyperparameters(kind)
    symbols = {name: str(math_inline(each.symbol)) for name, each in declared.items() if each.symbol}
    rows = [
        (
            f"`{each.name}`",
            symbols.get(each.name, ""),
            f"`{_toml(each.default)}`",
            " or ".join(f"`{_toml(choice)}`" for choice in each.choices) or _range(each.low, each.high),
            _escape(format_search(each.search)) if each.search else "",
            _sentence(each.doc) + (f" Default from: {_escape(each.source)}." if each.source else ""),
        )
        for each in facts.hyperparameters
        if each.name != "schedule"
    ]
    rate = "" if facts.default_learning_rate is None else f"{facts.default_learning_rate:g}"
    own_rates = facts.learning_rate_search != Optimizer.learning_rate_search
    items = {"Default learning rate": rate}
    items |= {"Learning rates that tuning tries": format_search(facts.learning_rate_search) if own_rates else ""}
    items |= {"Source": facts.source, "Verified with": facts.verified, "Note": facts.note}
    return "\n\n".join(
        filter(
            None,
            [
                f"## {facts.name}",
                f"**{_escape(facts.title)}.** {_escape(_sentence(facts.doc))}"
                + (" It is a reference optimizer." if facts.reference else ""),
                f'<div class="formula">{math_block(facts.formula)}</div>',
                _table(("hyperparameter", "symbol", "default", "range", "tuning tries", "meaning"), rows)
                if rows
                else "",
                *_paragraphs(items),
            ],
        )
    )


def _range(low: float | None, high: float | None) -> str:
    bounds = [f"{word} {bound:g}" for word, bound in (("from", low), ("to", high)) if bound is not None]
    return " ".join(bounds)


def losses() -> str:
    """Every built-in loss with its formula, domain, minima, tags and sources."""
    return "\n\n".join(_loss(loss) for loss in catalogue.losses().values())


def _loss(loss: Loss) -> str:
    dim = f"{loss.default_dim}; any dimension is possible" if loss.default_dim else str(loss.dim)
    rows = [
        ("dimension", dim),
        ("standard start", _points([loss.start])),
        ("domain", _domain(loss)),
        ("minimum", _minimum(loss)),
        ("global minimizers", _points(loss.minima) or "none is known"),
        ("local minimizers", _points(loss.local_minima)),
        ("saddles", _points(loss.saddles)),
        ("parameters", ", ".join(f"`{name} = {_toml(value)}`" for name, value in loss.parameters.items())),
        ("samples", str(loss.samples) if loss.samples else ""),
        ("tags", ", ".join(f"`{tag}`" for tag in loss.tags)),
        ("other names", ", ".join(f"`{name}`" for name in loss.aliases)),
    ]
    return "\n\n".join(
        filter(
            None,
            [
                f"## {loss.name}",
                f"**{_escape(loss.title)}.** {_escape(_sentence(loss.note))}",
                f'<div class="formula">{math_block(loss.formula)}</div>' if loss.formula else "",
                _table(("fact", "value"), [row for row in rows if row[1]]),
                *_paragraphs({"Source": loss.source}),
            ],
        )
    )


def _points(points: Sequence[Sequence[float]]) -> str:
    if not points:
        return ""
    if len(points[0]) > MOST_COORDINATES:
        number = f"{len(points)} points of " if len(points) > 1 else ""
        equal = f", all of them {points[0][0]:.6g}" if len(set(points[0])) == 1 and not number else ""
        return f"{number}{len(points[0])} coordinates{equal}"
    shown = ", ".join(f"({', '.join(f'{value:.6g}' for value in point)})" for point in points[:MOST_POINTS])
    rest = len(points) - MOST_POINTS
    return shown + (f" and {rest} more" if rest > 0 else "")


def _domain(loss: Loss) -> str:
    intervals = [f"[{low:g}, {high:g}]" for low, high in loss.domain]
    same = f"{intervals[0]} in each coordinate" if len(set(intervals)) == 1 and len(intervals) > 1 else ""
    shown = same or (" × ".join(intervals) if len(intervals) <= MOST_COORDINATES else f"{len(intervals)} intervals")
    return shown + ("; the minimum holds only there" if loss.domain_only else "")


def _minimum(loss: Loss) -> str:
    if loss.minimum == float("-inf"):
        return "unbounded below"
    return "unknown" if loss.minimum != loss.minimum else f"{loss.minimum:.10g}"


_TYPES = {
    "dictionary<values=string, indices=int32, ordered=0>": "string, stored as a dictionary",
    "double": "float64",
    "float": "float32",
}


def results() -> str:
    """The columns of the result files with their types, and the entries of the manifest."""
    tables = {
        "runs.parquet": runs_schema(Config().targets),
        "traces.parquet": TRACES,
        "grids.parquet": GRIDS,
        "paths.parquet": PATHS,
    }
    parts = [f"## {name}\n\n{_columns(schema)}" for name, schema in tables.items()]
    return "\n\n".join([*parts, _manifest()])


def _columns(schema: pa.Schema) -> str:
    rows = [(f"`{field.name}`", _column_type(str(field.type))) for field in schema]
    return _table(("column", "type"), rows)


def _column_type(name: str) -> str:
    found = re.fullmatch(r"list<\w+: (\w+)>", name)
    return f"list of {_column_type(found[1])}" if found else _TYPES.get(name, name)


def _manifest() -> str:
    documented = field_descriptions(manifest)
    kinds = [value for value in vars(manifest).values() if isinstance(value, type) and is_dataclass(value)]
    introduction = f"This is format {manifest.FORMAT}. `Manifest` is the whole file; the others are parts of it."
    parts = ["## manifest.json", introduction]
    for kind in reversed([kind for kind in kinds if kind.__module__ == manifest.__name__]):
        hints, texts = get_type_hints(kind), documented[kind.__name__]
        names = [each.name for each in fields(kind)]
        rows = [(f"`{name}`", _json_type(hints[name]), _null(texts.get(name, ""))) for name in names]
        summary = _escape((kind.__doc__ or "").split("\n\n")[0])
        parts += [f"### {kind.__name__}", summary, _table(("key", "type", "meaning"), rows)]
    return "\n\n".join(parts)


def _null(text: str) -> str:
    return re.sub(r"\bNone\b", "null", text)


_JSON_TYPES = {str: "string", int: "integer", float: "number", bool: "true or false", type(None): "null", object: "any"}


def _json_type(hint: Any) -> str:
    """The type of a value of the manifest, as JSON has it."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint in _JSON_TYPES:
        return _JSON_TYPES[hint]
    if origin is tuple:
        return f"list of {_plural(_json_type(arguments[0]))}"
    if origin in (Union, UnionType):
        return _alternatives([_json_type(each) for each in arguments])
    if origin is not None and issubclass(origin, Mapping):
        return f"table of {_plural(_json_type(arguments[1]))}"
    return f"`{getattr(hint, '__name__', hint)}`"


def python() -> str:
    """Every public name of the package, and the classes that it returns, for Sphinx to document from its code."""
    names = [f"reportgen.{name}" for name in reportgen.__all__]
    parts = [_python_object(name, getattr(reportgen, name.rpartition(".")[2])) for name in names]
    parts += [_python_object(f"{kind.__module__}.{kind.__qualname__}", kind) for kind in (Plots, Comparison)]
    return "\n\n".join(parts)


def _python_object(name: str, item: object) -> str:
    if ismodule(item):
        members = [each for each in vars(item) if each.startswith("assert_")]
        lines = [f".. automodule:: {name}", *([f"   :members: {', '.join(members)}"] if members else [])]
    elif isfunction(item):
        lines = [f".. autofunction:: {name}"]
    else:
        # Empty parentheses: the fields are listed below, so that the signature need not repeat them.
        lines = [f".. autoclass:: {name}()", "   :members:"]
    fenced = "\n".join(["```{eval-rst}", *lines, "```"])
    return f"## {name.rpartition('.')[2]}\n\n{fenced}"


def _paragraphs(items: dict[str, str]) -> list[str]:
    return [f"{name}: {_escape(' '.join(text.split()).rstrip('.'))}." for name, text in items.items() if text]


def _sentence(text: str) -> str:
    text = " ".join(text.split())
    return text if not text or text.endswith((".", "?")) else f"{text[0].upper()}{text[1:]}."


def _escape(text: str) -> str:
    """The text of the code, without accidental Markdown: ``names`` stay code."""
    spans = re.split(r"(``.+?``|`[^`]+`)", text)
    return "".join(
        f"`{part.strip('`')}`" if at % 2 else re.sub(r"([*_<>\[\]\\])", r"\\\1", part) for at, part in enumerate(spans)
    )


def _code(text: str) -> str:
    return f"```console\n{text}\n```"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")


GENERATED: dict[str, Callable[[], str]] = {
    "commands": commands,
    "config-keys": config_keys,
    "optimizers": optimizers,
    "losses": losses,
    "results": results,
    "python": python,
}
"""What a page inserts with the line ``<!-- generated: NAME -->``."""
