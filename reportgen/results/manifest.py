"""The manifest: the whole question, and all that a reader of the results needs to know besides the tables."""

from __future__ import annotations

import math
import platform
import subprocess
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from reportgen import __version__
from reportgen.config import Config
from reportgen.loss import Loss
from reportgen.optimizer import Hyperparameter, docstring_of
from reportgen.plan import OptimizerSpec, Plan, tensorflow_version
from reportgen.results.manifest_index import REPORT_KEYS


def describe(config: Config, plan: Plan) -> dict[str, Any]:
    """What is known before anything is run; the store adds programs and files, ``with_device`` the device."""
    noise = {program.loss: program.noise for program in plan.programs}
    return {
        "format": 1,
        "reportgen": __version__,
        **{key: getattr(config, key) for key in REPORT_KEYS},
        "config": config.model_dump(exclude={"base", "output", "compile_cache", "templates", "max_size"}),
        "versions": {
            "python": platform.python_version(),
            "tensorflow": tensorflow_version(),
            **{name: metadata.version(name) for name in ("numpy", "pandas", "matplotlib")},
        },
        "device": {"requested": config.device, "name": None, "kind": None, "description": None},
        "dtype": config.dtype,
        "git_commit": git_commit(config.base),
        "losses": [_loss(label, loss, noise.get(label)) for label, loss in plan.losses.items()],
        "optimizers": [_optimizer(asked) for asked in plan.optimizers.values()],
        "learning_rates": list(config.learning_rates),
        "starts": {label: [list(point) for _, point in starts] for label, starts in plan.starts.items()},
        "steps": config.steps,
        "targets": list(config.targets),
        "gradient_tolerance": config.gradient_tolerance,
    }


def with_device(manifest: Mapping[str, Any], device: Mapping[str, str] | None) -> dict[str, Any]:
    """The manifest with the device that a program ran on."""
    return {**manifest, "device": {**manifest["device"], **(device or {})}}


def git_commit(folder: Path) -> str | None:
    """The commit checked out where the config lies; None outside a repository or without git."""
    try:
        answer = subprocess.run(
            ["git", "-C", str(folder), "rev-parse", "HEAD"],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip() or None


def _loss(label: str, loss: Loss | str, noise: Mapping[str, float] | None) -> dict[str, Any]:
    if isinstance(loss, str):
        empty = {"dim": None, "formula": "", "source": "", "minimum": None}
        return {"label": label, "name": label, "title": label, "note": loss, **empty} | {
            "start": [],
            "domain": [],
            "minima": [],
        }
    settings = label.removeprefix(loss.name)
    return {
        "label": label,
        "name": loss.name,
        "dim": loss.dim,
        # Two rows of one loss must not look alike: what is not the default is told behind the title.
        "title": f"{loss.title} {settings}" if settings else loss.title,
        "formula": loss.formula,
        "source": loss.source,
        "note": loss.note,
        "start": list(loss.start),
        "domain": [list(interval) for interval in loss.domain],
        "minima": [list(point) for point in loss.minima],
        "minimum": loss.minimum if math.isfinite(loss.minimum) else None,
        "tags": list(loss.tags),
        "local_minima": [list(point) for point in loss.local_minima],
        "saddles": [list(point) for point in loss.saddles],
        "parameters": dict(loss.parameters),
        "noise": dict(noise or {}),
    }


def _optimizer(asked: OptimizerSpec) -> dict[str, Any]:
    kind = asked.kind
    if isinstance(kind, str):
        told = [{"name": name, "value": value} for name, value in asked.values.items()]
        blank = vars(Hyperparameter("", None, structural=True))
        return {
            "label": asked.label,
            "family": asked.family,
            "title": asked.family,
            "formula": "",
            "source": "",
            "verified": "",
            "note": kind,
            "reference": False,
            "doc": "",
            "hyperparameters": [blank | item for item in told],
        }
    return {
        "label": asked.label,
        "family": asked.family,
        "title": kind.title or kind.__name__,
        "formula": kind.formula,
        "source": kind.source,
        "verified": kind.verified,
        "note": kind.note,
        "reference": kind.reference,
        "doc": docstring_of(kind),
        "hyperparameters": [vars(item) | {"value": asked.values[name]} for name, item in asked.declared.items()],
    }
