"""Findings on the learning rate: usable range, edge of the grid, and one learning rate for all losses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from reportgen.analysis.claim import Claim
from reportgen.analysis.number_format import and_list, decades, names, rate, share, shorten
from reportgen.analysis.tuning_curve import shared_rates

if TYPE_CHECKING:
    from reportgen.analysis.sensitivity import Sensitivity
    from reportgen.analysis.trials import Trials

SENSITIVITY = "#sensitivity"
_WORTH_SAYING = 0.05
"""A smaller share of lost target hits is no finding."""


def learning_rate_findings(
    sensitivities: Sequence[Sensitivity], losses: Sequence[Trials], compared: Sequence[str], *, tuned: bool
) -> Iterator[Claim]:
    """The claims about learning rates.

    Args:
        sensitivities: the sensitivity of each optimizer on each loss.
        losses: the trials on each loss that can be compared.
        compared: labels without reference optimizers.
        tuned: whether these are the trials of tuning, of which hyperparameters differ as well.
    """
    among = [each for each in sensitivities if each.optimizer in compared]
    if not tuned:  # between trials, more changes than the learning rate
        yield from _widest(among, compared)
    yield from _edges(among, tuned=tuned)
    yield from _shared_rate(losses, compared, "trial" if tuned else "learning rate")


def _widest(sensitivities: Sequence[Sensitivity], compared: Sequence[str]) -> Iterator[Claim]:
    """The optimizer with the widest usable range, by its narrowest range over all losses, if it is the only one."""
    widths = {}
    for name in compared:
        spans = [(each.decades or 0.0) if each.solves else 0.0 for each in sensitivities if each.optimizer == name]
        widths[name] = min(spans, default=0.0)
    most = max(widths.values(), default=0.0)
    widest = [name for name, width in widths.items() if width == most]
    if not most or len(compared) < 2 or len(widest) > 1:
        return
    several = len({each.loss for each in sensitivities}) > 1
    where = f"at least {decades(most)} on every loss" if several else decades(most)
    pieces = (
        "",
        shorten(widest[0]),
        f" has the widest usable range of learning rates within this grid: {where}. Usable means that the median gap "
        "is at most 10 times the gap at the best learning rate. A gap below the tightest target counts as the gap of "
        "that target.",
    )
    yield Claim(pieces, SENSITIVITY, importance=65, keys={"table": "sensitivity", "optimizer": widest[0]})


def _edges(sensitivities: Sequence[Sensitivity], *, tuned: bool) -> Iterator[Claim]:
    edge = [each for each in sensitivities if each.edge]
    if not edge:
        return
    which = [f"{shorten(each.optimizer)} on {shorten(each.loss)} (at {rate(each.best_rate)})" for each in edge]
    where = "at the edge of the grid: the smallest or the largest tried"
    if tuned:
        where = "in the outermost half decade that was tried"
    pieces = (
        "",
        f"{len(edge)} of {len(sensitivities)} best learning rates",
        f", one for each optimizer on each loss, {'are' if len(edge) > 1 else 'is'} {where}. A better one may lie "
        f"outside. This concerns {and_list(which, 3)}.",
    )
    keys = {"table": "sensitivity", "loss": edge[0].loss, "optimizer": edge[0].optimizer}
    yield Claim(pieces, SENSITIVITY, importance=55, keys=keys)


def _shared_rate(losses: Sequence[Trials], compared: Sequence[str], noun: str) -> Iterator[Claim]:
    """Who loses least, and who most, with one ``noun`` for all losses, if that makes a difference."""
    if len(losses) < 2 or max(len(rates) for each in losses for rates in each.rates) < 2:
        return
    rates = [each for each in shared_rates(losses, compared) if each.tuned > 0]
    lost = {each.optimizer: round(max(each.lost, 0) / each.tuned, 12) for each in rates}
    least, most = min(lost.values(), default=0.0), max(lost.values(), default=0.0)
    if most < _WORTH_SAYING or least == most:
        return
    first = [each for each in rates if lost[each.optimizer] == least]
    last = next(each for each in rates if lost[each.optimizer] == most)
    at = f", at learning rate {rate(first[0].learning_rate)}" if len(first) == 1 else " each"
    pieces = (
        f"With one {noun} for all losses instead of the best one for each loss, ",
        f"{names([each.optimizer for each in first])} {'loses' if len(first) == 1 else 'lose'} the smallest share of "
        f"{'its' if len(first) == 1 else 'their'} target hits",
        f": {share(least)}{at}. {shorten(last.optimizer)} loses the largest share: {share(most)}.",
    )
    yield Claim(pieces, SENSITIVITY, importance=45, keys={"table": "sensitivity", "optimizer": first[0].optimizer})
