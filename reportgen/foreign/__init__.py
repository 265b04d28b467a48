"""Optimizers of other frameworks, declared like those of reportgen; the engine runs them."""

from reportgen.foreign.classes import ClassOptimizer, from_class, own_classes, suits
from reportgen.foreign.contract import ForeignOptimizer, Unsuitable
from reportgen.foreign.keras import KerasOptimizer, from_instance, from_name, is_class, is_instance, names
from reportgen.foreign.keras import from_class as from_keras_class
from reportgen.foreign.optax import OptaxOptimizer, from_optax, is_optax
from reportgen.foreign.torch import TorchOptimizer, from_torch, is_torch


def is_foreign(member: object) -> bool:
    """Whether ``member`` is a class or a function of one of the frameworks."""
    return suits(member) or is_torch(member) or is_optax(member)


__all__ = [
    "ClassOptimizer",
    "ForeignOptimizer",
    "KerasOptimizer",
    "OptaxOptimizer",
    "TorchOptimizer",
    "Unsuitable",
    "from_class",
    "from_instance",
    "from_keras_class",
    "from_name",
    "from_optax",
    "from_torch",
    "is_class",
    "is_foreign",
    "is_instance",
    "is_optax",
    "is_torch",
    "names",
    "own_classes",
    "suits",
]
