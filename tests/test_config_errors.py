"""The errors of a configuration: each is one line with its place and reason, and all are reported at once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from reportgen.config import Config, ConfigError, load


def read(folder: Path, toml: str = "", *, environ: dict[str, str] | None = None, **flags: Any) -> Config:
    (folder / "reportgen.toml").write_text(toml)
    return load(folder=folder, environ=environ or {}, flags=flags)


def problems(folder: Path, toml: str = "", **sources: Any) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(folder, toml, **sources)
    return caught.value.problems


THOUSANDTHS = [k / 1000 for k in range(1, 201)]
ERRORS = [
    ("lossses = 1", "lossses = 1: unknown key; expected one of: title, description, ", 'Did you mean "losses"?'),
    ("epochs = 9", "epochs = 9: unknown key; expected one of: title, ", 'Did you mean "steps"?'),
    ("lr = [0.1]", "lr = [0.1]: unknown key; expected one of: title, ", 'Did you mean "learning_rates"?'),
    ("max_time = 9", "max_time = 9: unknown key; expected one of: title, ", 'Did you mean "deadline"?'),
    ("precision = 'float64'", 'precision = "float64": unknown key; expected one of: ', 'Did you mean "dtype"?'),
    ("losses = ['banana']", 'losses[0]: no loss is called "banana". ', 'Did you mean "rosenbrock"?'),
    ("optimizers = ['sgd']", 'optimizers[0]: no optimizer is called "sgd". ', 'Did you mean "gradient_descent"?'),
    ("optimizers = ['heavy-ball']", 'optimizers[0]: no optimizer is called "heavy-ball". ', 'Did you mean "momentum"?'),
    (
        "losses = [{name='beale', start=[1.0]}]",
        'losses[0] = {"name": "beale", "start": [1.0]}: beale: loss beale: start has 1 coordinates; expected 2',
        "",
    ),
    ("losses = [{name='beale', domain=[[1, 2], [2, 1]]}]", "losses[0].domain[1] = [2, 1]: expected low < high", ""),
    (
        "losses = [{name='beale', domain=[[1, 2], [0, 5e-324]]}]",
        "losses[0].domain[1] = [0, 5e-324]: expected low < high with a width of",
        "",
    ),
    (
        "losses = [{name='beale', domain=[[1, 2, 3], [2, 4]]}]",
        "losses[0].domain[0] = [1, 2, 3]: expected two numbers",
        "",
    ),
    (
        "losses = [{name='suite:mgh', start=[1.0]}]",
        "losses[0].start = ",
        "has several losses; name one of them instead",
    ),
    ("losses = [{name='rosenbrock', dim=1000000000}]", "losses[0].dim = 1000000000: expected a value <= 1e+06", ""),
    ("starts = {random=100000000}", "starts.random = 100000000: expected a value <= 1e+06", ""),
    ("seeds = 2147483647", "seeds = 2147483647: expected a value <= 1e+06", ""),
    (f"steps = {'9' * 400}", "steps = 9999", "expected a value <= "),
    (f"gradient_tolerance = {'9' * 400}", "gradient_tolerance = 9999", "expected a number"),
    (f"description = {'[' * 3000}{']' * 3000}", "nested too deeply", ""),
    (
        f"optimizers = ['{'lookahead[base=' * 300}adam{']' * 300}']",
        "optimizers[0] = ",
        "expected at most 10 optimizers that are wrapped around each other",
    ),
    (
        f"optimizers = [{{name='adam', beta_1={THOUSANDTHS}, beta_2={THOUSANDTHS}}}]",
        "optimizers[0]: stands for 40,000 optimizers; expected at most 10,000",
        "",
    ),
    ("title = 3", "title = 3: expected a string", ""),
    ("steps = '9'", 'steps = "9": expected an integer', ""),
    ("steps = 1.5", "steps = 1.5: expected an integer", ""),
    ("steps = true", "steps = true: expected an integer", ""),
    ("steps = 0", "steps = 0: expected a value >= 1", ""),
    ("trace_points = 8", "trace_points = 8: expected a value >= 16", ""),
    (
        "trace = 'picture'",
        'trace = "picture": expected "all", "pictures" or "none". ',
        'Did you mean "pictures"?',
    ),
    ("deadline = -1", "deadline = -1: expected a value > 0", ""),
    ("dtype = 'flaot32'", 'dtype = "flaot32": expected "float32" or "float64". ', 'Did you mean "float32"?'),
    ("device = 'gpx'", 'device = "gpx": expected "auto", "cpu", "gpu" or "tpu", or one device', ""),
    ("output = ''", 'output = "": expected the name of a folder', ""),
    ("base = 'x'", 'base = "x": unknown key; expected one of: title, ', ""),
    ("losses = 'beale'", 'losses = "beale": expected a list', ""),
    ("losses = []", "losses = []: expected at least one entry", ""),
    ("losses = [3]", "losses[0] = 3: expected a name or a table", ""),
    ("losses = [{}]", 'losses[0]: missing key "name"', ""),
    (
        "losses = ['suite:mhg']",
        'losses[0]: no suite is called "mhg"; expected one of: contest, classic-2d, ',
        'Did you mean "mgh"?',
    ),
    (
        "losses = ['tag:konvex']",
        'losses[0]: no tag is called "konvex"; expected one of: convex, ',
        'Did you mean "convex"?',
    ),
    (
        "losses = [{name='suite:mgh', dim=3}]",
        "losses[0].dim = 3: suite:mgh has losses of several dimensions; remove dim",
        "",
    ),
    (
        "losses = [{name='beale', dime=2}]",
        'losses[0].dime = 2: beale has no parameter "dime"; expected one of: dim, noise, start, domain. ',
        'Did you mean "dim"?',
    ),
    (
        "losses = [{name='beale', dim=3}]",
        "losses[0].dim = 3: beale: expected dim = 2, the fixed dimension of the loss",
        "",
    ),
    ("losses = [{name='rosenbrock', dim=1}]", "losses[0].dim = 1: rosenbrock: expected dim >= 2", ""),
    ("losses = ['baele']", 'losses[0]: no loss is called "baele". ', 'Did you mean "beale"?'),
    (
        "losses = ['no_such_thing']",
        'losses[0]: no loss is called "no_such_thing". Run "reportgen list losses" to see all names.',
        "",
    ),
    (
        "optimizers = [{name='lookahead', base='adamm'}]",
        'optimizers[0].base: no optimizer is called "adamm". ',
        'Did you mean "adam"?',
    ),
    (
        "optimizers = [{name='lookahead', base={name='adam', beta_3=0.9}}]",
        'optimizers[0].base.beta_3 = 0.9: lookahead has no hyperparameter "base.beta_3"; expected one of: base, k, ',
        'Did you mean "base.beta_2"?',
    ),
    (
        "optimizers = [{name='lookahead', base={name='adam', beta_2=2.0}}]",
        "optimizers[0].base.beta_2 = 2.0: expected a value <= 1",
        "",
    ),
    (
        "optimizers = [{name='lookahead', base=['adam', 3]}]",
        "optimizers[0].base[1] = 3: expected a string",
        "",
    ),
    (
        "optimizers = ['lookahead', {name='lookahead', base='momentum'}]",
        'optimizers[1] = {"name": "lookahead", "base": "momentum"}: duplicate of optimizers[0]',
        "",
    ),
    (
        "optimizers = [{name='adam', schedule='cosinus'}]",
        'optimizers[0].schedule = "cosinus": expected "constant", "cosine", "linear", "step" or "warmup_cosine"',
        "",
    ),
    ("losses = ['no.py:x']", 'losses[0]: no file is called "no.py"', ""),
    (
        "losses = ['rosenbrock', {name='rosenbrock', dim=2}]",
        'losses[1] = {"name": "rosenbrock", "dim": 2}: duplicate of losses[0]',
        "",
    ),
    ("optimizers = ['adm']", 'optimizers[0]: no optimizer is called "adm". ', 'Did you mean "adam"?'),
    (
        "optimizers = ['adam', {name='adam', beta_1=0.5, beta_3=0.9}]",
        'optimizers[1].beta_3 = 0.9: adam has no hyperparameter "beta_3"; expected one of: beta_1, beta_2, epsilon, ',
        'Did you mean "beta_',
    ),
    ("optimizers = [{name='adam', beta_2=1.5}]", "optimizers[0].beta_2 = 1.5: expected a value <= 1", ""),
    (
        "optimizers = [{name='adam', beta_2=[0.9, 'x']}]",
        'optimizers[0].beta_2[1] = "x": expected a number',
        "",
    ),
    ("optimizers = [{name='adam', beta_2=nan}]", "optimizers[0].beta_2 = NaN: expected a ", ""),
    (
        "optimizers = [{name='adam', beta_2=[]}]",
        "optimizers[0].beta_2 = []: expected at least one value",
        "",
    ),
    (
        "optimizers = [{name='adam', beta_2=[[1]]}]",
        "optimizers[0].beta_2 = [[1]]: expected a value or a list of values",
        "",
    ),
    ("optimizers = [{name='adam', beta_2=[0.9, 0.9]}]", "optimizers[0] = ", "a value occurs twice"),
    (
        "optimizers = ['adam', {name='adam', beta_2=0.999}]",
        "optimizers[1] = ",
        "duplicate of optimizers[0]",
    ),
    (
        "optimizers = [{name='adam', label='Mine'}, {name='momentum', label='Mine'}]",
        'optimizers[1].label = "Mine": duplicate of optimizers[0].label',
        "",
    ),
    ("learning_rates = [0.1, -1]", "learning_rates[1] = -1: expected a value > 0", ""),
    ("learning_rates = [inf]", "learning_rates[0] = Infinity: expected a finite number", ""),
    ("learning_rates = [0.1, 0.1]", "learning_rates[1] = 0.1: duplicate of learning_rates[0]", ""),
    (
        "learning_rates = 'atuo'",
        'learning_rates = "atuo": expected "auto", a list of numbers, or a table with from, to and per_decade',
        "",
    ),
    (
        "optimizers = [{name='adam', learning_rates=[0.1, 0]}]",
        "optimizers[0].learning_rates[1] = 0: expected a value > 0",
        "",
    ),
    (
        "optimizers = [{name='adam', learning_rates=[0.1, 0.1]}]",
        "optimizers[0].learning_rates[1] = 0.1: duplicate of optimizers[0].learning_rates[0]",
        "",
    ),
    (
        "optimizers = [{name='adam', learning_rates={from=1, to=3, too=2, per_decade=1}}]",
        "optimizers[0].learning_rates.too = 2: unknown key; expected one of: from, to, per_decade",
        'Did you mean "to"?',
    ),
    ("learning_rates = {from=1e-3, to=1}", 'learning_rates: missing key "per_decade"', ""),
    (
        "learning_rates = {from=1, to=0.1, per_decade=1}",
        "learning_rates = ",
        "expected from <= to, found from = 1 and to = 0.1",
    ),
    ("targets = [1.0]", "targets[0] = 1.0: expected a value < 1", ""),
    ("targets = [0.1, 0.1]", "targets[1] = 0.1: duplicate of targets[0]", ""),
    ("starts = 3", "starts = 3: expected a table", ""),
    ("starts = {randm=3}", "starts.randm = 3: unknown key; ", 'Did you mean "random"?'),
    ("starts = {random=-1}", "starts.random = -1: expected a value >= 0", ""),
    ("starts = {standard=false, random=0}", "starts = ", "expected at least one start: standard = true, "),
    (
        "starts = {points=[[1, 2, 3]]}",
        "starts.points[0] = [1, 2, 3]: found 3 coordinates; expected 1 or 2, as the losses have",
        "",
    ),
    ("starts = {points=[[1], [1]]}", "starts.points[1] = [1]: duplicate of starts.points[0]", ""),
    ("starts = {points=[[nan]]}", "starts.points[0][0] = NaN: expected a finite number", ""),
    (
        "starts = {standard=false, random=0, points=[[0.5]]}\nlosses = ['quartic', 'beale']",
        'starts = {"standard": false, "random": 0, "points": [[0.5]]}: no start for beale; add a point of dimension 2',
        "random >= 1",
    ),
    ("starts = {points=[[0.5, -1e300]]}", "starts.points[0][1] = -1e+300: expected a magnitude <= 3.4e38", "float64"),
    ("starts = {points=[[3.4028235678e38]]}", "starts.points[0][0] = 3.4028235678e+38: expected a magnitude <= ", ""),
]


def test_a_matrix_that_no_machine_can_hold_is_refused(tmp_path: Path) -> None:
    rates = [k / 1000 for k in range(1, 501)]
    toml = f"learning_rates = {rates}\nstarts = {{ random = 1000000 }}"
    assert problems(tmp_path, toml) == ["the matrix has 9e+09 runs; expected at most 1e+09"]


@pytest.mark.parametrize(("toml", "beginning", "part"), ERRORS, ids=[toml[:80] for toml, *_ in ERRORS])
def test_each_error_is_one_line_with_place_and_reason(tmp_path: Path, toml: str, beginning: str, part: str) -> None:
    (line,) = problems(tmp_path, toml)
    assert line.startswith(f"reportgen.toml: {beginning}")
    assert part in line
    assert "\n" not in line


@pytest.mark.parametrize("end", ["", "[dim=2]", "[" * 1000 + "]" * 1000])
def test_a_name_that_is_far_too_long_is_shortened(tmp_path: Path, end: str) -> None:
    (line,) = problems(tmp_path, f'losses = ["{"x" * 1_000_000}{end}"]')
    assert line.startswith('reportgen.toml: losses[0]: no loss is called "xxx')
    assert len(line) < 500


def test_a_loss_without_a_start_is_named_with_its_dimension(tmp_path: Path) -> None:
    starts = "starts = {standard=false, random=0, points=[[0.5], [1, 2, 3]]}\n"
    losses = "losses = ['quartic', 'beale', 'rosenbrock', {name='rosenbrock', dim=3}, {name='rosenbrock', dim=4}]"
    lines = problems(tmp_path, starts + losses)
    assert [line.partition(": no start for ")[2].partition(", or ")[0] for line in lines] == [
        "beale, rosenbrock; add a point of dimension 2",
        "rosenbrock[dim=4]; add a point of dimension 4",
    ]
    assert all(line.startswith("reportgen.toml: starts = ") for line in lines)
    assert read(tmp_path, "losses = ['beale']\nstarts = {random=1, standard=false, points=[]}").starts.random == 1


def test_the_losses_of_a_suite_without_a_start_share_one_line(tmp_path: Path) -> None:
    starts = "starts = {standard=false, random=0, points=[[0.5]]}\n"
    (line,) = problems(tmp_path, f"{starts}losses = ['quartic', 'suite:classic-2d']")
    assert re.search(r"no start for \w+, \w+, \w+ and \d+ more; add a point of dimension 2", line)


def test_all_errors_are_reported_at_once(tmp_path: Path) -> None:
    one_file = [toml for toml, *_ in ERRORS if toml.split()[0] in ("title", "deadline", "output")]
    found = problems(
        tmp_path,
        "\n".join([*one_file, "losses = ['baele', {name='beale', dim=3}]", "optimizers = [{name='adm', a=1}]"]),
        environ={"REPORTGEN_TARGETS": "2", "REPORTGEN_STEP": "1", "REPORTGEN_CACHE": "of another program"},
        steps=0,
        starts=-1,
        learning_rates=(0.1, -2.0),
    )
    locations = [line.split(" = ")[0].split(": unknown")[0].split(": no ")[0] for line in found]
    assert sorted(locations) == [
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


def test_an_invalid_entry_hides_no_error_in_the_others(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        """
        losses = [3, "baele", { name = "rosenbrok", dim = "x" }, { name = "beale", dim = 3 }]
        optimizers = [{ beta_1 = 0.5 }, { name = "adam", beta_1 = "x", beta_9 = 1, epsilon = [] }, "adam", "adam"]
        learning_rates = [-1, 0.1, 0.1]
        starts = { random = -1, points = [[nan], [2], [2], [1e300]] }
        """,
    )
    locations = [re.split(" = |: no|: miss", line)[0].removeprefix("reportgen.toml: ") for line in found]
    assert sorted(locations) == [
        "learning_rates[0]",
        "learning_rates[2]",
        "losses[0]",
        "losses[1]",
        "losses[2]",
        "losses[2].dim",
        "losses[3].dim",
        "optimizers[0]",
        "optimizers[1].beta_1",
        "optimizers[1].beta_9",
        "optimizers[1].epsilon",
        "optimizers[3]",
        "starts.points[0][0]",
        "starts.points[2]",
        "starts.points[3][0]",
        "starts.random",
    ]


def test_an_error_in_a_label_on_the_command_line_names_flag_and_hyperparameter(tmp_path: Path) -> None:
    (line,) = problems(tmp_path, optimizers=("adam[beta_3=0.5]",))
    assert line.startswith('--optimizer: beta_3 = 0.5: adam has no hyperparameter "beta_3"')


def test_an_error_in_pyproject_names_the_table(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.reportgen]\nstep = 1\n")
    (line,) = problems(tmp_path)
    assert line.startswith("pyproject.toml: tool.reportgen.step = 1: unknown key; ")


def test_a_syntax_error_is_reported_with_its_line_and_all_other_errors(tmp_path: Path) -> None:
    assert problems(tmp_path, "steps = 1\ntitle = = 2", steps=0) == [
        "reportgen.toml: line 2: invalid value (column 9)",
        "--steps = 0: expected a value >= 1",
    ]


def test_files_that_cannot_be_read_are_reported(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes(b"title = '\xe9'")
    for path, message in [
        ("none.toml", "No such file"),
        ("", "Is a directory"),
        ("latin.toml", "expected UTF-8 text"),
    ]:
        with pytest.raises(ConfigError, match=message):
            load(tmp_path / path, environ={})
