"""Optimizers that were written against another contract, declared as if they were of ours; the engine drives them."""

from reportgen.foreign.classes import ClassOptimizer, from_class, own_classes, suits
from reportgen.foreign.contract import ForeignOptimizer, Unsuitable
from reportgen.foreign.keras import KerasOptimizer, from_instance, from_name, is_class, is_instance, names
from reportgen.foreign.keras import from_class as from_keras_class

__all__ = [
    "ClassOptimizer",
    "ForeignOptimizer",
    "KerasOptimizer",
    "Unsuitable",
    "from_class",
    "from_instance",
    "from_keras_class",
    "from_name",
    "is_class",
    "is_instance",
    "names",
    "own_classes",
    "suits",
]
