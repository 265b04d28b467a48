"""The built-in losses, for Python: ``reportgen.losses.rosenbrock(dim=20)``."""

from __future__ import annotations

from collections.abc import Callable

from reportgen import catalogue
from reportgen.loss import Loss


def __getattr__(name: str) -> Callable[..., Loss]:
    found = None if name.startswith("_") else catalogue.built_in_loss(name)
    if found is None:
        raise AttributeError(catalogue.with_suggestion(f'no loss is called "{name}"', name, catalogue.losses()))

    def loss(*, dim: int | None = None, **parameters: float) -> Loss:
        """Return the loss in ``dim`` coordinates with these values of its parameters.

        Raises:
            ValueError: the loss has another, fixed dimension, or no such parameter.
        """
        return found.at(dim, **parameters)

    return loss


def __dir__() -> list[str]:
    return sorted(catalogue.losses())
