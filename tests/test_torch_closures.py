"""PyTorch optimizers that need a closure: their own numbers, and the gradient evaluations of each of their runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import handmade
import numpy as np
import pandas as pd
import programs
import pytest
from click.testing import CliRunner

from reportgen import pipeline
from reportgen.analysis.budgets import gaps_at
from reportgen.analysis.run_table import run_table
from reportgen.cli import main
from reportgen.config import Config
from reportgen.results.result_tables import Results

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'optimizer-reportgen[torch]'")

pytestmark = pytest.mark.slow

STARTS = [(-1.2, 1.0), (0.3, -0.8)]
CONFIG: dict[str, Any] = {
    "dtype": "float64",
    "starts": {"standard": False, "random": 0, "points": [list(start) for start in STARTS]},
    "steps": 20,
}
RATES = (1e-3, 0.5)
TARGETS = (1e-1, 1e-3, 1e-5, 1e-7)


def plain(start: Any, rate: float, **arguments: Any) -> tuple[list[Any], list[int]]:
    """The positions and the calls of the closure until each step of a plain loop of PyTorch, from step 0."""
    x, calls = torch.nn.Parameter(torch.tensor(start, dtype=torch.float64)), 0
    optimizer = torch.optim.LBFGS([x], lr=rate, **arguments)

    def closure() -> Any:
        nonlocal calls
        calls += 1
        optimizer.zero_grad()
        loss = (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2
        loss.backward()
        return loss

    positions, counts = [np.array(start)], [0]
    for _ in range(CONFIG["steps"]):
        optimizer.step(closure)
        positions.append(x.detach().numpy().copy())
        counts.append(calls)
    return positions, counts


LINE_SEARCH = {"name": "torch:LBFGS", "line_search_fn": "strong_wolfe"}


@pytest.mark.parametrize(("optimizer", "arguments"), [
    ("torch:LBFGS", {}),
    (LINE_SEARCH, {"line_search_fn": "strong_wolfe"}),
])  # fmt: skip
def test_lbfgs_makes_its_own_steps_and_counts_its_own_evaluations(optimizer: Any, arguments: dict[str, Any]) -> None:
    result = programs.run("rosenbrock", optimizer, RATES, **CONFIG)
    runs = [plain(start, rate, **arguments) for rate in RATES for start in STARTS]
    np.testing.assert_allclose(result.final_x, [positions[-1] for positions, _ in runs], rtol=1e-10)
    assert result.columns["gradient_evaluations"].tolist() == [counts[-1] for _, counts in runs]
    assert result.spent is not None
    np.testing.assert_array_equal(result.spent.sampled.T, [counts[1:] for _, counts in runs])
    is_hit = result.hits >= 0
    assert is_hit.any()
    at_hits = np.array([counts for _, counts in runs]).T[result.hits, np.arange(len(runs))]
    np.testing.assert_array_equal(result.spent.at_hits[is_hit], at_hits[is_hit])


@pytest.mark.parametrize("judged_by", ["last", "best"])
def test_the_evaluations_until_each_hit_are_stored_and_used(judged_by: str, tmp_path: Path) -> None:
    asked = {"losses": ["rosenbrock"], "optimizers": [LINE_SEARCH, "momentum"], "learning_rates": RATES[1:]}
    asked |= CONFIG | {"judged_by": judged_by, "output": tmp_path}
    results = Results.load(pipeline.run(Config.model_validate(asked), lambda _: None).results)
    table = run_table(results)
    t, budget = table.runtimes("gradient_evaluations")
    assert len(results.runs) == 2 * len(STARTS)
    for row, run in results.runs.reset_index(drop=True).iterrows():
        hits = [run[f"hit_{target:.0e}"] for target in TARGETS]
        if "LBFGS" not in run["optimizer"]:
            assert run[[f"evaluations_{target:.0e}" for target in TARGETS]].isna().all()
            assert t[row].tolist() == [np.inf if pd.isna(hit) else hit for hit in hits]
            continue
        positions, counts = plain(run["x0"], run["learning_rate"], line_search_fn="strong_wolfe")
        assert t[row].tolist() == [np.inf if pd.isna(hit) else counts[hit] for hit in hits]
        assert budget[row] == counts[-1]
        for step in (1, 3):
            x, y = positions[step]
            for spent in (counts[step], counts[step + 1] - 1):
                gaps = gaps_at(table, results.traces, [spent], "gradient_evaluations")
                assert gaps[0, row] == pytest.approx((1 - x) ** 2 + 100 * (y - x**2) ** 2, rel=1e-9)


TWICE = """
from dataclasses import dataclass
import torch
from reportgen.optimizer import Optimizer

class Twice(torch.optim.Optimizer):
    'Two gradients at one position, as sharpness-aware minimization evaluates two.'
    def __init__(self, params, lr=0.1):
        super().__init__(params, dict(lr=lr))
    def step(self, closure=None):
        closure()
        first = [p.grad for group in self.param_groups for p in group["params"]]
        closure()
        for group in self.param_groups:
            for p, gradient in zip(group["params"], first):
                p.data.add_(gradient - 0.5 * p.grad, alpha=-group["lr"])

def made(params, lr=0.1):
    return Twice(params, lr=lr)

@dataclass(frozen=True)
class Ours(Optimizer):
    def step(self, x, state, problem):
        _, first = problem.value_and_gradient(x)
        _, second = problem.value_and_gradient(x)
        return x - problem.learning_rate * (first - 0.5 * second), state
"""


@pytest.mark.parametrize("loss", [
    {"name": "rosenbrock", "noise": {"relative": 0.5}},
    {"name": "logistic_regression", "noise": {"batch_size": 16}},
    {"name": "two_spirals", "noise": {"batch_size": 16}},
])  # fmt: skip
def test_each_evaluation_of_a_step_has_the_noise_that_it_has_for_other_optimizers(loss: Any, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(TWICE)
    config = {"dtype": "float64", "steps": 12, "seeds": 2, "base": tmp_path}
    ours = programs.run(loss, "mine.py:Ours", (1e-4, 1e-3), **config)
    for name in ("Twice", "made"):
        found = programs.run(loss, f"mine.py:{name}", (1e-4, 1e-3), **config)
        np.testing.assert_allclose(found.final_x, ours.final_x, rtol=1e-10, err_msg=name)
        np.testing.assert_array_equal(found.columns["gradient_evaluations"], ours.columns["gradient_evaluations"])


def test_lost_runs_make_no_more_steps(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(TWICE)
    ours, found = (
        programs.run("rosenbrock", f"mine.py:{name}", (1e-3, 10.0), base=tmp_path, steps=80, dtype="float64")
        for name in ("Ours", "Twice")
    )
    diverged = ours.columns["diverged_at"]
    assert diverged[0] == -1
    assert diverged[1] > 0
    np.testing.assert_array_equal(found.columns["diverged_at"], diverged)
    # The step that begins at a loss that is not finite is not made: its loss and gradient count once.
    assert found.columns["gradient_evaluations"].tolist() == [160, 2 * (diverged[1] - 1) + 1]


def test_check_against_compares_an_optimizer_with_a_closure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.py").write_text(TWICE)
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["check", "mine.py:Twice", "--against", "mine.py:Ours"])
    assert result.exit_code == 0, result.output


def test_budgets_of_counted_evaluations_end_where_a_run_diverged() -> None:
    columns = {"start": [0, 1], "steps": [4, 3], "gradient_evaluations": [40, 25], "diverged_at": [None, 3]}
    traces = [[(0, 9), (1, 8), (4, 5)], [(0, 9), (2, 7)]]
    made = handmade.results(columns | {"outcome": ["exhausted", "diverged"]}, traces=traces)
    made.traces["gradient_evaluations"] = [0, 25, 40, 0, 20]
    found = gaps_at(run_table(made), made.traces, [0, 19, 24, 25, 40], "gradient_evaluations")
    assert found.tolist() == [[9, 9], [9, 9], [9, 7], [8, np.inf], [5, np.inf]]
