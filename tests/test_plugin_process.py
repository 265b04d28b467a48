"""Plug-ins are loaded in processes of their own: whatever one does, the process that asks about it goes on."""

from __future__ import annotations

import math
import os
import time
from pathlib import Path

import pytest

from reportgen import catalogue
from reportgen.catalogue import plugin_process
from reportgen.optimizer import docstring_of, hyperparameters

pytestmark = pytest.mark.slow

GOOD = """
from dataclasses import dataclass
from reportgen.loss import loss
from reportgen.optimizer import Optimizer, base_optimizer, hyperparameter

@dataclass(frozen=True)
class Mine(Optimizer):
    '''A rule of mine.'''
    title = "Mine"
    formula = r"x - \\eta g"
    scale: float = hyperparameter(0.5, low=0, high=1, doc="a factor", symbol="s")
    base: str = base_optimizer("momentum")

    def step(self, x, state, problem):
        return x, state

@loss(dim=3, minimum=lambda dim, *, depth: -depth, minima=lambda dim: [[0.0] * dim])
def bowl(x, *, depth=1.0):
    return x[0]
"""


def optimizer(body: str) -> str:
    """A file with an optimizer, and ``body`` at its top level."""
    return GOOD + "\n" + body + "\n"


def test_an_optimizer_declares_everything_but_its_code(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(GOOD)
    kind = catalogue.find_optimizer("mine.py:Mine", tmp_path)
    assert (kind.__name__, kind.title, kind.formula) == ("Mine", "Mine", r"x - \eta g")
    assert docstring_of(kind) == "A rule of mine."
    scale = hyperparameters(kind)["scale"]
    assert (scale.default, scale.low, scale.high, scale.structural, scale.symbol) == (0.5, 0, 1, False, "s")
    assert "base.base.rho" in catalogue.declared_hyperparameters(
        kind, {"base": "lookahead", "base.base": "sam"}, tmp_path
    )
    assert catalogue.find_optimizer("mine.py:Mine", tmp_path) is kind
    with pytest.raises(NotImplementedError):
        kind().step(None, (), None)  # type: ignore[arg-type]


def test_a_loss_has_all_facts_in_any_dimension_but_cannot_be_evaluated(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(GOOD)
    bowl = catalogue.find_loss("mine.py:bowl", tmp_path, 5, {"depth": 2.0})
    assert (bowl.label, bowl.minimum, len(bowl.minima[0])) == ("mine.py:bowl[dim=5,depth=2]", -2.0, 5)
    with pytest.raises(TypeError, match="only in a worker"):
        bowl([0.0] * 5)
    with pytest.raises(ValueError, match=r"expected dim >= 2"):
        catalogue.find_loss("mine.py:bowl", tmp_path, 1)


def test_the_hash_is_that_of_a_worker_and_changes_with_the_file(tmp_path: Path) -> None:
    from programs import plugins_in_this_process

    (tmp_path / "mine.py").write_text(GOOD)
    asked = catalogue.source_hash(catalogue.find_optimizer("mine.py:Mine", tmp_path))
    with plugins_in_this_process():
        assert catalogue.source_hash(catalogue.find_optimizer("mine.py:Mine", tmp_path)) == asked
    (tmp_path / "mine.py").write_text(GOOD + "# edited\n")
    assert catalogue.source_hash(catalogue.find_optimizer("mine.py:Mine", tmp_path)) != asked


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("import os; os._exit(0)", "ended its process (exit code 0) while it was loaded"),
        ("import os; os._exit(7)", "ended its process (exit code 7) while it was loaded"),
        ("import os; os.kill(os.getpid(), 11)", "ended its process (exit code -11) while it was loaded"),
        ("import sys; sys.exit(0)", "SystemExit: 0 (mine.py:21)"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt (mine.py:21)"),
        ("raise GeneratorExit('x')", "GeneratorExit: x (mine.py:21)"),
        ("raise ValueError(chr(0xD800) + 'x' * 10**6)", "ValueError: "),
        ("Mine.title = 3", "title: expected a string, found 3"),
        ("Mine.__doc__ = chr(0xD800)", "title: expected a string"),
    ],
)
def test_whatever_a_plug_in_does_while_it_is_loaded_is_its_own_failure(body: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(optimizer(body))
    if "__doc__" in body:  # characters that cannot be written are replaced
        assert docstring_of(catalogue.find_optimizer("mine.py:Mine", tmp_path)) == "?"
        return
    for _ in range(2):
        with pytest.raises(catalogue.BrokenPluginError) as error:
            catalogue.find_optimizer("mine.py:Mine", tmp_path)
        assert error.value.reason.startswith(reason)
        assert len(error.value.reason) < 1000
        error.value.reason.encode()


def test_a_plug_in_that_hangs_is_given_up_once(tmp_path: Path) -> None:
    mark = tmp_path / "loaded"
    mark.mkdir()
    body = f"import tempfile, time; tempfile.mkstemp(dir={str(mark)!r})\nwhile True: pass"
    (tmp_path / "mine.py").write_text(optimizer(body))
    for _ in range(3):
        with (
            plugin_process.loading_deadline(2.0),
            pytest.raises(catalogue.BrokenPluginError, match="exceeded the deadline of 2 s while it was loaded"),
        ):
            catalogue.find_optimizer("mine.py:Mine", tmp_path)
    assert len(list(mark.iterdir())) <= 1


def test_what_a_plug_in_changes_stays_in_its_process(tmp_path: Path) -> None:
    body = "import math, os; from reportgen.optimizers.momentum import Momentum\n"
    body += "Momentum.title = 'changed'; math.pi = 3; os.environ['CHANGED'] = '1'; os.chdir('/')"
    (tmp_path / "mine.py").write_text(optimizer(body))
    (tmp_path / "other.py").write_text(
        "import math\nfrom reportgen.loss import loss\n@loss(minimum=math.pi)\ndef bowl(x, y): return x\n"
    )
    folder = Path.cwd()
    assert catalogue.find_optimizer("mine.py:Mine", tmp_path).title == "Mine"
    assert catalogue.find_loss("other.py:bowl", tmp_path).minimum == math.pi
    assert catalogue.find_optimizer("momentum", tmp_path).title != "changed"
    assert "CHANGED" not in os.environ
    assert Path.cwd() == folder


def test_a_broken_file_in_a_folder_does_not_hide_the_others(tmp_path: Path) -> None:
    (tmp_path / "optimizers").mkdir()
    (tmp_path / "optimizers" / "a.py").write_text(GOOD)
    (tmp_path / "optimizers" / "b.py").write_text("import os; os._exit(0)")
    assert catalogue.local_optimizers(tmp_path) == {"mine": "optimizers/a.py:Mine"}
    with pytest.raises(catalogue.UnknownNameError, match=r"optimizers/b.py cannot be read: ended its process"):
        catalogue.find_optimizer("nine", tmp_path)


def test_processes_end_with_the_one_that_started_them(tmp_path: Path) -> None:
    import subprocess
    import sys

    pid = tmp_path / "pid"
    body = f"import os; open({str(pid)!r}, 'w').write(str(os.getpid()))"
    (tmp_path / "mine.py").write_text(optimizer(body))
    program = f"""
import os, signal
from pathlib import Path
from reportgen import catalogue
catalogue.find_optimizer("mine.py:Mine", Path({str(tmp_path)!r}))
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -9
    started = int(pid.read_text())
    while Path(f"/proc/{started}/cmdline").exists() and Path(f"/proc/{started}/cmdline").read_bytes():
        time.sleep(0.05)  # the test's own time limit is that of the suite
