"""A placeholder for TensorFlow: a plug-in's ``import tensorflow as tf`` takes no time until it uses ``tf``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from reportgen.tf_setup import import_tensorflow

_NAME = "tensorflow"


class _Placeholder(ModuleType):
    def __getattr__(self, attribute: str) -> Any:
        if attribute == "__file__":  # inspect asks every module for it, for example while PyTorch is imported
            raise AttributeError(attribute)
        # While the placeholder is registered, the import below would find it instead of the real module.
        if sys.modules.get(_NAME) is self:
            del sys.modules[_NAME]
        import_tensorflow()
        return getattr(sys.modules[_NAME], attribute)


@contextmanager
def tensorflow_on_first_use() -> Iterator[None]:
    """Within this context ``import tensorflow`` binds a placeholder, which imports the real module on first use.

    ``importlib.util.LazyLoader`` does not work: on Python 3.11 ``import tensorflow as tf`` reads attributes of the
    module, which loads it at once.
    """
    if _NAME in sys.modules:
        yield
        return
    placeholder = _Placeholder(_NAME)
    sys.modules[_NAME] = placeholder
    try:
        yield
    finally:
        if sys.modules.get(_NAME) is placeholder:
            del sys.modules[_NAME]
