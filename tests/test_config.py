"""The config: its defaults, which source wins, and that all mistakes are told at once, each in one line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from reportgen.config import Config, ConfigError, LossEntry, OptimizerEntry, load
from reportgen.config.labels import parse_label


def read(folder: Path, toml: str = "", *, environ: dict[str, str] | None = None, **flags: Any) -> Config:
    (folder / "reportgen.toml").write_text(toml)
    return load(folder=folder, environ=environ or {}, flags=flags)


def problems(folder: Path, toml: str = "", **sources: Any) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(folder, toml, **sources)
    return caught.value.problems


def test_the_default_matrix_is_six_optimizers_nine_rates_and_three_losses(tmp_path: Path) -> None:
    config = load(folder=tmp_path, environ={})
    assert [entry.name for entry in config.losses] == ["quartic", "rosenbrock", "beale"]
    assert [entry.name for entry in config.optimizers] == [
        *("gradient_descent", "momentum", "nesterov", "adagrad", "rmsprop", "adam")
    ]
    assert config.learning_rates == (1e-4, 0.0003162, 1e-3, 0.003162, 1e-2, 0.03162, 1e-1, 0.3162, 1.0)
    assert (config.starts.standard, config.starts.random, config.steps, config.dtype) == (
        True,
        8,
        2000,
        "float32",
    )


def test_the_design_s_example_is_read(tmp_path: Path) -> None:
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


def test_a_file_that_is_named_stands_alone(tmp_path: Path) -> None:
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


MISTAKES = [
    ("lossses = 1", "lossses = 1: no such key; there are title, description, ", "did you mean losses?"),
    ("title = 3", "title = 3: a text is expected", ""),
    ("steps = '9'", 'steps = "9": a whole number is expected', ""),
    ("steps = 1.5", "steps = 1.5: a whole number is expected", ""),
    ("steps = true", "steps = true: a whole number is expected", ""),
    ("steps = 0", "steps = 0: 1 or more is expected", ""),
    ("trace_points = 8", "trace_points = 8: 16 or more is expected", ""),
    ("trace = 'picture'", 'trace = "picture": all, pictures or none is expected; ', "did you mean pictures?"),
    ("deadline = -1", "deadline = -1: more than 0 is expected", ""),
    ("dtype = 'flaot32'", 'dtype = "flaot32": float32 or float64 is expected; ', "did you mean float32?"),
    ("device = 'gpx'", 'device = "gpx": auto, cpu, gpu or tpu, or one of several', ""),
    ("output = ''", 'output = "": the name of a folder is expected', ""),
    ("base = 'x'", 'base = "x": no such key; there are title, ', ""),
    ("losses = 'beale'", 'losses = "beale": a list is expected', ""),
    ("losses = []", "losses = []: at least one entry is expected", ""),
    ("losses = [3]", "losses[0] = 3: a table is expected", ""),
    ("losses = [{}]", "losses[0]: name is missing", ""),
    ("losses = ['suite:mhg']", 'losses[0] = "suite:mhg": there is no suite mhg; there are ', "did you mean mgh?"),
    ("losses = ['tag:konvex']", 'losses[0] = "tag:konvex": there is no tag konvex; ', "did you mean convex?"),
    (
        "losses = [{name='suite:mgh', dim=3}]",
        "losses[0].dim = 3: suite:mgh stands for losses of several dimensions: leave it out",
        "",
    ),
    (
        "losses = [{name='beale', dime=2}]",
        "losses[0].dime = 2: beale has no parameter dime, nor any other; ",
        "did you mean dim?",
    ),
    ("losses = [{name='beale', dim=3}]", "losses[0].dim = 3: beale: has a fixed dimension of 2", ""),
    ("losses = [{name='rosenbrock', dim=1}]", "losses[0].dim = 1: rosenbrock: dim = 1 is too small", ""),
    ("losses = ['baele']", 'losses[0] = "baele": there is no loss baele; ', "did you mean beale?"),
    (
        "optimizers = [{name='lookahead', base='adamm'}]",
        'optimizers[0].base = {"name": "lookahead", "base": "adamm"}: there is no optimizer adamm; ',
        "did you mean adam?",
    ),
    (
        "optimizers = [{name='lookahead', base={name='adam', beta_3=0.9}}]",
        "optimizers[0].base.beta_3 = 0.9: lookahead has no hyperparameter base.beta_3; it has base, k, ",
        "did you mean base.beta_2?",
    ),
    ("optimizers = [{name='lookahead', base={name='adam', beta_2=2.0}}]", "optimizers[0].base.beta_2 = 2.0: 1 or", ""),
    ("optimizers = [{name='lookahead', base=['adam', 3]}]", "optimizers[0].base[1] = 3: a text is expected", ""),
    (
        "optimizers = ['lookahead', {name='lookahead', base='momentum'}]",
        'optimizers[1] = {"name": "lookahead", "base": "momentum"}: is there already, as optimizers[0]',
        "",
    ),
    (
        "optimizers = [{name='adam', schedule='cosinus'}]",
        'optimizers[0].schedule = "cosinus": constant or cosine or linear or step or warmup_cosine is expected',
        "",
    ),
    ("losses = ['no.py:x']", 'losses[0] = "no.py:x": there is no file no.py', ""),
    (
        "losses = ['rosenbrock', {name='rosenbrock', dim=2}]",
        'losses[1] = {"name": "rosenbrock", "dim": 2}: is there already, as losses[0]',
        "",
    ),
    ("optimizers = ['adm']", 'optimizers[0] = "adm": there is no optimizer adm; ', "did you mean adam?"),
    (
        "optimizers = ['adam', {name='adam', beta_1=0.5, beta_3=0.9}]",
        "optimizers[1].beta_3 = 0.9: adam has no hyperparameter beta_3; it has beta_1, beta_2, epsilon, ",
        "did you mean beta_",
    ),
    ("optimizers = [{name='adam', beta_2=1.5}]", "optimizers[0].beta_2 = 1.5: 1 or less is expected", ""),
    (
        "optimizers = [{name='adam', beta_2=[0.9, 'x']}]",
        'optimizers[0].beta_2[1] = "x": a number is expected',
        "",
    ),
    ("optimizers = [{name='adam', beta_2=nan}]", "optimizers[0].beta_2 = NaN: ", "expected"),
    (
        "optimizers = [{name='adam', beta_2=[]}]",
        "optimizers[0].beta_2 = []: at least one value is expected",
        "",
    ),
    ("optimizers = [{name='adam', beta_2=[[1]]}]", "optimizers[0].beta_2 = [[1]]: a value, or a list of", ""),
    ("optimizers = [{name='adam', beta_2=[0.9, 0.9]}]", "optimizers[0] = ", "has a value twice"),
    (
        "optimizers = ['adam', {name='adam', beta_2=0.999}]",
        "optimizers[1] = ",
        "is there already, as optimizers[0]",
    ),
    ("learning_rates = [0.1, -1]", "learning_rates[1] = -1: more than 0 is expected", ""),
    ("learning_rates = [inf]", "learning_rates[0] = Infinity: a finite number is expected", ""),
    ("learning_rates = [0.1, 0.1]", "learning_rates[1] = 0.1: is there already, as learning_rates[0]", ""),
    ("learning_rates = {from=1e-3, to=1}", "learning_rates: per_decade is missing", ""),
    ("learning_rates = {from=1, to=0.1, per_decade=1}", "learning_rates = ", "from = 1 is above to = 0.1"),
    ("targets = [1.0]", "targets[0] = 1.0: less than 1 is expected", ""),
    ("targets = [0.1, 0.1]", "targets[1] = 0.1: is there already, as targets[0]", ""),
    ("starts = 3", "starts = 3: a table is expected", ""),
    ("starts = {randm=3}", "starts.randm = 3: no such key; ", "did you mean random?"),
    ("starts = {random=-1}", "starts.random = -1: 0 or more is expected", ""),
    ("starts = {standard=false, random=0}", "starts = ", ""),
    (
        "starts = {points=[[1, 2, 3]]}",
        "starts.points[0] = [1, 2, 3]: has 3 coordinates, but the losses have 1 or 2",
        "",
    ),
    ("starts = {points=[[1], [1]]}", "starts.points[1] = [1]: is there already, as starts.points[0]", ""),
    ("starts = {points=[[nan]]}", "starts.points[0][0] = NaN: a finite number is expected", ""),
    (
        "starts = {standard=false, random=0, points=[[0.5]]}\nlosses = ['quartic', 'beale']",
        'starts = {"standard": false, "random": 0, "points": [[0.5]]}: no start fits beale, which has 2 coordinates; ',
        "",
    ),
    ("starts = {points=[[0.5, -1e300]]}", "starts.points[0][1] = -1e+300: is not finite in float32; ", "float64"),
    ("starts = {points=[[3.4028235678e38]]}", "starts.points[0][0] = 3.4028235678e+38: is not finite in", ""),
]


@pytest.mark.parametrize(("toml", "begins", "ends"), MISTAKES, ids=[toml for toml, *_ in MISTAKES])
def test_each_mistake_is_one_line_that_says_where_and_what(tmp_path: Path, toml: str, begins: str, ends: str) -> None:
    (line,) = problems(tmp_path, toml)
    assert line.startswith(f"reportgen.toml: {begins}")
    assert ends in line
    assert "\n" not in line


def test_a_loss_that_no_start_fits_is_named_with_its_dimension(tmp_path: Path) -> None:
    starts = "starts = {standard=false, random=0, points=[[0.5], [1, 2, 3]]}\n"
    losses = "losses = ['quartic', 'beale', 'rosenbrock', {name='rosenbrock', dim=3}, {name='rosenbrock', dim=4}]"
    lines = problems(tmp_path, starts + losses)
    assert [line.partition(": no start fits ")[2].partition(";")[0] for line in lines] == [
        "beale, which has 2 coordinates",
        "rosenbrock, which has 2 coordinates",
        "rosenbrock[dim=4], which has 4 coordinates",
    ]
    assert all(line.startswith("reportgen.toml: starts = ") for line in lines)
    assert read(tmp_path, "losses = ['beale']\nstarts = {random=1, standard=false, points=[]}").starts.random == 1


def test_a_point_within_the_range_of_the_dtype_is_no_mistake(tmp_path: Path) -> None:
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


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    one_file = [toml for toml, *_ in MISTAKES if toml.split()[0] in ("title", "deadline", "output")]
    found = problems(
        tmp_path,
        "\n".join([*one_file, "losses = ['baele', {name='beale', dim=3}]", "optimizers = [{name='adm', a=1}]"]),
        environ={"REPORTGEN_TARGETS": "2", "REPORTGEN_STEP": "1", "REPORTGEN_CACHE": "no business of ours"},
        steps=0,
        starts=-1,
        learning_rates=(0.1, -2.0),
    )
    wheres = [line.split(" = ")[0].split(": no such")[0] for line in found]
    assert sorted(wheres) == [
        "--lr",
        "--starts",
        "--steps",
        "REPORTGEN_STEP",
        "REPORTGEN_TARGETS",
        "reportgen.toml: deadline",
        "reportgen.toml: losses[0]",
        "reportgen.toml: losses[1].dim",
        "reportgen.toml: optimizers[0]",
        "reportgen.toml: output",
        "reportgen.toml: title",
    ]


def test_a_mistake_in_a_label_on_the_command_line_names_flag_and_hyperparameter(tmp_path: Path) -> None:
    (line,) = problems(tmp_path, optimizers=("adam[beta_3=0.5]",))
    assert line.startswith("--optimizer: beta_3 = 0.5: adam has no hyperparameter beta_3")


def test_a_mistake_in_pyproject_names_the_table(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.reportgen]\nstep = 1\n")
    (line,) = problems(tmp_path)
    assert line.startswith("pyproject.toml: tool.reportgen.step = 1: no such key; ")


def test_a_syntax_error_is_told_with_its_line_beside_other_mistakes(tmp_path: Path) -> None:
    assert problems(tmp_path, "steps = 1\ntitle = = 2", steps=0) == [
        "reportgen.toml: line 2: invalid value (column 9)",
        "--steps = 0: 1 or more is expected",
    ]


def test_files_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes(b"title = '\xe9'")
    for path, said in [
        ("none.toml", "No such file"),
        ("", "Is a directory"),
        ("latin.toml", "is not UTF-8 text"),
    ]:
        with pytest.raises(ConfigError, match=said):
            load(tmp_path / path, environ={})


def test_a_broken_plug_in_is_no_mistake(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("1 / 0\n")
    config = read(tmp_path, losses=("broken.py:a",), optimizers=("broken.py:B[c=1]",))
    assert config.optimizers[0] == OptimizerEntry(name="broken.py:B", hyperparameters={"c": (1,)})


def test_a_config_is_frozen() -> None:
    with pytest.raises(ValidationError):
        Config().steps = 3  # type: ignore[misc]


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
