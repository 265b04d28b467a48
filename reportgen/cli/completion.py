"""Names of losses and optimizers for shell completion, found without importing TensorFlow."""

from __future__ import annotations

from pathlib import Path

import click
from click.shell_completion import CompletionItem


def complete_losses(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of losses, suites and Python files that begin with what is typed."""
    from reportgen import catalogue

    suites = [f"suite:{name}" for name in catalogue.suites()]
    return _matching([*catalogue.losses(), *catalogue.local_losses(Path.cwd()), *suites], incomplete)


def complete_optimizers(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of optimizers and Python files that begin with what is typed."""
    from reportgen import catalogue

    return _matching([*catalogue.optimizers(), *catalogue.local_optimizers(Path.cwd())], incomplete)


def complete_subjects(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of optimizers and losses."""
    optimizers = complete_optimizers(ctx, parameter, incomplete)
    known = {item.value for item in optimizers}
    losses = complete_losses(ctx, parameter, incomplete)
    return [*optimizers, *(item for item in losses if item.value not in known)]


def complete_listed(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of the kind that the first argument of ``list`` names."""
    find = complete_losses if ctx.params.get("kind") == "losses" else complete_optimizers
    return find(ctx, parameter, incomplete)


def _matching(names: list[str], incomplete: str) -> list[CompletionItem]:
    files = [path.name for path in Path.cwd().glob("*.py")]
    return [CompletionItem(name) for name in sorted({*names, *files}) if name.startswith(incomplete)]
