"""Results computed with numpy only, in the schema of real results: input for a report without TensorFlow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from reportgen.config import Config
from reportgen.results.manifest import (
    DeviceInfo,
    HyperparameterInfo,
    LossInfo,
    Manifest,
    OptimizerInfo,
    ProgramEntry,
    write_manifest,
)
from reportgen.results.result_tables import Results
from reportgen.results.schema import GRIDS, PATHS, TRACES, hit_column, runs_schema

Array = np.ndarray[Any, np.dtype[np.float64]]
TARGETS = (1e-1, 1e-3, 1e-5, 1e-7)


@dataclass(frozen=True)
class Toy:
    """A loss as value and gradient of ``x``, shape [dim, batch]."""

    label: str
    value: Callable[[Array], Array]
    gradient: Callable[[Array], Array]
    start: tuple[float, ...]
    domain: tuple[tuple[float, float], ...]
    minima: tuple[tuple[float, ...], ...]
    minimum: float
    formula: str
    note: str = ""


def _beale(x: Array) -> Array:
    return sum((c - x[0] + x[0] * x[1] ** p) ** 2 for c, p in ((1.5, 1), (2.25, 2), (2.625, 3)))  # type: ignore[return-value]


def _beale_gradient(x: Array) -> Array:
    total = np.zeros_like(x)
    for c, p in ((1.5, 1), (2.25, 2), (2.625, 3)):
        r = c - x[0] + x[0] * x[1] ** p
        total += 2 * r * np.stack([x[1] ** p - 1, p * x[0] * x[1] ** (p - 1)])
    return total


QUARTIC = Toy(
    "quartic",
    lambda x: 2 * x[0] ** 4 + 3 * x[0] ** 3 + 2,
    lambda x: 8 * x**3 + 9 * x**2,
    (2.0,),
    ((-2.0, 2.0),),
    ((-9 / 8,),),
    1909 / 2048,
    r"2x^4 + 3x^3 + 2",
    "The gradient also vanishes at x = 0, an inflection that is no minimum: slow methods end there.",
)
ROSENBROCK = Toy(
    "rosenbrock",
    lambda x: (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2,
    lambda x: np.stack([-2 * (1 - x[0]) - 400 * x[0] * (x[1] - x[0] ** 2), 200 * (x[1] - x[0] ** 2)]),
    (-1.2, 1.0),
    ((-2.0, 2.0), (-1.0, 3.0)),
    ((1.0, 1.0),),
    0.0,
    r"\sum_{i=1}^{n-1} \left[ 100\,(x_{i+1} - x_i^2)^2 + (1 - x_i)^2 \right]",
    "The valley is found at once; along its floor the slope is a thousand times smaller than across it.",
)
BEALE = Toy(
    "beale",
    _beale,
    _beale_gradient,
    (1.0, 1.0),
    ((-4.5, 4.5), (-4.5, 4.5)),
    ((3.0, 0.5),),
    0.0,
    r"(1.5 - x + xy)^2 + (2.25 - x + xy^2)^2 + (2.625 - x + xy^3)^2",
    "There is a saddle at (0, 1), and a valley in which the loss falls towards 405/896 and never further.",
)
LOSSES = (QUARTIC, ROSENBROCK, BEALE)

Rule = Callable[[Array, dict[str, Array], Array, int], Array]


def _descent(g: Array, s: dict[str, Array], lr: Array, t: int) -> Array:
    return lr * g


def _momentum(g: Array, s: dict[str, Array], lr: Array, t: int) -> Array:
    s["b"] = 0.9 * s.get("b", np.zeros_like(g)) + g
    return lr * s["b"]


def _nesterov(g: Array, s: dict[str, Array], lr: Array, t: int) -> Array:
    s["b"] = 0.9 * s.get("b", np.zeros_like(g)) + g
    return lr * (g + 0.9 * s["b"])


def _adagrad(g: Array, s: dict[str, Array], lr: Array, t: int) -> Array:
    s["a"] = s.get("a", np.full_like(g, 0.1)) + g * g
    return lr * g / (np.sqrt(s["a"]) + 1e-7)


def _rmsprop(g: Array, s: dict[str, Array], lr: Array, t: int) -> Array:
    s["v"] = 0.9 * s.get("v", np.zeros_like(g)) + 0.1 * g * g
    return lr * g / (np.sqrt(s["v"]) + 1e-7)


def _adam(g: Array, s: dict[str, Array], lr: Array, t: int) -> Array:
    s["m"] = 0.9 * s.get("m", np.zeros_like(g)) + 0.1 * g
    s["v"] = 0.999 * s.get("v", np.zeros_like(g)) + 0.001 * g * g
    return lr * s["m"] / (1 - 0.9**t) / (np.sqrt(s["v"] / (1 - 0.999**t)) + 1e-7)


_MU = {"name": "momentum", "default": 0.9, "symbol": r"\mu", "doc": "share of the velocity that is kept"}
_EPS = {"name": "epsilon", "default": 1e-7, "symbol": r"\epsilon", "doc": "keeps the division finite"}
OPTIMIZERS: dict[str, tuple[Rule, str, list[dict[str, Any]]]] = {
    "gradient_descent": (_descent, r"x \leftarrow x - \eta\, g", []),
    "momentum": (_momentum, r"b \leftarrow \mu b + g \\ x \leftarrow x - \eta\, b", [_MU]),
    "nesterov": (_nesterov, r"b \leftarrow \mu b + g \\ x \leftarrow x - \eta\, (g + \mu b)", [_MU]),
    "adagrad": (_adagrad, r"a \leftarrow a + g^2 \\ x \leftarrow x - \eta\, g / (\sqrt{a} + \epsilon)", [_EPS]),
    "rmsprop": (
        _rmsprop,
        r"v \leftarrow \rho v + (1-\rho) g^2 \\ x \leftarrow x - \eta \frac{g}{\sqrt{v} + \epsilon}",
        [_EPS],
    ),
    "adam": (_adam, r"x \leftarrow x - \eta\, \frac{m / c_1}{\sqrt{v / c_2} + \epsilon}", [_EPS]),
}


def schedule(steps: int, points: int = 128) -> list[int]:
    """Dense early, geometric later, the last step always."""
    dense = points // 2
    tail = np.geomspace(dense, max(steps, dense), points - dense).round().astype(int)
    return sorted({s for s in (*range(dense), *tail.tolist(), steps) if s <= steps})


def results(
    losses: Sequence[Toy] = LOSSES,
    optimizers: Sequence[str] = tuple(OPTIMIZERS),
    rates: Sequence[float] = tuple(10 ** (k / 2) for k in range(-8, 1)),
    starts: int = 9,
    steps: int = 300,
    failed: Sequence[tuple[str, str]] = (),
    rename: dict[str, str] | None = None,
) -> Results:
    """The results of a matrix; programs of the (loss, optimizer) in ``failed`` failed, ``rename`` replaces labels."""
    rename = rename or {}
    runs: list[dict[str, Any]] = []
    traces: list[dict[str, Any]] = []
    for toy in losses:
        points = _starts(toy, starts)
        for name in optimizers:
            loss, label = rename.get(toy.label, toy.label), rename.get(name, name)
            if (toy.label, name) in failed:
                runs += _failed(toy, loss, label, rates, points)
            else:
                rows, trajectories = _simulate(toy, name, loss, label, rates, points, steps)
                runs += rows
                traces += trajectories
    schema = runs_schema(TARGETS)
    manifest = _manifest(losses, optimizers, rates, starts, steps, failed, rename)
    return Results(
        pa.Table.from_pylist(runs, schema).to_pandas(),
        pa.Table.from_pylist(traces, TRACES).to_pandas(),
        pa.Table.from_pylist([_grid(toy, rename.get(toy.label, toy.label)) for toy in losses], GRIDS).to_pandas(),
        PATHS.empty_table().to_pandas(),
        manifest,
    )


def write(made: Results, folder: Path) -> Path:
    """Write results into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    schemas = {"runs": runs_schema(TARGETS), "traces": TRACES, "grids": GRIDS, "paths": PATHS}
    for name, schema in schemas.items():
        pq.write_table(pa.Table.from_pandas(getattr(made, name), schema), folder / f"{name}.parquet")
    write_manifest(folder, made.manifest)
    return folder


def _starts(toy: Toy, count: int) -> Array:
    low, high = np.array(toy.domain).T
    drawn = np.random.default_rng(0).uniform(low, high, (count - 1, len(low)))
    return np.vstack([[toy.start], drawn]).T


def _simulate(
    toy: Toy, name: str, loss: str, label: str, rates: Sequence[float], points: Array, steps: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    rule, starts = OPTIMIZERS[name][0], points.shape[1]
    lr = np.repeat(rates, starts)
    x = np.tile(points, len(rates))
    wanted = set(schedule(steps))
    state: dict[str, Array] = {}
    evaluations = []
    with np.errstate(all="ignore"):
        for step in range(steps + 1):
            value, gradient = toy.value(x), toy.gradient(x)
            evaluations.append((x, value, np.linalg.norm(gradient, axis=0)))
            x = x - rule(gradient, state, lr, step + 1)
    xs, values, norms = (np.stack(part) for part in zip(*evaluations, strict=True))
    rows, traces = [], []
    for i in range(len(lr)):
        ident = f"{loss}/{label}/lr={lr[i]:g}"
        row = _row(toy, xs[:, :, i], values[:, i], norms[:, i], steps)
        run_id = f"{ident}/start={i % starts}/seed=0"
        rows.append(_labels(toy, loss, label, name, float(lr[i])) | row | {"run_id": run_id, "start": i % starts})
        traces += [
            {"run_id": run_id, "step": k, "loss": values[k, i], "gradient_norm": norms[k, i], "x": xs[k, :2, i]}
            for k in sorted(wanted | {row["steps"]})
            if k < (row["diverged_at"] or steps + 1)
        ]
    return rows, traces


def _labels(toy: Toy, loss: str, label: str, family: str, rate: float) -> dict[str, Any]:
    return {
        "cell_id": f"{loss}/{label}/lr={rate:g}",
        "loss": loss,
        "dim": len(toy.start),
        "optimizer": label,
        "family": family,
        "hyperparameters": "{}",
        "learning_rate": rate,
        "seed": 0,
    }


def _row(toy: Toy, xs: Array, values: Array, norms: Array, steps: int) -> dict[str, Any]:
    fine = np.isfinite(xs).all(axis=1) & np.isfinite(values) & np.isfinite(norms)
    diverged = None if fine.all() else int(np.argmin(fine))
    last = steps if diverged is None else max(diverged - 1, 0)
    gaps = values[: last + 1] - toy.minimum
    scale = float(toy.value(np.array(toy.start)) - toy.minimum)
    within = {t: gaps <= t * scale for t in TARGETS}
    hits = {t: _since_when(flags) if diverged is None else None for t, flags in within.items()}
    outcome, reason = _outcome(diverged, hits[TARGETS[-1]], norms[last], norms[0])
    best = int(np.argmin(gaps))
    return {
        "x0": xs[0],
        "outcome": outcome,
        "reason": reason,
        "steps": diverged if diverged is not None else steps,
        "gradient_evaluations": last + 1,
        "diverged_at": diverged,
        "initial_loss": values[0],
        "final_loss": values[last],
        "best_loss": values[best],
        "best_step": best,
        "final_gradient_norm": norms[last],
        "final_x": xs[last],
        "distance": min(float(np.linalg.norm(xs[last] - m)) for m in np.array(toy.minima)),
        "gap": gaps[-1],
        "scale": scale,
        "left_target": bool(within[TARGETS[-1]].any() and hits[TARGETS[-1]] is None),
    } | {hit_column(t): None if hit is None else int(hit) for t, hit in hits.items()}


def _since_when(within: Array) -> int | None:
    """From which step on a run stays within a target to its end."""
    outside = np.flatnonzero(~within)
    return None if not within[-1] else int(outside[-1]) + 1 if len(outside) else 0


def _outcome(diverged: int | None, hit: Any, norm: float, at_start: float) -> tuple[str, str]:
    if diverged is not None:
        return "diverged", f"not finite at step {diverged}"
    if hit is not None:
        return "solved", f"reached the tightest target at step {hit}"
    if norm <= 1e-5 * max(1.0, at_start):
        return "stationary", f"the gradient's norm is {norm:.1e}"
    return "exhausted", "still moving after the last step"


def _failed(toy: Toy, loss: str, label: str, rates: Sequence[float], points: Array) -> Iterator[dict[str, Any]]:
    for rate in rates:
        for start in range(points.shape[1]):
            row = _labels(toy, loss, label, label, rate)
            yield row | {
                "run_id": f"{row['cell_id']}/start={start}/seed=0",
                "start": start,
                "x0": points[:, start],
                "outcome": "failed",
                "reason": "ValueError: step() returned a position of another shape",
            }


def _grid(toy: Toy, label: str) -> dict[str, Any]:
    axes = [np.linspace(low, high, 81) for low, high in toy.domain]
    mesh = np.stack([part.ravel() for part in np.meshgrid(*axes)]) if len(axes) > 1 else np.array(axes)
    return {"loss": label, "x": axes[0], "y": axes[1] if len(axes) > 1 else [], "values": toy.value(mesh)}


def _manifest(
    losses: Sequence[Toy],
    optimizers: Sequence[str],
    rates: Sequence[float],
    starts: int,
    steps: int,
    failed: Sequence[tuple[str, str]],
    rename: dict[str, str],
) -> Manifest:
    config = {
        "losses": [{"name": rename.get(toy.label, toy.label), "parameters": {}} for toy in losses],
        "optimizers": [{"name": rename.get(name, name), "hyperparameters": {}} for name in optimizers],
        "learning_rates": list(rates),
        "steps": steps,
        "starts": {"random": starts - 1},
        "targets": TARGETS,
        "dtype": "float64",
    }
    return Manifest(
        reportgen="0.2.0",
        config=Config.model_validate(config),
        versions={"python": "3.11.7", "tensorflow": "2.21.0", "numpy": "2.4.6"},
        device=DeviceInfo("/device:CPU:0", "CPU", "AMD EPYC"),
        losses=tuple(_loss_info(toy, rename.get(toy.label, toy.label), starts) for toy in losses),
        optimizers=tuple(_optimizer_info(name, rename.get(name, name), tuple(rates)) for name in optimizers),
        programs=tuple(
            _program(
                rename.get(toy.label, toy.label),
                rename.get(name, name),
                len(rates) * starts,
                (toy.label, name) in failed,
            )
            for toy in losses
            for name in optimizers
        ),
    )


def _program(loss: str, optimizer: str, runs: int, failed: bool) -> ProgramEntry:
    return ProgramEntry(
        id=f"{loss}/{optimizer}",
        fingerprint="0" * 64,
        loss=loss,
        optimizers=(optimizer,),
        runs=runs,
        reason="ValueError: step() returned a position of another shape" if failed else None,
        seconds={"trace": 0.1, "compile": 0.4, "run": 0.1},
    )


def _loss_info(toy: Toy, label: str, starts: int) -> LossInfo:
    return LossInfo(
        label=label,
        name=label,
        dim=len(toy.start),
        title=label.capitalize(),
        formula=toy.formula,
        source="Moré, Garbow and Hillstrom 1981",
        note=toy.note,
        start=toy.start,
        domain=toy.domain,
        minima=toy.minima,
        minimum=toy.minimum,
        starts=starts,
    )


def _optimizer_info(name: str, label: str, rates: tuple[float, ...]) -> OptimizerInfo:
    return OptimizerInfo(
        label=label,
        family=name,
        title=label.replace("_", " ").capitalize(),
        formula=OPTIMIZERS[name][1],
        source="Polyak 1964",
        note="Keras keeps the learning rate inside the velocity.",
        doc="A rule that is explained in one sentence.",
        hyperparameters=tuple(
            HyperparameterInfo(value=item["default"], structural=False, low=0.0, high=1.0, **item)
            for item in OPTIMIZERS[name][2]
        ),
        learning_rates=rates,
    )
