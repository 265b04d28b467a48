"""What a page prints to make its results again is a config that asks for the same, whatever was asked."""

from __future__ import annotations

import json
import re
import tomllib
from html import unescape
from pathlib import Path

import pytest
import synthetic

from reportgen.config import Config
from reportgen.report import render
from reportgen.report.config_toml import config_toml

ASKED = [
    {},
    {
        "losses": [{"name": "rosenbrock", "dim": 20}, "quadratic[condition=1e3]", "mine.py:valley"],
        "title": 'a "b" \\ é\x7f',
    },
    {"optimizers": ["adam[beta_2=0.99]", {"name": "lookahead", "base": "adam", "k": [5, 10]}, "gradient_descent"]},
    {"losses": [{"name": "beale", "noise": {"gradient_std": 0.1}}], "seeds": 3, "starts": {"points": [[0.5, -0.25]]}},
]


@pytest.mark.parametrize("asked", ASKED)
def test_the_config_of_a_page_asks_for_the_same(asked: dict[str, object]) -> None:
    config = Config.model_validate(asked)
    in_manifest = json.loads(json.dumps(config.model_dump(exclude={"base", "output"})))
    again = Config.model_validate(tomllib.loads(config_toml(in_manifest)))
    assert again == config


def test_the_first_page_has_all_that_is_needed(tmp_path: Path) -> None:
    made = synthetic.results(optimizers=("gradient_descent", "adam"), rename={"adam": "mine.py:Adam"}, steps=60)
    page = render(synthetic.write(made, tmp_path / "results"), tmp_path).read_text(encoding="utf-8")
    (config,) = re.findall(r"<pre[^>]*>(.*?)</pre>", page, re.DOTALL)
    assert tomllib.loads(unescape(config))["optimizers"] == ["gradient_descent", "mine.py:Adam"]
    assert "the plug-ins mine.py beside it" in page
    assert "pip install optimizer-reportgen==0.1.0 tensorflow==2.21.0" in page


def test_every_figure_has_its_numbers_beside_it(tmp_path: Path) -> None:
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
    for name in re.findall(r'href="\.\./(data/[^"]+)"', page):
        assert (tmp_path / name).is_file()
