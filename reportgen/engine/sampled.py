"""What is asked of a loss at points of one's choice, and what came of it: plain arrays, without TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reportgen import catalogue
from reportgen.engine.result import Array, Plane
from reportgen.loss import Interval, Loss


@dataclass(frozen=True)
class LossRef:
    """A loss as a worker finds it."""

    name: str
    """As a worker finds it: ``beale``, ``my_losses.py:valley``."""
    base: Path
    """The folder that plug-in files are relative to."""
    dim: int | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    domain: tuple[Interval, ...] | None = None
    """What of it is looked at; None: its own domain."""
    plane: Plane | None = None
    """On which ``domain`` is a box; None where that is one of the loss's own coordinates."""
    plugins: tuple[str, ...] = ()
    """The file or module of the plug-in that it comes from."""

    @classmethod
    def of(
        cls,
        loss: Loss,
        name: str,
        base: Path,
        dim: int | None,
        parameters: Mapping[str, Any],
        domain: tuple[Interval, ...] | None = None,
        plane: Plane | None = None,
    ) -> LossRef:
        """Return the reference to ``loss``, which has this ``name`` in the catalogue."""
        code = catalogue.plugin_code(loss)
        full_name = catalogue.full_loss_reference(name, base)
        return cls(full_name, base, dim, parameters, domain, plane, (code.source,) if code else ())


@dataclass(frozen=True)
class Ask:
    """Points [points, dim], and the dtype in which the loss is evaluated there; a complex one gives no gradient."""

    points: Array
    dtype: str = "float64"
    samples: Array | None = None
    """Over which samples of its data, int32 [samples]; None: all, as a loss without data has none."""
    traced_again: bool = False
    """Whether the function of the loss is called again if it was traced before, which shows whether it keeps state."""
    compiled: bool = False
    """Whether XLA compiles the function, as for runs. Its derivatives may be NaN where TensorFlow's own are not."""


@dataclass(frozen=True)
class Sample:
    """The answer to an ``Ask``."""

    value: Array
    """[points]"""
    gradient: Array
    """[points, dim]"""
