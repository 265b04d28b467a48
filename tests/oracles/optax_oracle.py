"""Optimizers of optax: ``rule`` is its name in optax or optax.contrib."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import optax
from optimizer_cases import Oracle

from oracles.gradients import Run

jax.config.update("jax_enable_x64", True)


WRAPPERS: dict[str, Any] = {
    "clip": lambda base, norm: optax.chain(optax.clip_by_global_norm(norm), base),
    "lookahead": lambda base, k, alpha: optax.lookahead(base, k, alpha),
    "sam": lambda base, rho: optax.contrib.sam(base, optax.chain(optax.contrib.normalize(), optax.sgd(rho))),
}


def trajectories(oracle: Oracle, rate: float, runs: list[Run], steps: int) -> list[list[list[float]]]:
    """The positions of each run after each step."""
    transform = optax.with_extra_args_support(_made(oracle.rule, rate, **oracle.arguments))

    @jax.jit
    def step(x: Any, gradient: jax.Array, value: jax.Array, state: Any) -> tuple[Any, Any]:
        updates, state = transform.update(gradient, state, x, value=value)
        return optax.apply_updates(x, updates), state

    return [_drive(oracle.rule, transform.init, step, run, steps) for run in runs]


def _made(rule: str, rate: float, base: Any = None, **arguments: Any) -> optax.GradientTransformation:
    """What the rule's name and arguments stand for; ``base`` is that of the one that a wrapper is wrapped around."""
    if base is not None:
        base_rule, base_arguments = base
        made = WRAPPERS[rule](_made(base_rule, rate, **base_arguments), **arguments)
        return optax.GradientTransformation(made.init, made.update)  # that takes no loss, which sam would refuse
    kind = getattr(optax, rule, None) or getattr(optax.contrib, rule)
    rate_name = "max_learning_rate" if rule == "polyak_sgd" else "learning_rate"
    return kind(**{rate_name: rate}, **arguments)


def _drive(rule: str, init: Any, step: Any, run: Run, steps: int) -> list[list[float]]:
    x = jnp.array(run.start)
    params = optax.LookaheadParams.init_synced(x) if rule == "lookahead" else x
    state = init(params)
    positions = []
    for _ in range(steps):
        for _ in range(2 if rule == "sam" else 1):  # one update of sam goes uphill, and the next makes the step
            point = _evaluated(params).tolist()
            slopes = [float(slope) for slope in run.gradient(point)]
            params, state = step(params, jnp.array(slopes), jnp.array(run.value(point)), state)
        positions.append(_result(rule, params, state).tolist())
    return positions


def _evaluated(params: Any) -> jax.Array:
    """Where the gradient is taken."""
    return params.fast if isinstance(params, optax.LookaheadParams) else params


def _result(rule: str, params: Any, state: Any) -> jax.Array:
    """The position; that of the schedule-free methods is an average that they keep beside what they step."""
    if rule.startswith("schedule_free"):
        return optax.contrib.schedule_free_eval_params(state, params)
    return _evaluated(params)
