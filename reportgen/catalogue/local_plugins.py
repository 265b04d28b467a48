"""The optimizers and losses in the folders ``optimizers`` and ``losses`` next to the config file."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType

from reportgen.catalogue.errors import BrokenPluginError
from reportgen.catalogue.plugin import load
from reportgen.catalogue.plugin_process import ask, runs_elsewhere
from reportgen.regular_files import SOURCE_LIMIT, read_bytes

PluginName = Callable[[ModuleType, str, object], str | None]
"""Maps a module, a variable in it and its value to the name of that optimizer or loss; None if it is neither."""


def plugins_in_folder(base: Path, kind: str, plugin_name: PluginName) -> tuple[dict[str, str], list[str]]:
    """Return the plug-ins in the folder of ``kind`` below ``base``.

    Args:
        base: the folder of the config file.
        kind: ``optimizer`` or ``loss``. Files that begin with an underscore are skipped.
        plugin_name: returns the name of a plug-in.

    Returns:
        References by name, ``{"lookahead_2": "optimizers/mine.py:Lookahead2"}``, and an error message for each file
        that cannot be imported.
    """
    if (base, kind) in _known:
        return dict(_known[base, kind]), []
    references: dict[str, str] = {}
    errors: list[str] = []
    folder = {"optimizer": "optimizers", "loss": "losses"}[kind]
    built_in = Path(importlib.import_module(f"reportgen.{_BUILT_IN[kind]}").__path__[0])
    for file in sorted((base / folder).glob("[!_]*.py")):
        if _is_same(file, built_in / file.name):
            continue  # a built-in one: the current folder is the source tree, or a copy of it
        ref = f"{folder}/{file.name}"
        question = (f"{ref}:", kind, base, plugin_name)
        try:
            references |= (
                ask(f"{ref}:", base, _references_in, *question) if runs_elsewhere(ref) else _references_in(*question)
            )
        except BrokenPluginError as error:
            errors.append(f"{ref} cannot be read: {error.reason}")
    return references, errors


def _references_in(file: str, kind: str, base: Path, plugin_name: PluginName) -> dict[str, str]:
    """The plug-ins in one file, such as ``optimizers/mine.py:``."""
    module = load(file, kind, base)
    names = {plugin_name(module, variable, member): variable for variable, member in vars(module).items()}
    return {name: f"{file}{variable}" for name, variable in names.items() if name is not None}


_known: dict[tuple[Path, str], dict[str, str]] = {}
"""The plug-ins in the folder of a kind below a folder, as the parent process has found them."""


def use_references(base: Path, references: Mapping[str, Mapping[str, str]]) -> None:
    """Take the references of the parent process, so that no file has to be loaded only to find its names.

    Args:
        base: the folder of the config file.
        references: by kind and name.
    """
    for kind, by_name in references.items():
        _known[base, kind] = dict(by_name)


_BUILT_IN = {"optimizer": "optimizers", "loss": "builtin_losses"}
"""The package of the built-in ones of each kind."""


def _is_same(file: Path, other: Path) -> bool:
    if not other.is_file():
        return False
    try:
        return file.samefile(other) or read_bytes(file, SOURCE_LIMIT) == other.read_bytes()
    except OSError:
        return False  # loading it says why
