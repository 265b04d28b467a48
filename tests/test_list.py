"""``reportgen list``: its tables, its facts and its JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from reportgen.catalogue import losses, optimizers
from reportgen.cli import main


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_list_losses_is_an_aligned_table() -> None:
    header, *rows = invoke("list", "losses").stdout.splitlines()
    assert header.split() == ["name", "dim", "source", "tags"]
    assert [row.split()[0] for row in rows] == list(losses())
    assert all(row[header.index("source") - 1] == " " for row in rows)
    rosenbrock = next(row for row in rows if row.startswith("rosenbrock"))
    assert rosenbrock.split() == ["rosenbrock", "2+", "Rosenbrock", "1960", "ill-conditioned,", "sum-of-squares"]
    assert "Gill et al. 1972" in next(row for row in rows if row.startswith("penalty_1"))


def test_list_of_a_loss_shows_all_its_facts() -> None:
    lines = invoke("list", "losses", "quadratic[condition=10]").stdout.splitlines()
    facts = dict(line.split(maxsplit=1) for line in lines)
    assert facts["name"] == "quadratic[condition=10]"
    assert facts["parameters"] == "condition = 10, seed = 0"
    assert facts["saddles"] == "-"
    camel = json.loads(invoke("list", "losses", "camel_6", "--json").stdout)
    assert camel["aliases"] == ["camel_6"]
    assert len(camel["local_minima"]) == 4
    assert "multimodal" in camel["tags"]


def test_list_of_a_tag_shows_its_losses() -> None:
    _, *rows = invoke("list", "losses", "tag:unbounded").stdout.splitlines()
    assert [row.split()[0] for row in rows] == [name for name, each in losses().items() if "unbounded" in each.tags]


def test_list_optimizers_shows_paper_and_rule() -> None:
    header, *rows = invoke("list", "optimizers").stdout.splitlines()
    assert header.split() == ["name", "source", "rule"]
    assert [row.split()[0] for row in rows] == list(optimizers())
    assert next(row for row in rows if row.startswith("adam ")).split()[1:6] == [
        "Kingma",
        "and",
        "Ba",
        "2015",
        "Divides",
    ]
    assert {row.split()[0] for row in rows if "(reference)" in row} == {"newton", "lbfgs"}


def test_list_of_an_optimizer_shows_all_its_facts() -> None:
    lines = invoke("list", "optimizers", "adam[beta_2=0.99]").stdout.splitlines()
    assert next(line for line in lines if "beta_1" in line and "_t" not in line).endswith(
        "beta_1 = 0.9  (from 0 to 1; decay of the gradient's running mean; "
        "tuning tries 0.5 to 0.98 (1 - log; Dahl et al. 2023, AlgoPerf, AdamW))"
    )
    assert any("beta_2 = 0.99  (default 0.999; from 0 to 1; " in line for line in lines)
    assert any("schedule = constant  (constant or cosine or linear or " in line for line in lines)
    facts = dict(line.split(maxsplit=1) for line in lines if not line.startswith(" "))
    assert facts["reference"] == "no"
    assert facts["default_learning_rate"] == "0.001"
    assert facts["learning_rate_search"].startswith("1e-05 to 10 (log; ")
    assert facts["verified"] == optimizers()["adam"].verified
    assert facts["formula"] == optimizers()["adam"].formula


def test_list_of_a_wrapper_shows_its_base() -> None:
    facts = json.loads(invoke("list", "optimizers", "lookahead[base=adam,base.beta_2=0.9]", "--json").stdout)
    declared = {each["name"]: each for each in facts["hyperparameters"]}
    assert (declared["base"]["value"], declared["base"]["default"]) == ("adam", "momentum")
    assert (declared["base.beta_2"]["value"], declared["base.beta_2"]["default"]) == (0.9, 0.999)
    assert "base.schedule" not in declared
    assert declared["base.epsilon_corrected"]["source"]
    assert facts["default_learning_rate"] is None
    assert facts["learning_rate_search"]["high"] == 10
    assert declared["k"]["search"]["choices"] == [5, 10]
    assert (declared["base.beta_1"]["search"]["low"], declared["base.beta_1"]["search"]["scale"]) == (0.5, "1 - log")
    assert declared["base.epsilon_corrected"]["search"] is None


@pytest.mark.parametrize("kind", ["losses", "optimizers"])
def test_list_gives_json(kind: str) -> None:
    everything = json.loads(invoke("list", kind, "--json").stdout)
    assert [facts["name"] for facts in everything] == list({"losses": losses, "optimizers": optimizers}[kind]())
    for facts in everything:
        assert json.loads(invoke("list", kind, facts["name"], "--json").stdout) == facts
        assert facts["formula"]
        assert facts["source"]


def test_list_has_the_optimizers_of_the_local_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "optimizers").mkdir()
    (tmp_path / "optimizers" / "mine.py").write_text(
        "class MyOwn:\n"
        '    """Stays where it is."""\n'
        "    def __init__(self, learning_rate=0.1, share=0.5): ...\n"
        "    def apply_gradients(self, grads, vars): ...\n"
    )
    assert invoke("list", "optimizers").stdout.splitlines()[-1].split() == ["my_own", "Stays", "where", "it", "is"]
    facts = json.loads(invoke("list", "optimizers", "my_own", "--json").stdout)
    assert {each["name"]: each["default"] for each in facts["hyperparameters"]}["share"] == 0.5


def test_list_knows_labels_and_plug_ins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken.py").write_text("1 / 0\n")
    assert json.loads(invoke("list", "losses", "rosenbrock[dim=3]", "--json").stdout)["start"] == [
        -1.2,
        1,
        -1.2,
    ]
    broken = invoke("list", "optimizers", "broken.py:X")
    assert (broken.exit_code, broken.stderr) == (
        1,
        "Error: broken.py:X: ZeroDivisionError: division by zero (broken.py:1)\n",
    )


def test_a_name_clash_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "losses").mkdir()
    source = (Path(__file__).parent.parent / "losses" / "beale.py").read_text(encoding="utf-8")
    (tmp_path / "losses" / "beale.py").write_text(f"{source}# changed\n", encoding="utf-8")
    result = invoke("list", "losses")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("name clash: beale is both built in and defined in losses/beale.py")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["losses", "baele"], 'Did you mean "beale"?'),
        (["losses", "beale[dim=3]"], "expected dim = 2, the fixed dimension of the loss"),
        (["losses", "beale[noise.gradient_std=0.1]"], "expected a label without noise"),
        (["losses", "rosenbrock[dim=x]"], 'dim = "x": expected an integer'),
        (["losses", "quadratic[condition=x]"], 'condition = "x": expected a number'),
        (["optimizers", "adm"], 'Did you mean "adam"?'),
        (["optimizers", "adam[beta_3=1]"], 'adam has no hyperparameter "beta_3"'),
        (["optimizers", "lookahead[base=adm]"], 'Did you mean "adam"?'),
    ],
)
def test_list_of_an_unknown_name_is_one_sentence(arguments: list[str], expected: str) -> None:
    result = invoke("list", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert expected in result.stderr
