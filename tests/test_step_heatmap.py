"""Heat maps of the gap by learning rate and step."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
import synthetic
from click.testing import CliRunner

from reportgen.analysis.loss_view import loss_view
from reportgen.cli import main
from reportgen.report.step_heatmap import shown_steps, step_heatmaps


@pytest.mark.parametrize(
    ("last", "steps"),
    [
        (1, [1]),
        (2, [1, 2]),
        (30, [1, 2, 5, 10, 30]),
        (1000, [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]),
        (2000, [1, 3, 10, 30, 100, 300, 1000, 2000]),
        (10**7, [*(10**power for power in range(8))]),
    ],
)
def test_steps_of_the_columns(last: int, steps: list[int]) -> None:
    assert shown_steps(last) == steps


@pytest.mark.slow
def test_the_page_of_a_loss_says_how_early_a_learning_rate_is_too_high(tmp_path: Path) -> None:
    # On x ** 2 / 2 a step multiplies x by 1 - rate: it diverges slowly at 2.1, fast at 10, and is exact at 1.
    loss = "@loss(minimum=0.0, start=(1.0,), domain=[(-2.0, 2.0)])\ndef half(x): return x * x / 2\n"
    (tmp_path / "half.py").write_text(f"from reportgen.loss import loss\n{loss}")
    (tmp_path / "reportgen.toml").write_text(
        'losses = ["half.py:half"]\noptimizers = ["gradient_descent"]\nlearning_rates = [0.1, 1.0, 2.1, 10.0]\n'
        "starts = { random = 0 }\nsteps = 30\n"
    )
    config = str(tmp_path / "reportgen.toml")
    result = CliRunner().invoke(main, ["build", config, "--output", str(tmp_path / "output")])
    assert result.exit_code == 0, result.output
    (page,) = (tmp_path / "output" / "losses").glob("*.html")
    text = " ".join(page.read_text(encoding="utf-8").split())
    assert "Too high from 2.1: after 1 step the gap stays above that at the start." in text
    table = text[text.index('aria-label="Gap by step of gradient_descent on half.py:half"') :]
    table = table[: table.index("</table>")]
    # Gaps after 1, 2, 5, 10 and 30 steps: (1 - rate) ** (2 * steps) / 2.
    expected = {rate: [(1 - rate) ** (2 * step) / 2 for step in (1, 2, 5, 10, 30)] for rate in (0.1, 2.1)}
    rows = [row.split("</tr>")[0] for row in table.split('<th scope="row">')[1:]]
    shown = [[cell.split("</td>")[0].split(">")[1] for cell in row.split("<td ")[1:]] for row in rows]
    assert shown[0] == [str(round(math.log10(gap))).replace("-", "−") for gap in expected[0.1]]
    assert shown[2] == [str(round(math.log10(gap))).replace("-", "−") for gap in expected[2.1]]
    assert shown[1] == ["−∞"] * 5
    assert shown[3][-1] == "✕"


def test_without_trajectories_there_are_no_heat_maps() -> None:
    results = synthetic.results([synthetic.QUARTIC], ["adam"], (0.1, 1.0), 2, 20)
    label = synthetic.QUARTIC.label
    (only,) = step_heatmaps(loss_view(results, label))
    assert [row.learning_rate for row in only.rows] == [0.1, 1.0]
    assert step_heatmaps(loss_view(replace(results, traces=results.traces.iloc[:0]), label)) == []
