"""How a process imports TensorFlow: what must be set before, and put back after."""

from __future__ import annotations

import importlib
import importlib.util
import os
import platform
import sys

NO_FUSED_MULTIPLY_ADD = "--xla_cpu_max_isa=AVX"
"""Whether two operations are fused then cannot depend on where in a batch a run lies, or on the processor: a run's bits
are its own. It costs no time that could be measured. Other processors than x86 have no such switch."""

XLA_FLAGS = (
    *([NO_FUSED_MULTIPLY_ADD] if platform.machine() in ("x86_64", "AMD64") else []),
    # These halve the processor time of compiling a program; people wait for that, not for the steps.
    "--xla_cpu_use_fusion_emitters=false",
    "--xla_cpu_parallel_codegen_split_count=1",
    "--xla_llvm_disable_expensive_passes=true",
)


def users_xla_flags() -> list[str]:
    """What the user put into XLA_FLAGS; this process, or the one that started it, may have added ours."""
    return [flag for flag in os.environ.get("XLA_FLAGS", "").split() if flag not in XLA_FLAGS]


def import_tensorflow() -> None:
    """Import TensorFlow, set up so that results are repeatable, and that it is quick to start and to compile.

    The user's own XLA_FLAGS come last and win.
    """
    if "tensorflow" in sys.modules:
        return
    os.environ["XLA_FLAGS"] = " ".join([*XLA_FLAGS, *users_xla_flags()])
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
