"""Builds the manifest of a matrix before its programs run."""

from __future__ import annotations

import math
import platform
import subprocess
from dataclasses import replace
from importlib import metadata
from pathlib import Path

from reportgen import __version__
from reportgen.config import Config
from reportgen.config.model import Noise
from reportgen.failure import Failure
from reportgen.foreign import ForeignOptimizer
from reportgen.loss import Loss
from reportgen.optimizer import docstring_of
from reportgen.optimizer_specs import OptimizerSpec
from reportgen.plan import Plan
from reportgen.program_sources import tensorflow_version
from reportgen.results.manifest import HyperparameterInfo, LossInfo, Manifest, OptimizerInfo
from reportgen.trials import LEARNING_RATE


def build_manifest(config: Config, plan: Plan) -> Manifest:
    """Return the manifest of ``plan``; the store adds the programs, the device and the files later."""
    noise = {program.loss: program.noise for program in plan.programs}
    return Manifest(
        reportgen=__version__,
        config=config,
        losses=tuple(
            replace(
                _loss_info(label, loss, noise.get(label), len(plan.starts[label])),
                minimum_is_declared=label not in plan.lowest,
            )
            for label, loss in plan.losses.items()
        ),
        optimizers=tuple(_optimizer_info(spec) for spec in plan.optimizers.values()),
        versions={
            "python": platform.python_version(),
            "tensorflow": tensorflow_version(),
            **{name: metadata.version(name) for name in ("numpy", "pandas", "matplotlib", *_frameworks(plan))},
        },
        git_commit=git_commit(config.base),
    )


def _frameworks(plan: Plan) -> list[str]:
    """The packages with the code of optimizers of other frameworks, in the order of the plan."""
    kinds = [spec.kind for spec in plan.optimizers.values()]
    foreign = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, ForeignOptimizer)]
    return list(dict.fromkeys(package for kind in foreign for package in kind.packages))


def git_commit(folder: Path) -> str | None:
    """Return the commit that is checked out in ``folder``; None outside of a repository or without git."""
    try:
        completed = subprocess.run(
            ["git", "-C", str(folder), "rev-parse", "HEAD"],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return completed.stdout.strip() or None


def _loss_info(label: str, loss: Loss | Failure, noise: Noise | None, starts: int) -> LossInfo:
    if isinstance(loss, Failure):
        return LossInfo(label=label, name=label, title=label, note=loss.reason, noise=noise, starts=starts)
    settings = label.removeprefix(loss.name)
    return LossInfo(
        label=label,
        name=loss.name,
        # Two variants of one loss need different titles.
        title=f"{loss.title} {settings}" if settings else loss.title,
        dim=loss.dim,
        minimum=loss.minimum if math.isfinite(loss.minimum) else None,
        minima=loss.minima,
        local_minima=loss.local_minima,
        saddles=loss.saddles,
        start=loss.start,
        domain=loss.domain,
        domain_only=loss.domain_only,
        formula=loss.formula,
        source=loss.source,
        note=loss.note,
        tags=loss.tags,
        parameters=dict(loss.parameters),
        noise=noise,
        starts=starts,
    )


def _optimizer_info(spec: OptimizerSpec) -> OptimizerInfo:
    kind = spec.kind
    if isinstance(kind, Failure):
        values = tuple(HyperparameterInfo(name, value) for name, value in spec.values.items())
        return OptimizerInfo(
            label=spec.label,
            family=spec.family,
            title=spec.family,
            note=kind.reason,
            hyperparameters=values,
            learning_rates=spec.learning_rates,
            short=spec.short,
        )
    search = spec.tuning.space if spec.tuning else {}
    return OptimizerInfo(
        label=spec.label,
        family=spec.family,
        title=kind.title or kind.__name__,
        formula=kind.formula,
        source=kind.source,
        verified=kind.verified,
        note=kind.note,
        doc=docstring_of(kind),
        reference=kind.reference,
        hyperparameters=tuple(
            HyperparameterInfo(value=spec.values[name], **vars(item) | {"search": search.get(name)})
            for name, item in spec.declared.items()
        ),
        learning_rates=spec.learning_rates,
        short=spec.short,
        learning_rate_search=search.get(LEARNING_RATE),
        rate_only_of=spec.rate_only_of,
    )
