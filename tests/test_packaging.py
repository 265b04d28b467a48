"""The project around the code: what README, docs, changelog and package say is so."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from dataclasses import fields
from fnmatch import fnmatch
from itertools import chain, takewhile
from pathlib import Path

import pytest

import reportgen
from reportgen.catalogue import find_loss
from reportgen.config import Config, load
from reportgen.results import manifest
from reportgen.results.schema import GRIDS, TRACES, runs_schema

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROSE = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
MADE = {".git", ".venv", "_build", "build", "dist", "node_modules", "output", "__pycache__"}
REGISTRY = re.compile(r"https?://[\w.-]*(pypi|pythonhosted|npmjs|registry|artifactory|nexus|devpi|/simple/)", re.I)


def text(*paths: Path) -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


def own_files() -> list[Path]:
    paths = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
    return [path for path in paths if not MADE & set(path.parts) and "_cache" not in str(path)]


def test_the_readme_opens_with_the_two_commands() -> None:
    commands = re.findall(r"^    make (\w+)", text(ROOT / "README.md"), re.M)
    assert commands == ["report", "test"]


def test_every_make_command_in_the_prose_is_a_target() -> None:
    targets = set(re.findall(r"^(\w+):", text(ROOT / "Makefile"), re.M))
    named = set(re.findall(r"(?:^    |`)make (\w+)", text(*PROSE), re.M))
    assert named <= targets


def test_no_table_row_is_broken_by_a_line_break() -> None:
    rows = [line for line in text(*PROSE).splitlines() if line.startswith("|")]
    assert len(rows) > 50
    assert [row for row in rows if not row.endswith("|")] == []


def test_every_layer_is_in_the_table_of_the_code() -> None:
    (contract,) = (each for each in PROJECT["tool"]["importlinter"]["contracts"] if each["type"] == "layers")
    layers = {name for layer in contract["layers"] for name in re.findall(r"\w+", layer)}
    rows = [line for line in text(ROOT / "CONTRIBUTING.md").splitlines() if line.startswith("| `")]
    assert layers == {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])}


def test_every_command_is_in_the_prose() -> None:
    from reportgen.cli import main

    missing = [name for name in main.commands if f"reportgen {name}" not in text(*PROSE)]
    assert missing == []


def test_every_config_key_is_documented_with_its_flag() -> None:
    from reportgen.config.sources import FLAGS

    page = text(ROOT / "docs/configuration.md")
    cells = [[cell.strip(" `") for cell in line.split("|")] for line in page.splitlines() if "`" in line]
    rows = {row[1]: row[2] for row in cells if len(row) == 6}
    assert set(Config.model_fields) - {"base"} <= rows.keys()
    assert set(FLAGS) == {key for key, flag in rows.items() if flag.startswith("-")}


def test_every_result_column_is_documented() -> None:
    names = [*runs_schema([0.1]).names, *TRACES.names, *GRIDS.names]
    assert len(names) > 30
    assert [name for name in names if f"`{name}`" not in text(ROOT / "docs/results.md")] == []


def test_every_key_of_the_manifest_is_documented() -> None:
    page = text(ROOT / "docs/results.md").partition("## manifest.json")[2]
    assert f"version of the results format, {manifest.FORMAT} |" in page
    entries = [manifest.Manifest, manifest.LossInfo, manifest.OptimizerInfo, manifest.HyperparameterInfo]
    entries += [manifest.ProgramEntry, manifest.DeviceInfo, manifest.FileInfo]
    names = {field.name for entry in entries for field in fields(entry)}
    assert sorted(name for name in names if f"`{name}`" not in page) == []


def test_links_in_the_prose_lead_to_files() -> None:
    targets = [path.parent / name for path in PROSE for name in re.findall(r"\]\((?!https?:)([^)#]+)", text(path))]
    assert len(targets) > 30
    assert [target for target in targets if not target.exists()] == []


@pytest.mark.usefixtures("plugins_here")
def test_the_examples_of_the_docs_make_a_config(tmp_path: Path) -> None:
    """Optimizer, loss and matrix as a reader would write them to files; README and configuration page name both."""
    (tmp_path / "my_opt.py").write_text(_example("optimizers.md", "from dataclasses"), encoding="utf-8")
    losses = _example("losses.md", "from reportgen.loss") + _example("losses.md", "@loss(")
    (tmp_path / "my_losses.py").write_text(losses, encoding="utf-8")
    for page in ("configuration.md", "../README.md"):
        (tmp_path / "reportgen.toml").write_text(_example(page, "title ="), encoding="utf-8")
        config = load(environ={}, folder=tmp_path)
        assert config.optimizers[-1].name == "my_opt.py:HeavyBall"
    assert find_loss("my_losses.py:booth", tmp_path)(1.0, 3.0) == 0.0
    assert find_loss("my_losses.py:bowl", tmp_path)(1.0, 2.0) == 41.0


def _example(page: str, beginning: str) -> str:
    """The indented block of a page in which a line begins so, from that line on."""
    lines = text(ROOT / "docs" / page).splitlines()
    begin = next(i for i, line in enumerate(lines) if line.startswith(f"    {beginning}"))
    block = takewhile(lambda line: not line or line.startswith("    "), lines[begin:])
    return "".join(f"{line[4:]}\n" for line in block)


def test_there_is_one_version() -> None:
    assert importlib.metadata.version("optimizer-reportgen") == reportgen.__version__
    newest = re.search(r"^## \[(.+)\] - (\S+)$", text(ROOT / "CHANGELOG.md"), re.M)
    assert newest
    assert newest[1] == reportgen.__version__
    assert re.fullmatch(r"\d{4}-\d\d-\d\d|Unreleased", newest[2])


def test_every_package_is_installed() -> None:
    folders = {path.parent.relative_to(ROOT) for path in (ROOT / "reportgen").rglob("__init__.py")}
    expected = {".".join(folder.parts) for folder in folders} | {"reportgen.builtin_losses", "reportgen.templates"}
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == expected


def test_every_template_is_installed() -> None:
    patterns = PROJECT["tool"]["setuptools"]["package-data"]["reportgen.templates"]
    suffixes = [pattern.removeprefix("**/") for pattern in patterns]
    files = [path for path in own_files() if path.parts[0] == "templates" and path.suffix != ".py"]
    assert files
    assert [path for path in files if not any(fnmatch(path.name, suffix) for suffix in suffixes)] == []


def test_constraints_pin_every_requirement() -> None:
    lines = text(ROOT / "constraints.txt").splitlines()
    pins = {_normal(line.partition("==")[0]) for line in lines if "==" in line}
    project = PROJECT["project"]
    asked = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    names = {_normal(re.split(r"[\[<>=]", line)[0]) for line in asked} - {"optimizer-reportgen"}
    assert names <= pins
    assert [line for line in lines if "@" in line or "/" in line or line.startswith("-")] == []


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name.strip()).lower()


def test_no_file_names_a_package_registry() -> None:
    named = []
    for path in own_files():
        try:
            content = (ROOT / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        named += [f"{path}: {found.group()}" for found in REGISTRY.finditer(content)]
    assert named == []
