"""Hyperparameters, state and bias corrections that Adam and its variants share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import tensorflow as tf

from reportgen.optimizer import Optimizer, Problem, hyperparameter
from reportgen.optimizers.search_ranges import BETA_1, BETA_2, EPSILON
from reportgen.tensor import Tensor


class AdamState(NamedTuple):
    """State of Adam, and of the variants that keep the same two moments."""

    mu: Tensor  # shape=[dim], dtype of x: running mean of the gradient
    nu: Tensor  # shape=[dim], dtype of x: running mean of the squared gradient


@dataclass(frozen=True)
class Moments(Optimizer):
    """Base of the rules that divide a running mean of the gradient by the root of a second moment."""

    beta_1: float = hyperparameter(
        0.9, low=0, high=1, symbol=r"\beta_1", doc="decay of the gradient's running mean", search=BETA_1
    )
    beta_2: float = hyperparameter(
        0.999, low=0, high=1, symbol=r"\beta_2", doc="decay of the square's running mean", search=BETA_2
    )
    epsilon: float = hyperparameter(1e-8, low=0, symbol=r"\epsilon", doc="avoids division by zero", search=EPSILON)

    def update_mu(self, mu: Tensor, grad: Tensor) -> Tensor:
        """The running mean of the gradient after one more gradient, shape [dim]."""
        return self.beta_1 * mu + (1 - self.beta_1) * grad

    def update_nu(self, nu: Tensor, grad: Tensor) -> Tensor:
        """The running mean of the square after one more gradient, shape [dim]."""
        return self.beta_2 * nu + (1 - self.beta_2) * (grad * grad)

    def bias_corrections(self, problem: Problem) -> tuple[Tensor, Tensor]:
        """The divisors, two scalars, that correct ``mu`` and ``nu`` for their start at zero."""
        return 1 - self.beta_1**problem.step, 1 - self.beta_2**problem.step


@dataclass(frozen=True)
class AdamBase(Moments):
    """Base of Adam and AMSGrad: adds the choice whether the bias correction applies to epsilon."""

    epsilon_corrected: bool = hyperparameter(
        False,
        doc="also divide epsilon by the root of the second bias correction (Kingma and Ba, end of section 2)",
        source="Algorithm 1",
    )

    def epsilon_after(self, nu_correction: Tensor) -> Tensor:
        """The scalar that is added to the root of the bias-corrected second moment."""
        return self.epsilon / tf.sqrt(nu_correction) if self.epsilon_corrected else self.epsilon
