"""Print the time per step of the engine, of optax with JAX, of a loop in C, and of an eager loop in TensorFlow.

All run Adam on Rosenbrock in float32 and track the best loss and the first step at each of four targets, each in a
separate process. JAX is not a dependency: name an interpreter that has jax and optax, otherwise that row is omitted.

Example: python benchmarks/engine.py --rounds 5 --jax /path/to/python
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from reportgen.tf_setup import NO_FUSED_MULTIPLY_ADD

if TYPE_CHECKING:
    from reportgen.plan import Program

HERE = Path(__file__).parent
STEPS = 1000
BATCH = 16_384
CORES = os.cpu_count() or 1
COMPILE_C = ["cc", "-O3", "-march=native", "-fno-math-errno", "-fno-trapping-math", "-pthread"]


def engine(loss: str, runs: int, chunks: int, steps: int, batch: int) -> float:
    """Nanoseconds per run-step of this engine, in this process and without compiling.

    Args:
        loss: label of the loss.
        runs: runs per chunk, a multiple of 1,024 or less than that.
        chunks: number of chunks.
        steps: steps of each run.
        batch: runs that are computed at once.
    """
    from reportgen.config import Config
    from reportgen.plan import make_plan

    starts = max(1, runs // 1024)
    config = {
        "losses": [loss],
        "optimizers": ["adam"],
        "learning_rates": tuple(1e-6 * 1.005**k for k in range(min(runs, 1024))),
        "starts": {"random": starts * chunks - 1},
        "steps": steps,
    }
    (program,) = make_plan(Config.model_validate(config)).programs
    return step_time(program, batch)


def step_time(program: Program, batch: int) -> float:
    """Nanoseconds per run-step of a program of a built-in optimizer, in this process and without compiling.

    Args:
        program: the program.
        batch: runs that are computed at once.
    """
    from reportgen import catalogue
    from reportgen.tf_setup import import_tensorflow, tier_of

    dim = len(program.starts[0][1])
    import_tensorflow(tier_of(program.work))
    import numpy as np

    from reportgen.engine import compiled
    from reportgen.engine.inputs import optimizer_maker
    from reportgen.engine.rule import MappedRule
    from reportgen.engine.run import LossSetup
    from reportgen.engine.sources import OwnLoop

    compiled.CHUNK = batch * dim
    bind = partial(MappedRule, optimizer_maker(catalogue.find_optimizer(program.family, Path()), program))
    loop = OwnLoop(compiled.Member.of(program, bind), LossSetup(program).make_loop)
    numbers = np.arange(program.runs)
    for _ in loop(numbers[:batch]):
        pass
    begin = time.perf_counter()
    for _ in loop(numbers):
        pass
    return (time.perf_counter() - begin) / program.run_steps * 1e9


def eager(steps: int) -> float:
    """Nanoseconds per step of one run of Adam, in the loop of TensorFlow's guide "Optimizers with Core APIs"."""
    from reportgen.tf_setup import import_tensorflow

    import_tensorflow()
    import tensorflow as tf

    x = [tf.Variable(-1.2), tf.Variable(1.0)]
    mean, square = [[tf.Variable(0.0) for _ in x] for _ in range(2)]

    def step(number: float) -> None:
        with tf.GradientTape() as tape:
            loss = (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2
        for gradient, value, m, v in zip(tape.gradient(loss, x), x, mean, square, strict=True):
            m.assign(0.9 * m + 0.1 * gradient)
            v.assign(0.999 * v + 0.001 * tf.pow(gradient, 2))
            root = tf.sqrt(v / (1 - tf.pow(0.999, number))) + 1e-7
            value.assign_sub(1e-3 * m / (1 - tf.pow(0.9, number)) / root)

    step(1.0)
    begin = time.perf_counter()
    for number in range(2, steps + 2):
        step(float(number))
    return (time.perf_counter() - begin) / steps * 1e9


MEASUREMENTS = {
    "batch": lambda: engine("rosenbrock", BATCH, 2 * CORES, STEPS, BATCH),
    # A program in the full tier, and one in the quick tier.
    "long": lambda: engine("rosenbrock", 8, 1, 1_000_000, 16) * 8,
    "short": lambda: engine("rosenbrock", 8, 1, 100_000, 16) * 8,
    "high": lambda: engine("rosenbrock[dim=10000]", 64, 1, 20, 16) / 10_000,
    "low": lambda: engine("rosenbrock", 64 * 5_000, 1, 20, BATCH) / 2,
    "eager": lambda: eager(300),
}


def nanoseconds(command: Sequence[str | Path], xla_flags: str = "") -> float:
    """The first number that ``command`` prints; exits if the command fails."""
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "XLA_FLAGS": xla_flags}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{command} failed with {done.returncode}:\n{done.stdout}{done.stderr}")
    return float(done.stdout.split()[0])


def measure(rounds: int, jax: str | None, folder: Path) -> dict[str, float]:
    """Medians in nanoseconds by measurement. The commands alternate, so that other load affects all of them.

    Args:
        rounds: how often each command runs.
        jax: an interpreter with jax and optax; None omits that measurement.
        folder: for the compiled C program.
    """
    program = folder / "adam"
    subprocess.run([*COMPILE_C, HERE / "adam.c", "-lm", "-o", program], check=True)
    commands: dict[str, list[str | Path]] = {name: [sys.executable, __file__, "--only", name] for name in MEASUREMENTS}
    commands["c"] = [program, str(BATCH * 8), str(STEPS), str(CORES)]
    if jax:
        commands["optax"] = commands["optax, AVX"] = [jax, HERE / "optax_adam.py", str(BATCH), str(STEPS)]
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            times[name].append(nanoseconds(command, NO_FUSED_MULTIPLY_ADD if name == "optax, AVX" else ""))
    return {name: median(values) for name, values in times.items()}


def table(times: dict[str, float]) -> str:
    """One line per comparison: our time, the peer's time, their ratio, and the goal."""
    rows = [
        ("Adam, batch 16,384, against C, per run-step", "batch", "c", "<= 2.5"),
        ("the same against optax", "batch", "optax", "<= 1.0"),
        ("against optax with our instruction set", "batch", "optax, AVX", "<= 0.8"),
        ("against the eager loop, per step of one run", "batch", "eager", "<= 1/3,000"),
        ("dim 10,000 against dim 2, per coordinate-step", "high", "low", "<= 2"),
    ]
    lines = [f"{'':<46}{'ns':>9}{'peer ns':>12}{'ratio':>10}   goal"]
    for name, ours, peer, goal in rows:
        if peer in times:
            ratio = times[ours] / times[peer]
            text = f"{ratio:.2f}" if ratio > 0.01 else f"1/{1 / ratio:,.0f}"
            lines.append(f"{name:<46}{times[ours]:>9.2f}{times[peer]:>12.2f}{text:>10}   {goal}")
    lines.append(f"{'batch 8, 1,000,000 steps, per step of all runs':<46}{times['long']:>9.0f}{'':>22}   <= 1,000 ns")
    lines.append(f"{'batch 8, 100,000 steps':<46}{times['short']:>9.0f}")
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="times that each command is measured (default: 3)")
    parser.add_argument("--jax", default=os.environ.get("JAX_PYTHON"), help="an interpreter with jax and optax")
    parser.add_argument("--only", choices=MEASUREMENTS, help="print one of our measurements, made in this process")
    options = parser.parse_args()
    if options.only:
        print(MEASUREMENTS[options.only]())
        return
    if options.rounds < 1:
        parser.error("--rounds must be 1 or more")
    with tempfile.TemporaryDirectory() as folder:
        print(table(measure(options.rounds, options.jax, Path(folder))))
    print(f"medians of {options.rounds} alternating rounds on {CORES} cores")
    if not options.jax:
        print("optax was omitted: name an interpreter that has it with --jax or JAX_PYTHON")


if __name__ == "__main__":
    main()
