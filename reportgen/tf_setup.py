"""How a process imports TensorFlow: what must be set before, and put back after."""

from __future__ import annotations

import importlib
import importlib.util
import os
import platform
import sys
from pathlib import Path

NO_FUSED_MULTIPLY_ADD = "--xla_cpu_max_isa=AVX"
"""Whether two operations are fused then cannot depend on where in a batch a run lies, or on the processor: a run's bits
are its own, at the price of the widest instructions. Other processors than x86 have no such switch."""

_ALWAYS = (NO_FUSED_MULTIPLY_ADD,) if platform.machine() in ("x86_64", "AMD64") else ()

QUICK = "quick"
"""The tier of small programs, which are compiled in the least time: people wait for that, not for the steps."""

FULL = "full"
"""The tier of large ones, which are compiled as well as XLA can."""

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
        # The whole loop becomes one function instead of two dozen a step, each of which has to be scheduled,
        "--xla_backend_extra_options=xla_cpu_small_while_loop_byte_threshold=1000000000",
        # and in such a function there can be no call of a library.
        "--xla_cpu_experimental_ynn_fusion_type=",
        "--xla_cpu_experimental_xnn_fusion_type=",
    ),
}
"""Flags are a process's, so each tier has workers of its own."""

FULL_FROM = 10_000_000
"""Numbers, over all runs, steps and coordinates, from which on a program runs longer in the quick tier than compiling
it for the full one takes."""


def tier_of(numbers: int) -> str:
    """The tier of a program with that many runs x steps x coordinates; nothing else decides, so results repeat."""
    return FULL if numbers >= FULL_FROM else QUICK


def users_xla_flags() -> list[str]:
    """What the user put into XLA_FLAGS; this process, or the one that started it, may have added ours."""
    ours = {flag for flags in XLA_FLAGS.values() for flag in flags}
    return [flag for flag in os.environ.get("XLA_FLAGS", "").split() if flag not in ours]


def set_xla_flags(tier: str = QUICK) -> None:
    """Set the flags of a tier for this process, which XLA reads once; the user's own come last and win."""
    os.environ["XLA_FLAGS"] = " ".join([*XLA_FLAGS[tier], *users_xla_flags()])


def import_tensorflow(tier: str = QUICK, compiled: Path | None = None) -> None:
    """Import TensorFlow, set up so that results are repeatable, and that it is quick to start and to compile.

    What it compiles is kept in the folder ``compiled`` and taken from there, if there is one.
    """
    if "tensorflow" in sys.modules:
        return
    set_xla_flags(tier)
    if compiled is not None:
        kept = f"--tf_xla_persistent_cache_directory={compiled}"
        os.environ["TF_XLA_FLAGS"] = " ".join([kept, os.environ.get("TF_XLA_FLAGS", "")]).strip()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if "TF_USE_LEGACY_KERAS" in os.environ or importlib.util.find_spec("tf_keras") is not None:
        importlib.import_module("tensorflow")
        return
    # It then does not import Keras, which is a third of its time; afterwards tf.keras is there for those who use it.
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    try:
        importlib.import_module("tensorflow")
    finally:
        del os.environ["TF_USE_LEGACY_KERAS"]
