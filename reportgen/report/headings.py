"""Section headings: a statement if the results support one, otherwise a plain name."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reportgen.analysis.cells import CellRow
from reportgen.analysis.loss_view import LossView
from reportgen.analysis.number_format import decades, names, number, rate, share, shorten
from reportgen.analysis.runtime_profile import RuntimeProfile
from reportgen.analysis.sensitivity import Sensitivity

_ROUNDING = 1e-6
"""Relative difference of gaps that counts as rounding."""


def loss_heading(view: LossView) -> str:
    """How the best optimizers did on a loss."""
    best = view.best_compared
    most = max((cell.hit_rate for cell in best.values()), default=0)
    if most == 0:
        reference_hit = any(cell.hit_rate > 0 for cell in view.best.values())
        return f"No optimizer hit a target{', except reference optimizers' if reference_hit else ''}"
    leaders = [cell for cell in best.values() if cell.hit_rate == most]
    if len(leaders) > 1:
        solved = all(cell.solved == cell.runs for cell in leaders)
        where = "with their best trials" if view.manifest.is_tuned else "at their best learning rates"
        verb = f"solve every run {where}" if solved else "hit equally many targets"
        return f"{_all_or_names(view, [cell.optimizer for cell in leaders])} {verb}"
    (leader,) = leaders
    verb = "hits" if len(best) == 1 else "hits the most targets:"
    rest = " of the targets" if len(best) == 1 else ""
    return f"{shorten(leader.optimizer)} {verb} {share(most)}{rest} {_where(view, leader)}"


def _where(view: LossView, cell: CellRow) -> str:
    if view.manifest.is_tuned:
        return f"with trial {cell.cell_id.rpartition('=')[2]}"
    return f"at learning rate {rate(cell.learning_rate)}"


def rates_heading(view: LossView, sensitivities: Sequence[Sensitivity]) -> str:
    """Which optimizer has the widest usable range of learning rates."""
    compared = view.compared_optimizers
    among = [each for each in sensitivities if each.loss == view.label and each.optimizer in compared and each.solves]
    widths = {each.optimizer: each.decades for each in among if each.decades}
    if not widths or len(compared) < 2 or view.manifest.is_tuned:
        return "Learning-rate sensitivity"
    most = max(widths.values())
    widest = [name for name, width in widths.items() if width == most]
    if len(widest) == 1:
        return f"{shorten(widest[0])} has the widest usable range of learning rates within this grid: {decades(most)}"
    if len(widest) == len(compared):
        who = _all_or_names(view, widest)
        return f"{who} have equally wide usable ranges of learning rates within this grid: {decades(most)} each"
    return f"{names(widest)} have the widest usable ranges of learning rates within this grid: {decades(most)} each"


def curve_heading(view: LossView) -> str:
    """Which optimizer ends with the smallest median gap."""
    best = view.best_compared
    gaps = {name: cell.gap_median for name, cell in best.items()}
    least = min(gaps.values(), default=np.inf)
    if least == np.inf or len(gaps) < 2:
        return "Convergence"
    solved = [name for name, cell in best.items() if np.isfinite(cell.steps_to_target)]
    if len(solved) > 1:
        return f"{_all_or_names(view, solved)} hit the tightest target from more than half of the starts"
    # The same rule in two frameworks differs in the last digits, which is no lead.
    leaders = [name for name, gap in gaps.items() if np.isclose(gap, least, rtol=_ROUNDING, atol=0.0)]
    if len(leaders) > 1:
        which = "same" if len(leaders) == len(gaps) else "smallest"
        who = _all_or_names(view, leaders)
        return f"{who} end with the {which} median gap, {number(least)}, at their best learning rates"
    return f"{shorten(leaders[0])} ends with the smallest median gap at its best learning rate: {number(least, 2)}"


def _all_or_names(view: LossView, labels: Sequence[str]) -> str:
    """``All 4 optimizers`` if these are all of three or more, otherwise their names."""
    if len(labels) > 2 and set(labels) == set(view.optimizers):
        return f"All {len(labels)} optimizers"
    return names(labels)


def paths_heading(view: LossView) -> str:
    """What the paths show."""
    if view.plane:
        return f"Paths at the best learning rates, on a plane that shows {share(view.plane.share)} of their movement"
    if view.info.dim is not None and view.info.dim > 2:
        return f"No paths: {shorten(view.label)} has {view.info.dim} coordinates"
    return "Paths at the best learning rates"


def profile_heading(profile: RuntimeProfile | None) -> str:
    """Which optimizer is the first to hit half of all targets."""
    half = profile.half() if profile else {}
    soonest = min(half.values(), default=np.inf)
    if not np.isfinite(soonest):
        return "Runtime profiles"
    first = [name for name, evaluations in half.items() if evaluations == soonest]
    verb = "are" if len(first) > 1 else "is"
    return f"{names(first)} {verb} first to hit half of all targets, after {number(soonest)} gradient evaluations"
