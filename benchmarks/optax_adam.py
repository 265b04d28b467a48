"""Adam of optax on Rosenbrock with JAX (vmap, scan, jit); tracks the best loss and the targets as reportgen does.

engine.py runs it with an interpreter that has JAX and optax: python optax_adam.py RUNS STEPS
prints the nanoseconds per run-step, and the lowest loss as evidence that nothing was optimized away.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import jax  # not a dependency
import jax.numpy as jnp
import optax

TARGETS = jnp.array([1e-1, 1e-3, 1e-5, 1e-7], jnp.float32)


def loss(x: Any) -> Any:
    """Rosenbrock's function of a position, shape [2]."""
    return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] * x[0]) ** 2


def one_run(rate: Any, start: Any, steps: int) -> Any:
    """Best loss, its step, the first step at each target, and the last position of one run.

    Args:
        rate: learning rate, shape [].
        start: position, shape [2].
        steps: number of steps.
    """
    rule = optax.adam(1.0, eps=1e-7)
    levels = TARGETS * loss(start)

    def step(carry: Any, number: Any) -> Any:
        x, state, best, at, hits = carry
        value, gradient = jax.value_and_grad(loss)(x)
        at = jnp.where(value < best, number, at)
        hits = jnp.where((hits < 0) & (value <= levels), number, hits)
        updates, state = rule.update(gradient, state)
        return (x + rate * updates, state, jnp.minimum(best, value), at, hits), None

    zero = jnp.int32(0)
    carry = (start, rule.init(start), jnp.float32(jnp.inf), zero, jnp.full(4, -1, jnp.int32))
    (x, _, best, at, hits), _ = jax.lax.scan(step, carry, jnp.arange(steps, dtype=jnp.int32))
    return best, at, hits, x


def main() -> None:
    """Compile, then measure a second run."""
    runs, steps = int(sys.argv[1]), int(sys.argv[2])
    rates = jnp.asarray(1e-6 * 1.005 ** (jnp.arange(runs) % 1024), jnp.float32)
    starts = jnp.tile(jnp.array([[-1.2, 1.0]], jnp.float32), (runs, 1))
    batch = jax.jit(jax.vmap(one_run, (0, 0, None)), static_argnums=2)
    jax.block_until_ready(batch(rates, starts, steps))
    begin = time.perf_counter()
    best, *_ = jax.block_until_ready(batch(rates, starts, steps))
    print(f"{(time.perf_counter() - begin) / (runs * steps) * 1e9:.6f} {float(best.min()):g}")


if __name__ == "__main__":
    main()
