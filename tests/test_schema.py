"""``reportgen schema``: it accepts every config of the documentation, and rejects what ``reportgen build`` rejects."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from reportgen.cli import main
from reportgen.config import Config, ConfigError, load

jsonschema = pytest.importorskip("jsonschema", reason="check-jsonschema is not installed")

ROOT = Path(__file__).parent.parent
FILES = sorted([*ROOT.glob("examples/**/reportgen.toml"), *ROOT.glob("templates/starter-files/*.toml")])
KEYS = "|".join(key for key in Config.model_fields if key != "base")


def validator() -> Any:
    schema = json.loads(CliRunner().invoke(main, ["schema"]).stdout)
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


VALID = validator()


def blocks_of_the_docs() -> dict[str, dict[str, Any]]:
    """Every block of the documentation that begins with a key of the config, by its place."""
    found = {}
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for match in re.finditer(r"(?:^(?:    .*)?\n)+", page.read_text(encoding="utf-8"), re.M):
            text = "\n".join(line[4:] for line in match.group().splitlines())
            if re.match(rf"\s*(#.*\n)*({KEYS}) = ", text):
                found[f"{page.name}: {text.strip().splitlines()[0]}"] = tomllib.loads(text)
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_it_accepts_the_example_files(path: Path) -> None:
    values = tomllib.loads(path.read_text(encoding="utf-8"))
    assert "optimizers" in values
    assert [error.message for error in VALID.iter_errors(values)] == []


def test_it_accepts_the_configs_of_the_documentation() -> None:
    blocks = blocks_of_the_docs()
    assert len(blocks) >= 7
    errors = {place: [error.message for error in VALID.iter_errors(block)] for place, block in blocks.items()}
    assert {place: found for place, found in errors.items() if found} == {}


@pytest.mark.parametrize(
    "text",
    [
        "stepz = 100",
        "steps = 0",
        'steps = "100"',
        "losses = []",
        'losses = "beale"',
        "losses = [{ dim = 3 }]",
        'losses = [{ name = "beale", noise = { gradient_std = 0.1, relative = 0.1 } }]',
        'losses = [{ name = "beale", noise = { std = 0.1 } }]',
        'losses = [{ name = "beale", domain = [[1.0, 2.0, 3.0], [1.0, 2.0]] }]',
        "optimizers = [1]",
        'optimizers = [{ name = "adam", learning_rates = "fast" }]',
        'optimizers = [{ name = "adam", beta_2 = [] }]',
        'learning_rates = "fast"',
        "learning_rates = [0.0]",
        "learning_rates = { low = 1e-3, high = 1.0, per_decade = 2 }",
        "learning_rates = { from = 1e-3, to = 1.0 }",
        "starts = 8",
        "starts = { randomly = 8 }",
        "targets = [1.0]",
        'dtype = "float16"',
        'device = "abacus"',
        'output = ""',
        'base = "."',
    ],
)
def test_it_rejects_what_the_config_rejects(text: str, tmp_path: Path) -> None:
    (tmp_path / "reportgen.toml").write_text(text, encoding="utf-8")
    assert list(VALID.iter_errors(tomllib.loads(text)))
    with pytest.raises(ConfigError):
        load(environ={}, folder=tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        'learning_rates = "auto"',
        "learning_rates = [1e-3, 1]",
        "learning_rates = { from = 1e-3, to = 1, per_decade = 2 }",
        'optimizers = [{ name = "adam", learning_rates = { from = 1e-3, to = 1, per_decade = 2 } }]',
        'optimizers = [{ name = "sam", base = { name = "adam", beta_2 = [0.99, 0.999] } }]',
        'optimizers = [{ name = "lookahead", base = ["adam", "momentum"], k = 5 }]',
        'losses = ["suite:mgh", { name = "quadratic", condition = 10, noise.relative = 0.1 }]',
        "starts = { random = 4, points = [[0.5, 0.5]] }",
        'templates = ""',
    ],
)
def test_it_accepts_what_the_config_accepts(text: str, tmp_path: Path) -> None:
    (tmp_path / "reportgen.toml").write_text(text, encoding="utf-8")
    assert [error.message for error in VALID.iter_errors(tomllib.loads(text))] == []
    assert load(environ={}, folder=tmp_path)


def test_it_has_every_key_with_a_description_and_the_default_of_the_config() -> None:
    properties = VALID.schema["properties"]
    assert set(properties) == set(Config.model_fields) - {"base"}
    assert [key for key, field in properties.items() if not field.get("description")] == []
    defaults = {key: field["default"] for key, field in properties.items()}
    assert Config.model_validate(defaults) == Config()
