"""The time per step of Keras's optimizers and of adapted classes, against the built-in optimizers.

    python benchmarks/optimizers.py [ROUNDS]

Each pair runs the same matrix on Rosenbrock in batches of 1,024 runs. Each round measures all optimizers in turn, so
that other load on the machine affects all of them. The ratio is that of the medians.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from reportgen.config import Config
from reportgen.plan import Program, make_plan
from reportgen.tf_setup import import_tensorflow

BATCH = 1024
CHUNKS = 5
STEPS = 2000
PAIRS = {
    "keras:SGD": "gradient_descent",
    "keras:SGD[momentum=0.9]": "momentum",
    "keras:RMSprop": "rmsprop",
    "keras:Adam": "adam",
    "adapted.py:Adam": "adam",
}
ADAPTED = """
import tensorflow as tf

class Adam(tf.Module):
    def __init__(self, learning_rate=1e-3, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
        self.learning_rate, self.beta_1, self.beta_2, self.epsilon = learning_rate, beta_1, beta_2, epsilon
        self.t, self.mean, self.square = 0, 0.0, 0.0

    def apply_gradients(self, grads, vars):
        self.t += 1
        for grad, var in zip(grads, vars, strict=True):
            self.mean = self.beta_1 * self.mean + (1 - self.beta_1) * grad
            self.square = self.beta_2 * self.square + (1 - self.beta_2) * grad * grad
            mean_hat = self.mean / (1 - self.beta_1**self.t)
            root = tf.sqrt(self.square / (1 - self.beta_2**self.t))
            var.assign_sub(self.learning_rate * mean_hat / (root + self.epsilon))
"""


def main() -> None:
    """Measure, and print one line per pair."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    import_tensorflow()
    from reportgen.engine import compiled

    compiled.CHUNK = 2 * BATCH
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "adapted.py").write_text(ADAPTED)
        programs = {name: _program(name, Path(folder)) for name in {**PAIRS, **dict.fromkeys(PAIRS.values())}}
        times: dict[str, list[float]] = {name: [] for name in programs}
        for _ in range(rounds):
            for name, program in programs.items():
                times[name].append(_nanoseconds(program))
    print(f"Rosenbrock, float32, batch {BATCH}, {STEPS} steps: ns per run-step, median of {rounds}")
    for name, peer in PAIRS.items():
        time, peer_time = statistics.median(times[name]), statistics.median(times[peer])
        print(f"{name:<26} {time:6.2f}   {peer:<18} {peer_time:6.2f}   ratio {time / peer_time:.2f}")


def _program(name: str, folder: Path) -> Program:
    config = {
        "losses": ["rosenbrock"],
        "optimizers": [name],
        "learning_rates": tuple(1e-6 * 1.005**k for k in range(BATCH)),
        "starts": {"random": CHUNKS - 1},
        "steps": STEPS,
        "base": folder,
    }
    (program,) = make_plan(Config.model_validate(config)).programs
    return program


def _nanoseconds(program: Program) -> float:
    """Nanoseconds per run-step over all chunks except the first, which includes compiling."""
    from reportgen.engine.run import run

    result = run(program)
    assert not result.note, result.note
    return result.seconds["run"] / (BATCH * (CHUNKS - 1) * STEPS) * 1e9


if __name__ == "__main__":
    main()
