"""The Python interface as its users have it: in a script, at a prompt, in a notebook and in a test."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

import reportgen as rg
from reportgen.config import ConfigError
from reportgen.loss import loss
from reportgen.optimizer import Optimizer, hyperparameter
from reportgen.results.manifest import NotResultsError

pytestmark = pytest.mark.slow

SMALL: dict[str, Any] = {"learning_rates": [0.01, 0.1], "steps": 50, "starts": 2}


@dataclass(frozen=True)
class MyRule(Optimizer):
    """Gradient descent with a smaller step."""

    mu: float = hyperparameter(0.5)

    def step(self, x: Any, state: Any, problem: Any) -> Any:
        _, gradient = problem.value_and_gradient(x)
        return x - self.mu * problem.learning_rate * gradient, state


def my_function(x: Any, y: Any) -> Any:
    return tf.sin(x) ** 2 + (y - 1) ** 2


@loss(dim=3, minimum=0.0)
def bowl(x: Any) -> Any:
    return tf.reduce_sum(x * x)


@pytest.fixture(scope="module")
def results(kept_worker: Any) -> rg.Results:
    with kept_worker():
        return rg.run(
            ["quartic", rg.losses.rosenbrock(dim=4), my_function, bowl.at(5)],
            ["adam", MyRule(mu=0.9), MyRule, {"name": "momentum", "momentum": 0.5}],
            **SMALL,
        )


def test_names_objects_and_functions_are_run_together(results: rg.Results) -> None:
    assert results.losses == ("quartic", "rosenbrock[dim=4]", "my_function", "bowl[dim=5]")
    assert results.optimizers == ("adam", "my_rule[mu=0.9]", "my_rule", "momentum[momentum=0.5]")
    assert len(results.runs) == 4 * 4 * 2 * 3
    assert len(results.cells) == 4 * 4 * 2
    assert len(results.traces) > 0
    assert results.failures == {}
    final = results.runs.set_index(["loss", "optimizer", "learning_rate", "start"])["final_loss"]
    # Half of the learning rate, twice as many steps: the rule has run with its own values.
    assert final["quartic", "my_rule[mu=0.9]", 0.1, 0] != final["quartic", "my_rule", 0.1, 0]
    assert results.ranking["optimizer"].isin(results.optimizers).all()
    assert list(results.ranking["place"]) == sorted(results.ranking["place"])
    assert set(results.best["loss"]) == set(results.losses)


def test_figures_are_those_of_matplotlib(results: rg.Results, tmp_path: Path) -> None:
    figures = {
        "paths": results.plot.paths("my_function", "my_rule"),
        "curve": results.plot.paths("quartic", "adam"),
        "sensitivity": results.plot.sensitivity("rosenbrock[dim=4]"),
        "convergence": results.plot.convergence("quartic"),
        "runtimes": results.plot.runtimes(),
    }
    for name, figure in figures.items():
        figure.savefig(tmp_path / f"{name}.png")
        assert (tmp_path / f"{name}.png").stat().st_size > 5_000
        assert figure.get_facecolor() == (1.0, 1.0, 1.0, 1.0)
        assert figure._repr_png_().startswith(b"\x89PNG")  # what a notebook shows
    with pytest.raises(ValueError, match='no loss of these results is called "quartik"; expected one of: quartic,'):
        results.plot.convergence("quartik")
    with pytest.raises(ValueError, match='no optimizer of these results is called "adamm"'):
        results.plot.paths("quartic", "adamm")


def test_a_notebook_shows_a_ranking_with_pictures(results: rg.Results) -> None:
    html = results._repr_html_()
    assert html.count("<img ") == 4
    assert "my_rule[mu=0.9]" in html
    assert "96 runs of 50 steps on quartic, rosenbrock[dim=4], my_function, bowl[dim=5]" in html
    assert "my_rule[mu=0.9]" in repr(results)


@pytest.mark.usefixtures("one_worker")
def test_a_folder_keeps_results_and_is_loaded_built_and_compared(tmp_path: Path) -> None:
    first = rg.run(["quartic"], ["adam", MyRule], output=tmp_path / "a", **SMALL)
    again = rg.run(["quartic"], ["adam", MyRule], output=tmp_path / "a", **SMALL)
    assert again.runs.equals(first.runs)
    built = rg.build(["quartic"], ["adam", MyRule], output=tmp_path / "b", title="Mine", **SMALL)
    assert built.page == tmp_path / "b" / "index.html"
    assert "<title>Mine" in built.page.read_text(encoding="utf-8")
    loaded = rg.load(tmp_path / "b")
    assert loaded.runs.equals(first.runs)
    assert loaded.page == built.page
    assert rg.compare(first, tmp_path / "b").identical
    with pytest.raises(NotResultsError, match="not found"):
        rg.load(tmp_path / "c")


def test_without_a_folder_the_results_go_with_the_object(one_worker: None) -> None:
    del one_worker
    results = rg.run(["quartic"], ["adam"], **SMALL)
    folder = results.folder
    assert (folder / "runs.parquet").is_file()
    del results
    assert not folder.exists()


SCRIPT = """
import hashlib
from dataclasses import dataclass
from pathlib import Path
import reportgen as rg
from reportgen.optimizer import Optimizer, hyperparameter

def scaled(rate):
    return FACTOR * rate

@dataclass(frozen=True)
class Mine(Optimizer):
    mu: float = hyperparameter(1.0)
    def step(self, x, state, problem):
        _, gradient = problem.value_and_gradient(x)
        return x - scaled(self.mu * problem.learning_rate) * gradient, state

def bowl(x, y):
    import tensorflow as tf  # here, so that only workers take seconds to import it

    return x * x + tf.square(y)

print("begin")
for FACTOR in {factors}:
    results = rg.run([bowl], [Mine, "adam"], learning_rates=[0.1], steps=20, starts=1, output="results")
    print(len(results.runs), results.failures, float(results.runs["final_loss"].iloc[0]))
    print(hashlib.sha256(Path("results/results/manifest.json").read_bytes()).hexdigest())

"""


def finished(folder: Path, *factors: float, from_file: bool) -> list[str]:
    """What a process prints that runs the script with these factors, one after the other."""
    script = SCRIPT.replace("{factors}", repr(factors))
    (folder / "script.py").write_text(script)
    done = subprocess.run(
        [sys.executable, "script.py" if from_file else "-"],
        cwd=folder,
        input=None if from_file else script,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("from_file", [True, False], ids=["script", "prompt"])
def test_a_script_without_a_guard_and_a_prompt_run_everything_once(tmp_path: Path, *, from_file: bool) -> None:
    begin, line, manifest = finished(tmp_path, 0.5, from_file=from_file)
    assert begin == "begin"
    assert line.startswith("4 {} ")
    again, same_line, same_manifest, changed, _ = finished(tmp_path, 0.5, 0.25, from_file=from_file)
    assert (again, same_line, same_manifest) == (begin, line, manifest)  # nothing was run
    assert changed != line  # the digest covers a global that a helper of the rule uses


class Small:
    """A class as in TensorFlow's guide."""

    def __init__(self, learning_rate: float = 0.1) -> None:
        self.learning_rate = learning_rate

    def apply_gradients(self, grads: Any, variables: Any) -> None:
        for gradient, variable in zip(grads, variables, strict=True):
            variable.assign_sub(self.learning_rate * gradient)


@pytest.mark.usefixtures("one_worker")
def test_optimizers_of_other_frameworks_run_as_objects() -> None:
    import keras

    tuned = keras.optimizers.RMSprop(rho=0.75)
    results = rg.run(["quartic"], [tuned, "keras:RMSprop[rho=0.75]", Small], **SMALL)
    assert results.optimizers == ("keras_rmsprop", "keras:RMSprop[rho=0.75]", "small.py:Small")
    assert results.failures == {}
    final = [group["final_loss"].tolist() for _, group in results.runs.groupby("optimizer", observed=True, sort=False)]
    assert final[0] == final[1]
    patched = keras.optimizers.SGD()
    patched.update_step = lambda *_: None
    with pytest.raises(ValueError, match=r'a method of "keras_sgd" was replaced, .*; define it in a file'):
        rg.run(["quartic"], [patched])


@pytest.mark.parametrize(
    ("losses", "optimizers", "error", "message"),
    [
        (["quartic"], [3], TypeError, "not an optimizer: 3; expected a name, or a class or an instance"),
        ([3], ["adam"], TypeError, "not a loss: 3; expected a name, a loss or a function"),
        (["quartik"], ["adam"], ConfigError, r'losses\[0\]: no loss is called "quartik". Did you mean "quartic"'),
        (["quartic"], [MyRule(mu=0.5), MyRule], ConfigError, r"optimizers\[1\] = .*: duplicate of optimizers\[0\]"),
    ],
)
def test_wrong_arguments_are_one_sentence(losses: Any, optimizers: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        rg.run(losses, optimizers)


def test_two_objects_cannot_have_one_name() -> None:
    def bowl(x: Any) -> Any:
        return x

    with pytest.raises(ValueError, match='two objects are called "bowl"; give one of them another name'):
        rg.run([bowl, test_names_objects_and_functions_are_run_together.__globals__["bowl"]], ["adam"])

    def quartic(x: Any) -> Any:
        return x

    with pytest.raises(ValueError, match='"quartic" is the name of a built-in one'):
        rg.run([quartic], ["adam"])


def test_the_package_imports_nothing_before_it_is_used() -> None:
    code = "import sys, reportgen; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "reportgen" in loaded
    assert not loaded & {"tensorflow", "numpy", "pandas", "matplotlib", "pydantic", "click", "rich"}


def test_everything_public_exists_and_is_listed() -> None:
    assert all(hasattr(rg, name) for name in rg.__all__)
    assert set(rg.__all__) <= set(dir(rg))
    assert (Path(rg.__file__).parent / "py.typed").is_file()
    with pytest.raises(AttributeError, match=r'no loss is called "rosenbrok"\. Did you mean "rosenbrock"'):
        rg.losses.rosenbrok  # noqa: B018 - the access is what is tested
