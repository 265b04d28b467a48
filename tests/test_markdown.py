"""The Markdown of reports and comparisons is complete, escaped and short enough, for any names and sizes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import synthetic
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from reportgen.analysis.compare.model import (
    BestRates,
    Cells,
    Comparison,
    Evidence,
    FlipTest,
    Measure,
    Pair,
    Pool,
    Side,
    Thresholds,
)
from reportgen.analysis.outcomes import SYMBOLS
from reportgen.analysis.ranking import Rank
from reportgen.analysis.report_analysis import ReportAnalysis
from reportgen.report.cell_table import FailureReason
from reportgen.report.comparison_markdown import comparison_markdown
from reportgen.report.markdown import LIMIT, Bullets, Details, Table, code, document, link, strong, text, utf16_length
from reportgen.report.page_context import PageContexts
from reportgen.report.page_types import FindingItem, IndexPage
from reportgen.report.ranking_table import RankingRow
from reportgen.report.summary_markdown import summary_markdown
from reportgen.results.location import RunsInfo
from reportgen.results.manifest import DeviceInfo, LossInfo

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
    """No name has made a link, picture, HTML, code or rule; and each row of a table has all its cells."""
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
        # Every row of a table was read as a row, not as text.
        assert line.startswith("|") == (line.count(" | ") > 0 or line.startswith("| ")), line
    assert markdown.count("<details>") == markdown.count("</details>")


def tables(parsed: list[Token]) -> list[list[list[str]]]:
    """The text of each cell of each table."""
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


@pytest.mark.slow
@given(st.lists(st.tuples(HOSTILE, HOSTILE), min_size=1, max_size=5))
@settings(FEW, max_examples=100)
def test_names_in_a_table_are_read_back_letter_by_letter(names: list[tuple[str, str]]) -> None:
    made = document([Table(["A", "B"], [[code(a), code(b)] for a, b in names])], "end")
    check(made)
    (rows,) = tables(PARSER.parse(made))
    assert [[cell.strip() for cell in row] for row in rows[1:]] == [[plain(a), plain(b)] for a, b in names]


@pytest.mark.parametrize("name", KNOWN)
def test_known_injections_are_only_text(name: str) -> None:
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
def test_text_mentions_no_user_and_contains_no_link(name: str) -> None:
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


def test_a_long_table_is_cut_states_the_rest_and_keeps_what_follows() -> None:
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


@cache
def _real_index() -> IndexPage:
    """The first page of small results."""
    results = synthetic.results(losses=[synthetic.BEALE], optimizers=("adam",), rates=(0.1,), starts=1, steps=5)
    return PageContexts(ReportAnalysis(results), {"beale": []}, has_data=False, stored=results.manifest).index()


def _index(names: Sequence[str], optimizers: int, losses: int) -> IndexPage:
    """A first page in which every name is one of ``names``."""

    def named(place: int) -> str:
        return names[place % len(names)]

    page = _real_index()
    assert page.report.manifest
    manifest = replace(
        page.report.manifest,
        config=page.report.manifest.config.model_copy(update={"site_url": ADDRESS}),
        versions={"python": named(0)},
        device=DeviceInfo("/device:CPU:0", "CPU", named(1)),
        git_commit=named(2),
    )
    return replace(
        page,
        report=replace(page.report, title=named(4), site_url=ADDRESS, manifest=manifest),
        setup=named(5),
        findings=[
            FindingItem(("", named(n), f" leads {named(n + 1)} ", named(n + 2), "."), "index.html", "", None)
            for n in range(9)
        ],
        counts={"solved": 3, "diverged": 0},
        ranking=[
            RankingRow(Rank(n, named(n), False, 0.5, ()), True, (0.2, 0.8), 0.5, None, None) for n in range(optimizers)
        ],
        losses=[
            replace(page.losses[0], info=LossInfo(named(n), named(n), named(n)), heading=named(n + 1))
            for n in range(losses)
        ],
        limitations=[named(6)],
    )


@given(st.lists(HOSTILE, min_size=1, max_size=8), st.sampled_from([0, 2, 900]), st.sampled_from([1, 900]))
@FEW
def test_any_summary_is_complete(names: list[str], optimizers: int, losses: int) -> None:
    reasons = [FailureReason(name * 20, name) for name in names]
    made = summary_markdown(_index(names, optimizers, losses), reasons)
    check(made, ADDRESS)
    assert "\n### Ranking\n" in made
    assert f"Made by reportgen 0.2.0. Paths, curves and all configurations are in [the report]({ADDRESS})." in made


def _comparison(names: list[str], pairs: int) -> Comparison:
    verdicts = ("worse", "mixed", "unclear", "better", "same", "not comparable")
    measure, test = Measure(-0.5, (-0.9, -0.2)), FlipTest((0.5, -0.5), 0.1, (0.01, 1.0), 0.05)
    evidence = Evidence(measure, test, test, (9, 0), 9, 9, "start", (0.1,))
    made = [
        Pair(
            loss=names[n % len(names)],
            optimizer=names[(n + 1) % len(names)],
            verdict=verdicts[n % 6],
            reason=names[0] if n % 6 == 5 else "",
            runs=9,
            equal=0,
            best=BestRates((0.1, 0.01), (9, 0), (9, 9), measure),
            evidence=None if n % 6 == 5 else evidence,
        )
        for n in range(pairs)
    ]
    info = RunsInfo(
        steps=9,
        targets=(0.1,),
        losses=(),
        optimizers=(),
        noisy_losses=frozenset(),
        git_commit=names[-1],
        device=DeviceInfo("/device:CPU:0", "CPU", names[0]),
    )
    side = Side(names[0], 9 * pairs, info)
    cells = {(pair.loss, pair.optimizer): [0.1, 0.2] for pair in made}
    return Comparison(
        base=side,
        head=side,
        thresholds=Thresholds(),
        reasons=(),
        refused=False,
        notes=tuple(names),
        cells=Cells(0, pairs, 0, 0, 0),
        matched=9 * pairs,
        equal=0,
        added=cells,
        removed=cells,
        transitions=np.arange(len(SYMBOLS) ** 2).reshape(len(SYMBOLS), len(SYMBOLS)),
        pairs=made,
        pools=[Pool(name, measure, measure, (2, 1), test) for name in names] if pairs else [],
        tests=9,
    )


@given(st.lists(HOSTILE, min_size=1, max_size=8), st.sampled_from([0, 1, 7, 60, 2000]))
@FEW
def test_any_comparison_is_complete(names: list[str], pairs: int) -> None:
    made = comparison_markdown(_comparison(names, pairs))
    check(made)
    assert made.startswith("## ")
    if pairs >= 6:
        assert "▼ worse" in made
        assert "Outcomes in base and head" in made
