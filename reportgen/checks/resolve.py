"""What is to be checked: the optimizers and losses that a name, a label or a file stands for."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from reportgen import catalogue, foreign
from reportgen.catalogue.plugin import load
from reportgen.config.labels import parse_label
from reportgen.loss import Loss
from reportgen.optimizer import Optimizer


def is_file(what: str) -> bool:
    """Whether ``what`` names a file and no optimizer or loss in it."""
    return what.endswith(".py")


def members_of(file: str, base: Path) -> list[str]:
    """``file.py:name`` for each optimizer and loss that is defined in the file.

    Raises UnknownName or BrokenPlugin where it cannot be loaded.
    """
    module = load(f"{file}:", "optimizer", base)
    found = (name for name, member in vars(module).items() if _is_ours(module, member))
    return [f"{file}:{name}" for name in found]


def is_loss(label: str, base: Path) -> bool:
    """Whether the label names a loss; raises BrokenPlugin where its file cannot be loaded."""
    name = parse_label(label)[0]
    where, _, member = name.rpartition(":")
    try:
        if where and where != "keras":
            return isinstance(vars(load(name, "loss", base)).get(member), Loss)
        return not where and catalogue.find_loss(name, base) is not None
    except catalogue.UnknownNameError:
        return False


def _is_ours(module: ModuleType, member: object) -> bool:
    if isinstance(member, Loss):
        return bool(member.function.__module__ == module.__name__)
    if not isinstance(member, type):
        return foreign.is_instance(member)
    ours = issubclass(member, Optimizer) and member.step is not Optimizer.step
    return member.__module__ == module.__name__ and (ours or foreign.suits(member))
