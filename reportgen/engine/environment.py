"""What must be set in a process before it imports TensorFlow."""

from __future__ import annotations

import importlib.util
import os
import platform

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


def prepare_environment() -> None:
    """Set what makes results repeatable, and TensorFlow quick to start and compile.

    The user's own XLA_FLAGS come last and win.
    """
    flags = (*XLA_FLAGS, os.environ.get("XLA_FLAGS", ""))
    os.environ["XLA_FLAGS"] = " ".join(flags).strip()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if importlib.util.find_spec("tf_keras") is None:
        # TensorFlow then leaves Keras out, which is a third of its import; a Keras optimizer imports it by itself.
        os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
