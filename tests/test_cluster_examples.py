"""The files of docs/cluster.md: together their shards are the whole matrix, and the merge takes all of them."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from reportgen.cli import main

EXAMPLES = Path(__file__).parent.parent / "examples"
MATRIX = 'losses = ["quartic"]\noptimizers = ["adam"]\nlearning_rates = [0.1]\nsteps = 10\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a matrix, and stand-ins: ``reportgen`` notes its arguments, ``ssh`` runs the command here."""
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "reportgen").write_text(
        "#!/bin/bash\nflock \"$LOG\" -c \"printf '%s\\n' '$*' >> $LOG\"\n"
        'while [ $# -gt 0 ]; do [ "$1" = --output ] && mkdir -p "$2"; shift; done\nexit "${CODE:-0}"\n'
    )
    (tools / "ssh").write_text('#!/bin/bash\necho "$1" >> "$LOG.hosts"\nbash -c "$2"\n')
    for tool in tools.iterdir():
        tool.chmod(0o755)
    (tmp_path / "matrix.toml").write_text(MATRIX)
    return tmp_path


def calls(folder: Path, script: str, environ: Mapping[str, str], *arguments: str) -> list[str]:
    """The arguments of each call of ``reportgen`` in a script."""
    log = folder / "log"
    path = f"{folder / 'tools'}:{os.environ['PATH']}"
    environment = {"PATH": path, "LOG": str(log), **environ}
    done = subprocess.run(["bash", "-c", script, *arguments], cwd=folder, env=environment, check=False)
    assert done.returncode == 0
    return log.read_text().splitlines()


def shards(lines: list[str]) -> list[tuple[str, str]]:
    """Number and folder of each shard that was run, after a dry run with the same arguments."""
    found = []
    for line in sorted({line for line in lines if line.startswith("run ")}):
        words = shlex.split(line)
        planned = CliRunner().invoke(main, [*words, "--dry-run"])
        assert planned.exit_code == 0, planned.output
        found.append((words[words.index("--shard") + 1], words[words.index("--output") + 1]))
    return found


def assert_whole(found: list[tuple[str, str]], count: int) -> None:
    assert sorted(shard for shard, _ in found) == sorted(f"{number}/{count}" for number in range(1, count + 1))
    assert len({output for _, output in found}) == count


def test_slurm(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    array = (EXAMPLES / "slurm/array.sh").read_text(encoding="utf-8")
    (last,) = re.findall(r"#SBATCH --array=1-(\d+)", array)
    for number in range(1, int(last) + 1):
        calls(folder, array, {"SLURM_ARRAY_TASK_ID": str(number)})
    assert_whole(shards((folder / "log").read_text().splitlines()), 16)
    lines = calls(folder, (EXAMPLES / "slurm/merge.sh").read_text(encoding="utf-8"), {})
    merge, build = lines[-2:]
    assert set(merge.split()[1:-2]) == {f"parts/{number}" for number in range(1, 17)}
    assert build == "build matrix.toml --output output --quiet"


def test_kubernetes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    job = yaml.safe_load((EXAMPLES / "kubernetes/job.yaml").read_text(encoding="utf-8"))
    (container,) = job["spec"]["template"]["spec"]["containers"]
    (script,) = container["args"]
    for index in range(job["spec"]["completions"]):
        lines = calls(folder, script, {"JOB_COMPLETION_INDEX": str(index), "CODE": "3"})
    assert_whole(shards(lines), 16)


def test_ssh(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    (folder / "run.sh").write_text((EXAMPLES / "ssh/run.sh").read_text(encoding="utf-8"))
    lines = calls(folder, "bash run.sh one two three", {})
    assert_whole(shards(lines), 3)
    assert sorted((folder / "log.hosts").read_text().split()) == ["one", "three", "two"]
    assert lines[-2:] == ["merge parts/1 parts/2 parts/3 --output output", "build matrix.toml --output output"]


def test_github(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    workflow = yaml.safe_load((EXAMPLES / "github/sweep.yml").read_text(encoding="utf-8"))
    jobs, count = workflow["jobs"], workflow["env"]["SHARDS"]
    numbers = jobs["shard"]["strategy"]["matrix"]["number"]
    (run,) = (step["run"] for step in jobs["shard"]["steps"] if "--shard" in step.get("run", ""))
    for number in numbers:
        lines = calls(folder, run, {"NUMBER": str(number), "SHARDS": str(count)})
    assert sorted(shard for shard, _ in shards(lines)) == [f"{number}/{count}" for number in range(1, count + 1)]
    for number in numbers:
        (folder / "parts" / f"part-{number}").mkdir(parents=True)
    (merge,) = (step["run"] for step in jobs["report"]["steps"] if "merge" in step.get("run", ""))
    last = calls(folder, merge, {"CODE": "3"})[-1]
    assert set(last.split()[1:-2]) == {f"parts/part-{number}" for number in numbers}
