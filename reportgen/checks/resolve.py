"""Finds the optimizers and losses in a file, and tells losses from optimizers."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from reportgen import catalogue, foreign
from reportgen.catalogue.plugin import load
from reportgen.catalogue.plugin_process import ask as ask_plugin
from reportgen.config.labels import parse_label
from reportgen.loss import Loss
from reportgen.optimizer import Optimizer


def is_file(subject: str) -> bool:
    """Whether ``subject`` is a whole file, not one optimizer or loss in it."""
    return subject.endswith(".py")


def members_of(file: str, base: Path) -> list[str]:
    """Return ``file.py:name`` for each optimizer and loss that is defined in a file.

    Args:
        file: its path.
        base: the folder that the path is relative to.

    Raises:
        UnknownNameError: there is no such file.
        BrokenPluginError: it cannot be loaded.
    """
    return ask_plugin(f"{file}:", base, _members_in, file, base)


def _members_in(file: str, base: Path) -> list[str]:
    module = load(f"{file}:", "optimizer", base)
    return [f"{file}:{name}" for name, member in vars(module).items() if _is_defined_in(module, member)]


def is_loss(label: str, base: Path) -> bool:
    """Whether the label names a loss.

    Args:
        label: a label such as ``rosenbrock[dim=20]``.
        base: the folder that plug-in files are relative to.

    Raises:
        BrokenPluginError: its file cannot be loaded.
    """
    name = parse_label(label)[0]
    where, _, member = name.rpartition(":")
    try:
        if where and where != "keras":
            return ask_plugin(name, base, _names_loss, name, member, base)
        return not where and catalogue.find_loss(name, base) is not None
    except catalogue.UnknownNameError:
        return False


def _names_loss(ref: str, member: str, base: Path) -> bool:
    return isinstance(vars(load(ref, "loss", base)).get(member), Loss)


def _is_defined_in(module: ModuleType, member: object) -> bool:
    """Whether ``member`` is an optimizer or a loss that is defined in the module, not imported."""
    if isinstance(member, Loss):
        return bool(member.function.__module__ == module.__name__)
    if foreign.is_instance(member):
        return True
    if getattr(member, "__module__", None) != module.__name__:
        return False
    if isinstance(member, type) and issubclass(member, Optimizer):
        return member.step is not Optimizer.step
    return foreign.is_foreign(member)
