"""The name of an optimizer class, and the fingerprint of the source that defines a loss or an optimizer."""

from __future__ import annotations

import hashlib
import inspect
import re
from pathlib import Path

from reportgen.loss import Loss
from reportgen.optimizer import Optimizer


def optimizer_name(kind: type[Optimizer]) -> str:
    """The class's name in snake case (``GradientDescent``: ``gradient_descent``), or its own ``name``."""
    own = vars(kind).get("name")
    return own if isinstance(own, str) else re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", kind.__name__).lower()


def source_hash(thing: Loss | type[Optimizer]) -> str:
    """The SHA-256, in hexadecimal, of the file that defines it.

    An optimizer that derives from another one depends on that one's file too; imports are not followed.
    """
    if isinstance(thing, Loss):
        defining = [inspect.unwrap(thing.function)]
    else:
        defining = [kind for kind in thing.__mro__ if issubclass(kind, Optimizer) and kind is not Optimizer]
    files = dict.fromkeys(inspect.getfile(each) for each in defining)
    return hashlib.sha256(b"".join(Path(file).read_bytes() for file in files)).hexdigest()
