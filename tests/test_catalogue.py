"""The lookup of losses and optimizers: built in, in a file or module, unknown and broken ones."""

from __future__ import annotations

import hashlib
import inspect
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from reportgen import catalogue
from reportgen.catalogue import (
    BrokenPluginError,
    UnknownNameError,
    find_loss,
    find_optimizer,
    losses,
    optimizer_name,
    optimizers,
    source_hash,
)

pytestmark = pytest.mark.usefixtures("plugins_here")

LOSS = """
from reportgen.loss import loss

@loss(dim=2, minima=lambda dim: [(0,) * dim], minimum=0, start=lambda dim: (1,) * dim,
      domain=lambda dim: [(-1, 1)] * dim, formula="|x|^2", source="here")
def bowl(x):
    return x

def plain(x):
    return x
"""
OPTIMIZER = """
from __future__ import annotations
from dataclasses import dataclass
from typing import ClassVar
import tensorflow as tf
from reportgen.optimizer import Optimizer, hyperparameter

@dataclass(frozen=True)
class Mine(Optimizer):
    rate: float = hyperparameter(0.5, low=0, high=1)
    def step(self, x, state, problem):
        return tf.identity(x), state

class OnlyATitle(Optimizer):
    title: ClassVar[str] = "no hyperparameters"
    def step(self, x, state, problem):
        return x, state

class NoStep(Optimizer):
    pass

class Undecorated(Optimizer):
    rate: float = 0.5
    def step(self, x, state, problem):
        return x, state

class Stranger:
    def step(self, x, state, problem):
        return x, state

NUMBER = 3
"""


@pytest.fixture
def base(tmp_path: Path) -> Path:
    (tmp_path / "my_losses.py").write_text(LOSS)
    (tmp_path / "my_opt.py").write_text(OPTIMIZER)
    return tmp_path


def test_the_built_in_names_come_in_the_order_of_their_files() -> None:
    files = [inspect.getfile(each.function) for each in losses().values()]
    assert files == sorted(files)
    assert {"quartic", "rosenbrock", "beale"} <= set(losses())
    assert {"gradient_descent", "momentum", "nesterov", "adagrad", "rmsprop", "adam"} <= set(optimizers())
    assert all(optimizer_name(kind) == name for name, kind in optimizers().items())


def test_listing_and_plug_ins_do_not_import_tensorflow(base: Path) -> None:
    program = f"""
import sys
from pathlib import Path
from reportgen.catalogue import find_optimizer, load_plugins_here, losses, optimizers
load_plugins_here()
losses(), optimizers(), find_optimizer("my_opt.py:Mine", Path({str(base)!r}))
assert "tensorflow" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_placeholder_for_tensorflow_imports_it_on_first_use(base: Path) -> None:
    (base / "tensorflow.py").write_text("def identity(x):\n    return ('the real one', x)\n")
    program = f"""
import sys
from pathlib import Path
from reportgen.catalogue import find_optimizer, load_plugins_here
load_plugins_here()
kind = find_optimizer("my_opt.py:Mine", Path({str(base)!r}))
sys.path.insert(0, {str(base)!r})
assert kind().step(1, (), None) == (("the real one", 1), ())
assert "tensorflow" in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_plug_in_may_use_tensorflow_while_it_is_imported(base: Path) -> None:
    (base / "tensorflow.py").write_text("one = 1\n")
    (base / "eager.py").write_text("import tensorflow as tf\nVALUE = tf.one\n" + LOSS)
    program = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(base)!r})
from reportgen.catalogue import find_loss, load_plugins_here
load_plugins_here()
find_loss("eager.py:bowl", Path({str(base)!r}))
assert sys.modules["tensorflow"].one == 1
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_loss_in_a_file_keeps_the_name_that_the_user_wrote_in_every_dimension(base: Path) -> None:
    assert find_loss("my_losses.py:bowl", base).label == "my_losses.py:bowl"
    assert find_loss("my_losses.py:bowl", base, 5).label == "my_losses.py:bowl[dim=5]"
    assert find_loss("rosenbrock", base, 20).label == "rosenbrock[dim=20]"


def test_a_class_in_a_file_is_loaded_once_and_can_be_pickled(base: Path) -> None:
    kind = find_optimizer("my_opt.py:Mine", base)
    assert find_optimizer("my_opt.py:Mine", base) is kind
    assert pickle.loads(pickle.dumps(kind(rate=0.25))) == kind(rate=0.25)
    assert find_optimizer("my_opt.py:OnlyATitle", base).title == "no hyperparameters"


def test_an_edited_file_is_loaded_again(base: Path) -> None:
    before = find_optimizer("my_opt.py:Mine", base)
    (base / "my_opt.py").write_text(OPTIMIZER.replace("0.5", "0.75"))
    after = find_optimizer("my_opt.py:Mine", base)
    assert (before().rate, after().rate) == (0.5, 0.75)  # type: ignore[attr-defined]
    assert source_hash(after) == hashlib.sha256((base / "my_opt.py").read_bytes()).hexdigest()


def test_a_plug_in_may_import_its_neighbours(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (base / "beside_the_plug_in.py").write_text("VALUE = 1\n")
    (base / "needs.py").write_text("import beside_the_plug_in\n" + LOSS)
    monkeypatch.delitem(sys.modules, "beside_the_plug_in", raising=False)
    path = list(sys.path)
    assert find_loss("needs.py:bowl", base).dim == 2
    assert sys.path == path


def test_plug_ins_in_two_folders_each_get_their_own_neighbours(tmp_path: Path) -> None:
    modules = set(sys.modules)
    source = OPTIMIZER.replace("import tensorflow as tf", "import tensorflow as tf, helper").replace(
        "0.5", "helper.RATE"
    )
    for name, at in [("one", 0.25), ("two", 0.75)]:
        (tmp_path / name / "parts").mkdir(parents=True)
        (tmp_path / name / "helper.py").write_text("from parts import rate\nRATE = rate.RATE\n")
        (tmp_path / name / "parts" / "rate.py").write_text(f"RATE = {at}\n")
        (tmp_path / name / "opt.py").write_text(source)
    first, second = (find_optimizer(f"{name}/opt.py:Mine", tmp_path) for name in ("one", "two"))
    assert (first().rate, second().rate) == (0.25, 0.75)  # type: ignore[attr-defined]
    assert pickle.loads(pickle.dumps(second())) == second()
    assert not {"helper", "parts", "parts.rate"} & (set(sys.modules) - modules)


def test_neighbours_of_a_broken_plug_in_are_also_removed(tmp_path: Path) -> None:
    (tmp_path / "beside_broken.py").write_text("")
    (tmp_path / "broken.py").write_text("import beside_broken\n1 / 0\n")
    with pytest.raises(BrokenPluginError, match="division"):
        find_optimizer("broken.py:Anything", tmp_path)
    assert "beside_broken" not in sys.modules


def test_a_package_installed_below_the_folder_of_a_plug_in_is_not_a_neighbour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "venv").mkdir()
    (tmp_path / "venv" / "installed_below.py").write_text("")
    (tmp_path / "uses.py").write_text("import installed_below\n" + LOSS)
    monkeypatch.syspath_prepend(tmp_path / "venv")
    found = find_loss("uses.py:bowl", tmp_path)
    assert source_hash(found) == hashlib.sha256((tmp_path / "uses.py").read_bytes()).hexdigest()
    assert sys.modules.pop("installed_below")


@pytest.mark.parametrize("dim", [None, 3])
def test_source_hash_of_a_loss_changes_with_a_neighbour_which_is_then_loaded_again(base: Path, dim: int | None) -> None:
    (base / "beside.py").write_text("from farther import START\n")
    (base / "farther.py").write_text("START = 1\n")
    (base / "uses.py").write_text("from beside import START\n" + LOSS.replace("(1,)", "(START,)"))
    before = find_loss("uses.py:bowl", base, dim)
    hashed = source_hash(before)
    assert find_loss("uses.py:bowl", base, dim).function is before.function
    (base / "farther.py").write_text("START = 23\n")
    after = find_loss("uses.py:bowl", base, dim)
    assert source_hash(after) != hashed
    assert (before.start[0], after.start[0]) == (1, 23)


def test_source_hash_of_a_class_that_a_plug_in_imports_from_a_neighbour(base: Path) -> None:
    (base / "hands_on.py").write_text("from my_opt import Mine\n")
    kind = find_optimizer("hands_on.py:Mine", base)
    hashes = {source_hash(kind)}
    for name in ("my_opt.py", "hands_on.py"):
        (base / name).write_text((base / name).read_text() + "# edited\n")
        hashes.add(source_hash(kind))
    assert len(hashes) == 3


def test_the_output_of_a_plug_in_during_import_goes_to_stderr(
    base: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(base)
    (base / "talks.py").write_text("print('from a file')\n" + LOSS)
    (base / "talking_module.py").write_text("print('from a module')\n" + LOSS)
    find_loss("talks.py:bowl", base)
    find_loss("talking_module:bowl", base)
    assert capsys.readouterr() == ("", "from a file\nfrom a module\n")


def test_a_loss_in_a_module_is_found() -> None:
    assert find_loss("reportgen.builtin_losses.beale:beale", Path()).minima == losses()["beale"].minima


def test_source_hash_is_the_hash_of_the_defining_file() -> None:
    file = Path(losses()["beale"].function.__code__.co_filename)
    assert source_hash(losses()["beale"]) == hashlib.sha256(file.read_bytes()).hexdigest()


def test_source_hash_of_a_derived_optimizer_changes_with_its_base(base: Path) -> None:
    (base / "base_of_child.py").write_text(OPTIMIZER)
    (base / "child.py").write_text("from base_of_child import Mine\nclass Child(Mine):\n    pass\n")
    child = find_optimizer("child.py:Child", base)
    before = source_hash(child)
    (base / "base_of_child.py").write_text(OPTIMIZER.replace("0.5", "0.75"))
    assert source_hash(child) != before


@pytest.mark.parametrize(
    ("ref", "nearest", "message"),
    [
        ("adm", "adam", 'no optimizer is called "adm". Did you mean "adam"?'),
        (
            "my_opt.py:Mien",
            "Mine",
            'my_opt.py has no optimizer "Mien"; expected one of: Mine, OnlyATitle, Undecorated',
        ),
        ("my_op.py:Mine", "my_opt.py", 'no file is called "my_op.py"'),
        ("no_such_module.at_all:Mine", None, 'no module is called "no_such_module.at_all"'),
        ("reportgen.optimizers.adam:Adan", "Adam", 'reportgen.optimizers.adam has no optimizer "Adan"'),
    ],
)
def test_an_unknown_name_is_reported_with_the_nearest_one(
    base: Path, ref: str, nearest: str | None, message: str
) -> None:
    with pytest.raises(UnknownNameError) as caught:
        find_optimizer(ref, base)
    assert caught.value.nearest == nearest
    assert str(caught.value).startswith(message)
    assert str(caught.value).endswith(f'Did you mean "{nearest}"?') == (nearest is not None)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@pytest.mark.parametrize(
    ("ref", "message"),
    [
        ("my_opt.py:NoStep", "no method step(self, x, state, problem)"),
        ("my_opt.py:Undecorated", "hyperparameters not found: decorate the class with @dataclass(frozen=True)"),
        (
            "my_opt.py:Stranger",
            "not an optimizer: expected a class derived from reportgen.optimizer.Optimizer, or one with apply_",
        ),
        ("my_opt.py:NUMBER", "not an optimizer: expected a class derived from Optimizer, found an int"),
    ],
)
def test_anything_but_an_optimizer_is_a_broken_plug_in(base: Path, ref: str, message: str) -> None:
    with pytest.raises(BrokenPluginError, match=r"my_opt\.py") as caught:
        find_optimizer(ref, base)
    assert caught.value.reason.startswith(message)


def test_an_undecorated_function_is_a_broken_plug_in(base: Path) -> None:
    with pytest.raises(BrokenPluginError, match=r"not a loss: decorate the function with @loss"):
        find_loss("my_losses.py:plain", base)


def test_a_variable_that_is_not_a_loss_is_a_broken_plug_in(base: Path) -> None:
    with pytest.raises(BrokenPluginError, match=r"not a loss: expected a function decorated with @loss.* found an int"):
        find_loss("my_opt.py:NUMBER", base)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("\n\n1 / 0\n", "ZeroDivisionError: division by zero (broken.py:3)"),
        ("import no_such_module_at_all\n", "ModuleNotFoundError: No module named 'no_such_module_at_all'"),
        ("def f(:\n", "SyntaxError: invalid syntax (broken.py:1)"),
        ("import sys\nsys.exit(3)\n", "SystemExit: 3 (broken.py:2)"),
        ("raise ValueError('two\\nlines')\n", "ValueError: two lines (broken.py:1)"),
    ],
)
def test_an_error_while_importing_is_one_line_with_its_place(tmp_path: Path, source: str, reason: str) -> None:
    (tmp_path / "broken.py").write_text(source)
    modules = set(sys.modules)
    with pytest.raises(BrokenPluginError) as caught:
        find_optimizer("broken.py:Anything", tmp_path)
    assert caught.value.reason.startswith(reason)
    assert not any(name.startswith("reportgen_plugin_broken") for name in set(sys.modules) - modules)
    assert pickle.loads(pickle.dumps(caught.value)).reason == caught.value.reason


IN_FOLDER = """
from dataclasses import dataclass
from reportgen.optimizer import Optimizer

@dataclass(frozen=True)
class MyOwn(Optimizer):
    def step(self, x, state, problem):
        return x, state

class TheGuidesWay:
    def __init__(self, learning_rate=0.1): pass
    def apply_gradients(self, grads, vars): pass
"""


def test_optimizers_in_the_folder_next_to_the_config_have_plain_names(tmp_path: Path) -> None:
    (tmp_path / "optimizers").mkdir()
    (tmp_path / "optimizers" / "mine.py").write_text(IN_FOLDER)
    (tmp_path / "optimizers" / "_helpers.py").write_text("raise SystemExit")
    assert catalogue.find_optimizer("my_own", tmp_path).__name__ == "MyOwn"
    assert catalogue.find_optimizer("the_guides_way", tmp_path).title == "TheGuidesWay"
    assert list(catalogue.local_optimizers(tmp_path)) == ["my_own", "the_guides_way"]
    with pytest.raises(catalogue.UnknownNameError, match=r'Did you mean "my_own"\?'):
        catalogue.find_optimizer("my_onw", tmp_path)


def test_a_name_that_is_also_built_in_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "optimizers").mkdir()
    (tmp_path / "optimizers" / "mine.py").write_text(IN_FOLDER.replace("MyOwn", "Adam"))
    with pytest.raises(catalogue.UnknownNameError) as caught:
        catalogue.find_optimizer("adam", tmp_path)
    assert str(caught.value) == (
        "name clash: adam is both built in and defined in optimizers/mine.py; "
        "refer to it as optimizers/mine.py:Adam or rename it"
    )
    assert catalogue.find_optimizer("optimizers/mine.py:Adam", tmp_path).__name__ == "Adam"
    assert catalogue.find_optimizer("momentum", tmp_path).__name__ == "Momentum"


def test_a_copy_of_a_built_in_file_is_no_name_clash_until_it_is_changed(tmp_path: Path) -> None:
    """An installed reportgen works in its own source tree, too."""
    folder = Path(shutil.copytree(Path(__file__).parent.parent / "losses", tmp_path / "losses"))
    assert catalogue.local_losses(tmp_path) == {}
    assert catalogue.find_loss("beale", tmp_path).label == "beale"
    with (folder / "beale.py").open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    with pytest.raises(catalogue.UnknownNameError, match="name clash: beale is both built in and defined in"):
        catalogue.find_loss("beale", tmp_path)


def test_a_broken_file_in_the_folder_is_reported_if_a_name_is_not_found(tmp_path: Path) -> None:
    (tmp_path / "optimizers").mkdir()
    (tmp_path / "optimizers" / "mine.py").write_text(IN_FOLDER)
    (tmp_path / "optimizers" / "other.py").write_text("1 / 0")
    assert catalogue.find_optimizer("my_own", tmp_path)
    with pytest.raises(catalogue.UnknownNameError, match=r"optimizers/other.py cannot be read: ZeroDivisionError"):
        catalogue.find_optimizer("other", tmp_path)


def test_a_wrapper_also_has_the_hyperparameters_of_its_base() -> None:
    kind = catalogue.find_optimizer("lookahead", Path())
    declared = catalogue.declared_hyperparameters(kind, {"base": "sam", "base.base": "adam"}, Path())
    assert {"base", "k", "base.rho", "base.base", "base.base.beta_2", "schedule"} <= set(declared)
    assert "base.schedule" not in declared
    assert declared["base"].structural
    assert not declared["base.base.beta_2"].structural
    with pytest.raises(catalogue.UnknownNameError, match="keras:Adam cannot be wrapped"):
        catalogue.declared_hyperparameters(kind, {"base": "keras:Adam"}, Path())
