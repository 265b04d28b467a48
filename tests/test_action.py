"""The GitHub action, run on pull requests that change an optimizer; pip, gh and other actions are replaced by fakes."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result
from commands import Commands, run
from conftest import KeptWorker
from runner import ACTION, ROOT, Job

from reportgen.cli import main

pytestmark = pytest.mark.slow

OPTIMIZER = '''
from dataclasses import dataclass

from reportgen.optimizer import Optimizer


@dataclass(frozen=True)
class Mine(Optimizer):
    """Gradient descent, more or less."""

    def step(self, x, state, problem):
        _, gradient = problem.value_and_gradient(x)
        {step}
'''
STEP = "return x - {share} * problem.learning_rate * gradient, state"
CHANGES = {
    "worse": STEP.format(share=0.2),
    "better": STEP.format(share=1.9),
    "equal": "# Only a word.\n        " + STEP.format(share=1.0),
    "broken": 'raise ValueError("not done yet")',
}
MATRIX = """
losses = ["sphere"]
optimizers = ["my_opt.py:Mine"]
learning_rates = [0.05]
starts = { random = 8 }
steps = 500
"""

PYTHON = r"""#!/bin/sh
# Creates empty environments, and logs the arguments of pip.
case "$1 $2" in
  "-m venv") mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; cp "$(dirname "$0")/the-reportgen" "$3/bin/reportgen" ;;
  "-m pip") echo "$@" >> "$RUNNER_TEMP/pip.log" ;;
  *) exec {python} "$@" ;;
esac
"""
GH = r"""#!/bin/sh
# Stores one comment, and logs the arguments of each call.
echo "$@" >> "$RUNNER_TEMP/gh.log"
for word; do case "$word" in body=@*) cp "${word#body=@}" "$RUNNER_TEMP/posted.md" ;; esac; done
case "$*" in
  *--paginate*) if [ -f "$RUNNER_TEMP/posted.md" ]; then echo 7; echo 8; fi ;;
  *pulls*head=somebody:a/branch*) echo 12 ;;
esac
"""


def git(*arguments: str, cwd: Path) -> str:
    return subprocess.run(["git", *arguments], capture_output=True, text=True, check=True, cwd=cwd).stdout.strip()


def executable(path: Path, text: str) -> None:
    path.write_text(text.replace("{python}", sys.executable), encoding="utf-8")
    path.chmod(0o755)


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fake versions of the programs that the action calls."""
    folder = tmp_path_factory.mktemp("tools")
    executable(folder / "python", PYTHON)
    executable(folder / "gh", GH)
    return folder


@pytest.fixture(scope="module")
def commands(tools: Path, kept_worker: KeptWorker) -> Iterator[Commands]:
    """The commands of the action. Another build of the same commit is a copy of the first."""
    builds: dict[str, tuple[Path, Result]] = {}

    def build(folder: Path, arguments: list[str]) -> Result:
        with kept_worker():
            if arguments[:2] != ["build", "--output"]:
                return run(folder, arguments)
            commit, output = git("rev-parse", "HEAD", cwd=folder), Path(arguments[2])
            if commit in builds:
                shutil.copytree(builds[commit][0], output)
            else:
                builds[commit] = output, run(folder, arguments)
            return builds[commit][1]

    with Commands(tools / "the-reportgen", build) as made:
        yield made


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with an optimizer and its matrix on main, and a branch for each change of it."""
    folder = tmp_path_factory.mktemp("remote") / "repository"
    folder.mkdir()
    git("init", "--quiet", "--initial-branch=main", cwd=folder)
    git("config", "user.name", "somebody", cwd=folder)
    git("config", "user.email", "somebody@example.org", cwd=folder)
    (folder / "reportgen.toml").write_text(MATRIX, encoding="utf-8")
    for name, step in {"main": STEP.format(share=1.0), **CHANGES}.items():
        if name != "main":
            git("switch", "--quiet", "--create", name, "main", cwd=folder)
        (folder / "my_opt.py").write_text(OPTIMIZER.format(step=step), encoding="utf-8")
        git("add", ".", cwd=folder)
        git("commit", "--quiet", "--message", name, cwd=folder)
    return folder


def pull_request(repository: Path, tools: Path, name: str, folder: Path, **inputs: str) -> Job:
    """The job of a pull request that merges the branch into main."""
    checkout = folder / "checkout"
    git("clone", "--quiet", "--branch", name, str(repository), str(checkout), cwd=repository)
    github = {
        "github.event.pull_request.base.sha": git("rev-parse", "main", cwd=repository),
        "github.event.pull_request.number": "12",
        "github.repository": "somebody/optimizers",
    }
    return Job(folder, checkout, tools, github, inputs).run(ACTION["runs"]["steps"])


@pytest.fixture(scope="module")
def jobs(repository: Path, tools: Path, commands: Commands, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Job]:
    """All pull requests: the first builds its base, and the others reuse the published results of it."""
    folders = {name: tmp_path_factory.mktemp(name) for name in CHANGES}
    published = tmp_path_factory.mktemp("published")

    def pulled(name: str, **inputs: str) -> Job:
        return pull_request(repository, tools, name, folders[name], **inputs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        first = {"worse": commands.during(lambda: pulled("worse", install=".", token="secret"))}
        to = published.as_uri()
        done = CliRunner().invoke(main, ["publish", str(first["worse"].out / "base"), to, "--prefix", "main"])
        assert done.exit_code == 0, first["worse"].output + done.output
        others = [name for name in CHANGES if name != "worse"]
        with ThreadPoolExecutor(2) as pool:
            made = commands.during(lambda: [*pool.map(lambda name: pulled(name, published=f"{to}/main"), others)])
            return first | dict(zip(others, made, strict=True))


@pytest.mark.parametrize(
    ("name", "code", "worse"),
    [("worse", 4, "true"), ("better", 0, "false"), ("equal", 0, "false"), ("broken", 4, "true")],
)
def test_the_gate_fails_on_a_regression(jobs: dict[str, Job], name: str, code: int, worse: str) -> None:
    job = jobs[name]
    assert job.code == code, job.output
    assert job.steps["compare"]["worse"] == worse
    assert ("Gate" in job.done) == (code == 4)
    assert (job.out / "comparison/comparison.md").read_text(encoding="utf-8") in job.summary


def test_a_broken_optimizer_costs_a_warning_and_not_the_report(jobs: dict[str, Job]) -> None:
    assert "::warning::Some configurations failed" in jobs["broken"].output
    assert "::warning::" not in jobs["better"].output
    assert (jobs["broken"].out / "head/index.html").exists()


def test_the_base_is_built_once_and_its_published_results_are_reused(jobs: dict[str, Job]) -> None:
    assert (jobs["worse"].out / "base-code/my_opt.py").exists()
    assert not (jobs["better"].out / "base-code").exists()
    assert "Reusing the published results of" in jobs["better"].output


def test_the_base_is_built_from_its_own_code(jobs: dict[str, Job]) -> None:
    installed = (jobs["worse"].temporary / "pip.log").read_text(encoding="utf-8").splitlines()
    assert installed == [
        f"-m pip install --quiet --constraint {ROOT}/constraints.txt {ROOT}",
        "-m pip install --quiet .",
        "-m pip install --quiet .",
    ]
    assert "pip install --quiet ." not in (jobs["better"].temporary / "pip.log").read_text(encoding="utf-8")


def test_the_comment_is_written_with_a_token_only(jobs: dict[str, Job]) -> None:
    posted = (jobs["worse"].temporary / "posted.md").read_text(encoding="utf-8")
    comparison = (jobs["worse"].out / "comparison/comparison.md").read_text(encoding="utf-8")
    assert posted == f"<!-- reportgen -->\n{comparison}\n[Full report](https://example.org/report)\n"
    assert "Comment" not in jobs["better"].done


def test_an_existing_comment_is_updated(tools: Path, tmp_path: Path) -> None:
    job = Job(tmp_path, tmp_path, tools, {"github.repository": "o/r", "github.event.pull_request.number": "3"})
    job.inputs = {"token": "secret"}
    (job.out / "head").mkdir(parents=True)
    (job.out / "head/summary.md").write_text("nothing to compare with\n", encoding="utf-8")
    comment = [step for step in ACTION["runs"]["steps"] if step.get("name") == "Comment"]
    assert job.run(comment).run(comment).code == 0, job.output
    assert "nothing to compare with" in (job.temporary / "posted.md").read_text(encoding="utf-8")
    calls = (job.temporary / "gh.log").read_text(encoding="utf-8")
    assert re.findall(r"--method (\S+) (\S+)", calls) == [
        ("POST", "repos/o/r/issues/3/comments"),
        ("PATCH", "repos/o/r/issues/comments/7"),
    ]


@pytest.fixture
def without_base(tools: Path, tmp_path: Path) -> Path:
    """The same fakes, but with a reportgen that finds no matrix in the base."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for name in ("python", "gh"):
        executable(folder / name, (tools / name).read_text(encoding="utf-8"))
    executable(folder / "the-reportgen", '#!/bin/sh\ncase "$PWD" in */base-code*) exit 2 ;; esac\nexit "$CODE"\n')
    return folder


def test_without_results_of_the_base_there_is_a_report_and_a_warning(
    repository: Path, without_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODE", "0")
    job = pull_request(repository, without_base, "equal", tmp_path / "job", published="file:///nowhere")
    assert job.code == 0, job.output
    assert "::warning::Nothing was compared: the base" in job.output
    assert "could not be built" in job.output
    assert not {"Compare", "Gate"} & {*job.done}
    assert job.done.count("actions/upload-artifact") == 1


def test_a_build_that_fails_ends_the_job(
    repository: Path, without_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODE", "2")
    job = pull_request(repository, without_base, "equal", tmp_path / "job")
    assert (job.code, job.done[-1]) == (2, "Build the report")


def test_published_results_of_another_version_are_not_used(
    repository: Path, tools: Path, jobs: dict[str, Job], commands: Commands, tmp_path: Path
) -> None:
    shutil.copytree(jobs["worse"].out / "base" / "results", tmp_path / "published" / "results")
    path = tmp_path / "published" / "results" / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | {"format": 1}), encoding="utf-8")
    published = (tmp_path / "published").as_uri()
    job = commands.during(lambda: pull_request(repository, tools, "equal", tmp_path / "job", published=published))
    assert job.code == 0, job.output
    assert f"Building the base: {published} has no usable results of " in job.output


def test_a_comment_for_a_fork_trusts_github_alone(tools: Path, tmp_path: Path) -> None:
    """The fork controls the file, but not which pull request gets the comment."""
    event = "github.event.workflow_run"
    github = {
        "github.repository": "o/r",
        f"{event}.head_branch": "a/branch",
        f"{event}.head_sha": "abc",
        f"{event}.head_repository.owner.login": "somebody",
        f"{event}.html_url": "https://example.org/run",
    }
    job = Job(tmp_path, tmp_path, tools, github)
    (job.temporary / "comparison").mkdir(parents=True)
    forged = "$(touch forged) `touch forged`\n" + "é" * 100_000
    (job.temporary / "comparison/comparison.md").write_text(forged, encoding="utf-8")
    workflow = yaml.safe_load((ROOT / "examples/github/comment.yml").read_text(encoding="utf-8"))
    job.run([step | {"if": "runner.temp"} for step in workflow["jobs"]["comment"]["steps"] if "run" in step])
    assert job.code == 0, job.output
    posted = (job.temporary / "posted.md").read_text(encoding="utf-8")
    assert posted.startswith("<!-- reportgen -->\n$(touch forged) `touch forged`\né")
    assert 60_000 < len(posted) < 65_536
    assert "repos/o/r/issues/12/comments" in (job.temporary / "gh.log").read_text(encoding="utf-8")
    assert not list(tmp_path.rglob("forged"))


def test_the_workflow_with_write_access_runs_no_code_of_the_fork() -> None:
    workflow = yaml.safe_load((ROOT / "examples/github/comment.yml").read_text(encoding="utf-8"))
    used = [step["uses"].partition("@")[0] for step in workflow["jobs"]["comment"]["steps"] if "uses" in step]
    assert used == ["actions/download-artifact"]
    report = yaml.safe_load((ROOT / "examples/github/report.yml").read_text(encoding="utf-8"))
    assert report["permissions"] == {"contents": "read"}
