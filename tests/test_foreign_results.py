"""Results that are damaged, foreign or huge are refused in one sentence, although their digests fit."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import synthetic
from click.testing import CliRunner

from reportgen import load
from reportgen.cli import main
from reportgen.results.manifest import NotResultsError

pytestmark = pytest.mark.slow

Change = Callable[[Any], Any]


@pytest.fixture(scope="module")
def valid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of a small matrix."""
    made = synthetic.results([synthetic.QUARTIC, synthetic.BEALE], ["adam", "momentum"], (0.01, 0.1), 3, 20)
    return synthetic.write(made, tmp_path_factory.mktemp("valid") / "results")


@pytest.fixture
def folder(valid: Path, tmp_path: Path) -> Path:
    """A copy of the results that a test may change."""
    copy = tmp_path / "results"
    copy.mkdir()
    for file in valid.iterdir():
        (copy / file.name).write_bytes(file.read_bytes())
    return copy


def refusal(*arguments: object) -> str:
    """The only line that a command prints when it refuses its input."""
    result = CliRunner().invoke(main, list(map(str, arguments)))
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == 2
    (line,) = result.output.splitlines()
    return line


def change_table(path: Path, change: Change) -> None:
    pq.write_table(change(pq.ParquetFile(path).read()), path)


def column(name: str, change: Callable[[list[Any]], list[Any]]) -> Change:
    """A change of the values of a column."""

    def changed(table: pa.Table) -> pa.Table:
        kind = table.schema.field(name).type
        values = change(table[name].to_pylist())
        text = pa.types.is_dictionary(kind)
        array = pa.array(values, pa.string()).dictionary_encode() if text else pa.array(values, kind)
        return table.set_column(table.column_names.index(name), name, array)

    return changed


def first(value: Any) -> Callable[[list[Any]], list[Any]]:
    """A change of the first value."""
    return lambda values: [value, *values[1:]]


TABLES: list[tuple[str, str, Change, str]] = [
    ("missing column", "runs", lambda t: t.drop_columns(["gap"]), "runs.parquet: missing column gap"),
    ("extra column", "runs", lambda t: t.append_column("extra", t["gap"]), "found a column 'extra'"),
    ("column twice", "runs", lambda t: t.append_column("gap", t["gap"]), "found two columns of the same name"),
    (
        "wrong type",
        "runs",
        lambda t: t.set_column(13, "steps", t["steps"].cast(pa.string())),
        "found string; expected int32",
    ),
    ("foreign table", "runs", lambda _: pa.table({"a": [1]}), "found a column 'a'"),
    ("no runs", "runs", lambda t: t.slice(0, 0), "found no runs"),
    ("null outcome", "runs", column("outcome", first(None)), "column outcome: found 1 nulls; expected none"),
    ("null steps", "runs", column("steps", first(None)), "column steps: found null for a run that did not fail"),
    ("unknown outcome", "runs", column("outcome", first("won")), "column outcome: found 'won'; expected failed, "),
    ("too many steps", "runs", column("steps", first(21)), "column steps: found 21; expected 0 to 20"),
    ("negative step", "runs", column("hit_1e-01", first(-1)), "column hit_1e-01: found -1; expected 0 to 20"),
    ("unknown start", "runs", column("start", first(9)), "column start: found 9; expected 0 to 2"),
    ("unknown seed", "runs", column("seed", first(1)), "column seed: found 1; expected 0 to 0"),
    ("run twice", "runs", column("start", first(1)), "a run occurs twice"),
    ("unknown loss", "runs", column("loss", lambda v: ["x" if each == "beale" else each for each in v]), "found 'x'"),
    ("two losses", "runs", column("loss", first("beale")), "column loss: found two values in the runs of one cell_id"),
    (
        "infinite rate",
        "runs",
        column("learning_rate", first(np.inf)),
        "column learning_rate: found a value that is not",
    ),
    ("coordinates", "runs", column("final_x", first([1.0, 2.0])), "column final_x: found 2 coordinates; expected 1"),
    ("null in a list", "runs", column("final_x", first([None])), "column final_x: found a null in a list"),
    ("missing runs", "runs", lambda t: t.slice(1), "found 11 runs on 'quartic'; expected 12"),
    (
        "trace of no run",
        "traces",
        column("run_id", first("x")),
        "column run_id: found 'x'; expected the run_id of a run",
    ),
    (
        "trace without start",
        "traces",
        lambda t: t.slice(1),
        "column step: found 1 in the first row of a run; expected 0",
    ),
    (
        "descending trace",
        "traces",
        column("step", lambda v: [0, 2, 1, *v[3:]]),
        "a step that is not above the one before",
    ),
    ("shuffled trace", "traces", lambda t: pa.concat_tables([t, t.slice(0, 1)]), "found a run in two places"),
    (
        "infinite loss",
        "traces",
        column("loss", lambda v: [v[0], np.inf, *v[2:]]),
        "column loss: found a value that is not",
    ),
    ("position", "traces", column("x", first([])), "column x: found another number of coordinates; expected 1"),
    ("grid of no loss", "grids", column("loss", first("x")), "found a grid of 'x'; expected one per loss"),
    ("grid without values", "grids", column("values", first([])), "grid of 'quartic': found 0 values; expected 81"),
    ("grid of one place", "grids", column("x", lambda v: [[0.0] * len(v[0]), *v[1:]]), "an axis x from 0 to 0"),
    (
        "endless grid",
        "grids",
        column("x", lambda v: [[-1.7e308, *v[0][1:-1], 1.7e308], *v[1:]]),
        "low < high with a width of",
    ),
    ("grid that descends", "grids", column("x", lambda v: [v[0][::-1], *v[1:]]), "not finite and ascending"),
    (
        "grid of many points",
        "grids",
        column("x", first([0.0] * 20_000)),
        "found 20,000 points in x; expected 2 to 10,000",
    ),
]


@pytest.mark.parametrize(
    ("table", "change", "sentence"), [case[1:] for case in TABLES], ids=[case[0] for case in TABLES]
)
def test_a_table_with_wrong_content_is_refused(folder: Path, table: str, change: Change, sentence: str) -> None:
    change_table(folder / f"{table}.parquet", change)
    assert sentence in refusal("render", folder, "--output", folder.parent / "site")
    assert not (folder.parent / "site" / "index.html").exists()
    with pytest.raises(NotResultsError):
        load(folder)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("x0", [1.0, 2.0], "column x0: found 2 coordinates; expected 1"),
        ("hyperparameters", '{"a": [1]}', "column hyperparameters: found "),
    ],
)
def test_compare_checks_columns_that_only_it_reads(
    valid: Path, folder: Path, name: str, value: Any, sentence: str
) -> None:
    change_table(folder / "runs.parquet", column(name, first(value)))
    assert sentence in refusal("compare", valid, folder)


def test_compare_refuses_a_wrong_table_as_well(valid: Path, folder: Path) -> None:
    change_table(folder / "runs.parquet", column("outcome", first("won")))
    assert "column outcome: found 'won'" in refusal("compare", valid, folder)
    alone = folder.rename(folder.parent / "alone") / "runs.parquet"
    (alone.parent / "manifest.json").unlink()
    assert "column outcome: found 'won'" in refusal("compare", valid / "runs.parquet", alone)


def test_a_table_alone_with_one_target_twice_is_refused(valid: Path, tmp_path: Path) -> None:
    table = pq.ParquetFile(valid / "runs.parquet").read()
    target = next(name for name in table.column_names if name.startswith("hit_"))
    pq.write_table(table.append_column(target, table[target]), tmp_path / "alone.parquet")
    assert "found two columns of the same name" in refusal(
        "compare", valid / "runs.parquet", tmp_path / "alone.parquet"
    )


def test_a_table_alone_may_lack_the_losses_of_failed_runs(valid: Path, tmp_path: Path) -> None:
    table = pq.ParquetFile(valid / "runs.parquet").read()
    nearest = int(np.argmin(np.abs(table["gap"].to_numpy())))
    for name, value in (("outcome", "failed"), ("final_loss", None)):
        table = column(name, lambda v, value=value: [value if k == nearest else x for k, x in enumerate(v)])(table)
    pq.write_table(table, tmp_path / "alone.parquet")
    arguments = ["compare", *[str(tmp_path / "alone.parquet")] * 2, "--output", str(tmp_path / "compared")]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output


def test_a_truncated_table_is_refused(folder: Path) -> None:
    path = folder / "runs.parquet"
    path.write_bytes(path.read_bytes()[:-100])
    assert "runs.parquet: not a Parquet file" in refusal("render", folder)


def test_a_damaged_page_of_a_table_is_refused(folder: Path) -> None:
    path = folder / "runs.parquet"
    content = bytearray(path.read_bytes())
    content[4:2000] = bytes(1996)
    path.write_bytes(content)
    assert "runs.parquet: cannot be read: " in refusal("render", folder)


def test_a_small_file_of_very_many_rows_is_refused_before_it_is_decoded(valid: Path, folder: Path) -> None:
    rows = 10**7 + 1
    pq.write_table(pa.table({"run_id": pa.array(np.zeros(rows, np.int8))}), folder / "runs.parquet")
    sentence = "found 10,000,001 rows; expected at most 10,000,000 in a file of this size"
    assert sentence in refusal("render", folder)
    assert sentence in refusal("compare", valid, folder)


@pytest.mark.parametrize("rows", [1, 7, 1000])
def test_trajectories_in_row_groups_of_any_size_give_the_same_pages(
    valid: Path, folder: Path, tmp_path: Path, rows: int
) -> None:
    for name in ("traces", "paths"):
        table = pq.ParquetFile(folder / f"{name}.parquet").read()
        pq.write_table(table, folder / f"{name}.parquet", row_group_size=rows)
    for results, site in ((valid, "expected"), (folder, "found")):
        done = CliRunner().invoke(main, ["render", str(results), "--output", str(tmp_path / site)])
        assert done.exit_code == 0, done.output
    pages = sorted(path.relative_to(tmp_path / "expected") for path in (tmp_path / "expected").rglob("*.html"))
    assert len(pages) > 4
    texts = [[(tmp_path / site / page).read_text() for page in pages] for site in ("expected", "found")]
    assert texts[0] == texts[1]


def test_a_run_in_two_row_groups_that_are_apart_is_refused(folder: Path) -> None:
    table = pq.ParquetFile(folder / "traces.parquet").read()
    first = table["run_id"].combine_chunks().dictionary_encode().indices.to_numpy()
    length = int((first == first[0]).sum())
    moved = pa.concat_tables([table.slice(0, 1), table.slice(length), table.slice(1, length - 1)])
    pq.write_table(moved.unify_dictionaries(), folder / "traces.parquet", row_group_size=length)
    assert "expected" in refusal("render", folder)
    with pytest.raises(NotResultsError, match=r"traces.parquet: column (step|run_id): found"):
        load(folder)


@pytest.mark.parametrize("name", ["run_id", "reason"])
@pytest.mark.parametrize(
    ("length", "pieces", "sentence"),
    [
        (10**6, 2, "found a text of 1,000,000 bytes; expected at most 10,000"),
        (10_000, 110, "found 1,100,000,000 bytes of text; expected at most 1,000,000,000"),
    ],
)
def test_a_small_file_of_very_many_copies_of_a_text_is_refused(
    folder: Path, name: str, length: int, pieces: int, sentence: str
) -> None:
    table = pq.ParquetFile(folder / "runs.parquet").read()
    place = table.column_names.index(name)
    row = table.slice(0, 1).set_column(place, table.schema.field(name), [["x" * length]])
    copies = row.take(pa.array(np.zeros(10**7 // length, np.int32)))
    with pq.ParquetWriter(folder / "runs.parquet", table.schema, compression="zstd") as writer:
        for _ in range(pieces):
            writer.write_table(copies)
    assert (folder / "runs.parquet").stat().st_size < 1_000_000
    with pytest.raises(NotResultsError, match=sentence):
        load(folder)


def test_a_table_of_very_many_columns_is_refused(folder: Path) -> None:
    pq.write_table(pa.table({str(number): [1] for number in range(2000)}), folder / "traces.parquet")
    assert "traces.parquet: found 2,000 columns; expected at most 1,000" in refusal("render", folder)


def _set(*keys: Any, value: Any) -> Change:
    def change(manifest: Any) -> None:
        for key in keys[:-1]:
            manifest = manifest[key]
        manifest[keys[-1]] = value

    return change


MANIFESTS: list[tuple[str, Change, str]] = [
    (
        "not a number",
        _set("losses", 0, "minimum", value=float("nan")),
        "losses.0.minimum: found nan; expected a finite",
    ),
    (
        "huge integer",
        _set("losses", 0, "starts", value=2**70),
        "losses.0.starts: found an integer of more than 64 bits",
    ),
    ("surrogate", _set("config", "title", value="\ud800"), "config.title: found '\\ud800'; expected Unicode text"),
    ("long text", _set("losses", 0, "note", value="x" * 1_000_001), "losses.0.note: found 1,000,001 characters"),
    ("depth", _set("losses", 0, "parameters", "a", value=[[[[[]]]]] * 2), "losses.0.parameters.'a': found "),
    ("wrong type", _set("losses", 0, "domain", value=7), "losses.0.domain: Input should be a valid tuple"),
    ("coordinates", _set("losses", 0, "start", value=[1.0, 2.0]), "losses.0.start: found 2 coordinates; expected 1"),
    (
        "empty domain",
        _set("losses", 0, "domain", value=[[1.0, 1.0]]),
        "losses.0.domain.0: found 1 to 1; expected low < high",
    ),
    (
        "endless domain",
        _set("losses", 0, "domain", value=[[-1.7e308, 1.7e308]]),
        "losses.0.domain.0: found -1.7e+308 to 1.7e+308; expected low < high with a width of",
    ),
    ("label twice", _set("losses", 0, "label", value="beale"), "losses.1.label: found 'beale' twice"),
    ("blank label", _set("optimizers", 0, "label", value=" "), "optimizers.0.label: found ' '"),
    (
        "negative rate",
        _set("optimizers", 0, "learning_rates", value=[-1.0]),
        "optimizers.0.learning_rates: found a value",
    ),
    (
        "many rates",
        _set("optimizers", 0, "learning_rates", value=list(range(1, 10_003))),
        "found 10,002 learning rates",
    ),
    ("target twice", _set("config", "targets", value=[0.1, 0.1]), "config.targets: found a target twice"),
    (
        "folder",
        _set("programs", 0, "fingerprint", value="../../x"),
        "programs.0.fingerprint: found '../../x'; expected 64",
    ),
    (
        "unknown loss",
        _set("programs", 0, "loss", value="x"),
        "programs.0.loss: found 'x'; expected the label of a loss",
    ),
]


@pytest.mark.parametrize(("change", "sentence"), [case[1:] for case in MANIFESTS], ids=[case[0] for case in MANIFESTS])
def test_a_manifest_with_wrong_content_is_refused(folder: Path, change: Change, sentence: str) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    change(manifest)
    path.write_text(json.dumps(manifest), encoding="utf-8")
    line = refusal("render", folder)
    assert "manifest.json: is damaged at " in line
    assert sentence in line


def test_a_manifest_that_is_nested_without_end_is_refused(folder: Path) -> None:
    (folder / "manifest.json").write_text("[" * 100_000)
    assert "expected a readable manifest.json" in refusal("render", folder)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b'<a href="http://[">', "index.html: links to 'http://[', which is not an address"),
        (b"\x86", "expected UTF-8 text"),
    ],
)
def test_a_site_with_a_damaged_page_is_not_published(made: Path, tmp_path: Path, text: bytes, sentence: str) -> None:
    index = made / "index.html"
    index.write_bytes(index.read_bytes() + text)
    assert sentence in refusal("publish", made, tmp_path / "target")
    assert not (tmp_path / "target").exists()
