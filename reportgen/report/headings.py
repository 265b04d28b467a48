"""Section headings that are statements where the results support one, and plain names where they do not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reportgen.analysis.loss_view import LossView
from reportgen.analysis.number_format import and_list, decades, number, rate, share
from reportgen.analysis.runtime_profile import RuntimeProfile
from reportgen.analysis.sensitivity import Sensitivity


def loss_heading(view: LossView) -> str:
    """How the best optimizers of a loss did."""
    most = max((cell["reached"] for cell in view.best_contenders.values()), default=0)
    if most == 0:
        return "No optimizer reached a target" + (" but reference lines" if _reference_did(view) else "")
    if len(view.best_contenders) == 1:
        (name,) = view.best_contenders
        return f"{name} reaches {share(most)} of the targets at {rate(view.best_contenders[name]['learning_rate'])}"
    leaders = [name for name, cell in view.best_contenders.items() if cell["reached"] == most]
    cell = view.best_contenders[leaders[0]]
    if len(leaders) > 1:
        solved = all(view.best_contenders[name]["solved"] == view.best_contenders[name]["runs"] for name in leaders)
        return f"{and_list(leaders)} {'solve all runs at their best rates' if solved else 'reach equally many targets'}"
    return f"{leaders[0]} reaches most targets: {share(cell['reached'])} at {rate(cell['learning_rate'])}"


def _reference_did(view: LossView) -> bool:
    return any(cell["reached"] > 0 for cell in view.best.values())


def rates_heading(view: LossView, found: Sequence[Sensitivity]) -> str:
    """Whose usable range of learning rates is the widest."""
    mine = [each for each in found if each.loss == view.label and each.optimizer in view.contenders and each.solves]
    spans = {each.optimizer: each.decades for each in mine}
    wide = {name: span for name, span in spans.items() if span}
    if not wide or len(view.contenders) < 2:
        return "How the learning rate matters"
    most = max(wide.values())
    named = [name for name, span in wide.items() if span == most]
    if len(named) == 1:
        return f"The usable range of {named[0]} is the widest within this grid: {decades(most)}"
    return f"The usable ranges of {and_list(named)} are the widest within this grid: {decades(most)} each"


def curve_heading(view: LossView) -> str:
    """Whose median gap is the smallest in the end."""
    ends = {name: cell["gap_median"] for name, cell in view.best_contenders.items()}
    least = min(ends.values(), default=float("inf"))
    named = [name for name, gap in ends.items() if gap == least]
    if least == float("inf") or len(ends) < 2:
        return "How fast the gap closes"
    solved = [name for name, cell in view.best_contenders.items() if np.isfinite(cell["steps_to_target"])]
    if len(solved) > 1:
        return f"{and_list(solved)} reach the tightest target from most starts"
    if len(named) > 1:
        return f"{and_list(named)} end with equal median gaps, of {number(least)}, each at its best rate"
    return f"Each at its best rate, {named[0]} ends with the smallest median gap: {number(least, 2)}"


def paths_heading(view: LossView) -> str:
    """What the paths show."""
    dim = view.facts["dim"]
    if view.plane:
        return f"Where each optimizer went, on the plane that shows {share(view.plane.share)} of it"
    if dim is not None and dim > 2:
        return f"No paths: {view.label} has {dim} coordinates"
    return "Where each optimizer went, at its best learning rate"


def profile_heading(profile: RuntimeProfile | None) -> str:
    """Who has reached half of all targets first."""
    half = profile.half() if profile else {}
    soonest = min(half.values(), default=np.inf)
    if not np.isfinite(soonest):
        return "How fast the targets are reached"
    first = [name for name, when in half.items() if when == soonest]
    verb = "have" if len(first) > 1 else "has"
    return f"After {number(soonest)} gradient evaluations {and_list(first)} {verb} reached half of all targets"
