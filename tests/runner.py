"""Runs the shell steps of action.yml and of workflows one after the other with bash, as GitHub does."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))


@dataclass
class Job:
    """One job on its own runner: its inputs, and what its steps produced."""

    folder: Path
    checkout: Path
    tools: Path
    github: Mapping[str, str]
    """The values of expressions by name."""
    inputs: Mapping[str, str] = field(default_factory=dict)
    steps: dict[str, dict[str, str]] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    output: str = ""
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
            self.output += ran.stdout
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
        """What the step declares and little else, so that it does not depend on this environment."""
        inherited = {name: os.environ[name] for name in ("HOME", "XDG_CACHE_HOME", "CODE") if name in os.environ}
        declared = {name: self.filled(text) for name, text in step.get("env", {}).items()}
        return inherited | {"PATH": ":".join(path), "RUNNER_TEMP": str(self.temporary)} | declared

    def filled(self, text: str) -> str:
        return re.sub(r"\$\{\{ (.+?) \}\}", lambda found: self.value(found[1]), text)

    def value(self, name: str) -> str:
        """The value of an expression with one name; empty if it is unknown, as on GitHub."""
        room, _, rest = name.partition(".")
        if room == "steps":
            step, _, output = rest.partition(".outputs.")
            return self.steps.get(step, {}).get(output, "")
        if room == "inputs":
            default = ACTION["inputs"][rest].get("default", "")
            return self.inputs[rest] if rest in self.inputs else self.filled(default)
        return {**self.github, "runner.temp": str(self.temporary), "github.action_path": str(ROOT)}.get(name, "")

    def holds(self, condition: str) -> bool:
        """Whether an ``if`` holds; supports comparisons with strings, joined by ``&&``."""
        for part in condition.split(" && "):
            found = re.fullmatch(r"(\S+)(?: (==|!=) '(.*)')?", part)
            assert found, f"this test cannot read the condition {part}"
            name, sign, text = found.groups()
            if (self.value(name) == (text or "")) != (sign == "=="):
                return False
        return True
