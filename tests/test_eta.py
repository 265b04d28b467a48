"""The pace and the remaining time of the progress display, with a fake clock."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from reportgen.eta import Pace
from reportgen.execute.events import CompileStart, Event, PlanReady, ProgramEnd, RunStart, StepProgress
from reportgen.progress import format_pace

Timed = tuple[float, Event]
"""An event and the second at which it happens."""


def one_long_program(chunks: int = 60) -> Iterator[Timed]:
    """Compiles for five seconds, in which the first chunk runs; then runs a chunk every half second."""
    yield 3.0, CompileStart("a")
    yield 8.0, StepProgress("a", 100)
    yield 8.0, RunStart("a")
    for chunk in range(1, chunks):
        yield 8.0 + chunk / 2, StepProgress("a", 100)
    yield 8.5 + (chunks - 1) / 2, ProgramEnd("a", None, 100 * chunks)


def many_short_programs(programs: int = 60) -> Iterator[Timed]:
    """Each program is one chunk, and compiles in a second."""
    for number in range(programs):
        name = f"{number}"
        yield 3.0 + number, CompileStart(name)
        yield 4.0 + number, StepProgress(name, 100)
        yield 4.0 + number, RunStart(name)
        yield 4.0 + number, ProgramEnd(name, None, 100)


def one_that_fails(programs: int = 60) -> Iterator[Timed]:
    """Like many_short_programs, but every other program fails without a step."""
    for at, event in many_short_programs(programs):
        odd = isinstance(event, (StepProgress, RunStart, ProgramEnd)) and int(event.program) % 2
        if odd and not isinstance(event, ProgramEnd):
            continue
        yield at, ProgramEnd(event.program, "no such luck", 100) if odd and isinstance(event, ProgramEnd) else event


def started_again(chunks: int = 60) -> Iterator[Timed]:
    """A long program that starts again because its process ended after some chunks."""
    yield 0.0, CompileStart("a")
    for chunk in range(3):
        yield 1.0 + chunk, StepProgress("a", 100)
    yield from one_long_program(chunks)


@pytest.mark.parametrize("events", [one_long_program, many_short_programs, one_that_fails, started_again])
def test_the_remaining_time_is_right_within_a_factor_of_two_after_a_tenth(events: object) -> None:
    now = 0.0
    pace = Pace(lambda: now)
    happened = list(events())  # type: ignore[operator]
    end = happened[-1][0]
    pace.update(PlanReady(1, 0, 1, 1, 6000))
    looked = 0
    for at, event in happened:
        now = at
        pace.update(event)
        if 0.1 * 6000 < pace.done < 6000 and end - now > 1:
            assert pace.remaining is not None
            assert 0.5 <= pace.remaining / (end - now) <= 2
            looked += 1
    assert looked > 40
    assert pace.done == pace.total


def test_the_remaining_time_counts_down_between_two_events() -> None:
    now = 0.0
    pace = Pace(lambda: now)
    for at, event in [(0.0, PlanReady(1, 0, 1, 1, 400)), *list(one_long_program(4))[:4]]:
        now = at
        pace.update(event)
    assert pace.rate == pytest.approx(200)
    assert format_pace(pace) == "2.0e+02 run-steps/s, 0:01 left"
    before = pace.remaining
    now += 0.25
    assert pace.remaining == pytest.approx((before or 0) - 0.25)


def test_the_pace_is_empty_before_anything_is_known_and_at_the_end() -> None:
    now = 0.0
    pace = Pace(lambda: now)
    pace.update(PlanReady(1, 0, 1, 1, 6000))
    assert format_pace(pace) == ""
    for at, event in one_long_program():
        now = at
        pace.update(event)
    assert format_pace(pace) == ""
