"""Optimizers and losses in a folder of that name beside the config, which are found by their plain names."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from reportgen.catalogue.errors import BrokenPluginError
from reportgen.catalogue.plugin import load

Named = Callable[[ModuleType, str, Any], str | None]
"""From a module, and a variable of it, to the name of the optimizer or loss that it is; None for anything else."""


def plugins_in_folder(base: Path, kind: str, named: Named) -> tuple[dict[str, str], list[str]]:
    """References by name, ``{"lookahead_2": "optimizers/mine.py:Lookahead2"}``, and why some files have none.

    ``kind`` is ``optimizer`` or ``loss``; files that begin with an underscore are left alone.
    """
    found: dict[str, str] = {}
    broken: list[str] = []
    folder = {"optimizer": "optimizers", "loss": "losses"}[kind]
    package = importlib.import_module(f"reportgen.{folder}")
    if (base / folder).resolve() == Path(package.__path__[0]).resolve():
        return found, broken  # reportgen's own, where its sources are the current folder
    for file in sorted((base / folder).glob("[!_]*.py")):
        where = f"{folder}/{file.name}"
        try:
            module = load(f"{where}:", kind, base)
        except BrokenPluginError as error:
            broken.append(f"{where} cannot be read: {error.reason}")
            continue
        names = {named(module, variable, member): variable for variable, member in vars(module).items()}
        found |= {name: f"{where}:{variable}" for name, variable in names.items() if name is not None}
    return found, broken
