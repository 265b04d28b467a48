"""The Markdown of reports and comparisons: whatever the names and the sizes, it is whole, escaped and short enough."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from reportgen.analysis.compare.model import Cells, Comparison, Pair, Side, SolvedChange, Thresholds, View
from reportgen.report.comparison_markdown import comparison_markdown
from reportgen.report.markdown import LIMIT, Bullets, Details, Table, code, document, link, strong, text, utf16_length
from reportgen.report.summary_markdown import summary_markdown

PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
ALLOWED = {"<code>", "</code>", "<strong>", "</strong>"}
BLOCKS = re.compile(r"</?details>|<details><summary>[^<>]*</summary>")
KNOWN = [
    *("<script>alert(1)</script>", "</code>", "<!--", "&copy; &#124; &lt;b&gt;", "![x](https://x.example/y)", "[x](y)"),
    *("a | b", "|", "\\|", "\\", "`", "``x", "*a*", "__a__", "~~a~~", "$x$", "@admin", "#12", "a@b.example"),
    *("www.example.com", "https://x.example", "1. x", "1) x", "-", "- x", "+ x", "=", "---", "# x", "> x", "    x"),
]
HOSTILE = st.one_of(
    st.text(min_size=1, max_size=200),
    st.text(alphabet="|`*_[]()<>&\\~!#@:/.$-+=1a\n\t \u202e\u2028", min_size=1, max_size=60),
    st.sampled_from(KNOWN),
)
ADDRESS = "https://x.example/report"
FEW = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def tokens(parsed: list[Token]) -> Iterator[Token]:
    for token in parsed:
        yield token
        yield from token.children or []


def check(markdown: str, address: str = "") -> None:
    """Nothing in it is what a name made: no link, picture, foreign HTML, code, or rule; and each row has all cells."""
    assert utf16_length(markdown) <= LIMIT
    assert "data:" not in markdown.replace("data&#58;", "")
    parsed = PARSER.parse(markdown)
    for token in tokens(parsed):
        assert token.type != "link_open" or token.attrs["href"] == address
        assert token.type not in {"image", "code_inline", "code_block", "fence", "hr", "em_open", "s_open"}
        assert token.type not in {"blockquote_open", "ordered_list_open", "lheading_open", "strong_open"}
        if token.type == "html_inline":
            assert token.content in ALLOWED
        if token.type == "html_block":
            assert BLOCKS.fullmatch(token.content.strip()), token.content
    for rows in tables(parsed):
        assert len({len(row) for row in rows}) == 1
    for line in markdown.splitlines():
        # Every row of a table was read as one: none broke off into text.
        assert line.startswith("|") == (line.count(" | ") > 0 or line.startswith("| ")), line
    assert markdown.count("<details>") == markdown.count("</details>")


def tables(parsed: list[Token]) -> list[list[list[str]]]:
    """The cells of each table as text."""
    found: list[list[list[str]]] = []
    inside = False
    for token in parsed:
        if token.type == "table_open":
            found.append([])
        elif token.type == "tr_open":
            found[-1].append([])
        elif token.type in ("td_open", "th_open"):
            inside = True
        elif token.type in ("td_close", "th_close"):
            inside = False
        elif token.type == "inline" and inside:
            found[-1][-1].append("".join(child.content for child in token.children or [] if child.type in LETTERS))
    return found


LETTERS = {"text", "text_special"}


def plain(name: str) -> str:
    """A name as a reader should see it."""
    kept = re.sub("[\u202a-\u202e\u2066-\u2069\ufeff]", "", name)
    kept = "".join(" " if re.match(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", letter) else letter for letter in kept)
    line = " ".join(kept.split())
    return line if len(line) <= 80 else line[:79].rstrip() + "…"


@given(st.lists(st.tuples(HOSTILE, HOSTILE), min_size=1, max_size=5))
@settings(FEW, max_examples=100)
def test_names_in_a_table_are_read_back_letter_by_letter(names: list[tuple[str, str]]) -> None:
    made = document([Table(["A", "B"], [[code(a), code(b)] for a, b in names])], "end")
    check(made)
    (rows,) = tables(PARSER.parse(made))
    assert [[cell.strip() for cell in row] for row in rows[1:]] == [[plain(a), plain(b)] for a, b in names]


@pytest.mark.parametrize("name", KNOWN)
def test_what_is_known_to_break_out_does_not(name: str) -> None:
    made = document([text(name), Table(["A"], [[code(name)]]), Bullets([text(name), strong(name)])], "end")
    check(made)
    (rows,) = tables(PARSER.parse(made))
    assert rows[1] == [plain(name)]


@given(HOSTILE, HOSTILE)
@settings(FEW, max_examples=100)
def test_names_in_text_and_lists_are_only_text(one: str, other: str) -> None:
    check(document([f"## {text(one)}", text(other), Bullets([text(one), strong(other)])], "end"))


@given(HOSTILE)
@settings(FEW, max_examples=60)
def test_nobody_is_mentioned_and_nothing_becomes_a_link(name: str) -> None:
    (inline,) = (token for token in PARSER.parse(f"x {text(name)}") if token.type == "inline")
    seen = "".join(child.content for child in inline.children or [])
    assert not re.search(r"@[A-Za-z0-9]|[#!%]\d|\bGH-\d", seen)
    assert not re.search(r"https?://|www\.", text(name), re.I)


@pytest.mark.parametrize("address", ["javascript:alert(1)", "", "ftp://x.example", "data:text/html,x", "https://"])
def test_only_web_addresses_are_linked(address: str) -> None:
    assert link("there", address) == "there"


def test_an_address_cannot_leave_its_link() -> None:
    made = link("there", "https://x.example/a b)(<script>\n")
    (found,) = (token for token in tokens(PARSER.parse(made)) if token.type == "link_open")
    assert found.attrs["href"] == "https://x.example/a%20b%29%28%3Cscript%3E%0A"


def test_a_long_table_is_cut_and_says_by_how_much_and_what_follows_is_there() -> None:
    long = Table(["A"], [[code(f"name {n}")] for n in range(10_000)], noun="pair")
    made = document([long, "after", Details("More", [long]), "the last"], "end")
    check(made)
    shown = made[: made.index("after")].count("<code>")
    assert f"… and {10_000 - shown:,} more pairs.".replace(",", "\u202f") in made
    assert shown > 500
    for part in ("\nafter\n", "\nthe last\n", "\nend\n"):
        assert part in made


@given(st.integers(0, 3000), st.integers(0, 400), st.integers(200, 5000), st.text(min_size=1, max_size=300))
@FEW
def test_any_size_stays_within_any_budget(rows: int, items: int, limit: int, name: str) -> None:
    table = Table(["A", "B"], [[code(name), code(name)]] * rows)
    blocks = [table, Bullets([text(name)] * items), Details("x", [table, table])]
    assert utf16_length(document(blocks, "end", limit)) <= limit


def _index(names: list[str], optimizers: int, losses: int) -> dict[str, Any]:
    """What a front page is given, with names from ``names`` in turn."""

    def named(place: int) -> str:
        return names[place % len(names)]

    manifest = {
        "reportgen": "0.1.0",
        "versions": {"python": named(0)},
        "device": {"description": named(1)},
        "dtype": "float32",
        "git_commit": named(2),
        "config": {"site_url": ADDRESS},
    }
    ranks = [
        SimpleNamespace(
            rank=SimpleNamespace(place=n, optimizer=named(n), tied=False, score=0.5),
            compared=True,
            interval=(0.2, 0.8),
            speed=0.5,
        )
        for n in range(optimizers)
    ]
    return {
        "title": named(4),
        "setup": named(5),
        "findings": [{"pieces": ("", named(n), f" leads {named(n + 1)} ", named(n + 2), ".")} for n in range(9)],
        "counts": {"solved": 3, "diverged": 0},
        "standings": ranks,
        "losses": [{"facts": {"label": named(n)}, "heading": named(n + 1)} for n in range(losses)],
        "caveats": [named(6)],
        "manifest": manifest,
    }


@given(st.lists(HOSTILE, min_size=1, max_size=8), st.sampled_from([0, 2, 900]), st.sampled_from([1, 900]))
@FEW
def test_any_summary_is_whole(names: list[str], optimizers: int, losses: int) -> None:
    reasons = [{"who": name, "reason": name * 20} for name in names]
    made = summary_markdown(_index(names, optimizers, losses), reasons)
    check(made, ADDRESS)
    assert "\n### Ranking\n" in made
    assert f"Made by reportgen 0.1.0; paths, curves and every cell are in [the report]({ADDRESS})." in made


def _comparison(names: list[str], pairs: int) -> Comparison:
    verdicts = ("worse", "mixed", "unclear", "better", "same", "not comparable")
    view = View(-0.5, (-0.9, -0.2), 8, "gradient evaluations")
    stopped = (SolvedChange(0.1, 9, 9, 0, {"diverged": 9}),)
    made = [
        Pair(
            loss=names[n % len(names)],
            optimizer=names[(n + 1) % len(names)],
            verdict=verdicts[n % 6],
            reason=names[0] if n % 6 == 5 else "",
            runs=9,
            equal=0,
            rates=(0.1, 0.01),
            best=view,
            all_rates=view,
            stopped=stopped if n % 6 == 0 else (),
        )
        for n in range(pairs)
    ]
    facts = {
        "reportgen": None,
        "versions": {},
        "device": {"description": names[0]},
        "dtype": None,
        "git_commit": names[-1],
        "config": {},
    }
    side = Side(names[0], 9 * pairs, facts)
    cells = {(pair.loss, pair.optimizer): [0.1, 0.2] for pair in made}
    return Comparison(
        side,
        side,
        Thresholds(),
        (),
        tuple(names),
        Cells(0, pairs, 0, 0, 0),
        9 * pairs,
        0,
        cells,
        cells,
        np.arange(36).reshape(6, 6),
        made,
    )


@given(st.lists(HOSTILE, min_size=1, max_size=8), st.sampled_from([0, 1, 7, 60, 2000]))
@FEW
def test_any_comparison_is_whole(names: list[str], pairs: int) -> None:
    made = comparison_markdown(_comparison(names, pairs))
    check(made)
    assert made.startswith("## ")
    if pairs >= 6:
        assert "▼ worse" in made
        assert "Outcomes before and after" in made
