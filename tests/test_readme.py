"""The README: short, with a picture for each colour scheme, and with examples that run."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
from conftest import PATIENCE

from reportgen import catalogue

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def block(beginning: str) -> str:
    """The indented block in which a line begins so, from that line on."""
    lines = TEXT.splitlines()
    begin = next(i for i, line in enumerate(lines) if line.startswith(f"    {beginning}"))
    found = takewhile(lambda line: not line or line.startswith("    "), lines[begin:])
    return "\n".join(line[4:] for line in found).strip() + "\n"


def line_count(code: str) -> int:
    return sum(bool(line.strip()) for line in code.splitlines())


def test_it_is_short() -> None:
    assert len(TEXT.splitlines()) < 150
    assert line_count(block("from dataclasses")) <= 15
    assert line_count(block("import reportgen as rg")) <= 6
    assert line_count(block("# .github/workflows")) <= 10


def test_it_counts_what_is_built_in() -> None:
    assert f"{len(catalogue.optimizers())} optimizers and {len(catalogue.losses())} losses are built in" in TEXT


def test_it_has_a_small_picture_for_each_colour_scheme() -> None:
    picture = re.search(r"<picture>.*</picture>", TEXT, re.S)
    assert picture
    dark, light = (ROOT / name for name in re.findall(r'(?:srcset|src)="([^"]+)"', picture[0]))
    assert dark != light
    assert [path.name for path in (dark, light) if not 10_000 < path.stat().st_size < 300_000] == []
    assert "(prefers-color-scheme: dark)" in picture[0]


def test_the_workflow_follows_the_schema_of_github(tmp_path: Path) -> None:
    (tmp_path / "report.yml").write_text(block("# .github/workflows"), encoding="utf-8")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", "report.yml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.usefixtures("one_worker", "brief_comparison")
def test_the_optimizer_passes_its_check(tmp_path: Path) -> None:
    from reportgen.checks import check

    (tmp_path / "my_opt.py").write_text(block("from dataclasses"), encoding="utf-8")
    (checked,) = check("my_opt.py", tmp_path, PATIENCE)
    assert {verdict.name: verdict.detail for verdict in checked.verdicts if verdict.status == "FAILED"} == {}


@pytest.mark.usefixtures("one_worker")
def test_the_notebook_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(block("import reportgen as rg"), names)
    assert sorted(names["results"].best["optimizer"]) == ["adam", "momentum"]
