"""Rectified Adam."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import tensorflow as tf

from reportgen.optimizer import Problem
from reportgen.optimizers.adam import Adam
from reportgen.optimizers.moments import AdamState
from reportgen.tensor import Tensor


@dataclass(frozen=True)
class RAdam(Adam):
    """Adam that does not divide until it has seen enough gradients, and shortens the steps after that."""

    name: ClassVar[str] = "radam"
    title: ClassVar[str] = "RAdam"
    formula: ClassVar[str] = (
        r"m_t = \beta_1 m_{t-1} + (1-\beta_1)\, g_t \\ v_t = \beta_2 v_{t-1} + (1-\beta_2)\, g_t^2 \\ "
        r"\rho_\infty = \frac{2}{1-\beta_2} - 1 \\ \rho_t = \rho_\infty - \frac{2 t \beta_2^t}{1-\beta_2^t} \\ "
        r"r_t = \sqrt{\frac{(\rho_t-4)(\rho_t-2)\,\rho_\infty}{(\rho_\infty-4)(\rho_\infty-2)\,\rho_t}} \\ "
        r"x_t = x_{t-1} - \eta\, r_t\, \frac{m_t / (1-\beta_1^t)}{\sqrt{v_t / (1-\beta_2^t)} + \epsilon}"
        r" \quad (\rho_t > 5) \\ "
        r"x_t = x_{t-1} - \eta\, \frac{m_t}{1-\beta_1^t} \quad (\rho_t \le 5)"
    )
    source: ClassVar[str] = "Liu et al. 2020; the bound of 5 and the defaults: PyTorch, optax"
    verified: ClassVar[str] = "PyTorch 2.13, optax 0.2.8"
    note: ClassVar[str] = (
        "The paper's bound is 4. PyTorch adds epsilon before the second moment is bias-corrected; epsilon_corrected "
        "= true does the same."
    )

    def step(self, x: Tensor, state: AdamState, problem: Problem) -> tuple[Tensor, AdamState]:
        """One step, rectified once enough gradients have been seen."""
        _, grad = problem.value_and_gradient(x)
        mu, nu = self.update_mu(state.mu, grad), self.update_nu(state.nu, grad)
        mu_correction, nu_correction = self.bias_corrections(problem)
        mu_hat, nu_hat = mu / mu_correction, nu / nu_correction
        ro_inf = 2 / (1 - self.beta_2) - 1
        ro = ro_inf - 2 * problem.step * (1 - nu_correction) / nu_correction
        rectified = ro > 5
        # Below the bound the square root would be of a negative number.
        safe_ro = tf.where(rectified, tf.convert_to_tensor(ro, tf.float64), ro_inf)
        r = tf.sqrt((safe_ro - 4) * (safe_ro - 2) * ro_inf / ((ro_inf - 4) * (ro_inf - 2) * safe_ro))
        scale = tf.where(rectified, tf.cast(r, x.dtype) / (tf.sqrt(nu_hat) + self.epsilon_after(nu_correction)), 1.0)
        return x - problem.learning_rate * mu_hat * scale, AdamState(mu, nu)
