"""Makes ``last_bits/*.parquet``: one small matrix run in two ways that differ in the last bits alone.

``plain`` is as reportgen runs it. ``other`` is run on one processor, with the widest instructions, fused multiply-adds
and sums in any order. What differs by that grows: a run at the edge of stability may come to another outcome. Run it
from the project's folder, with reportgen installed:

    python tests/data/make_last_bits.py
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq

OPTIMIZERS = ("gradient_descent", "rmsprop", "adam", "yogi")
LOSSES = ("rosenbrock", "rastrigin", "broyden_tridiagonal", "logistic_regression")
OTHER = (
    "--xla_cpu_max_isa=AVX2",
    "--xla_backend_optimization_level=3",
    "--xla_llvm_disable_expensive_passes=false",
    "--xla_cpu_enable_fast_math=true",
    "--xla_cpu_fast_math_honor_nans=false",
    "--xla_cpu_fast_math_honor_division=false",
    "--xla_cpu_fast_math_honor_functions=false",
)


def main() -> None:
    """Write both tables."""
    folder = Path(__file__).with_name("last_bits")
    folder.mkdir(exist_ok=True)
    chosen = [word for name in OPTIMIZERS for word in ("-o", name)] + [word for name in LOSSES for word in ("-l", name)]
    with tempfile.TemporaryDirectory() as temporary:
        for name, flags, processors in (("plain", (), None), ("other", OTHER, {0})):
            output = Path(temporary) / name
            subprocess.run(
                ["reportgen", "run", *chosen, "--steps", "1000", "--output", output],
                env=os.environ | {"XLA_FLAGS": " ".join(flags)},
                preexec_fn=processors and partial(os.sched_setaffinity, 0, processors),
                check=True,
            )
            table = pq.read_table(output / "results" / "runs.parquet")
            pq.write_table(table, folder / f"{name}.parquet", compression="zstd", compression_level=19)


if __name__ == "__main__":
    main()
