"""The tutorial: its files and commands, taken from the page word for word, do what the page promises."""

from __future__ import annotations

import re
import shlex
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

import commands
import pytest
from click.testing import Result

PAGE = Path(__file__).parent.parent / "docs" / "tutorial.md"


class Block(NamedTuple):
    """An indented block of the page, and the paragraph before it."""

    before: str
    text: str


def blocks() -> list[Block]:
    found: list[Block] = []
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    at = 0
    while at < len(lines):
        if not lines[at].startswith("    "):
            at += 1
            continue
        block = list(takewhile(lambda line: not line or line.startswith("    "), lines[at:]))
        paragraph = list(takewhile(bool, reversed(lines[: at - 1])))
        found.append(Block(" ".join(reversed(paragraph)), "\n".join(line[4:] for line in block).rstrip() + "\n"))
        at += len(block)
    return found


class Done(NamedTuple):
    """A command that has ended."""

    arguments: list[str]
    result: Result


def follow(folder: Path) -> list[Done]:
    """Do what the page says, except for the installation, and return what each command did."""
    done = []
    replaced = ""
    for before, text in blocks():
        put = re.search(r"Put this into `(\S+)`:$", before)
        if text.startswith("reportgen "):
            done += [_run(line, folder) for line in text.splitlines()]
        elif put:
            (folder / put[1]).write_text(text, encoding="utf-8")
        elif before.endswith("replace"):
            replaced = text
        elif before == "with":
            path = folder / "my_optimizer.py"
            code = path.read_text(encoding="utf-8")
            assert code.count(replaced) == 1
            path.write_text(code.replace(replaced, text), encoding="utf-8")
        else:
            assert text.startswith("pip install "), f"the test does not know what to do with: {text}"
    return done


def _run(command: str, folder: Path) -> Done:
    name, *arguments = shlex.split(command)
    assert name == "reportgen"
    return Done(arguments, commands.run(folder, arguments))


@pytest.mark.usefixtures("one_worker")
def test_the_tutorial_does_what_it_promises(tmp_path: Path) -> None:
    done = follow(tmp_path)
    outputs = "\n".join(each.result.output for each in done)
    assert [each.arguments for each in done if each.result.exit_code != 0] == [], outputs
    init, check, build, second_check, second_build, compare, publish = (each.result for each in done)
    # 2: two files. 4: nine checks, each with a line that begins with "ok", and a comparison.
    assert sorted(init.stdout.split()) == ["my_optimizer.py", "reportgen.toml"]
    for checked in (check, second_check):
        assert len(re.findall(r"^ +ok +\w+", checked.stdout, re.M)) == 9
        assert "gradient_descent" in checked.stdout
    # 5: the best optimizer of each loss; the same results as momentum.
    for loss in ("quartic", "beale", "rosenbrock"):
        assert re.search(rf"^{loss}$", build.stdout, re.M)
    cells = (tmp_path / "base/data/cells.csv").read_text(encoding="utf-8")
    values = {
        name: sorted(row.replace(f",{name},", ",") for row in cells.splitlines() if f",{name}," in row)
        for name in ("momentum", "my_optimizer.py:MyMomentum")
    }
    assert len(values["momentum"]) == 15
    assert values["momentum"] == values["my_optimizer.py:MyMomentum"]
    # 7: better on two losses, unclear on the third, and nothing worse.
    verdicts = {loss: verdict for verdict, loss in re.findall(r"^(\w+) +my_opt\S+ +(\w+)", compare.stdout, re.M)}
    assert verdicts == {"quartic": "better", "beale": "better", "rosenbrock": "unclear"}
    assert (tmp_path / "compare/index.html").is_file()
    # 8: the report, and a list of all reports.
    assert (tmp_path / "site/main/index.html").is_file()
    assert "Momentum with a restart" in (tmp_path / "site/index.html").read_text(encoding="utf-8")
    assert second_build.stdout.strip().endswith("head/index.html")
    assert publish.stdout.startswith("write ")


def test_the_tutorial_changes_the_rule_and_keeps_its_files_valid() -> None:
    found = blocks()
    assert sum(block.text.startswith("reportgen ") for block in found) == 6
    files = [match[1] for block in found if (match := re.search(r"Put this into `(\S+)`:$", block.before))]
    assert files == ["reportgen.toml", "my_optimizer.py"]
