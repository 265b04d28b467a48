"""The settings of a cluster that runs the programs."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

SLURM = "slurm"


_ADDRESS = re.compile(r"((tcp|tls|ucx|wss?)://)?(\[[\da-fA-F:]+\]|[^\s/:\[\]]+)(:\d{1,5})?")


def _check_address(text: str) -> str:
    if text == SLURM or text.endswith(".json") or _ADDRESS.fullmatch(text):
        return text
    raise ValueError('expected an address such as "tcp://scheduler:8786", a scheduler file, or "slurm"')


class Cluster(BaseModel):
    """An existing cluster. It changes no result, only where programs run."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    address: Annotated[str, AfterValidator(_check_address)]
    """A Dask scheduler (``tcp://scheduler:8786``), its scheduler file (``scheduler.json``), or ``slurm``."""
    resources: dict[str, Annotated[float, Field(gt=0)]] = {}
    """Resources of a Dask worker that each task needs, such as ``{ GPU = 1 }``."""
    retries: Annotated[int, Field(ge=0, le=100)] = 2
    """How often a program is tried again if its worker is lost. Then its runs count as failed."""
    jobs: Annotated[int, Field(ge=1, le=10_000)] = 16
    """Slurm: the most elements of a job array."""
    partition: str = ""
    """Slurm: the partition; empty: the default one."""
    time: Annotated[int, Field(ge=1)] = 60
    """Slurm: time limit of each element, in minutes."""
    memory: Annotated[float, Field(gt=0)] = 8.0
    """Slurm: memory of each element, in GiB."""
    cpus: Annotated[int, Field(ge=1)] = 4
    """Slurm: processors of each element."""
    gpus: Annotated[int, Field(ge=0)] = 0
    """Slurm: accelerators of each element."""


def from_address(value: object) -> object:
    """Return the table that an address alone stands for; other values as they are, and None for an empty text."""
    if isinstance(value, str):
        return {"address": value} if value else None
    return value
