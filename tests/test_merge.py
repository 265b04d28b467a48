"""Shards: machines run parts of a matrix, and merge joins them to what one machine would have written."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner, Result
from conftest import KeptWorker
from hypothesis import given
from hypothesis import strategies as st

from reportgen import plan
from reportgen.cli import main
from reportgen.results.manifest import read_manifest
from reportgen.results.result_tables import Results
from reportgen.shards import Shard, shard_numbers

TABLES = ("runs.parquet", "traces.parquet", "grids.parquet", "paths.parquet")
MATRIX = """
losses = ["quartic", "beale"]
optimizers = ["gradient_descent", "adam"]
learning_rates = [0.01, 0.1]
starts = { random = 1 }
steps = 50
"""
PLUGIN = """
from reportgen.optimizer import Optimizer

class Sign(Optimizer):
    def step(self, x, state, problem):
        raise ValueError("not today")
"""


def reportgen(*arguments: object) -> Result:
    return CliRunner().invoke(main, list(map(str, arguments)))


def run_shards(config: Path, count: int, folder: Path, code: int = 0) -> list[Path]:
    """Run all shards; return their folders."""
    parts = [folder / f"part-{number}-of-{count}" for number in range(1, count + 1)]
    for number, part in enumerate(parts, 1):
        ran = reportgen("run", config, "--shard", f"{number}/{count}", "--output", part, "-q")
        assert ran.exit_code in (0, code), ran.output
    return parts


def digests(output: Path, names: Sequence[str] = TABLES) -> dict[str, str]:
    return {name: hashlib.sha256((output / "results" / name).read_bytes()).hexdigest() for name in names}


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory, kept_worker: KeptWorker) -> Path:
    """A folder with a config, the results of one machine, and those of 1, 3 and 7 shards."""
    folder = tmp_path_factory.mktemp("matrix")
    config = folder / "matrix.toml"
    config.write_text(MATRIX, encoding="utf-8")
    with kept_worker():
        assert reportgen("run", config, "--output", folder / "whole", "-q").exit_code == 0
        for count in (1, 3, 7):
            run_shards(config, count, folder)
    return folder


def parts_of(matrix: Path, count: int) -> list[Path]:
    return [matrix / f"part-{number}-of-{count}" for number in range(1, count + 1)]


@pytest.fixture
def copies(matrix: Path, tmp_path: Path) -> list[Path]:
    """Copies of the three shards, for a test that changes them."""
    return [Path(shutil.copytree(part, tmp_path / part.name)) for part in parts_of(matrix, 3)]


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("count", [1, 3, 7])
def test_merged_shards_have_the_bytes_of_one_machine(matrix: Path, tmp_path: Path, count: int, order: int) -> None:
    merged = reportgen("merge", *parts_of(matrix, count)[::order], "--output", tmp_path)
    assert merged.exit_code == 0, merged.output
    assert f"Merged {count} shard" in merged.stderr
    assert "4 programs, 16 runs." in merged.stderr
    assert merged.stdout.strip() == str(tmp_path / "results")
    assert digests(tmp_path) == digests(matrix / "whole")


def test_the_manifest_says_which_machine_ran_what(matrix: Path, tmp_path: Path) -> None:
    record = matrix / "part-2-of-3" / "results" / "shard.json"
    host = json.loads(record.read_text(encoding="utf-8"))["host"]
    reportgen("merge", *parts_of(matrix, 3), "--output", tmp_path)
    manifest = read_manifest(tmp_path / "results")
    assert host
    assert {entry.host for entry in manifest.programs} == {host}
    assert all(entry.device and entry.device.kind == "CPU" for entry in manifest.programs)
    assert {entry.host for entry in read_manifest(matrix / "whole" / "results").programs} == {""}


def test_after_a_merge_a_run_has_nothing_to_do(matrix: Path, tmp_path: Path) -> None:
    reportgen("merge", *parts_of(matrix, 3), "--output", tmp_path)
    assert "Up to date." in reportgen("run", matrix / "matrix.toml", "--output", tmp_path).stderr


def test_programs_that_arrive_twice_are_taken_once(matrix: Path, tmp_path: Path) -> None:
    parts = [*parts_of(matrix, 3), *parts_of(matrix, 7), matrix / "part-1-of-3"]
    assert reportgen("merge", *parts, "--output", tmp_path).exit_code == 0
    assert digests(tmp_path) == digests(matrix / "whole")


def test_a_shard_that_never_arrived_is_named_and_nothing_is_written(matrix: Path, tmp_path: Path) -> None:
    first, _, third = parts_of(matrix, 3)
    refused = reportgen("merge", first, third, "--output", tmp_path)
    assert refused.exit_code == 2
    assert "2 of 4 programs are missing, such as quartic/adam; run and merge also shard 2/3" in refused.stderr
    assert not (tmp_path / "results" / "manifest.json").exists()


def test_results_that_are_there_already_need_not_arrive(matrix: Path, tmp_path: Path) -> None:
    first, second, third = parts_of(matrix, 3)
    reportgen("merge", first, second, third, "--output", tmp_path)
    assert reportgen("merge", second, "--output", tmp_path).exit_code == 0
    assert digests(tmp_path) == digests(matrix / "whole")


def _remove_part(part: Path) -> None:
    shutil.rmtree(part)


def _truncate(part: Path) -> None:
    table = part / "runs.parquet"
    table.write_bytes(table.read_bytes()[:-100])


def _remove_rows(part: Path) -> None:
    table = part / "runs.parquet"
    pd.read_parquet(table).iloc[:-1].to_parquet(table)


def _take_another(part: Path) -> None:
    other = next(path for path in part.parent.iterdir() if path != part)
    shutil.rmtree(part)
    shutil.copytree(other, part)


def _link(part: Path) -> None:
    part.rename(part.parent.parent / "elsewhere")
    part.symlink_to(part.parent.parent / "elsewhere")


def _invalid_entry(part: Path) -> None:
    entry = part / "program.json"
    entry.write_text(json.dumps(json.loads(entry.read_text()) | {"seconds": {"run": -1.0}}), encoding="utf-8")


DAMAGE = [_remove_part, _truncate, _remove_rows, _take_another, _link, _invalid_entry]


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_shard_that_is_not_complete_is_named(
    copies: list[Path], tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    damage(next((copies[1] / "results" / "parts").iterdir()))
    refused = reportgen("merge", *copies, "--output", tmp_path / "merged")
    assert refused.exit_code == 2
    assert "1 of 4 programs are missing, such as " in refused.stderr
    assert f"shard 2/3 ({copies[1]} is not complete)" in refused.stderr


def test_what_is_damaged_in_the_output_is_not_used(copies: list[Path], tmp_path: Path) -> None:
    output = tmp_path / "output" / "results"
    shutil.copytree(copies[1] / "results" / "parts", output / "parts")
    _remove_rows(next((output / "parts").iterdir()))
    refused = reportgen("merge", copies[0], copies[2], "--output", output.parent)
    assert refused.exit_code == 2
    assert "1 of 4 programs are missing" in refused.stderr


def test_a_shard_is_not_the_output(copies: list[Path]) -> None:
    refused = reportgen("merge", *copies, "--output", copies[0])
    assert refused.exit_code == 2
    assert f"{copies[0]}: is a shard; expected another --output for the whole matrix" in refused.stderr
    assert (copies[0] / "results" / "shard.json").is_file()


def test_a_shard_of_another_plan_is_refused_with_the_difference(matrix: Path, tmp_path: Path, one_worker: None) -> None:
    ran = reportgen("run", matrix / "matrix.toml", "--steps", 40, "--shard", "2/3", "--output", tmp_path / "other")
    assert ran.exit_code == 0, ran.output
    first, other = matrix / "part-1-of-3", tmp_path / "other"
    refused = reportgen("merge", first, other, "--output", tmp_path / "merged")
    assert refused.exit_code == 2
    assert refused.stderr.strip().endswith(
        f"{other}: is a shard of another plan than {first}: steps is 40 in it, and 50 in the other one"
    )


def _older_reportgen(record: dict[str, Any]) -> None:
    record["manifest"]["reportgen"] = "0.0.1"


def _older_tensorflow(record: dict[str, Any]) -> None:
    record["manifest"]["versions"]["tensorflow"] = "2.20.0"


def _other_code(record: dict[str, Any]) -> None:
    record["programs"][0]["id"] = "quartic/adam"


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (_older_reportgen, "it was run with reportgen '0.0.1', the other one with "),
        (_older_tensorflow, "it was run with TensorFlow '2.20.0', the other one with "),
        (_other_code, "the code or the XLA flags of 'quartic/adam' differ"),
    ],
)
def test_a_shard_of_other_versions_is_refused(
    copies: list[Path], tmp_path: Path, change: Callable[[dict[str, Any]], None], text: str
) -> None:
    _edit(copies[2], change, lambda record: record["programs"][0].update(fingerprint="0" * 64))
    refused = reportgen("merge", *copies, "--output", tmp_path / "merged")
    assert refused.exit_code == 2
    assert f"{copies[2]}: is a shard of another plan than {copies[0]}: {text}" in refused.stderr


def _edit(part: Path, *changes: Callable[[dict[str, Any]], object]) -> None:
    path = part / "results" / "shard.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    for change in changes:
        change(record)
    path.write_text(json.dumps(record), encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda record: record.update(format=99), "from a newer reportgen (format 99"),
        (lambda record: record.pop("programs"), "is damaged at programs: "),
        (lambda record: record.update(programs=[]), "is damaged at programs: found none"),
        (lambda record: record["programs"][1].update(fingerprint="../../x"), "is damaged at programs.1.fingerprint: "),
        (lambda record: record["programs"][1].update(loss="beale "), "is damaged at programs.1: found a label"),
        (lambda record: record["programs"][1].update(runs=0), "is damaged at programs.1: found no runs"),
        (lambda record: record["programs"][1].update(id="\x1b[31m"), "found a text that cannot be printed"),
        (lambda record: record["shard"].update(number=4), "is damaged at shard: found 4/3"),
        (lambda record: record["manifest"]["losses"][0].update(dim=7), "is damaged at manifest.losses.0."),
    ],
)
def test_a_damaged_record_is_refused(
    copies: list[Path], tmp_path: Path, change: Callable[[dict[str, Any]], object], text: str
) -> None:
    _edit(copies[1], change)
    refused = reportgen("merge", *copies, "--output", tmp_path / "merged")
    assert refused.exit_code == 2
    assert text in refused.stderr


def test_a_folder_without_a_shard_is_named(matrix: Path, tmp_path: Path) -> None:
    assert f"{tmp_path}/part-*: does not exist" in reportgen("merge", tmp_path / "part-*").stderr
    refused = reportgen("merge", matrix / "whole", "--output", tmp_path)
    assert refused.exit_code == 2
    assert "holds no shard; expected a folder of reportgen run --shard" in refused.stderr


def test_a_shard_does_not_go_into_the_results_of_a_matrix(matrix: Path) -> None:
    refused = reportgen("run", matrix / "matrix.toml", "--shard", "1/3", "--output", matrix / "whole")
    assert refused.exit_code == 1
    assert "has the results of a whole matrix; choose another --output for a shard" in refused.stderr


@pytest.mark.parametrize("text", ["0/3", "4/3", "3", "a/b", "1/", "-1/3", "1/0", "1/99999999999999999999"])
def test_a_shard_that_does_not_exist_is_refused(text: str) -> None:
    refused = reportgen("run", "--shard", text)
    assert refused.exit_code == 2
    assert f'found "{text}"; expected K/N with K from 1 to N, such as 3/16' in refused.stderr


def test_a_dry_run_shows_the_shard(matrix: Path, tmp_path: Path) -> None:
    shown = reportgen("run", matrix / "matrix.toml", "--shard", "2/3", "--dry-run", "--output", tmp_path).stdout
    assert "programs        2: 2 to run, 0 reused" in shown
    assert "memory" not in shown


def test_a_shard_continues_where_it_was_interrupted(matrix: Path, copies: list[Path], one_worker: None) -> None:
    shutil.rmtree(next((copies[1] / "results" / "parts").iterdir()))
    ran = reportgen("run", matrix / "matrix.toml", "--shard", "2/3", "--output", copies[1])
    assert ran.exit_code == 0, ran.output
    assert "Reused 1 of 2 programs." in ran.stderr


def test_a_whole_run_in_the_folder_of_a_shard_uses_it(
    matrix: Path, copies: list[Path], tmp_path: Path, one_worker: None
) -> None:
    ran = reportgen("run", matrix / "matrix.toml", "--output", copies[1])
    assert "Reused 2 of 4 programs." in ran.stderr
    assert digests(copies[1]) == digests(matrix / "whole")
    assert not (copies[1] / "results" / "shard.json").exists()


def test_what_needs_all_results_is_run_after_the_merge(tmp_path: Path, one_worker: None) -> None:
    config = tmp_path / "matrix.toml"
    config.write_text(
        'losses = ["quartic", "rosenbrock[dim=3]", "valley.py:valley"]\noptimizers = ["gradient_descent"]\n'
        "steps = 30\nbasins = 4\nstarts = { random = 1 }\n",
        encoding="utf-8",
    )
    (tmp_path / "valley.py").write_text(
        "from reportgen.loss import loss\n\n\n"
        "@loss(start=(1.0, 1.0), domain=((-2, 2), (-2, 2)), minimum=None)\n"
        "def valley(x, y):\n    return x**2 + 10 * y**2 + 3\n",
        encoding="utf-8",
    )
    names = (*TABLES, "basins.parquet")
    whole = reportgen("run", config, "--output", tmp_path / "whole")
    assert whole.exit_code == 0, whole.output
    parts = run_shards(config, 2, tmp_path)
    merged = reportgen("merge", *parts, "--output", tmp_path / "merged")
    assert "reportgen build with the same config and --output runs what needs all results." in merged.stderr
    assert Results.load(tmp_path / "merged" / "results").manifest.unfinished
    finished = reportgen("run", config, "--output", tmp_path / "merged")
    assert finished.exit_code == 0, finished.output
    assert digests(tmp_path / "merged", names) == digests(tmp_path / "whole", names)
    assert not read_manifest(tmp_path / "merged" / "results").unfinished
    assert "Up to date." in reportgen("run", config, "--output", tmp_path / "merged").stderr


@pytest.mark.parametrize("order", [1, -1])
def test_a_program_that_failed_in_one_shard_is_taken_from_another(
    matrix: Path, copies: list[Path], tmp_path: Path, order: int
) -> None:
    for entry in (copies[1] / "results" / "parts").glob("*/program.json"):
        failed = json.loads(entry.read_text(encoding="utf-8")) | {"reason": "the machine was switched off"}
        entry.write_text(json.dumps(failed), encoding="utf-8")
    parts = [*copies, matrix / "part-2-of-3"][::order]
    assert reportgen("merge", *parts, "--output", tmp_path / "merged").exit_code == 0
    assert not any(entry.failed for entry in read_manifest(tmp_path / "merged" / "results").programs)


def test_a_failure_is_merged_with_its_reason(tmp_path: Path, one_worker: None) -> None:
    config = tmp_path / "matrix.toml"
    config.write_text(MATRIX.replace("adam", "sign.py:Sign"), encoding="utf-8")
    (tmp_path / "sign.py").write_text(PLUGIN, encoding="utf-8")
    parts = run_shards(config, 2, tmp_path, code=3)
    (tmp_path / "sign.py").unlink()
    merged = reportgen("merge", *parts, "--output", tmp_path / "merged")
    assert merged.exit_code == 3
    assert "not today" in merged.stderr
    table = pd.read_parquet(tmp_path / "merged" / "results" / "runs.parquet")
    assert set(table.loc[table["outcome"] == "failed", "optimizer"]) == {"sign.py:Sign"}
    assert set(table.loc[table["outcome"] != "failed", "optimizer"]) == {"gradient_descent"}


def test_merging_loads_neither_tensorflow_nor_plugins(matrix: Path, tmp_path: Path) -> None:
    arguments = ["merge", *map(str, parts_of(matrix, 3)), "--output", str(tmp_path)]
    code = (
        "import sys\nfrom reportgen.cli import main\n"
        f"main({arguments!r}, standalone_mode=False)\n"
        "print(sorted({'tensorflow', 'keras', 'matplotlib'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "[]"


def test_shards_can_share_a_huge_program(
    matrix: Path, tmp_path: Path, one_worker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "MOST_WORK", 3 * 50 * 2)
    parts = run_shards(matrix / "matrix.toml", 2, tmp_path)
    assert reportgen("merge", *parts, "--output", tmp_path / "merged").exit_code == 0
    merged, whole = Results.load(tmp_path / "merged" / "results"), Results.load(matrix / "whole" / "results")
    assert [entry.id for entry in merged.manifest.programs] == [
        *("quartic/gradient_descent", "quartic/adam"),
        *("beale/gradient_descent, configurations 1 to 1", "beale/gradient_descent, configurations 2 to 2"),
        *("beale/adam, configurations 1 to 1", "beale/adam, configurations 2 to 2"),
    ]
    pd.testing.assert_frame_equal(merged.runs.astype(object), whole.runs.astype(object))
    pd.testing.assert_frame_equal(merged.traces.astype(object), whole.traces.astype(object))


@given(st.lists(st.integers(1, 10**15), min_size=1, max_size=50), st.integers(1, 60))
def test_shards_are_neighbours_and_cost_about_the_same(costs: list[int], count: int) -> None:
    numbers = shard_numbers(costs, count)
    assert numbers == sorted(numbers)
    assert 1 <= numbers[0] <= numbers[-1] <= count
    of_shard = [sum(cost for cost, found in zip(costs, numbers, strict=True) if found == number) for number in numbers]
    assert max(of_shard) <= sum(costs) / count + max(costs)


def test_a_shard_is_written_as_it_is_read() -> None:
    assert str(Shard.parse("03/16")) == "3/16"
