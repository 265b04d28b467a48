"""``examples/frameworks``: the same Adam of four frameworks ends at the same positions."""

from __future__ import annotations

import json
import shutil
from importlib import metadata
from pathlib import Path

import numpy as np
import printed
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from reportgen.cli import main

pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'optimizer-reportgen[torch]'")
pytest.importorskip("optax", reason="optax is not installed: pip install 'optimizer-reportgen[optax]'")

pytestmark = pytest.mark.slow

CONFIG = Path(__file__).parent.parent / "examples" / "frameworks" / "reportgen.toml"


@pytest.mark.usefixtures("one_worker")
def test_all_four_end_at_the_same_positions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(CONFIG, tmp_path)
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["build"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    runs = pq.read_table(tmp_path / "output" / "results" / "runs.parquet").to_pandas()
    runs = runs.set_index(["loss", "learning_rate", "start"]).sort_index()
    ours = runs[runs["family"] == "adam"]
    assert len(ours) == 30
    for name in ("keras:Adam", "optax:adam", "torch:Adam"):
        theirs = runs[runs["family"] == name]
        assert theirs.index.equals(ours.index)
        for key, position, expected in zip(ours.index, theirs["final_x"], ours["final_x"], strict=True):
            np.testing.assert_allclose(position, expected, rtol=1e-10, err_msg=f"{name} {key}")
    # It is not trivially so: the positions differ from the starts, and the learning rates from each other.
    assert len({tuple(position) for position in ours["final_x"]}) == 30
    assert (ours["final_loss"] < ours["initial_loss"]).all()

    index = printed.page(tmp_path / "output" / "index.html").text()
    assert "tie: each hit" in index
    assert "All 4 optimizers hit equally many targets" in index
    for package in ("keras", "torch", "jax", "optax"):
        # A local version such as 2.13.0+cpu is not on the package index.
        assert f"{package}=={metadata.version(package).partition('+')[0]}" in index
    for page in (tmp_path / "output" / "optimizers").glob("*.html"):
        heads = [head.text() for head in printed.page(page).one("table", "meanings").one("thead").all("th")]
        assert ("Meaning" in heads) == page.name.startswith("adam")
    declared = json.loads((tmp_path / "output" / "results" / "manifest.json").read_text(encoding="utf-8"))["optimizers"]
    sources = [each["source"] for each in declared[1:]]
    assert sources == ["keras.optimizers.Adam", "optax.adam", "torch.optim.Adam"]
