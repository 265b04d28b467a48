"""The page of an optimizer of another framework says what its steps cost."""

from __future__ import annotations

import re
from pathlib import Path

import handmade
import pytest
from click.testing import CliRunner

from reportgen.cli import main
from reportgen.report.step_cost import cost_sentence, duration, step_times
from reportgen.results.manifest import ProgramEntry


def entry(loss: str, seconds: dict[str, float]) -> ProgramEntry:
    return ProgramEntry(id=loss, fingerprint="", loss=loss, optimizers=("mine",), runs=2, seconds=seconds)


def test_the_cost_is_that_of_the_steps_that_were_made() -> None:
    losses, optimizers = ["a", "a", "a", "b", "b"], ["mine", "mine", "other", "mine", "mine"]
    columns = {"loss": losses, "optimizer": optimizers, "start": [0, 1, 0, 0, 1]}
    runs = handmade.results(columns | {"steps": [2000, 1000, 5, 600, 400]}).runs
    one, other = entry("a", {"compile": 9.0, "run": 0.15}), entry("b", {"run": 7.85})
    assert (
        cost_sentence([one], runs) == "The 3\N{NARROW NO-BREAK SPACE}000 steps of 2 runs took 150 ms, 50 µs per step."
    )
    assert cost_sentence([one, other], runs).endswith("steps of 4 runs took 8 s, 2 ms per step.")
    assert cost_sentence([entry("a", {})], runs) == ""
    assert step_times([one, other], ["mine", "other"], runs) == {"mine": "2 ms"}


@pytest.mark.parametrize(
    ("seconds", "text"), [(81.4, "81 s"), (0.999, "1 s"), (0.0123, "12 ms"), (49.4e-6, "49 µs"), (2e-7, "200 ns")]
)
def test_durations_have_two_digits(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.slow
def test_the_page_of_a_torch_optimizer_says_how_its_steps_were_made(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed: pip install 'optimizer-reportgen[torch]'")
    asked = ["-l", "booth", "-o", "torch:SGD", "--steps", "20", "--output", str(tmp_path)]
    result = CliRunner().invoke(main, ["build", *asked])
    assert result.exit_code == 0, result.output
    pages = [page.read_text() for page in tmp_path.rglob("*.html")]
    sentence = r"On booth: PyTorch made these steps, uncompiled\. The [^<]* runs took [^<]*"
    found = [match[0] for match in (re.search(sentence, page) for page in pages) if match]
    assert found
    assert re.search(r"took \S+ (s|ms), \S+ (ms|µs) per step\.$", found[0]), found[0]
