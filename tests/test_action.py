"""The GitHub action: valid, and its shell steps run for real on pull requests that change an optimizer.

The steps of action.yml are run one after the other by bash, with the environment that they declare, as GitHub would:
only ``uses:`` steps, pip and gh are stood in for.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from reportgen.cli import main

ROOT = Path(__file__).parent.parent
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
WORKFLOWS = sorted((ROOT / "examples/github").glob("*.yml"))

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
# Makes environments out of nothing, and writes down what pip is asked for.
case "$1 $2" in
  "-m venv") mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; cp "$(dirname "$0")/the-reportgen" "$3/bin/reportgen" ;;
  "-m pip") echo "$@" >> "$RUNNER_TEMP/pip.log" ;;
  *) exec {python} "$@" ;;
esac
"""
GH = r"""#!/bin/sh
# Keeps one comment, and the words of each call.
echo "$@" >> "$RUNNER_TEMP/gh.log"
for word; do case "$word" in body=@*) cp "${word#body=@}" "$RUNNER_TEMP/posted.md" ;; esac; done
case "$*" in
  *--paginate*) if [ -f "$RUNNER_TEMP/posted.md" ]; then echo 7; echo 8; fi ;;
  *pulls*head=somebody:a/branch*) echo 12 ;;
esac
"""
# UNTIL reportgen compare IS ON THIS BRANCH: then the command itself is run, and this goes, with its two uses.
COMPARE = r"""#!{python}
import pathlib, sys
import pandas as pd
base, head = (pd.read_parquet(pathlib.Path(side) / "runs.parquet") for side in sys.argv[2:4])
output = pathlib.Path(sys.argv[sys.argv.index("--output") + 1])
output.mkdir(parents=True)
solved = [(side["outcome"] == "solved").sum() for side in (base, head)]
worse = solved[1] < solved[0] or head["hit_1e-07"].median() > 1.1 * base["hit_1e-07"].median()
(output / "comparison.md").write_text("worse\n" if worse else "not worse\n")
sys.exit(4 if worse else 0)
"""
HAS_COMPARE = "compare" in main.commands


@dataclass
class Job:
    """One job on a runner of its own: what GitHub knows, and what its steps left."""

    folder: Path
    checkout: Path
    tools: Path
    github: Mapping[str, str]
    """The values of its expressions, by their names."""
    inputs: Mapping[str, str] = field(default_factory=dict)
    steps: dict[str, dict[str, str]] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    said: str = ""
    code: int = 0

    def run(self, steps: list[dict[str, Any]]) -> Job:
        """Run the steps until one fails."""
        self.temporary.mkdir(parents=True, exist_ok=True)
        path = [str(self.tools), os.environ["PATH"]]
        for number, step in enumerate(steps):
            if "if" in step and not self.holds(step["if"]):
                continue
            if "uses" in step:
                self.steps[step.get("id", str(number))] = {"artifact-url": "https://example.org/report"}
                self.done.append(step["uses"].partition("@")[0])
                continue
            self.done.append(step["name"])
            files = {name: self.folder / f"{number}.{name}" for name in ("OUTPUT", "PATH", "STEP_SUMMARY")}
            for file in files.values():
                file.touch()
            ran = subprocess.run(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
                cwd=self.checkout,
                env=self.environment(step, path) | {f"GITHUB_{name}": str(file) for name, file in files.items()},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            self.said += ran.stdout
            lines = files["OUTPUT"].read_text(encoding="utf-8").splitlines()
            self.steps[step.get("id", str(number))] = dict(line.split("=", 1) for line in lines)
            path[:0] = files["PATH"].read_text(encoding="utf-8").split()
            self.code = ran.returncode
            if self.code:
                break
        return self

    @property
    def temporary(self) -> Path:
        return self.folder / "temp"

    @property
    def out(self) -> Path:
        return self.temporary / "reportgen"

    @property
    def summary(self) -> str:
        return "".join(file.read_text(encoding="utf-8") for file in self.folder.glob("*.STEP_SUMMARY"))

    def environment(self, step: Mapping[str, Any], path: list[str]) -> dict[str, str]:
        """What the step declares and little else: it must not lean on what happens to be set here."""
        kept = {name: os.environ[name] for name in ("HOME", "XDG_CACHE_HOME", "CODE") if name in os.environ}
        declared = {name: self.filled(text) for name, text in step.get("env", {}).items()}
        return kept | {"PATH": ":".join(path), "RUNNER_TEMP": str(self.temporary)} | declared

    def filled(self, text: str) -> str:
        return re.sub(r"\$\{\{ (.+?) \}\}", lambda found: self.value(found[1]), text)

    def value(self, name: str) -> str:
        """What an expression of one name stands for; as on GitHub, nothing where there is no such thing."""
        room, _, rest = name.partition(".")
        if room == "steps":
            step, _, output = rest.partition(".outputs.")
            return self.steps.get(step, {}).get(output, "")
        if room == "inputs":
            default = ACTION["inputs"][rest].get("default", "")
            return self.inputs[rest] if rest in self.inputs else self.filled(default)
        return {**self.github, "runner.temp": str(self.temporary), "github.action_path": str(ROOT)}.get(name, "")

    def holds(self, condition: str) -> bool:
        """Whether an ``if`` does that is made of comparisons with texts, joined by ``&&``."""
        for part in condition.split(" && "):
            found = re.fullmatch(r"(\S+)(?: (==|!=) '(.*)')?", part)
            assert found, f"this test cannot read the condition {part}"
            name, sign, text = found.groups()
            if (self.value(name) == (text or "")) != (sign == "=="):
                return False
        return True


def git(*arguments: str, cwd: Path) -> str:
    return subprocess.run(["git", *arguments], capture_output=True, text=True, check=True, cwd=cwd).stdout.strip()


def executable(path: Path, text: str) -> None:
    path.write_text(text.replace("{python}", sys.executable), encoding="utf-8")
    path.chmod(0o755)


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs that are stood in for."""
    folder = tmp_path_factory.mktemp("tools")
    executable(folder / "python", PYTHON)
    executable(folder / "gh", GH)
    command = f"exec {shlex.quote(sys.executable)} -m reportgen"
    if not HAS_COMPARE:
        executable(folder / "the-comparison", COMPARE)
        command = f'[ "$1" != compare ] || exec {folder}/the-comparison "$@"\n{command}'
    executable(folder / "the-reportgen", f'#!/bin/sh\n{command} "$@"\n')
    return folder


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
    """The job of the pull request that wants to merge the branch into main."""
    checkout = folder / "checkout"
    git("clone", "--quiet", "--branch", name, str(repository), str(checkout), cwd=repository)
    github = {
        "github.event.pull_request.base.sha": git("rev-parse", "main", cwd=repository),
        "github.event.pull_request.number": "12",
        "github.repository": "somebody/optimizers",
    }
    return Job(folder, checkout, tools, github, inputs).run(ACTION["runs"]["steps"])


@pytest.fixture(scope="module")
def jobs(repository: Path, tools: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Job]:
    """All pull requests: the first has its base built, the others take the results that were published of it."""
    folders = {name: tmp_path_factory.mktemp(name) for name in CHANGES}
    published = tmp_path_factory.mktemp("published")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        made = {"worse": pull_request(repository, tools, "worse", folders["worse"], install=".", token="secret")}
        to = published.as_uri()
        done = CliRunner().invoke(main, ["publish", str(made["worse"].out / "base"), to, "--prefix", "main"])
        assert done.exit_code == 0, made["worse"].said + done.output
        with ThreadPoolExecutor(2) as pool:
            others = {
                name: pool.submit(pull_request, repository, tools, name, folders[name], published=f"{to}/main")
                for name in CHANGES
                if name != "worse"
            }
            return made | {name: job.result() for name, job in others.items()}


@pytest.mark.parametrize(
    ("name", "code", "worse"),
    [("worse", 4, "true"), ("better", 0, "false"), ("equal", 0, "false"), ("broken", 4, "true")],
)
def test_the_gate_holds_where_nothing_became_worse(jobs: dict[str, Job], name: str, code: int, worse: str) -> None:
    job = jobs[name]
    assert job.code == code, job.said
    assert job.steps["compare"]["worse"] == worse
    assert ("Gate" in job.done) == (code == 4)
    assert (job.out / "comparison/comparison.md").read_text(encoding="utf-8") in job.summary


def test_a_broken_optimizer_costs_a_warning_and_not_the_report(jobs: dict[str, Job]) -> None:
    assert "::warning::Some cells failed" in jobs["broken"].said
    assert "::warning::" not in jobs["better"].said
    assert (jobs["broken"].out / "head/index.html").exists()


def test_the_base_is_built_once_and_then_taken_from_where_it_is_published(jobs: dict[str, Job]) -> None:
    assert (jobs["worse"].out / "base-code/my_opt.py").exists()
    assert not (jobs["better"].out / "base-code").exists()
    assert "so its results are taken" in jobs["better"].said


def test_the_base_is_built_from_its_own_code(jobs: dict[str, Job]) -> None:
    asked = (jobs["worse"].temporary / "pip.log").read_text(encoding="utf-8").splitlines()
    assert asked == [
        f"-m pip install --quiet --constraint {ROOT}/constraints.txt {ROOT}",
        "-m pip install --quiet .",
        "-m pip install --quiet .",
    ]
    assert "pip install --quiet ." not in (jobs["better"].temporary / "pip.log").read_text(encoding="utf-8")


def test_the_comment_is_written_with_a_token_only(jobs: dict[str, Job]) -> None:
    posted = (jobs["worse"].temporary / "posted.md").read_text(encoding="utf-8")
    comparison = (jobs["worse"].out / "comparison/comparison.md").read_text(encoding="utf-8")
    assert posted == f"<!-- reportgen -->\n{comparison}\n[The whole report](https://example.org/report)\n"
    assert "Comment" not in jobs["better"].done


def test_a_comment_that_is_there_is_renewed(tools: Path, tmp_path: Path) -> None:
    job = Job(tmp_path, tmp_path, tools, {"github.repository": "o/r", "github.event.pull_request.number": "3"})
    job.inputs = {"token": "secret"}
    (job.out / "head").mkdir(parents=True)
    (job.out / "head/summary.md").write_text("nothing to compare with\n", encoding="utf-8")
    comment = [step for step in ACTION["runs"]["steps"] if step.get("name") == "Comment"]
    assert job.run(comment).run(comment).code == 0, job.said
    assert "nothing to compare with" in (job.temporary / "posted.md").read_text(encoding="utf-8")
    calls = (job.temporary / "gh.log").read_text(encoding="utf-8")
    assert re.findall(r"--method (\S+) (\S+)", calls) == [
        ("POST", "repos/o/r/issues/3/comments"),
        ("PATCH", "repos/o/r/issues/comments/7"),
    ]


@pytest.fixture
def without_base(tools: Path, tmp_path: Path) -> Path:
    """The same programs, but with a reportgen that finds no matrix in the base."""
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
    assert job.code == 0, job.said
    assert "could not be built, so nothing is compared" in job.said
    assert not {"Compare", "Gate"} & {*job.done}
    assert job.done.count("actions/upload-artifact") == 1


def test_a_build_that_fails_ends_the_job(
    repository: Path, without_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODE", "2")
    job = pull_request(repository, without_base, "equal", tmp_path / "job")
    assert (job.code, job.done[-1]) == (2, "Build the report")


def test_a_comment_for_a_fork_trusts_github_alone(tools: Path, tmp_path: Path) -> None:
    """The file is whatever the fork made it; which pull request is meant does not depend on it."""
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
    assert job.code == 0, job.said
    posted = (job.temporary / "posted.md").read_text(encoding="utf-8")
    assert posted.startswith("<!-- reportgen -->\n$(touch forged) `touch forged`\né")
    assert 60_000 < len(posted) < 65_536
    assert "repos/o/r/issues/12/comments" in (job.temporary / "gh.log").read_text(encoding="utf-8")
    assert not list(tmp_path.rglob("forged"))


def test_the_workflow_that_may_write_runs_nothing_of_the_fork() -> None:
    workflow = yaml.safe_load((ROOT / "examples/github/comment.yml").read_text(encoding="utf-8"))
    used = [step["uses"].partition("@")[0] for step in workflow["jobs"]["comment"]["steps"] if "uses" in step]
    assert used == ["actions/download-artifact"]
    report = yaml.safe_load((ROOT / "examples/github/report.yml").read_text(encoding="utf-8"))
    assert report["permissions"] == {"contents": "read"}


def steps_of(path: Path) -> list[dict[str, Any]]:
    text = yaml.safe_load(path.read_text(encoding="utf-8"))
    if "runs" in text:
        return list(text["runs"]["steps"])
    return [step for job in text["jobs"].values() for step in job["steps"]]


@pytest.mark.parametrize("path", [ROOT / "action.yml", *WORKFLOWS], ids=lambda path: path.name)
def test_no_script_has_an_expression_in_it(path: Path) -> None:
    """What somebody calls a branch would be run."""
    assert [step["run"] for step in steps_of(path) if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize("path", [ROOT / "action.yml", *WORKFLOWS], ids=lambda path: path.name)
def test_actions_are_pinned_to_a_major_version(path: Path) -> None:
    used = [step["uses"] for step in steps_of(path) if "uses" in step]
    assert [name for name in used if not re.fullmatch(r"[\w-]+/[\w-]+@v\d+", name)] == []


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("github-actions", [ROOT / "action.yml"]),
        ("github-workflows", WORKFLOWS),
        ("gitlab-ci", [ROOT / "examples/gitlab/gitlab-ci.yml"]),
    ],
)
def test_the_files_follow_their_schemas(schema: str, files: list[Path]) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}"]
    command += ["--data-transform", "gitlab-ci"] if schema == "gitlab-ci" else []
    done = subprocess.run([*command, *map(str, files)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_actionlint_finds_nothing(actionlint: list[str]) -> None:
    done = subprocess.run([*actionlint, *map(str, WORKFLOWS)], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
