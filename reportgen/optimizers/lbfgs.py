"""L-BFGS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import tensorflow as tf

from reportgen.optimizer import Optimizer, Problem, Search, hyperparameter
from reportgen.optimizers.euclidean_norm import euclidean_norm
from reportgen.optimizers.search_ranges import AROUND_DEFAULT
from reportgen.tensor import Tensor

_SMALLEST_CURVATURE = 1e-10
"""Pairs with a product of their changes up to this are not stored: they say nothing reliable about the curvature."""


class CorrectionPair(NamedTuple):
    """The changes over one step, from which the inverse Hessian is built."""

    diff_params: Tensor  # shape=[dim], dtype of x: change of the position
    diff_grads: Tensor  # shape=[dim], dtype of x: change of the gradient
    weight: Tensor  # shape=(), dtype of x: 1 over the product of both; 0 while the pair is empty


class LBFGSState(NamedTuple):
    """State of L-BFGS."""

    memory: tuple[CorrectionPair, ...]  # the last ``history`` pairs, oldest first
    scale: Tensor  # shape=(), dtype of x: inverse Hessian before the first pair, as a multiple of the identity
    updates: Tensor  # shape=[dim], dtype of x: the last step
    grad: Tensor  # shape=[dim], dtype of x: gradient before the last step


@dataclass(frozen=True)
class LBFGS(Optimizer):
    """Newton's method with an inverse Hessian estimated from the last changes of position and gradient."""

    name: ClassVar[str] = "lbfgs"
    title: ClassVar[str] = "L-BFGS"
    formula: ClassVar[str] = (
        r"s_t = x_{t-1} - x_{t-2} \\ y_t = g_t - g_{t-1} \\ V_t = I - \frac{y_t s_t^{\top}}{y_t^{\top} s_t} \\ "
        r"B_t = V_t^{\top} B_{t-1} V_t + \frac{s_t s_t^{\top}}{y_t^{\top} s_t} \\ x_t = x_{t-1} - \eta\, B_t\, g_t"
    )
    source: ClassVar[str] = "Liu and Nocedal 1989; PyTorch"
    verified: ClassVar[str] = "PyTorch 2.13"
    note: ClassVar[str] = (
        "A reference optimizer: each step equals one of torch.optim.LBFGS without line search and stopping rules. The "
        "first step is divided by the sum of the absolute gradient if that is above 1."
    )
    reference: ClassVar[bool] = True
    default_learning_rate: ClassVar[float | None] = 1.0

    history: int = hyperparameter(
        10,
        low=1,
        doc="number of pairs of changes that are stored",
        source="the usual value; PyTorch: 100",
        search=Search(choices=(5, 10), source=AROUND_DEFAULT),
    )

    def init(self, x: Tensor) -> LBFGSState:
        """Empty pairs and a scale of 1."""
        zeros = tf.zeros_like(x)
        empty = CorrectionPair(zeros, zeros, tf.zeros_like(euclidean_norm(x)))
        return LBFGSState((empty,) * self.history, tf.ones_like(euclidean_norm(x)), zeros, zeros)

    def step(self, x: Tensor, state: LBFGSState, problem: Problem) -> tuple[Tensor, LBFGSState]:
        """One step along the approximate Newton direction."""
        _, grad = problem.value_and_gradient(x)
        diff_grads = grad - state.grad
        product = tf.tensordot(diff_grads, state.updates, 1)
        reliable = product > _SMALLEST_CURVATURE
        memory = _updated_memory(state.memory, CorrectionPair(state.updates, diff_grads, 1 / product), reliable)
        scale = tf.where(reliable, product / tf.tensordot(diff_grads, diff_grads, 1), state.scale)
        first_factor = tf.minimum(1 / tf.reduce_sum(tf.abs(grad)), 1.0)
        step_size = problem.learning_rate * tf.where(problem.step == 1, first_factor, 1.0)
        updates = step_size * _direction(grad, memory, scale)
        return x + updates, LBFGSState(memory, scale, updates, grad)


def _updated_memory(
    memory: tuple[CorrectionPair, ...], newest: CorrectionPair, reliable: Tensor
) -> tuple[CorrectionPair, ...]:
    """The pairs with ``newest`` appended and the oldest dropped where ``reliable`` (a truth value), else unchanged."""
    shifted = (*memory[1:], newest)
    return tuple(
        CorrectionPair(*(tf.where(reliable, new, old) for new, old in zip(after, before, strict=True)))
        for after, before in zip(shifted, memory, strict=True)
    )


def _direction(grad: Tensor, memory: tuple[CorrectionPair, ...], scale: Tensor) -> Tensor:
    """Minus the inverse Hessian times the gradient, shape [dim], by the two-loop recursion over the pairs."""
    direction = -grad
    alphas = []
    for pair in reversed(memory):
        alphas.append(pair.weight * tf.tensordot(pair.diff_params, direction, 1))
        direction = direction - alphas[-1] * pair.diff_grads
    direction = scale * direction
    for pair, alpha in zip(memory, reversed(alphas), strict=True):
        beta = pair.weight * tf.tensordot(pair.diff_grads, direction, 1)
        direction = direction + (alpha - beta) * pair.diff_params
    return direction
