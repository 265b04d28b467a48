"""Short names of optimizers in a report: from the config, or without the settings that all optimizers share."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import synthetic
from printed import page
from printed_tables import label

from reportgen.analysis.report_analysis import ReportAnalysis
from reportgen.config import Config, ConfigError
from reportgen.plan import make_plan
from reportgen.report.display_labels import display_labels
from reportgen.report.site import Site
from reportgen.results.manifest import OptimizerInfo
from reportgen.results.manifest_builder import build_manifest


def info(name: str, short: str = "") -> OptimizerInfo:
    return OptimizerInfo(label=name, family=name.partition("[")[0], title=name, short=short)


@pytest.mark.parametrize(
    ("labels", "names", "shared"),
    [
        (["adam", "momentum"], ["adam", "momentum"], ""),
        (["adam[a=1,b=2]", "adam[a=1,b=3]"], ["adam[b=2]", "adam[b=3]"], "a=1"),
        (["adam[a=1]", "nadam[a=1]"], ["adam", "nadam"], "a=1"),
        (["adam[a=1]", "nadam"], ["adam[a=1]", "nadam"], ""),
        (["adam[a=1]"], ["adam[a=1]"], ""),
        (["wrap[base=adam[b=2],k=1]", "wrap[base=sgd,k=1]"], ["wrap[base=adam[b=2]]", "wrap[base=sgd]"], "k=1"),
    ],
)
def test_settings_of_all_optimizers_are_named_once(labels: list[str], names: list[str], shared: str) -> None:
    found = display_labels([info(each) for each in labels])
    assert (list(found.by_label.values()), found.shared) == (names, shared)


def test_a_label_that_two_optimizers_have_names_neither() -> None:
    found = display_labels([info("adam", "Mine"), info("momentum", "Mine"), info("nadam", "Other")])
    assert list(found.by_label.values()) == ["adam", "momentum", "Other"]


def test_a_label_of_the_config_is_the_name_in_the_report(tmp_path: Path) -> None:
    entries = [
        {"name": "adam", "label": "My Adam", "beta_2": 0.99},
        {"name": "momentum", "label": "Ball", "momentum": [0.5, 0.6]},
        "gradient_descent",
    ]
    config = Config.model_validate({"optimizers": entries, "losses": ["beale"], "learning_rates": [0.1]})
    optimizers = build_manifest(config, make_plan(config)).optimizers
    assert [each.short for each in optimizers] == ["My Adam", "Ball[momentum=0.5]", "Ball[momentum=0.6]", ""]
    made = synthetic.results([synthetic.BEALE], ["adam", "gradient_descent"], [0.1, 0.01], starts=3, steps=30)
    known = tuple(replace(each, short="My Adam" if each.label == "adam" else "") for each in made.manifest.optimizers)
    made = replace(made, manifest=replace(made.manifest, optimizers=known))
    index = page(Site(tmp_path).write(made))
    for kind in ("ranking", "heat", "expected"):
        (table,) = index.all("table", kind)
        heads = {label(cell) for row in table.rows() for cell in row if cell.tag == "th"}
        assert heads == {"My Adam", "gradient_descent"}
    assert "My Adam" in (tmp_path / "assets" / "convergence.beale.svg").read_text(encoding="utf-8")
    (heading,) = [each.text() for path in (tmp_path / "optimizers").glob("my-adam*") for each in page(path).all("h1")]
    assert heading == "My Adam"


@pytest.mark.parametrize("baseline", ["My Adam", "adam"])
def test_the_baseline_may_be_the_label_of_the_config(tmp_path: Path, baseline: str) -> None:
    entries = [{"name": "adam", "label": "My Adam"}, "gradient_descent"]
    config = Config.model_validate({"optimizers": entries, "losses": ["beale"], "baseline": baseline})
    assert list(make_plan(config).optimizers) == ["adam", "gradient_descent"]
    made = synthetic.results([synthetic.BEALE], ["adam", "gradient_descent"], [0.1, 0.01], starts=3, steps=30)
    known = tuple(replace(each, short="My Adam" if each.label == "adam" else "") for each in made.manifest.optimizers)
    config = made.manifest.config.model_copy(update={"baseline": baseline})
    made = replace(made, manifest=replace(made.manifest, optimizers=known, config=config))
    assert {row.baseline for row in ReportAnalysis(made).head_to_head} == {"adam"}
    index = page(Site(tmp_path).write(made))
    assert "Compared with My Adam" in {heading.text() for heading in index.all("h3")}


def test_a_wrong_baseline_is_refused_with_all_names() -> None:
    entries = [{"name": "adam", "label": "My Adam"}, "gradient_descent"]
    config = Config.model_validate({"optimizers": entries, "losses": ["beale"], "baseline": "My Adm"})
    with pytest.raises(
        ConfigError, match=r'expected one of: adam, gradient_descent, My Adam. Did you mean "My Adam"\?'
    ):
        make_plan(config)


def test_the_label_changes_no_results_and_is_in_the_config_of_the_report() -> None:
    from reportgen.report.config_toml import config_toml

    plain, named = (
        Config.model_validate({"optimizers": [{"name": "adam", **more}], "losses": ["beale"]})
        for more in ({}, {"label": "Mine"})
    )
    programs = [[program.fingerprint for program in make_plan(config).programs] for config in (plain, named)]
    assert programs[0] == programs[1]
    assert '{ name = "adam", label = "Mine" }' in config_toml(named)
