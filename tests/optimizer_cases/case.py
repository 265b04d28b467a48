"""A row of the evidence table: an optimizer with its settings, and what reproduces its trajectory independently."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LOSSES = ("quartic", "rosenbrock", "beale", "rosenbrock[dim=3]")
STEPS = 200


@dataclass(frozen=True)
class Oracle:
    """One independent implementation, configured to do what the row's settings say."""

    library: str
    """The module in ``oracles`` that drives it: ``torch_oracle`` is ``torch``."""
    rule: str
    """Its name in that library."""
    arguments: Mapping[str, Any]

    @property
    def label(self) -> str:
        """``torch.Adam(eps=1e-07)``."""
        return f"{self.library}.{self.rule}({', '.join(f'{key}={value!r}' for key, value in self.arguments.items())})"


@dataclass(frozen=True)
class Case:
    """One optimizer, its hyperparameters, a learning rate, the losses it runs on, and its oracles."""

    optimizer: str
    rate: float
    settings: Mapping[str, Any]
    oracles: tuple[Oracle, ...]
    losses: tuple[str, ...] = LOSSES

    @property
    def label(self) -> str:
        """``adam[beta_2=0.99] lr=0.01``."""
        told = ",".join(f"{key}={value}" for key, value in self.settings.items())
        return f"{self.optimizer}{f'[{told}]' if told else ''} lr={self.rate:g}"


def case(
    optimizer: str,
    rate: float,
    settings: Mapping[str, Any] | None = None,
    losses: tuple[str, ...] = LOSSES,
    **oracles: tuple[str, Mapping[str, Any]],
) -> Case:
    """A row, said briefly: ``case("adam", 0.05, {"epsilon": 1e-7}, torch=("Adam", {"eps": 1e-7}))``."""
    found = tuple(Oracle(library, rule, arguments) for library, (rule, arguments) in oracles.items())
    return Case(optimizer, rate, settings or {}, found, losses)
