"""Keras optimizers, by name or as an instance; their parameters are read without importing Keras."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from reportgen.foreign.contract import RATES, ForeignOptimizer, Unsuitable, declare, recommended_rate

_NOT_OURS = (*RATES, "name", "loss_scale_factor")
"""Parameters that the matrix gives, or that are no part of the rule."""


@dataclass(frozen=True)
class KerasOptimizer(ForeignOptimizer):
    """Base of the declarations; ``target`` is the name of a class of Keras, a class, or an instance."""

    packages = ("keras",)


def is_instance(member: Any) -> bool:
    """Whether ``member`` is a Keras optimizer object."""
    return _of_keras(type(member))


def _of_keras(kind: type) -> bool:
    return any(each.__module__.startswith("keras.") and each.__name__ == "BaseOptimizer" for each in kind.__mro__)


def is_class(member: Any) -> bool:
    """Whether ``member`` is a class of Keras optimizers."""
    return isinstance(member, type) and _of_keras(member)


def from_class(kind: type) -> type[ForeignOptimizer]:
    """The declaration of a class that derives from ``keras.optimizers.Optimizer``: its parameters but for the rate."""
    every = inspect.signature(kind).parameters.values()
    parameters = [each for each in every if each.name not in _NOT_OURS]
    doc = vars(kind).get("__doc__") or ""
    facts = {"title": kind.__name__, "__doc__": doc, "target": kind, "__module__": kind.__module__}
    note = {"note": "A custom Keras optimizer, run unchanged.", "default_learning_rate": recommended_rate(every)}
    return declare(KerasOptimizer, kind.__name__, parameters, facts | note, structural=True)


def from_instance(member: Any, module: str) -> type[ForeignOptimizer]:
    """The declaration of an instance in ``module``: everything about it is fixed, except for the learning rate.

    Raises:
        Unsuitable: its learning rate is a schedule without an initial learning rate.
    """
    config = dict(member.get_config())
    rate = config.pop("learning_rate", None)
    if not isinstance(rate, int | float) and "initial_learning_rate" not in (rate or {}).get("config", {}):
        raise Unsuitable("its learning rate is neither a number nor a schedule with an initial_learning_rate")
    values = ", ".join(
        f"{key}={value}" for key, value in config.items() if key != "name" and value not in (None, False)
    )
    facts = _facts(type(member).__name__, inspect.getdoc(type(member)) or "") | {
        "target": member,
        "default_learning_rate": float(rate) if isinstance(rate, int | float) and rate > 0 else None,
        "__module__": module,
        "note": f"A Keras optimizer with {values}." if values else "A Keras optimizer.",
    }
    return declare(KerasOptimizer, type(member).__name__, [], facts)


def from_name(name: str) -> type[ForeignOptimizer]:
    """The declaration of ``keras.optimizers.<name>``, which is one of ``names()``."""
    node = _classes()[name]
    every = _parameters(node)
    rule = [each for each in every if each.name not in _NOT_OURS]
    facts = _facts(name, ast.get_docstring(node) or "") | {
        "target": name,
        "default_learning_rate": recommended_rate(every),
        "note": "Keras's own code makes the steps.",
    }
    return declare(KerasOptimizer, name, rule, facts, structural=True)


def names() -> list[str]:
    """The optimizers that Keras has; Unsuitable where it is not installed."""
    return sorted(_classes())


def _facts(name: str, doc: str) -> dict[str, Any]:
    return {"title": f"Keras {name}", "source": f"keras.optimizers.{name}", "__doc__": doc.split("\n\n")[0]}


_parsing = threading.Lock()
"""Python 3.11 cannot parse in two threads at once: SystemError, "AST constructor recursion depth mismatch"."""


def _classes() -> dict[str, ast.ClassDef]:
    with _parsing:
        return _parsed_classes()


@cache
def _parsed_classes() -> dict[str, ast.ClassDef]:
    """The classes of Keras's optimizers, parsed: importing Keras would take seconds, and TensorFlow with it."""
    spec = importlib.util.find_spec("keras")
    if spec is None or not spec.submodule_search_locations:
        raise Unsuitable("Keras is not installed")
    folder = Path(spec.submodule_search_locations[0]) / "src" / "optimizers"
    found = {}
    for file in sorted(folder.glob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and _exported(node):
                found[node.name] = node
    return found


def _exported(node: ast.ClassDef) -> bool:
    """Whether it is offered as ``keras.optimizers.<name>`` and takes a learning rate, as bases and wrappers do not."""
    exports = "\n".join(ast.unparse(each) for each in node.decorator_list)
    offered = f"'keras.optimizers.{node.name}'" in exports
    inits = [each for each in node.body if isinstance(each, ast.FunctionDef) and each.name == "__init__"]
    return offered and any(argument.arg == RATES[0] for init in inits for argument in init.args.args)


def _parameters(node: ast.ClassDef) -> list[inspect.Parameter]:
    init = next(each for each in node.body if isinstance(each, ast.FunctionDef) and each.name == "__init__")
    arguments = init.args.args[1:]
    defaults = [None] * (len(arguments) - len(init.args.defaults)) + list(init.args.defaults)
    return [
        inspect.Parameter(each.arg, inspect.Parameter.KEYWORD_ONLY, default=_literal(default))
        for each, default in zip(arguments, defaults, strict=True)
    ]


def _literal(node: ast.expr | None) -> Any:
    try:
        return inspect.Parameter.empty if node is None else ast.literal_eval(node)
    except ValueError:
        return inspect.Parameter.empty
