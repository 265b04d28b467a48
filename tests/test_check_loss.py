"""``reportgen check`` on losses: right ones pass, and each wrong claim fails its own check with its numbers."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import PATIENCE, Hang, KeptWorker

from reportgen import catalogue
from reportgen.checks import CheckReport, check
from reportgen.config import ConfigError

LOSSES = """
import tensorflow as tf

from reportgen.loss import loss
from reportgen.optimizer import Optimizer
from reportgen.builtin_losses.beale import beale

calls = [0]


def bowl(minima=((0.0, 0.0),), minimum=0.0, **more):
    facts = {"formula": "x^2", "source": "ours", "note": "plain", "domain": [(-2, 2)] * 2}
    return loss(minima=minima, minimum=minimum, start=(1.0, 1.0), **(facts | more))


@bowl()
def right(x, y):
    return x * x + 3 * y * y


@bowl(note="", formula=r"\\\\frac{")
def bare(x, y):
    return x * x + y * y


@bowl(tags=("unbounded",))
def mistagged(x, y):
    return x * x + y * y


@bowl(local_minima=[(1.5, 0)], saddles=[(0, 0)])
def invented(x, y):
    return x * x + y * y


@bowl(minima=[(0.0, 0.25)])
def beside(x, y):
    return x * x + y * y


@bowl(minima=[(3.0, 0.0)])
def outside(x, y):
    return (x - 3) * (x - 3) + y * y


@bowl(minima=[(1.0, 0.0)])
def higher(x, y):
    return (x * x - 1) * (x * x - 1) + y * y + 0.1 * (x - 1) * (x - 1) * (x - 2)


@bowl(minima=[(1.0, 0.0)], saddles=[(0.0, 0.0)])
def twins(x, y):
    return (x * x - 1) * (x * x - 1) + y * y


@bowl()
def stops(x, y):
    return x * x + tf.stop_gradient(x) * y + y * y


@bowl()
def cone(x, y):
    return tf.sqrt(x * x + y * y)


@bowl()
def branches(x, y):
    return tf.where(x > 0, tf.sqrt(x), x * x) + y * y


@bowl()
def double(x, y):
    return tf.cast(x * x + y * y, tf.float64)


@bowl()
def remembers(x, y):
    calls[0] += 1
    return x * x + y * y * calls[0]


@bowl()
def raises(x, y):
    return x * x + tf.linalg.inv(y)


@bowl(minima=(), minimum=float("-inf"), tags=("unbounded",))
def plane(x, y):
    return x + y


class Still(Optimizer):
    pass
"""


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory, kept_worker: KeptWorker) -> dict[str, CheckReport]:
    """The reports on the file, by loss."""
    folder = tmp_path_factory.mktemp("losses")
    (folder / "mine.py").write_text(LOSSES)
    with kept_worker():
        return {done.name.partition(":")[2]: done for done in check("mine.py", folder, PATIENCE)}


def details(checked: CheckReport, status: str = "FAILED") -> dict[str, str]:
    return {verdict.name: verdict.detail for verdict in checked.verdicts if verdict.status == status}


def test_every_loss_of_a_file_is_checked_and_none_that_it_imports(checked: dict[str, CheckReport]) -> None:
    assert list(checked) == [
        *("right", "bare", "mistagged", "invented", "beside", "outside", "higher", "twins"),
        *("stops", "cone", "branches", "double", "remembers", "raises", "plane"),
    ]


def test_a_right_one_passes_every_check(checked: dict[str, CheckReport]) -> None:
    names = ("loads", "gradient", "finite", "dtype", "repeats", "batch", "minima", "lowest")
    assert [(v.name, v.status) for v in checked["right"].verdicts] == [(name, "ok") for name in names]
    passed = details(checked["right"], "ok")
    assert passed["gradient"] == "agrees with finite differences and a complex step at 100 points of the domain"
    assert passed["lowest"].startswith("of 1,000 descents from all over the domain, ")


def test_bad_declarations_are_reported_first(checked: dict[str, CheckReport]) -> None:
    assert details(checked["bare"], "note")["loads"].endswith(": note")
    assert details(checked["mistagged"])["loads"] == (
        'the loss has the tag "unbounded", but does not declare minimum=-inf'
    )


def test_wrongly_declared_points_are_named(checked: dict[str, CheckReport]) -> None:
    invented = details(checked["invented"])
    assert list(invented) == ["local minima", "saddles"]
    assert invented["local minima"].startswith(
        "the gradient norm at local_minima[0] = (1.5, 0.0) is 3; expected at most "
    )
    assert invented["saddles"].startswith("no value near saddles[0] = (0.0, 0.0) is below its value 0.0")
    assert details(checked["outside"], "note")["minima"].startswith(
        "minima[0] = (3.0, 0.0) lies outside the domain, so "
    )


def test_a_wrong_value_is_reported_with_the_right_one(checked: dict[str, CheckReport]) -> None:
    detail = details(checked["beside"])["minima"]
    assert detail.startswith(
        "the value at minima[0] = (0.0, 0.25) is 0.0625, but the declared minimum is 0.0; the gradient "
    )


def test_a_lower_value_is_reported_with_its_place(checked: dict[str, CheckReport]) -> None:
    detail = details(checked["higher"])["lowest"]
    assert detail.startswith("at (-1.1")
    assert detail.endswith(", below the declared minimum 0.0")


def test_a_minimum_that_is_not_declared_is_a_note(checked: dict[str, CheckReport]) -> None:
    assert details(checked["twins"]) == {}
    assert details(checked["twins"], "note")["lowest"].startswith("the value at (-1.0, ")


@pytest.mark.parametrize(
    ("name", "check", "expected"),
    [
        ("stops", "gradient", "at (0.54784"),
        ("cone", "finite", "in float64 the gradient is not finite at 2 of 16,643 points, for example [nan, nan] at "),
        ("branches", "finite", "the gradient is not finite at 8,3"),
        ("branches", "finite", "change its argument first, as in tf.where(x > 0, tf.sqrt(tf.where(x > 0, x"),
        ("double", "dtype", "dtype float32: found shape () and dtype float64"),
        ("remembers", "repeats", "the loss draws random numbers or keeps state"),
        ("raises", "runs", "(mine.py:"),
    ],
)
def test_each_mistake_fails_its_check(checked: dict[str, CheckReport], name: str, check: str, expected: str) -> None:
    assert expected in details(checked[name])[check]


def test_an_unbounded_one_has_no_minimum_to_miss(checked: dict[str, CheckReport]) -> None:
    assert details(checked["plane"]) == {}
    assert "declared unbounded below" in details(checked["plane"], "ok")["lowest"]


@pytest.mark.usefixtures("one_worker")
@pytest.mark.parametrize("label", ["rosenbrock[dim=20]", "quadratic[dim=3,condition=10]", "easom", "forrester"])
def test_built_in_ones_pass_also_with_settings(label: str, tmp_path: Path) -> None:
    (done,) = check(label, tmp_path, PATIENCE)
    assert (done.name, details(done)) == (label, {})


@pytest.mark.usefixtures("one_worker")
def test_a_suite_stands_for_its_losses(tmp_path: Path) -> None:
    names = [name for name, each in catalogue.losses().items() if "unbounded" in each.tags]
    assert [done.name for done in check("tag:unbounded", tmp_path, PATIENCE)] == names


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("rosenbrok", 'no loss is called "rosenbrok". Did you mean "rosenbrock"?'),
        ("beale[dim=3]", "expected dim = 2, the fixed dimension of the loss"),
        ("rosenbrock[dim=2.5]", "expected an integer"),
        ("quadratic[conditon=3]", 'Did you mean "condition"?'),
        ("suite:none", 'no suite is called "none"'),
    ],
)
def test_wrong_usage_is_reported_and_nothing_is_run(tmp_path: Path, what: str, expected: str) -> None:
    with pytest.raises(ConfigError) as error:
        list(check(what, tmp_path))
    assert expected in str(error.value)


@pytest.mark.usefixtures("one_worker")
def test_a_loss_that_hangs_costs_its_deadline_and_no_more(tmp_path: Path, overdue_hang: Hang) -> None:
    (tmp_path / "slow.py").write_text(
        "from reportgen.loss import loss\n\n"
        "@loss(minima=[(0, 0)], minimum=0.0, start=(1, 1), domain=[(-1, 1)] * 2, formula='x', source='ours')\n"
        f"def slow(x, y):\n    {overdue_hang.code}\n    return x * y\n"
    )
    (done,) = check("slow.py:slow", tmp_path, deadline=600)
    assert details(done) == {"runs": "exceeded the deadline of 600 s and was stopped"}
    assert overdue_hang.count() == 1
