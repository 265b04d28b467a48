"""The answer of a comparison in one line: better, worse or unclear, and where."""

from __future__ import annotations

from collections.abc import Iterator

from reportgen.analysis.compare.model import Comparison, Pool, Verdict
from reportgen.analysis.number_format import count, names, number

_DECISIVE: tuple[Verdict, ...] = ("worse", "mixed", "better", "unclear")
_MOST_OPTIMIZERS, _MOST_LOSSES = 3, 3
"""The table has all of them."""


def overall_verdict(comparison: Comparison) -> Verdict:
    """The verdict on head as a whole: mixed if something is worse and something better."""
    of_pairs = {pair.verdict for pair in comparison.pairs} - {"not comparable"}
    if not of_pairs:
        return "not comparable"
    found = of_pairs | {pool.verdict for pool in comparison.pools} - {"unclear"}
    if "mixed" in found or {"worse", "better"} <= found:
        return "mixed"
    decisive: tuple[Verdict, ...] = ("worse", "better", "unclear")
    return next((verdict for verdict in decisive if verdict in found), "same")


def headline(comparison: Comparison) -> str:
    """``Worse: adam on beale. Better: rmsprop on quartic.``; empty if nothing can be compared or all is identical."""
    verdict = overall_verdict(comparison)
    if comparison.identical or verdict == "not comparable":
        return ""
    if verdict == "same":
        return f"No difference of a factor of {number(comparison.thresholds.effect)} or more on any loss."
    return " ".join(f"{word.capitalize()}: {where}." for word, where in _groups(comparison))


def _groups(comparison: Comparison) -> Iterator[tuple[Verdict, str]]:
    """The optimizers of each verdict, with their losses."""
    for verdict in _DECISIVE:
        losses: dict[str, list[str]] = {}
        for pair in comparison.pairs:
            if pair.verdict == verdict:
                losses.setdefault(pair.optimizer, []).append(pair.loss)
        where = [f"{optimizer} on {names(on, _MOST_LOSSES)}" for optimizer, on in losses.items()]
        pools = [pool for pool in comparison.pools if pool.verdict == verdict != "unclear"]
        where += [_everywhere(pool) for pool in pools if pool.optimizer not in losses]
        if len(where) > _MOST_OPTIMIZERS:
            where = [*where[: _MOST_OPTIMIZERS - 1], f"{len(where) - _MOST_OPTIMIZERS + 1} more optimizers"]
        if where:
            yield verdict, "; ".join(where)


def _everywhere(pool: Pool) -> str:
    return f"{pool.optimizer} over {count(sum(pool.losses), 'loss')} together"
