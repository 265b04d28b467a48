"""The ranges for tuning that several optimizers share.

Not tuned are weights of penalties (``weight_decay``, ``l1``, ``l2``): a penalty moves the solution away from the
minimum of the loss, or straight to it if that is at 0, as it is for many test losses. Not tuned either are schedules,
choices between the conventions of libraries, and tiny terms such as 1e-30 that only avoid division by zero.
"""

from __future__ import annotations

from reportgen.optimizer import Search

AROUND_DEFAULT = "around the default"
"""The source of a range that is not from a publication."""

BETA_1 = Search(0.5, 0.98, "1 - log", source="Dahl et al. 2023, AlgoPerf, AdamW")
"""The decay of the gradient's running mean in Adam and its variants."""

BETA_2 = Search(0.9, 0.99999, "1 - log", source="Sivaprasad et al. 2020, Adam")
"""The decay of the running mean of the square in Adam and its variants."""

DECAY = Search(0.5, 0.999, "1 - log", source=AROUND_DEFAULT)
"""The decay of any other running mean, with defaults from 0.9 to 0.99."""

MOMENTUM = Search(0.7, 0.995, "1 - log", source="Dahl et al. 2023, AlgoPerf, Nesterov momentum")
"""The fraction of a velocity that each step keeps."""

EPSILON = Search(1e-10, 1e-2, source="around the defaults, 1e-8 to 1e-3; that it matters: Choi et al. 2019")
"""The term in the divisor. It is more than a safeguard: a large one turns Adam into momentum."""

ACCUMULATOR = Search(1e-6, 1.0, source=AROUND_DEFAULT)
"""The initial sum of squared gradients."""

GRADIENT_RATE = Search(1e-8, 10.0, source="the limits of the automatic grid below, those of all others above")
"""The learning rate of rules with steps that grow with the gradient, which some losses make very large."""

LEARNING_RATE_FACTOR = Search(1e-2, 100.0, source="two decades on both sides of 1, the value of the paper")
"""The learning rate of rules that estimate the size of a step and only multiply it by the learning rate."""
