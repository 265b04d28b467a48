"""The JSON schema of a config file, for editors: what the models accept, with the description of each key."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from reportgen.config import cluster, model
from reportgen.config.model import AUTO, Config, LossEntry, OptimizerEntry, RateRange

Schema = dict[str, Any]

_DRAFT = "http://json-schema.org/draft-07/schema#"
"""The newest version that common editors for TOML know."""
_SCALAR: Schema = {"type": ["boolean", "number", "string"]}
_INTERNAL = ("base",)
"""Keys of the model that no file has."""


def json_schema() -> Schema:
    """Return the JSON schema of ``reportgen.toml``.

    An entry of ``losses`` or ``optimizers`` is a string or a table. A table may have any other keys, because only the
    loss or optimizer knows its parameters.
    """
    schema = Config.model_json_schema(ref_template="#/definitions/{model}")
    definitions: Schema = schema.pop("$defs")
    definitions |= _nested(RateRange.model_json_schema(ref_template="#/definitions/{model}"), "RateRange")
    documented = field_descriptions(model) | field_descriptions(cluster)
    limits = documented["RateRange"]
    limits |= {"from": limits["low"], "to": limits["high"]}
    for name, definition in {**definitions, "Config": schema}.items():
        _describe(definition, documented.get(name, {}))
    properties = schema["properties"]
    for key in _INTERNAL:
        del properties[key]
    for key, kind in (("losses", LossEntry), ("optimizers", OptimizerEntry)):
        default = [entry.name for entry in Config.model_fields[key].default]
        properties[key] = {
            **properties[key],
            "items": {"anyOf": [{"type": "string", "minLength": 1}, {"$ref": f"#/definitions/{kind.__name__}"}]},
            "default": default,
        }
    rates = _learning_rates(properties["learning_rates"])
    properties["learning_rates"] = rates | {"default": AUTO}
    properties["output"] = {"type": "string", "minLength": 1, "default": "output"} | _text_of(properties["output"])
    properties["templates"] = {"type": "string", "default": ""} | _text_of(properties["templates"])
    address_or_table = [{"type": "string"}, {"$ref": "#/definitions/Cluster"}]
    properties["cluster"] = {"anyOf": address_or_table, "default": ""} | _text_of(properties["cluster"])
    _open_tables(definitions, rates)
    schema["description"] = "The config of reportgen. Every key has a default."
    result: Schema = _draft_7({"$schema": _DRAFT, **schema, "title": "reportgen.toml", "definitions": definitions})
    return result


def field_descriptions(module: ModuleType) -> dict[str, dict[str, str]]:
    """Return the docstring of each field, in one line, by the name of the class and of the field."""
    nodes = ast.parse(inspect.getsource(module)).body
    return {node.name: dict(_field_docstrings(node)) for node in nodes if isinstance(node, ast.ClassDef)}


def _field_docstrings(node: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for pair in zip(node.body, node.body[1:], strict=False):
        match pair:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                yield name, " ".join(text.replace("``", "`").split())


def _nested(schema: Schema, name: str) -> Schema:
    """The definitions of a schema, and the schema under its name."""
    return {**schema.pop("$defs", {}), name: schema}


def _describe(definition: Schema, documented: dict[str, str]) -> None:
    """Add the descriptions of the fields; remove the titles, which only repeat the names."""
    definition.pop("title", None)
    definition["description"] = definition["description"].replace("``", "`")
    for key, field in definition.get("properties", {}).items():
        field.pop("title", None)
        if key in documented:
            field["description"] = documented[key]


def _text_of(schema: Schema) -> Schema:
    return {"description": schema["description"]}


def _learning_rates(generated: Schema) -> Schema:
    """``"auto"``, a list or a range; the model converts a range before its schema sees it."""
    kinds = [{"const": AUTO}, next(each for each in generated["oneOf"] if each.get("type") == "array")]
    return {"anyOf": [*kinds, {"$ref": "#/definitions/RateRange"}], "description": generated["description"]}


def _open_tables(definitions: Schema, rates: Schema) -> None:
    """Allow parameters and hyperparameters in the tables of losses and optimizers, next to their own keys."""
    for name in ("LossEntry", "OptimizerEntry", "Noise"):
        for field in definitions[name]["properties"].values():
            _remove_null(field)
    loss, optimizer = definitions["LossEntry"], definitions["OptimizerEntry"]
    del loss["properties"]["parameters"], optimizer["properties"]["hyperparameters"]
    del optimizer["properties"]["searches"]
    loss["additionalProperties"] = {"type": "number"}
    domain = loss["properties"]["domain"]["items"]
    loss["properties"]["domain"]["items"] = {
        "type": "array",
        "items": domain["prefixItems"][0],
        "minItems": 2,
        "maxItems": 2,
    }
    text = _text_of(optimizer["properties"]["learning_rates"])
    optimizer["properties"]["learning_rates"] = {"anyOf": rates["anyOf"]} | text
    optimizer["additionalProperties"] = {"$ref": "#/definitions/Setting"}
    wrapped = {"type": "object", "additionalProperties": {"$ref": "#/definitions/Setting"}}
    several = {"type": "array", "items": _SCALAR, "minItems": 1}
    definitions["Setting"] = {
        "description": "A value, a list of values (one optimizer for each), a wrapped optimizer, or what tuning tries.",
        "anyOf": [_SCALAR, several, wrapped],
    }
    noise = definitions["Noise"]
    noise["oneOf"] = [{"required": [key]} for key in noise["properties"]]


def _draft_7(schema: Any) -> Any:
    """The schema with the keywords that draft 7 understands: it ignores what stands next to a reference."""
    if isinstance(schema, list):
        return [_draft_7(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: _draft_7(value) for key, value in schema.items()}
    if result.get("type") == "array" and "minLength" in result:
        result["minItems"] = result.pop("minLength")
    if len(result) > 1 and isinstance(result.get("$ref"), str):
        result["allOf"] = [{"$ref": result.pop("$ref")}]
    return result


def _remove_null(field: Schema) -> None:
    """TOML has no null: a key without a value is left out."""
    kinds = [each for each in field.get("anyOf", ()) if each.get("type") != "null"]
    if len(kinds) == 1:
        field |= kinds[0]
        del field["anyOf"]
    field.pop("default", None)
