"""The configuration: its defaults, the precedence of its sources, and that all errors are reported at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from reportgen.config import Config, LossEntry, OptimizerEntry, load
from reportgen.config.labels import parse_label
from reportgen.plan import make_plan
from reportgen.rate_grid import INITIAL_RATES, Extension


def read(folder: Path, toml: str = "", *, environ: dict[str, str] | None = None, **flags: Any) -> Config:
    (folder / "reportgen.toml").write_text(toml)
    return load(folder=folder, environ=environ or {}, flags=flags)


def test_the_default_matrix_is_six_optimizers_nine_rates_and_three_losses(tmp_path: Path) -> None:
    config = load(folder=tmp_path, environ={})
    assert [entry.name for entry in config.losses] == ["quartic", "rosenbrock", "beale"]
    assert [entry.name for entry in config.optimizers] == [
        *("gradient_descent", "momentum", "nesterov", "adagrad", "rmsprop", "adam")
    ]
    assert config.learning_rates == "auto"
    assert INITIAL_RATES == (1e-4, 0.0003162, 1e-3, 0.003162, 1e-2, 0.03162, 1e-1, 0.3162, 1.0)
    assert (config.starts.standard, config.starts.random, config.steps, config.dtype) == (
        True,
        8,
        2000,
        "float32",
    )


def test_an_example_with_every_kind_of_entry_is_read(tmp_path: Path) -> None:
    (tmp_path / "my_losses.py").write_text("raise RuntimeError('broken')")
    (tmp_path / "my_opt.py").write_text("raise RuntimeError('broken')")
    config = read(
        tmp_path,
        """
        title = "Lookahead against its base"
        losses = ["quartic", "beale", { name = "rosenbrock", dim = 20 }, "my_losses.py:valley"]
        optimizers = ["momentum", { name = "adam", beta_2 = [0.99, 0.999] }, "my_opt.py:Lookahead"]
        learning_rates = { from = 1e-4, to = 1.0, per_decade = 2 }
        starts = { standard = true, random = 16, seed = 0, points = [[0.5, -0.25]] }
        steps = 2000
        targets = [1e-1, 1e-3, 1e-5, 1e-7]
        dtype = "float32"
        """,
    )
    assert config.losses[2] == LossEntry(name="rosenbrock", dim=20)
    assert config.optimizers[1] == OptimizerEntry(name="adam", hyperparameters={"beta_2": (0.99, 0.999)})
    assert len(config.learning_rates) == 9
    assert config.starts.points == ((0.5, -0.25),)
    assert config.base == tmp_path.resolve()


def test_labels_are_read_as_they_are_printed(tmp_path: Path) -> None:
    config = read(tmp_path, losses=("rosenbrock[dim=20]",), optimizers=("adam[beta_1=0, beta_2=0.99]",))
    assert config.losses == (LossEntry(name="rosenbrock", dim=20),)
    (adam,) = config.optimizers
    assert adam.hyperparameters == {"beta_1": (0.0,), "beta_2": (0.99,)}
    assert isinstance(adam.hyperparameters["beta_1"][0], float)


def test_flag_before_environment_before_file_before_pyproject_before_default(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        "[tool.reportgen]\nsteps = 1\ndtype = 'float64'\ntitle = 'p'\ntrace_points = 16\nstarts = { seed = 4 }"
    )
    config = read(
        tmp_path,
        "steps = 2\ndtype = 'float32'\ntitle = 'r'\nstarts = { random = 2 }",
        environ={"REPORTGEN_STEPS": "3", "REPORTGEN_DTYPE": "float64", "REPORTGEN_STARTS": "5"},
        steps=4,
    )
    assert (config.steps, config.dtype, config.title, config.trace_points) == (4, "float64", "r", 16)
    assert (config.starts.seed, config.starts.random, config.starts.standard) == (4, 5, True)
    assert config.deadline == 600


def test_a_named_file_replaces_the_default_files(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.reportgen]\nsteps = 1\n")
    (tmp_path / "reportgen.toml").write_text("steps = 2\n")
    (tmp_path / "other.toml").write_text("title = 'other'\n")
    assert load(tmp_path / "other.toml", folder=tmp_path, environ={}).steps == 2000
    assert load(tmp_path / "pyproject.toml", folder=tmp_path, environ={}).steps == 1


def test_lists_in_the_environment_are_toml_or_have_commas(tmp_path: Path) -> None:
    config = read(
        tmp_path,
        environ={
            "REPORTGEN_LOSSES": "beale, rosenbrock[dim=4]",
            "REPORTGEN_OPTIMIZERS": '["adam", {name = "momentum", momentum = [0.5, 0.75]}]',
            "REPORTGEN_LEARNING_RATES": "1e-3,0.5",
            "REPORTGEN_TARGETS": "0.25",
            "REPORTGEN_TITLE": "2024",
        },
    )
    assert config.losses[1] == LossEntry(name="rosenbrock", dim=4)
    assert config.optimizers[1].hyperparameters == {"momentum": (0.5, 0.75)}
    assert (config.learning_rates, config.targets, config.title) == ((1e-3, 0.5), (0.25,), "2024")


def test_a_point_within_the_range_of_the_dtype_is_valid(tmp_path: Path) -> None:
    assert read(tmp_path, "starts = {points=[[3.4028235e38]]}").starts.points == ((3.4028235e38,),)
    assert read(tmp_path, "dtype = 'float64'\nstarts = {points=[[1e300]]}").starts.points == ((1e300,),)


def test_brackets_hold_settings_only_at_the_very_end() -> None:
    assert parse_label("x[y]/opt.py:P") == ("x[y]/opt.py:P", {})
    assert parse_label("x[a=1]/opt.py:P") == ("x[a=1]/opt.py:P", {})
    assert parse_label("x[y]/opt.py:P[a=1, b=0.5]") == ("x[y]/opt.py:P", {"a": 1, "b": 0.5})
    assert parse_label("opt.py:P[a=1]") == ("opt.py:P", {"a": 1})


def test_a_plug_in_in_a_folder_with_brackets_is_found(tmp_path: Path) -> None:
    (tmp_path / "x[y]").mkdir()
    (tmp_path / "x[y]" / "broken.py").write_text("1 / 0\n")
    config = read(tmp_path, optimizers=("x[y]/broken.py:A", "x[y]/broken.py:B[c=1]"))
    assert config.optimizers[0] == OptimizerEntry(name="x[y]/broken.py:A")
    assert config.optimizers[1] == OptimizerEntry(name="x[y]/broken.py:B", hyperparameters={"c": (1,)})


def test_a_broken_plug_in_is_not_an_error(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("1 / 0\n")
    config = read(tmp_path, losses=("broken.py:a",), optimizers=("broken.py:B[c=1]",))
    assert config.optimizers[0] == OptimizerEntry(name="broken.py:B", hyperparameters={"c": (1,)})


def test_a_config_is_frozen() -> None:
    with pytest.raises(ValidationError):
        Config().steps = 3  # type: ignore[misc]


def test_an_optimizer_may_have_its_own_learning_rates(tmp_path: Path) -> None:
    entries = """
        "momentum",
        { name = "adam", beta_2 = [0.99, 0.999], learning_rates = [0.001, 0.002] },
        { name = "rmsprop", learning_rates = { from = 0.01, to = 1.0, per_decade = 1 } },
        { name = "adagrad", learning_rates = "auto" },
    """
    config = read(tmp_path, f"learning_rates = [0.5]\noptimizers = [{entries}]")
    assert [entry.learning_rates for entry in config.optimizers] == [None, (0.001, 0.002), (0.01, 0.1, 1.0), "auto"]
    plan = make_plan(config, {"adagrad": Extension(1, 0), "adam": Extension(1, 1)})
    rates = {label: spec.learning_rates for label, spec in plan.optimizers.items()}
    assert rates == {
        "momentum": (0.5,),
        "adam[beta_2=0.99]": (0.001, 0.002),
        "adam": (0.001, 0.002),
        "rmsprop": (0.01, 0.1, 1.0),
        "adagrad": (1e-5, 3.162e-5, *INITIAL_RATES),
    }
    cells = {program.id: [cell.learning_rate for cell in program.cells] for program in plan.programs}
    assert cells["quartic/adam"] == [0.001, 0.002] * 2
    assert cells["quartic/adagrad, lr 1e-05 to 3.162e-05"] == [1e-5, 3.162e-5]


def test_flags_that_leave_the_baseline_out_need_no_other_baseline(tmp_path: Path) -> None:
    toml = "baseline = 'adam'\noptimizers = ['adam', 'momentum']"
    assert read(tmp_path, toml).baseline == "adam"
    assert read(tmp_path, toml, optimizers=("momentum",)).baseline == ""
    assert read(tmp_path, toml, optimizers=("adam", "lion")).baseline == "adam"
    assert read(tmp_path, toml, optimizers=("momentum",), baseline="momentum").baseline == "momentum"


def test_a_rate_range_that_does_not_end_on_the_grid_stays_inside(tmp_path: Path) -> None:
    config = read(tmp_path, "learning_rates = { from = 0.003, to = 0.5, per_decade = 1 }")
    assert config.learning_rates == (0.003, 0.03, 0.3)


def test_loading_imports_nothing_heavy(tmp_path: Path) -> None:
    program = """
import sys
from reportgen.config import load
load()
heavy = {"tensorflow", "pandas", "matplotlib", "rich"} & sys.modules.keys()
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", program], check=True, cwd=tmp_path)


def test_the_name_in_a_table_may_be_a_label() -> None:
    labelled = {"name": "adam[beta_2=0.99,beta_1=0.5]", "beta_1": 0.8, "learning_rates": [0.1]}
    plain = {"name": "adam", "beta_2": 0.99, "beta_1": 0.8, "learning_rates": [0.1]}
    losses = (
        [{"name": "rosenbrock[dim=20]", "start": [0.0] * 20}],
        [{"name": "rosenbrock", "dim": 20, "start": [0.0] * 20}],
    )
    one, other = (
        Config.model_validate({"optimizers": [optimizer], "losses": loss})
        for optimizer, loss in zip((labelled, plain), losses, strict=True)
    )
    assert one == other
