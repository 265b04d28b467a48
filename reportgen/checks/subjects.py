"""What is to be checked: the optimizers that a name, a label or a file stands for."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from reportgen import foreign
from reportgen.catalogue.plugin import load
from reportgen.optimizer import Optimizer


def is_file(what: str) -> bool:
    """Whether ``what`` names a file and no optimizer in it."""
    return what.endswith(".py")


def optimizers_of(file: str, base: Path) -> list[str]:
    """``file.py:Name`` for each optimizer that is defined in the file.

    Raises UnknownName or BrokenPlugin where it cannot be loaded.
    """
    module = load(f"{file}:", "optimizer", base)
    return [f"{file}:{name}" for name, member in vars(module).items() if _is_optimizer(module, member)]


def _is_optimizer(module: ModuleType, member: object) -> bool:
    if not isinstance(member, type):
        return foreign.is_instance(member)
    ours = issubclass(member, Optimizer) and member.step is not Optimizer.step
    return member.__module__ == module.__name__ and (ours or foreign.suits(member))
