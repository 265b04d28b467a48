"""The record of a shard: which part of which plan its folder holds, so that shards can be merged without their code."""

from __future__ import annotations

import platform
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from reportgen.plan import Plan
from reportgen.results.errors import NotResultsError, shown
from reportgen.results.files import SHARD_RECORD, read_json, write_json
from reportgen.results.limits import MOST_LABEL
from reportgen.results.manifest import FORMAT, NOT_STORED, Manifest, check_format, validated
from reportgen.results.manifest_checks import is_fingerprint, manifest_problem
from reportgen.shards import Shard, cost, shard_numbers


@dataclass(frozen=True)
class PlannedProgram:
    """A program of the whole plan, in this shard or in another one."""

    id: str
    fingerprint: str
    """SHA-256 of everything that determines the results."""
    loss: str
    """The label of its loss."""
    optimizers: tuple[str, ...]
    """The labels of its optimizers."""
    runs: int
    """Number of runs."""
    cost: int
    """Expected cost, in steps of one coordinate."""


@dataclass(frozen=True)
class ShardRecord:
    """A shard, and the plan that it is cut from."""

    shard: Shard
    manifest: Manifest
    """The manifest of the whole plan, before any program has run."""
    programs: tuple[PlannedProgram, ...]
    """All programs of the plan, in order."""
    host: str
    """The machine that has run the shard."""
    format: int = FORMAT

    @classmethod
    def of(cls, shard: Shard, plan: Plan, manifest: Manifest) -> ShardRecord:
        """Return the record of a shard that this machine runs."""
        programs = (
            PlannedProgram(
                id=program.id,
                fingerprint=program.fingerprint,
                loss=program.loss,
                optimizers=tuple(dict.fromkeys(cell.optimizer for cell in program.cells)),
                runs=program.runs,
                cost=cost(program),
            )
            for program in plan.programs
        )
        return cls(shard, manifest, tuple(programs), platform.node())

    def shards_with(self, fingerprints: Collection[str]) -> list[Shard]:
        """Return the shards, of as many as in this record, that contain any of these programs."""
        numbers = shard_numbers([program.cost for program in self.programs], self.shard.count)
        found = {
            number
            for program, number in zip(self.programs, numbers, strict=True)
            if program.fingerprint in fingerprints
        }
        return [Shard(number, self.shard.count) for number in sorted(found)]


@cache
def _adapter() -> TypeAdapter[ShardRecord]:
    return TypeAdapter(ShardRecord)


def write_shard_record(folder: Path, record: ShardRecord) -> None:
    """Write the record of the shard in ``folder``, atomically."""
    excluded: Any = {"manifest": {"config": NOT_STORED}}  # pydantic's type for this is too narrow
    write_json(folder / SHARD_RECORD, _adapter().dump_python(record, mode="json", exclude=excluded))


def read_shard_record(folder: Path) -> ShardRecord:
    """Return the record of the shard in ``folder``.

    Raises:
        NotResultsError: it is missing or damaged, or another version of reportgen wrote it.
    """
    path = folder / SHARD_RECORD
    content = read_json(path)
    if not isinstance(content, dict) or "format" not in content:
        raise NotResultsError(f"{folder}: holds no shard; expected a folder of reportgen run --shard")
    check_format(folder, content["format"])
    record = validated(_adapter(), content, path)
    if problem := _problem(record):
        raise NotResultsError(f"{path}: is damaged at {problem}")
    return record


def _problem(record: ShardRecord) -> str | None:
    if problem := manifest_problem(record.manifest):
        return f"manifest.{problem}"
    if not 1 <= record.shard.number <= record.shard.count:
        return f"shard: found {record.shard}; expected a number up to the count"
    if not record.programs:
        return "programs: found none; expected the programs of the plan"
    if not all(
        text.isprintable() and len(text) < 4 * MOST_LABEL
        for text in (record.host, *(each.id for each in record.programs))
    ):
        return "host or programs: found a text that cannot be printed; expected printable ones"
    losses, optimizers = set(record.manifest.loss_labels), set(record.manifest.optimizer_labels)
    seen: set[str] = set()
    for index, program in enumerate(record.programs):
        if not is_fingerprint(program.fingerprint) or program.fingerprint in seen:
            return (
                f"programs.{index}.fingerprint: found {shown(program.fingerprint)}; expected a different SHA-256 each"
            )
        seen.add(program.fingerprint)
        if program.loss not in losses or not set(program.optimizers) <= optimizers:
            return f"programs.{index}: found a label that is not in the manifest; expected one of it"
        if program.runs < 1 or program.cost < 1:
            return f"programs.{index}: found no runs or no cost; expected numbers >= 1"
    return None
