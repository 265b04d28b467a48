"""A stand-in for TensorFlow: ``import tensorflow as tf`` in a plug-in costs nothing until ``tf`` is used."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from reportgen.tf_setup import import_tensorflow

_NAME = "tensorflow"


class _StandIn(ModuleType):
    def __getattr__(self, attribute: str) -> Any:
        # While this object is still registered, the import below would find it instead of the real module.
        if sys.modules.get(_NAME) is self:
            del sys.modules[_NAME]
        import_tensorflow()
        return getattr(sys.modules[_NAME], attribute)


@contextmanager
def tensorflow_on_first_use() -> Iterator[None]:
    """Within this block ``import tensorflow`` gives an object that imports the real module when it is used.

    ``importlib.util.LazyLoader`` does not serve: on Python 3.11 ``import tensorflow as tf`` looks at the
    module's attributes, which loads it at once.
    """
    if _NAME in sys.modules:
        yield
        return
    stand_in = _StandIn(_NAME)
    sys.modules[_NAME] = stand_in
    try:
        yield
    finally:
        if sys.modules.get(_NAME) is stand_in:
            del sys.modules[_NAME]
