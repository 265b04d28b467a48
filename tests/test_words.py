"""The words of the project: pages, messages, docstrings and documents avoid phrases that a newcomer reads twice."""

from __future__ import annotations

import ast
import io
import itertools
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

AVOIDED = {
    r"told|tells how": "say, report, show",
    r"of one['’]s own|your own": "custom",
    r"whose": "with, of which",
    r"beside": "next to, besides",
    r"so many": "the number, this many",
    r"became of": "outcome",
    r"anew": "again",
    r"is (?-i:none)|no whole": "say what it is",
    r"for want of": "without",
    r"holds? against|held against": "compares with",
    r"at last": "finally",
    r"by itself|by themselves": "alone",
    r"nobody": "no optimizer, nothing",
    r"came out": "resulted",
    r"reference lines?": "reference optimizer",
    r"reached|reaches": "hit",
    r"mistakes?": "error",
    r"lifted": "run unchanged",
    r"as somebody who|somebody": "a user",
    r"are there already|were there already": "exist",
}
"""Phrase -> what to write instead."""

_PATTERNS = {
    re.compile(rf"\b(?:{phrase})\b".replace(" ", r"\s+"), re.IGNORECASE): instead for phrase, instead in AVOIDED.items()
}
_DOCUMENTS = (
    "*.md",
    "action.yml",
    ".github/ISSUE_TEMPLATE/*.yml",
    "docs/*.md",
    "examples/**/*.md",
)
_LATER = ("engine", "foreign")
"""Rooms that are about to be redesigned, and rewritten then."""


def _files(*patterns: str) -> list[Path]:
    return sorted(path for pattern in patterns for path in ROOT.glob(pattern))


def _code() -> list[Path]:
    found = _files("reportgen/**/*.py", "losses/*.py", "benchmarks/*.py", "docs/*.py", "examples/**/*.py")
    return [path for path in found if not set(path.relative_to(ROOT).parts) & set(_LATER)]


def _texts(path: Path) -> Iterator[tuple[int, str]]:
    """First line and text of everything in a file that people read."""
    source = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        # Names and keys in code spans, blocks and Jinja expressions are not prose.
        prose = re.sub(r"\{[{%#].*?[%#}]\}|`[^`\n]*`|<code>.*?</code>", "", source)
        yield 1, prose
        return
    comments = {
        token.start[0]: token.string.lstrip("# ")
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    # Comments on consecutive lines are one text.
    for line in comments:
        if line - 1 not in comments:
            block = itertools.takewhile(comments.__contains__, itertools.count(line))
            yield line, "\n".join(comments[each] for each in block)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, re.sub(r"``.*?``", "", node.value)


def _matches(text: str) -> Iterator[tuple[re.Match[str], str]]:
    """The avoided phrases in a text, and what to write instead."""
    for pattern, instead in _PATTERNS.items():
        yield from ((match, instead) for match in pattern.finditer(text))


@pytest.mark.parametrize(
    "paths",
    [_code(), _files(*(f"templates/**/*.{suffix}" for suffix in ("html", "css", "js", "toml"))), _files(*_DOCUMENTS)],
    ids=["code", "templates", "documents"],
)
def test_avoided_phrases_are_not_used(paths: list[Path]) -> None:
    assert len(paths) > 5
    found = [
        f"{path.relative_to(ROOT)}:{line + text.count(chr(10), 0, match.start())}: {match[0]!r} -> {instead}"
        for path in paths
        for line, text in _texts(path)
        for match, instead in _matches(text)
    ]
    assert not found, "\n".join(found)


def test_a_phrase_is_found_across_lines_but_not_in_code(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("A plug-in is\nnone. The key `whose` stays.\n")
    (tmp_path / "a.py").write_text('# A plug-in is\n# none.\nwhose = f"beside {1}"\n')
    prose, code = (
        [match[0] for _, text in _texts(tmp_path / name) for match, _ in _matches(text)] for name in ("a.md", "a.py")
    )
    assert (prose, code) == (["is\nnone"], ["is\nnone", "beside"])
