"""Cuts the programs of a plan into shards of about equal cost, one for each machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby
from typing import Self

from reportgen.plan import Plan, Program

_COMPILATION = 10**8
"""The cost of compiling a program: it takes about as long as this many steps of one coordinate."""


@dataclass(frozen=True)
class Shard:
    """One of the parts into which a plan is cut."""

    number: int
    """From 1 to ``count``."""
    count: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the shard that a text such as ``3/16`` names; ValueError if it names none."""
        number, _, count = text.partition("/")
        if number.isdecimal() and count.isdecimal() and len(text) < 20 and 1 <= int(number) <= int(count):
            return cls(int(number), int(count))
        raise ValueError(f'found "{text}"; expected K/N with K from 1 to N, such as 3/16')

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"


def programs_of(plan: Plan, shard: Shard) -> tuple[Program, ...]:
    """Return the programs of a shard, in the order of the plan. Each program is in exactly one shard."""
    numbers = shard_numbers([cost(program) for program in plan.programs], shard.count)
    return tuple(program for program, number in zip(plan.programs, numbers, strict=True) if number == shard.number)


def cut(programs: Sequence[Program], count: int) -> list[list[Program]]:
    """Return at most ``count`` groups of neighbours of about equal cost, none of them empty."""
    numbers = shard_numbers([cost(program) for program in programs], count)
    numbered = zip(numbers, programs, strict=True)
    return [[program for _, program in members] for _, members in groupby(numbered, key=lambda pair: pair[0])]


def shard_numbers(costs: Sequence[int], count: int) -> list[int]:
    """Return the number of the shard of each program, from 1 to ``count``.

    Shards are neighbours in the order of the plan, so that programs on the same loss share a compiled loop. A program
    belongs to the shard that contains the middle of its cost. So no shard costs more than the mean and one program.
    """
    total = sum(costs)
    before = accumulate(costs, initial=0)
    return [count * (2 * begin + cost) // (2 * total) + 1 for begin, cost in zip(before, costs, strict=False)]


def cost(program: Program) -> int:
    """Return the expected cost of a program, in steps of one coordinate."""
    return program.work + _COMPILATION
