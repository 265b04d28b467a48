"""How a process imports TensorFlow: the environment variables that must be set before and restored after."""

from __future__ import annotations

import gc
import importlib
import importlib.util
import os
import platform
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager

NO_FUSED_MULTIPLY_ADD = "--xla_cpu_max_isa=AVX"
"""Disables fused multiply-add, so that a run has the same bits at every place in a batch and on every x86 processor.

The price is that the widest instructions are not used. Other processors have no such flag.
"""

_ALWAYS = (NO_FUSED_MULTIPLY_ADD,) if platform.machine() in ("x86_64", "AMD64") else ()

QUICK = "quick"
"""The tier of small programs. It compiles as fast as possible, since compiling takes longer than the steps."""

FULL = "full"
"""The tier of large programs. It compiles with all optimizations of XLA."""

XLA_FLAGS = {
    QUICK: (
        *_ALWAYS,
        "--xla_backend_optimization_level=0",
        "--xla_cpu_use_fusion_emitters=false",
        "--xla_cpu_parallel_codegen_split_count=1",
        "--xla_llvm_disable_expensive_passes=true",
    ),
    FULL: (
        *_ALWAYS,
        # Compile the whole loop to one function, not to two dozen per step that must be scheduled one by one.
        "--xla_backend_extra_options=xla_cpu_small_while_loop_byte_threshold=1000000000",
        # Such a function cannot contain library calls.
        "--xla_cpu_experimental_ynn_fusion_type=",
        "--xla_cpu_experimental_xnn_fusion_type=",
    ),
}
"""The flags of each tier. XLA reads them once per process, so each tier has its own workers."""

FULL_FROM = 10_000_000
"""The number of runs x steps x coordinates from which compiling for the full tier costs less time than it saves."""


def tier_of(numbers: int) -> str:
    """Return the tier of a program; it depends on nothing else, so results are repeatable.

    Args:
        numbers: the number of runs x steps x coordinates of the program.
    """
    return FULL if numbers >= FULL_FROM else QUICK


def users_xla_flags() -> list[str]:
    """Return the flags in XLA_FLAGS without those that this process or its parent added."""
    added = {flag for flags in XLA_FLAGS.values() for flag in flags}
    return [flag for flag in os.environ.get("XLA_FLAGS", "").split() if flag not in added]


def set_xla_flags(tier: str = QUICK, omit: Collection[str] = ()) -> None:
    """Set the XLA flags of a tier for this process, without those in ``omit``. The user's flags come last and win."""
    flags = [*XLA_FLAGS[tier], *users_xla_flags()]
    os.environ["XLA_FLAGS"] = " ".join(flag for flag in flags if flag not in omit)


def import_tensorflow(tier: str = QUICK, omit: Collection[str] = ()) -> None:
    """Import TensorFlow with settings for repeatable results, quick start-up and quick compilation.

    Args:
        tier: ``QUICK`` or ``FULL``.
        omit: XLA flags that TensorFlow does not know.
    """
    set_xla_flags(tier, omit)  # also if it is imported: XLA reads them when it compiles for the first time
    if "tensorflow" in sys.modules:
        return
    with _without_garbage_collection():
        _import_tensorflow()


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Collect no garbage: modules make millions of objects that stay, and looking at them takes a sixth of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        if was_enabled:
            gc.enable()


def _import_tensorflow() -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if "TF_USE_LEGACY_KERAS" in os.environ or importlib.util.find_spec("tf_keras") is not None:
        importlib.import_module("tensorflow")
        return
    # With this variable TensorFlow does not import Keras, a third of its import time. tf.keras still works on demand,
    # because the variable is deleted again.
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    try:
        importlib.import_module("tensorflow")
    finally:
        del os.environ["TF_USE_LEGACY_KERAS"]
