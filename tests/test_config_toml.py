"""The config on the first page reproduces the report, and the data files have the numbers of the figures."""

from __future__ import annotations

import re
import tomllib
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import synthetic

from reportgen.config import Config
from reportgen.report import render
from reportgen.report.config_toml import config_toml
from reportgen.results.manifest import Manifest, read_manifest, write_manifest

CONFIGS: list[dict[str, Any]] = [
    {},
    {
        "losses": [{"name": "rosenbrock", "dim": 20}, "quadratic[condition=1e3]", "mine.py:valley"],
        "title": 'a "b" \\ é\x7f',
    },
    {"optimizers": ["adam[beta_2=0.99]", {"name": "lookahead", "base": "adam", "k": [5, 10]}, "gradient_descent"]},
    {"losses": [{"name": "beale", "noise": {"gradient_std": 0.1}}], "seeds": 3, "starts": {"points": [[0.5, -0.25]]}},
    {
        "optimizers": [
            {"name": "adam", "beta_1": {"from": 0.5, "to": 0.9}, "epsilon_corrected": {"choices": [False, True]}}
        ],
        "tune": {"trials": 8},
    },
]


@pytest.mark.parametrize("values", CONFIGS)
def test_the_config_of_a_page_is_that_of_the_results(values: dict[str, Any], tmp_path: Path) -> None:
    config = Config.model_validate(values)
    write_manifest(
        tmp_path,
        Manifest(reportgen="0.2.0", config=config, losses=(), optimizers=(), versions={"tensorflow": "2.21.0"}),
    )
    stored = read_manifest(tmp_path).config
    assert Config.model_validate(tomllib.loads(config_toml(stored))) == config


def test_the_first_page_says_how_to_reproduce_the_report(tmp_path: Path) -> None:
    made = synthetic.results(optimizers=("gradient_descent", "adam"), rename={"adam": "mine.py:Adam"}, steps=60)
    page = render(synthetic.write(made, tmp_path / "results"), tmp_path).read_text(encoding="utf-8")
    (config,) = re.findall(r"<pre[^>]*>(.*?)</pre>", page, re.DOTALL)
    assert tomllib.loads(unescape(config))["optimizers"] == ["gradient_descent", "mine.py:Adam"]
    assert "with the file below and, in the same folder, mine.py</dd>" in page
    assert "pip install optimizer-reportgen==0.2.0 tensorflow==2.21.0" in page


def test_the_numbers_of_figures_are_in_data_files(tmp_path: Path) -> None:
    import pandas as pd

    made = synthetic.results(optimizers=("gradient_descent", "adam"), starts=3, steps=60)
    render(synthetic.write(made, tmp_path / "results"), tmp_path)
    cells = pd.read_csv(tmp_path / "data" / "cells.csv")
    assert len(cells) == made.runs["cell_id"].nunique()
    curves = pd.read_csv(tmp_path / "data" / "curves.beale.csv")
    assert set(curves["optimizer"]) == {"gradient_descent", "adam"}
    assert curves.groupby("optimizer")["step"].is_monotonic_increasing.all()
    paths = pd.read_csv(tmp_path / "data" / "paths.beale.csv")
    assert paths.loc[paths["step"] == 0, ["x", "y"]].drop_duplicates().to_numpy().tolist() == [[1.0, 1.0]]
    shares = pd.read_csv(tmp_path / "data" / "runtimes.csv")
    assert shares["gradient_evaluations"].is_monotonic_increasing
    assert (shares[["gradient_descent", "adam"]].diff().iloc[1:] >= 0).all(axis=None)
    page = (tmp_path / "losses" / "beale.html").read_text(encoding="utf-8")
    names = re.findall(r'href="\.\./(data/[^"]+)"', page)
    assert "data/curves.beale.csv" in names
    for name in names:
        assert (tmp_path / name).is_file()
