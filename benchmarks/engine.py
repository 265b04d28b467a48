"""Prints what a step of the engine costs, beside optax under JAX, a loop in C, and TensorFlow's guide's eager loop.

All run Adam on Rosenbrock in float32, with the best loss and the first step at each of four targets tracked, each in a
process of its own. JAX is no dependency: name an interpreter that has jax and optax, or that row is left out.

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
from pathlib import Path
from statistics import median

HERE = Path(__file__).parent
STEPS = 1000
BATCH = 16_384
CORES = os.cpu_count() or 1
COMPILE_C = ["cc", "-O3", "-march=native", "-fno-math-errno", "-fno-trapping-math", "-pthread"]


def engine(loss: str, runs: int, tiles: int, steps: int, batch: int) -> float:
    """Nanoseconds a run-step of this engine in this process, for tiles of ``batch`` runs, compiling left out."""
    from reportgen.config import Config
    from reportgen.plan import make_plan
    from reportgen.tf_setup import import_tensorflow, tier_of

    starts = max(1, runs // 1024)
    asked = {
        "losses": [loss],
        "optimizers": ["adam"],
        "learning_rates": tuple(1e-6 * 1.005**k for k in range(min(runs, 1024))),
        "starts": {"random": starts * tiles - 1},
        "steps": steps,
    }
    (program,) = make_plan(Config.model_validate(asked)).programs
    dim = len(program.starts[0][1])
    import_tensorflow(tier_of(runs * tiles * steps * dim))
    import numpy as np

    from reportgen.engine import feed
    from reportgen.engine.run import Engine

    feed.TILE = batch * dim
    made = Engine(program)
    numbers = np.arange(program.runs)
    for _ in made(numbers[: min(runs, batch)], traces=False):
        pass
    begin = time.perf_counter()
    for _ in made(numbers, traces=False):
        pass
    return (time.perf_counter() - begin) / (program.runs * steps) * 1e9


def eager(steps: int) -> float:
    """Nanoseconds a step of Adam as TensorFlow's guide "Optimizers with Core APIs" writes its loop, for one run."""
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


OWN = {
    "batch": lambda: engine("rosenbrock", BATCH, 2 * CORES, STEPS, BATCH),
    # So many steps that the program is a large one, and then so few that it is a small one.
    "long": lambda: engine("rosenbrock", 8, 1, 1_000_000, 16) * 8,
    "short": lambda: engine("rosenbrock", 8, 1, 100_000, 16) * 8,
    "high": lambda: engine("rosenbrock[dim=10000]", 64, 1, 20, 16) / 10_000,
    "low": lambda: engine("rosenbrock", 64 * 5_000, 1, 20, BATCH) / 2,
    "eager": lambda: eager(300),
}


def nanoseconds(command: Sequence[str | Path]) -> float:
    """The first number that ``command`` prints; an error of the command is one here."""
    environment = os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{command} failed with {done.returncode}:\n{done.stdout}{done.stderr}")
    return float(done.stdout.split()[0])


def measure(rounds: int, jax: str | None, folder: Path) -> dict[str, float]:
    """Medians in nanoseconds; the commands alternate, so that a busy moment of the machine falls on all of them."""
    program = folder / "adam"
    subprocess.run([*COMPILE_C, HERE / "adam.c", "-lm", "-o", program], check=True)
    commands: dict[str, list[str | Path]] = {name: [sys.executable, __file__, "--only", name] for name in OWN}
    commands["c"] = [program, str(BATCH * 8), str(STEPS), str(CORES)]
    if jax:
        commands["optax"] = [jax, HERE / "optax_adam.py", str(BATCH), str(STEPS)]
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            times[name].append(nanoseconds(command))
    return {name: median(values) for name, values in times.items()}


def table(found: dict[str, float]) -> str:
    """One line a figure: ours, the peer's, the ratio, and what is to be reached."""
    rows = [
        ("Adam, batch 16,384, against C, a run-step", "batch", "c", "<= 3"),
        ("the same against optax", "batch", "optax", "<= 0.5"),
        ("against the eager loop, a step of one run", "batch", "eager", "<= 1/3,000"),
        ("dim 10,000 against dim 2, a coordinate-step", "high", "low", "<= 2"),
    ]
    lines = [f"{'':<46}{'ns':>9}{'peer ns':>12}{'ratio':>10}   to reach"]
    for name, own, peer, goal in rows:
        if peer in found:
            ratio = found[own] / found[peer]
            told = f"{ratio:.2f}" if ratio > 0.01 else f"1/{1 / ratio:,.0f}"
            lines.append(f"{name:<46}{found[own]:>9.2f}{found[peer]:>12.2f}{told:>10}   {goal}")
    lines.append(f"{'batch 8, 1,000,000 steps, a step of all':<46}{found['long']:>9.0f}{'':>22}   <= 1,000 ns")
    lines.append(f"{'batch 8, 100,000 steps':<46}{found['short']:>9.0f}")
    return "\n".join(lines)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="how often each is timed (default: 3)")
    parser.add_argument("--jax", default=os.environ.get("JAX_PYTHON"), help="an interpreter with jax and optax")
    parser.add_argument("--only", choices=OWN, help="one figure of ours, in this process")
    asked = parser.parse_args()
    if asked.only:
        print(OWN[asked.only]())
        return
    if asked.rounds < 1:
        parser.error("--rounds must be 1 or more")
    with tempfile.TemporaryDirectory() as folder:
        print(table(measure(asked.rounds, asked.jax, Path(folder))))
    print(f"medians of {asked.rounds} alternating rounds on {CORES} cores")
    if not asked.jax:
        print("optax was left out: name an interpreter that has it with --jax or JAX_PYTHON")


if __name__ == "__main__":
    main()
