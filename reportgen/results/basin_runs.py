"""Runs what is missing of the basins of attraction of a plan."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from reportgen.engine.basins import Basins, StartGrid, collect_basins, from_starts, start_grid
from reportgen.engine.result import Grid
from reportgen.execute.local_workers import LocalWorkers
from reportgen.failure import Failure
from reportgen.plan import Plan, Program
from reportgen.results.basin_table import BASINS, BasinMap, has_basins, plan_key, read_basins, write_basins
from reportgen.results.errors import NotResultsError
from reportgen.results.manifest import Manifest


def update_basins(
    folder: Path,
    manifest: Manifest,
    plan: Plan,
    planes: Mapping[str, Grid | None],
    workers: LocalWorkers,
    on_program: Callable[[str], None],
) -> None:
    """Replace the file of basins in a results folder by that of the plan.

    A program that fails from these starts has no map.

    Args:
        folder: the results folder, with the finished results of the plan.
        manifest: its manifest.
        plan: the plan.
        planes: the background of each loss that is drawn on a plane, by its label.
        workers: run the programs.
        on_program: called with the id of each program that has ended.
    """
    size = manifest.config.basins
    if not size:
        (folder / BASINS).unlink(missing_ok=True)
        return
    key = plan_key((program.fingerprint for program in plan.programs), size)
    if has_basins(folder, key):
        return
    starts = dict(_start_grids(plan, planes, size))
    maps = [each for each in _earlier(folder, manifest) if each.size == size and _fits(each, starts)]
    known = {each.program for each in maps}
    missing = {
        from_starts(program, starts[program.loss]).id: program
        for program in plan.programs
        if program.loss in starts and not program.failure and program.fingerprint not in known
    }
    programs = [from_starts(program, starts[program.loss]) for program in missing.values()]
    for item in workers.run(programs, manifest.config.deadline, collect_basins):
        if isinstance(item, tuple):
            on_program(item[0].id)
            if not isinstance(item[1], Failure):
                program = missing[item[0].id]
                maps += _maps(program, item[1], size, starts[program.loss])
    write_basins(folder, _in_order(maps, plan), key)


def _in_order(maps: list[BasinMap], plan: Plan) -> list[BasinMap]:
    """The maps in the order of the plan, whichever program ended first; those of other plans last."""
    cells = ((program.fingerprint, cell) for program in plan.programs for cell in program.cells)
    places = {(fingerprint, cell.optimizer, cell.learning_rate): at for at, (fingerprint, cell) in enumerate(cells)}
    return sorted(
        maps, key=lambda found: places.get((found.program, found.optimizer, found.learning_rate), len(places))
    )


def _start_grids(plan: Plan, planes: Mapping[str, Grid | None], size: int) -> Iterator[tuple[str, StartGrid]]:
    for label, loss in plan.losses.items():
        if not isinstance(loss, Failure) and (found := start_grid(loss, size, planes.get(label))):
            yield label, found


def _earlier(folder: Path, manifest: Manifest) -> list[BasinMap]:
    try:
        return read_basins(folder, manifest)
    except NotResultsError:
        return []


def _fits(found: BasinMap, starts: Mapping[str, StartGrid]) -> bool:
    return found.loss in starts and starts[found.loss].box == found.box


def _maps(program: Program, basins: Basins, size: int, starts: StartGrid) -> Iterator[BasinMap]:
    shape = (size,) * len(starts.box)
    for cell, ends, steps in zip(program.cells, basins.ends, basins.steps, strict=True):
        yield BasinMap(
            program=program.fingerprint,
            loss=program.loss,
            optimizer=cell.optimizer,
            learning_rate=cell.learning_rate,
            size=size,
            box=starts.box,
            ends=ends.reshape(shape),
            steps=steps.reshape(shape),
        )
