"""Formats the facts of ``reportgen list`` as text: a row of a table, or all of them in lines."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields

from reportgen.cli.catalogue_facts import HyperparameterFacts, LossFacts, OptimizerFacts, Setting
from reportgen.search import Search


def table_row(facts: LossFacts | OptimizerFacts) -> dict[str, str]:
    """The row of a table, by column."""
    return _loss_row(facts) if isinstance(facts, LossFacts) else _optimizer_row(facts)


def fact_lines(facts: LossFacts | OptimizerFacts) -> list[str]:
    """All facts, one in a line or more, with their names in an aligned first column."""
    width = max(len(field.name) for field in fields(facts))
    result = []
    for field in fields(facts):
        value = getattr(facts, field.name)
        if field.name == "hyperparameters":
            values = list(map(_hyperparameter_line, value))
        else:
            values = _format_value(value).splitlines()
        for name, line in zip([field.name, *[""] * len(values)], values or ["-"], strict=False):
            result.append(f"{name:{width}}  {line}".rstrip())
    return result


def format_search(search: Search) -> str:
    """Return what tuning tries in words: ``0.5 to 0.98 (1 - log; Dahl et al. 2023)``."""
    if search.choices:
        values, notes = " or ".join(map(_format_setting, search.choices)), [search.source]
    else:
        values, notes = f"{search.low:g} to {search.high:g}", [search.scale, search.source]
    note = "; ".join(filter(None, notes))
    return f"{values} ({note})" if note else values


def _loss_row(facts: LossFacts) -> dict[str, str]:
    dim = f"{facts.dim}+" if facts.any_dim else str(facts.dim)
    # The + already says that the dimension is free.
    tags = ", ".join(tag for tag in facts.tags if tag != "n-d")
    # Three or more authors are shortened to the first one.
    source = re.sub(r"^([^,;]+), .* and .*?(?= \d{4}$)", r"\1 et al.", _first_citation(facts.source))
    return {"name": facts.name, "dim": dim, "source": source, "tags": tags}


def _optimizer_row(facts: OptimizerFacts) -> dict[str, str]:
    mark = "(reference) " if facts.reference else ""
    return {"name": facts.name, "source": _first_citation(facts.source), "rule": mark + facts.doc.rstrip(".")}


def _first_citation(source: str) -> str:
    """Authors and year of the first source, as in ``Kingma and Ba 2015``; without a year, its first words."""
    match = re.match(r"[^;]*?\b\d{4}\b", source)
    return match.group() if match else re.split(r'[;:("]', source)[0].strip()


def _hyperparameter_line(facts: HyperparameterFacts) -> str:
    bounds = [f"{word} {bound:g}" for word, bound in (("from", facts.low), ("to", facts.high)) if bound is not None]
    details = [
        f"default {_format_setting(facts.default)}" if facts.value != facts.default else "",
        " ".join(bounds),
        " or ".join(map(str, facts.choices)),
        facts.doc,
        f"source: {facts.source}" if facts.source else "",
        f"tuning tries {format_search(facts.search)}" if facts.search else "",
    ]
    text = "; ".join(filter(None, details))
    return f"{facts.name} = {_format_setting(facts.value)}" + (f"  ({text})" if text else "")


def _format_setting(value: Setting) -> str:
    """The value as a config spells it."""
    return str(value).lower() if isinstance(value, bool) else _format_value(value)


def _format_value(value: object) -> str:
    match value:
        case Mapping():
            return ", ".join(f"{name} = {_format_value(each)}" for name, each in value.items()) or "-"
        case tuple() | list():
            return f"({', '.join(map(_format_value, value))})" if value else "-"
        case Search():
            return format_search(value)
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.6g}"
        case None:
            return "-"
        case _:
            return " ".join(str(value).split())
