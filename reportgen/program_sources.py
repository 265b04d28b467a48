"""Hashes of the code that determines the results of a program, and the versions of the packages that run it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from importlib import metadata
from pathlib import Path

from reportgen import __version__, catalogue
from reportgen.failure import Failure
from reportgen.loss import Loss
from reportgen.optimizer import Optimizer
from reportgen.optimizer_specs import OptimizerSpec
from reportgen.tf_setup import users_xla_flags


def code_of(loss: Loss | Failure, spec: OptimizerSpec, base: Path) -> list[Loss | type[Optimizer]]:
    """Return the loss, the optimizer and those that it wraps, as far as they could be loaded."""
    kinds = [] if isinstance(spec.kind, Failure) else catalogue.wrapped_classes(spec.kind, spec.values, base)
    return [each for each in (loss, *kinds) if not isinstance(each, Failure)]


def source_hashes(loss: Loss | Failure, code: Iterable[Loss | type[Optimizer]]) -> tuple[str, ...]:
    """Return what determines results besides the matrix: code, facts of the loss, and the user's own XLA flags."""
    facts = "" if isinstance(loss, Failure) else repr((loss.minimum, loss.minima, loss.domain))
    return (*map(catalogue.source_hash, code), facts, " ".join(users_xla_flags()), *_engine_sources())


@cache
def _engine_sources() -> tuple[str, ...]:
    """Versions of reportgen and TensorFlow, and a hash of the code of the engine and the contracts."""
    package = Path(__file__).parent
    digest = hashlib.sha256()
    for pattern in ("engine/**/*.py", "foreign/*.py", "tf_setup.py", "loss.py", "optimizer.py"):
        for file in sorted(package.glob(pattern)):
            digest.update(file.read_bytes())
    return (__version__, tensorflow_version(), digest.hexdigest())


def tensorflow_version() -> str:
    """Return the installed version of TensorFlow, without importing it; ``unknown`` if it is not installed."""
    for distribution in ("tensorflow", "tensorflow-cpu", "tensorflow-macos"):
        try:
            return metadata.version(distribution)
        except metadata.PackageNotFoundError:
            continue
    return "unknown"
