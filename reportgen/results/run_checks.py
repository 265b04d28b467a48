"""Checks the table of runs while its columns are read: everything that the analysis relies on.

Digests prove nothing about a folder that a stranger has made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from reportgen.regular_files import parse_json
from reportgen.results.errors import NotResultsError, shown
from reportgen.results.json_checks import json_problem
from reportgen.results.limits import MOST_LABEL
from reportgen.results.manifest import LossInfo, Manifest
from reportgen.results.schema import OUTCOMES, evaluations_column, hit_column, runs_schema
from reportgen.results.table_columns import (
    Codes,
    check_columns,
    check_no_nulls,
    check_numbers,
    codes_of,
    list_lengths,
    read_columns,
)

IntArray = npt.NDArray[np.int64]

_INT32 = 2**31 - 1
_MOST_EVALUATIONS = 2**53
"""Larger integers are not exact as floats."""
_NEVER_NULL = frozenset(
    {"run_id", "cell_id", "loss", "optimizer", "family", "hyperparameters", "learning_rate", "start", "seed", "x0"}
    | {"outcome"}
)
_NULL_IF_FAILED = frozenset(
    {"steps", "gradient_evaluations", "initial_loss", "final_loss", "best_loss", "best_step", "final_gradient_norm"}
    | {"final_x", "left_target"}
)
_STEPS = frozenset({"steps", "first_unchanged", "diverged_at", "best_step"})
IDENTITY = ("cell_id", "loss", "optimizer", "learning_rate", "start", "seed", "outcome")
"""The columns that ``RunChecks.finish`` needs."""


@dataclass(frozen=True)
class RunKeys:
    """How the other tables find a run."""

    cells: Mapping[str, int]
    """A code for each ``cell_id``."""
    losses: list[str]
    """The label of the loss of each cell, by code."""
    spans: tuple[int, int]
    """More than the largest start, and more than the largest seed."""
    keys: IntArray
    """One per run, ascending, int64 [runs]."""


def optional_columns(targets: Iterable[float]) -> frozenset[str]:
    """Columns that a table of runs may lack: evaluations per step may be the same in all runs."""
    return frozenset(map(evaluations_column, targets))


def check_stored_runs(path: Path, targets: tuple[float, ...], manifest: Manifest | None) -> RunKeys:
    """Check a table of runs on disk, one column at a time, and return how other tables find a run.

    Args:
        path: the table.
        targets: its targets.
        manifest: what the runs must belong to; None: nothing is known.

    Raises:
        NotResultsError: it is not a valid table of runs.
    """
    names = check_columns(path, runs_schema(targets), optional_columns(targets))
    checks = RunChecks(path, targets, manifest)
    for name in runs_schema(targets).names:
        if name in names:
            checks.column(name, read_columns(path, [name])[name])
    return checks.finish()


class RunChecks:
    """Checks each column of a table of runs, then whether the columns agree with each other and with the manifest."""

    def __init__(self, path: Path, targets: tuple[float, ...], manifest: Manifest | None) -> None:
        self._path = path
        self._manifest = manifest
        self._steps = manifest.steps if manifest else _INT32
        self._hits = {hit_column(target) for target in targets}
        self._evaluations = {evaluations_column(target) for target in targets}
        self._codes: dict[str, tuple[Codes, list[str]]] = {}
        self._numbers: dict[str, npt.NDArray[Any]] = {}
        self._lengths: dict[str, Codes] = {}
        self._nulls: dict[str, npt.NDArray[np.bool_]] = {}
        self._dims: npt.NDArray[Any] | None = None

    def column(self, name: str, values: pa.ChunkedArray) -> None:
        """Check one column alone, and keep what ``finish`` needs of it.

        Raises:
            NotResultsError: a value is not allowed.
        """
        path = self._path
        if name in _NEVER_NULL:
            check_no_nulls(path, name, values)
        elif name in _NULL_IF_FAILED and values.null_count:
            self._nulls[name] = np.asarray(values.is_null())
        if name in _STEPS or name in self._hits:
            check_numbers(path, name, values, 0, self._steps)
        elif name in self._evaluations or name == "gradient_evaluations":
            check_numbers(path, name, values, 0, _MOST_EVALUATIONS)
        elif name in ("start", "seed"):
            check_numbers(path, name, values, 0, self._most(name))
        elif name in ("x0", "final_x"):
            self._lengths[name] = list_lengths(path, name, values)
        elif name == "dim":
            self._dims = pc.fill_null(values, 0).to_numpy()
        elif name == "hyperparameters":
            self._check_hyperparameters(codes_of(values)[1])
        if name in ("cell_id", "loss", "optimizer", "outcome"):
            self._codes[name] = codes_of(values)
            self._check_labels(name)
        elif name in ("learning_rate", "start", "seed"):
            self._numbers[name] = values.to_numpy()

    def finish(self) -> RunKeys:
        """Check what columns have to do with each other and with the manifest, after each of ``IDENTITY`` was checked.

        Raises:
            NotResultsError: they do not agree.
        """
        if not len(self._codes["loss"][0]):
            raise NotResultsError(f"{self._path}: found no runs; expected at least one")
        self._check_outcomes()
        cell, cells = self._codes["cell_id"]
        used, first = np.unique(cell, return_index=True)
        self._check_cells(cell, used, first)
        keys = self._ascending_keys(cell)
        if self._manifest:
            self._check_matrix(first, self._manifest)
        self._check_lengths()
        loss, losses = self._codes["loss"]
        of_cell = [""] * len(cells)
        for code, row in zip(used.tolist(), first.tolist(), strict=True):
            of_cell[code] = losses[loss[row]]
        found = {text: code for code, text in enumerate(cells)}
        return RunKeys(found, of_cell, self._spans, keys)

    def _most(self, name: str) -> int:
        """The largest start or seed."""
        if self._manifest is None:
            return _INT32
        config = self._manifest.config
        return config.starts.random + len(config.starts.points) if name == "start" else config.seeds - 1

    def _check_labels(self, name: str) -> None:
        longest = max(map(len, self._codes[name][1]), default=0)
        most = 3 * MOST_LABEL if name == "cell_id" else MOST_LABEL
        if longest > most:
            raise self._error(name, f"found a text of {longest:,} characters; expected at most {most:,}")
        if self._manifest is None and not all(text.isprintable() for text in self._codes[name][1]):
            raise self._error(name, "found a character that cannot be printed; expected printable texts")

    def _check_hyperparameters(self, texts: list[str]) -> None:
        for text in texts:
            try:
                values = parse_json(text)
            except ValueError:
                values = None
            if not isinstance(values, dict) or any(isinstance(value, dict | list) for value in values.values()):
                raise self._error(
                    "hyperparameters", f"found {shown(text)}; expected a JSON object of numbers and texts"
                )
            problem = json_problem(values)
            if problem:
                raise self._error("hyperparameters", problem)

    def _check_outcomes(self) -> None:
        outcome, names = self._codes["outcome"]
        unknown = [names[code] for code in np.unique(outcome) if names[code] not in OUTCOMES]
        if unknown:
            raise self._error("outcome", f"found {shown(unknown[0])}; expected {', '.join(OUTCOMES)}")
        failed = outcome == names.index("failed") if "failed" in names else np.zeros(len(outcome), bool)
        for name, nulls in self._nulls.items():
            if (nulls & ~failed).any():
                raise self._error(name, "found null for a run that did not fail; expected a value")

    def _check_lengths(self) -> None:
        """Every position has as many coordinates as its loss."""
        if self._manifest:
            loss, labels = self._codes["loss"]
            dims = dims_of(self._manifest.losses)
            expected = np.array([dims.get(label, 0) for label in labels], np.int32)[loss]
            # Of a loss that could not be loaded, the table has the dimension that was asked for, and no positions.
            if self._dims is not None and ((self._dims != expected) & (expected > 0)).any():
                raise self._error("dim", "found another number of coordinates than in the manifest; expected the same")
        elif self._dims is not None:
            expected = np.where(self._lengths["x0"] == 0, 0, self._dims)
        else:
            return
        for name, lengths in self._lengths.items():
            wrong = (lengths != expected) & (lengths >= 0)
            if wrong.any():
                row = int(np.argmax(wrong))
                raise self._error(
                    name, f"found {lengths[row]:,} coordinates; expected {expected[row]:,}, as its loss has"
                )

    def _check_cells(self, cell: Codes, used: Codes, first: IntArray) -> None:
        """A cell has one loss, one optimizer and one learning rate, and no other cell has all three."""
        rate = self._numbers["learning_rate"]
        if not (np.isfinite(rate) & (rate > 0)).all():
            raise self._error("learning_rate", "found a value that is not above 0 and finite; expected learning rates")
        loss, optimizer = self._codes["loss"][0], self._codes["optimizer"][0]
        row_of_cell = np.zeros(int(used[-1]) + 1, int)
        row_of_cell[used] = first
        columns = {"loss": loss, "optimizer": optimizer, "learning_rate": rate}
        for name, values in columns.items():
            if (values[row_of_cell[cell]] != values).any():
                raise self._error(name, "found two values in the runs of one cell_id; expected the same")
        triples = set(zip(loss[first].tolist(), optimizer[first].tolist(), rate[first].tolist(), strict=True))
        if len(triples) < len(used):
            raise self._error(
                "cell_id", "found two values for the same loss, optimizer and learning rate; expected one"
            )

    def _check_matrix(self, first: IntArray, manifest: Manifest) -> None:
        """The cells are those of the manifest, and so are the numbers of runs."""
        (loss, losses), (optimizer, optimizers) = self._codes["loss"], self._codes["optimizer"]
        rate = self._numbers["learning_rate"][first].tolist()
        found = {
            (losses[at], optimizers[by], each) for at, by, each in zip(loss[first], optimizer[first], rate, strict=True)
        }
        known, rates = set(manifest.loss_labels), {info.label: {*info.learning_rates} for info in manifest.optimizers}
        for label, name, value in found:
            if label not in known:
                raise self._error("loss", f"found {shown(label)}; expected a loss of the manifest")
            if name not in rates:
                raise self._error("optimizer", f"found {shown(name)}; expected an optimizer of the manifest")
            if rates[name] and value not in rates[name]:
                raise self._error("learning_rate", f"found {value:g} of {shown(name)}; expected one of the manifest")
        pairs = {cell[:2] for cell in found}
        for label in manifest.loss_labels:
            for name, values in rates.items():
                if (label, name) not in pairs or any((label, name, value) not in found for value in values):
                    raise NotResultsError(
                        f"{self._path}: found no runs of {shown(name)} on {shown(label)} at a learning rate of the "
                        "manifest; expected some"
                    )
        self._check_counts(manifest)

    def _check_counts(self, manifest: Manifest) -> None:
        loss, losses = self._codes["loss"]
        counts = dict(zip(losses, np.bincount(loss, minlength=len(losses)).tolist(), strict=True))
        planned: dict[str, int] = {}
        for entry in manifest.programs:
            planned[entry.loss] = planned.get(entry.loss, 0) + entry.runs
        for label, runs in planned.items():
            if counts.get(label, 0) != runs:
                raise NotResultsError(
                    f"{self._path}: found {counts.get(label, 0):,} runs on {shown(label)}; expected {runs:,}, as its "
                    "programs have"
                )

    @property
    def _spans(self) -> tuple[int, int]:
        return int(self._numbers["start"].max()) + 1, int(self._numbers["seed"].max()) + 1

    def _ascending_keys(self, cell: Codes) -> IntArray:
        starts, seeds = self._spans
        if int(cell.max()) + 1 > 2**62 // (starts * seeds):
            raise self._error("start", "found too many starts and seeds; expected numbers without gaps")
        keys: IntArray = (cell.astype(np.int64) * starts + self._numbers["start"]) * seeds + self._numbers["seed"]
        if not (np.diff(keys) > 0).all():
            keys.sort()
            if not (np.diff(keys) > 0).all():
                raise NotResultsError(f"{self._path}: a run occurs twice, with the same configuration, start and seed")
        return keys

    def _error(self, column: str, problem: str) -> NotResultsError:
        return NotResultsError(f"{self._path}: column {column}: {problem}")


def dims_of(losses: Iterable[LossInfo]) -> dict[str, int]:
    """Return the number of coordinates of each loss by label; 0 if it could not be loaded."""
    return {info.label: info.dim or 0 for info in losses}
