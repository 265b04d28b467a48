"""Whether the optimizer with the best score leads: compared with every other one, not only with the runner-up.

Each comparison must be significant. So the probability that an optimizer leads without being better than all others is
at most that of one comparison, without a correction for their number (intersection-union test: Berger 1982,
"Multiparameter Hypothesis Testing and Acceptance Sampling", Technometrics 24).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from reportgen.analysis.cells import Array
from reportgen.analysis.claim import NEGLIGIBLE, Strength, evidence_strength
from reportgen.analysis.number_format import count, names, span
from reportgen.analysis.ranking import Leaderboard
from reportgen.analysis.score_intervals import ResampledScores
from reportgen.analysis.scores import DECIMALS


@dataclass(frozen=True)
class Lead:
    """The optimizer with the best score, compared with each other one."""

    board: Leaderboard
    scores: Array
    """float [optimizers]"""
    resampled: ResampledScores | None
    balance: Callable[[int, int], float]
    """Share of random draws on which the first column is ahead minus the share on which it is behind."""

    @cached_property
    def order(self) -> list[int]:
        """The columns, the best score first."""
        return [int(column) for column in np.argsort(-self.scores.round(DECIMALS), kind="stable")]

    @property
    def tied(self) -> list[str]:
        """The optimizers with the best score."""
        scores = self.scores.round(DECIMALS)
        return [self.board.names[column] for column in self.order if scores[column] == scores.max()]

    def is_significant(self, first: int, other: int) -> bool:
        """Whether the first column is better: the interval of the difference is above 0, and so is the balance."""
        if self.resampled is None or self.resampled.difference(first, other)[0] <= 0:
            return False
        return self.balance(first, other) >= NEGLIGIBLE

    @cached_property
    def beaten(self) -> list[str]:
        """The optimizers over which the lead is significant, the best first."""
        first, *others = self.order
        return [self.board.names[other] for other in others if self.is_significant(first, other)]

    @property
    def unbeaten(self) -> list[str]:
        """The other optimizers over which it is not."""
        return [self.board.names[other] for other in self.order[1:] if self.board.names[other] not in self.beaten]

    @property
    def strength(self) -> Strength | None:
        """The strength of the weakest comparison; None without intervals."""
        if self.resampled is None:
            return None
        if self.unbeaten:
            return "none"
        first, *others = self.order
        return evidence_strength(True, min(self.balance(first, other) for other in others))

    def certainty(self) -> str:
        """The difference from the runner-up with its interval, in words."""
        first, second = self.order[:2]
        draws = count(self.board.draws, self.board.draw_noun)
        size = f"difference {_points(float(self.scores[first] - self.scores[second]))}"
        if self.resampled is None:
            reason = f"{draws} are too few" if self.board.draws > 1 else "nothing random varies"
            return f"{size}, no interval: {reason}"
        low, high = self.resampled.difference(first, second)
        interval = f"95 % CI {span((100 * low, 100 * high))}" if low < high else f"the same for all {draws}"
        text = f"{size}, {interval}"
        if low <= 0:
            return f"{text}: not significant with {draws}"
        balance = self.balance(first, second)
        if balance < NEGLIGIBLE:
            return f"{text}, but not ahead on {'most' if balance < 0 else 'about half'} of {draws}"
        return text

    def others(self) -> str:
        """Over whom the lead is significant, in a sentence; empty if over all others or over no other optimizer."""
        if not self.beaten or not self.unbeaten:
            return ""
        return f" Its lead is significant over {names(self.beaten)}, but not over {names(self.unbeaten)}."


def hit_lead(board: Leaderboard) -> Lead:
    """The lead in hit rate."""
    return Lead(board, board.hit_rates, board.resampled_hit_rates, board.hit_balance)


def speed_lead(board: Leaderboard) -> Lead:
    """The lead in speed score."""
    return Lead(board, board.speed, board.resampled_speed, board.speed_balance)


def _points(difference: float) -> str:
    return count(float(f"{100 * abs(difference):.2g}"), "point")
