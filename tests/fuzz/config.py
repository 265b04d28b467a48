"""Damaged config files, given to ``build --dry-run``, which runs nothing."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from . import harness
from .mutations import NUMBERS, STRANGE, TEXTS, damaged_bytes

BASE = """
title = "A title"
description = "Words"
site_url = "https://example.org/report"
baseline = "momentum"
losses = ["quartic", "rosenbrock[dim=4]", { name = "beale", noise = { relative = 0.1 }, start = [1.0, 1.0] }]
optimizers = ["momentum", { name = "adam", beta_2 = [0.99, 0.999] }, { name = "lookahead", base = "momentum" }]
learning_rates = { from = 1e-4, to = 1.0, per_decade = 2 }
starts = { standard = true, random = 3, seed = 0, points = [[0.5, -0.25]] }
seeds = 2
steps = 30
targets = [1e-1, 1e-3]
target_scale = "loss"
judged_by = "last"
dtype = "float32"
gradient_tolerance = 1e-5
trace = "pictures"
trace_points = 16
device = "auto"
deadline = 60.0
max_size = 10.0
"""
WORDS = (
    "all",
    "mgh",
    "adam[beta_1=0.5]",
    "adam[",
    "x.py:y",
    "keras:Adam",
    "auto",
    "1e-3",
    "quartic[dim=2]",
    "rosenbrock[dim=1e9]",
)


def prepare(_shared: Path) -> None:
    """Nothing is shared."""


def run(case: harness.Case) -> tuple[str, str]:
    """Damage the text or the values of a config."""
    path = case.folder / "reportgen.toml"
    if case.random.random() < 0.4:
        path.write_bytes(_damaged_text(case))
    else:
        values = tomllib.loads(BASE)
        for _ in range(case.random.choice((1, 1, 2, 3))):
            _damage(values, case)
        path.write_text(
            "\n".join(f"{_toml(key)} = {_toml(value)}" for key, value in values.items()), errors="surrogatepass"
        )
    command = case.random.choice(("build", "run"))
    case.ready()
    return harness.invoke([command, path, "--dry-run", "--output", case.output])


def _damaged_text(case: harness.Case) -> bytes:
    rng, lines = case.random, BASE.splitlines()
    kind = rng.choice(("bytes", "line twice", "lines", "token", "nested"))
    if kind == "bytes":
        return damaged_bytes(BASE.encode(), rng)
    if kind == "line twice":
        lines.insert(rng.randrange(len(lines)), rng.choice(lines))
    elif kind == "lines":
        rng.shuffle(lines)
        del lines[: rng.randrange(5)]
    elif kind == "nested":
        lines.append(f"losses = {'[' * 5000}{']' * 5000}")
    else:
        at = rng.randrange(len(lines))
        lines[at] += rng.choice(
            ('"', "'", "]", "}", "[[", "= 1", "\\", "#", "\x00", "nan", "1979-05-27", "0x10", '"""')
        )
    return "\n".join(lines).encode()


def _damage(values: dict[str, Any], case: harness.Case) -> None:
    rng = case.random
    holder: Any = values
    while True:
        keys = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        if not keys:
            return
        key = rng.choice(keys)
        if isinstance(holder[key], dict | list) and rng.random() < 0.7:
            holder = holder[key]
            continue
        break
    other = rng.choice(
        (
            *NUMBERS,
            *STRANGE,
            *TEXTS,
            *WORDS,
            True,
            [],
            {},
            [1, "x"],
            {"name": "adam"},
            {"from": 1, "to": 1e308, "per_decade": 100},
        )
    )
    kind = rng.choice(("delete", "replace", "replace", "replace", "grow", "rename"))
    if kind == "delete":
        del holder[key]
    elif kind == "replace":
        holder[key] = other
    elif isinstance(holder, list):
        holder += [rng.choice((other, holder[key]))] * rng.choice((1, 3, 500))
    else:
        holder[rng.choice((*TEXTS[:8], "dim", "learning_rates", "noise", "domain", "schedule"))] = (
            other if kind == "grow" else holder.pop(key)
        )


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_toml(key)} = {_toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        quoted = "".join(f"\\u{ord(char):04x}" if ord(char) < 32 or char in '"\\' else char for char in value)
        return f'"{quoted}"'
    return repr(value)


TARGET = harness.Target(prepare, run)

if __name__ == "__main__":
    harness.main(TARGET, __doc__)
