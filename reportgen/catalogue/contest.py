"""The suite ``contest``: a few losses of each kind that makes optimization difficult, each kind for one reason."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """Losses that are difficult for the same reason."""

    name: str
    reason: str
    """What it tests, in one sentence."""
    losses: tuple[str, ...]
    """Labels, as a config and the results write them."""


KINDS = (
    Kind(
        "ill-conditioned",
        "The curvature differs from direction to direction by factors of 100 to a million.",
        ("quadratic[dim=10]", "ellipsoid[dim=5]", "rosenbrock", "powell_singular"),
    ),
    Kind(
        "saddles",
        "The gradient vanishes where there is no minimum, and the way out is narrow.",
        ("strict_saddle", "wood", "six_hump_camel"),
    ),
    Kind(
        "plateaus",
        "The gradient is tiny over long distances, so steps must not shrink with it.",
        ("quartic", "beale", "different_powers[dim=5]"),
    ),
    Kind(
        "steep walls",
        "Gradients grow by many orders of magnitude near the domain, so a step can throw a run far away.",
        ("goldstein_price", "zakharov[dim=5]", "freudenstein_roth"),
    ),
    Kind(
        "scale",
        "Coordinates or values have very different units.",
        ("brown_badly_scaled", "powell_badly_scaled", "jennrich_sampson"),
    ),
    Kind(
        "many minima",
        "Local minima stop a run that cannot step over them.",
        ("rastrigin", "ackley", "levy[dim=4]"),
    ),
    Kind(
        "noise",
        "Every gradient has a random error, so the last steps must become small.",
        ("sphere[dim=10,noise.relative=0.5]", "booth[noise.gradient_std=0.1]", "rosenbrock[noise.relative=0.2]"),
    ),
    Kind(
        "matrices",
        "The coordinates are the entries of matrices, which multiply each other.",
        ("matrix_factorization[dim=40]", "bilinear_regression"),
    ),
    Kind(
        "minibatches",
        "Each step sees only some of the samples.",
        ("linear_regression[noise.batch_size=32]", "matrix_factorization[dim=40,noise.batch_size=32]"),
    ),
)
"""26 losses of nine kinds."""


def contest_losses() -> list[str]:
    """Return the labels of all losses of the suite."""
    return [loss for kind in KINDS for loss in kind.losses]
