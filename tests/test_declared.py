"""Everything that an optimizer declares is on its page: ranges, choices, sources, what it was verified against."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import synthetic

from reportgen.catalogue import optimizers
from reportgen.config import Config
from reportgen.plan import make_plan
from reportgen.report import render
from reportgen.report.optimizer_tags import optimizer_tags
from reportgen.results.manifest import OptimizerInfo
from reportgen.results.manifest_builder import build_manifest


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The text of each page of a report with a wrapped Adam, and gradient descent as a reference optimizer."""
    entries = [{"name": "gradient_descent"}, {"name": "lookahead", "base": "adam", "k": 3}]
    config = Config.model_validate({"losses": ["quartic"], "optimizers": entries, "learning_rates": [0.1]})
    plain, wrapped = build_manifest(config, make_plan(config)).optimizers
    made = synthetic.results(
        losses=(synthetic.QUARTIC,),
        optimizers=("gradient_descent", "adam"),
        rates=(0.1,),
        starts=2,
        rename={"adam": "lookahead[base=adam,k=3]"},
    )
    manifest = replace(made.manifest, optimizers=(replace(plain, reference=True), wrapped))
    folder = tmp_path_factory.mktemp("declared")
    render(synthetic.write(replace(made, manifest=manifest), folder / "results"), folder)
    return {path.name.split("-")[0]: path.read_text(encoding="utf-8") for path in folder.rglob("*.html")}


def row(page: str, name: str) -> list[str]:
    """The text of the table cells of a hyperparameter."""
    found = re.search(rf'<tr><th scope="row"><code>{re.escape(name)}</code></th>(.*?)</tr>', page)
    assert found, f"no row for {name}"
    return [re.sub(r"<[^>]*>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", found.group(1))]


def test_a_page_gives_range_choices_and_source_of_each_hyperparameter(pages: dict[str, str]) -> None:
    page = pages["lookahead"]
    assert row(page, "k")[1:4] == ["3", "5", "≥ 1"]
    assert row(page, "base")[1:3] == ["adam", "momentum"]
    assert row(page, "base.beta_2")[1:4] == ["0.999", "0.999", "0 to 1"]
    assert row(page, "schedule")[3].startswith("constant, cosine, linear")
    assert row(page, "base.epsilon_corrected")[1:3] == ["false", "false"]
    assert row(page, "base.epsilon_corrected")[4].endswith("Default: Algorithm 1")


def test_a_page_gives_what_the_rule_was_verified_against(pages: dict[str, str]) -> None:
    verified = optimizers()["lookahead"].verified
    assert f"<dt>Verified against</dt><dd>{verified}</dd>" in pages["lookahead"]


def test_a_reference_optimizer_is_marked_wherever_its_label_is_a_link(pages: dict[str, str]) -> None:
    tag = '<span class="tag"'
    assert pages["gradient_descent.html"].count(tag) == 1
    assert pages["lookahead"].count(tag) == 0
    # The ranking and its other measures, the heat map of the one loss, the expected running times, and the budgets.
    assert pages["index.html"].count(tag) == 5
    for name in ("index.html", "quartic.html"):
        links = re.findall(r'<a href="[^"]*optimizers/[^"]*">([^<]*)</a>( <span class="tag")?', pages[name])
        marked = {label for label, marked in links if marked}
        assert marked == {"gradient_descent"}


def test_the_baseline_and_custom_optimizers_are_marked() -> None:
    names = ("adam", "my_opt.py:Mine", "package.module:Other", "keras:Lion", "torch.optim:SGD")
    optimizers = [OptimizerInfo(label=name, family=name, title=name) for name in names]
    words = {name: [tag.word for tag in tags] for name, tags in optimizer_tags(optimizers, "adam").items()}
    assert words == {
        "adam": ["baseline"],
        "my_opt.py:Mine": ["custom"],
        "package.module:Other": ["custom"],
        "keras:Lion": [],
        "torch.optim:SGD": [],
    }
