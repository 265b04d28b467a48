"""Damaged tables of results, whose digests fit, given to render, compare and load."""

from __future__ import annotations

from . import harness
from .mutations import bomb, damage_table, fix_digests
from .results_folder import copied, prepare, use

TABLES = ("runs", "runs", "runs", "traces", "traces", "grids", "paths")


def run(case: harness.Case) -> tuple[str, str]:
    """Damage one or two tables in a few places."""
    folder = copied(case)
    if case.number % 100 == 99:
        bomb(folder / f"{case.random.choice(TABLES)}.parquet", case.random)
    else:
        for _ in range(case.random.choice((1, 1, 1, 2))):
            damage_table(folder / f"{case.random.choice(TABLES)}.parquet", case.random)
    if case.random.random() < 0.95:
        fix_digests(folder)
    return use(case, folder)


TARGET = harness.Target(prepare, run)

if __name__ == "__main__":
    harness.main(TARGET, __doc__)
