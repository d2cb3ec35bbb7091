"""Units and phases: the unit of a number is in its type or in its name, and a phase is L1, L2 or L3."""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import StrEnum
from typing import Generic, NamedTuple, NewType, TypeVar

Amps = NewType("Amps", float)
Watts = NewType("Watts", float)
WattHours = NewType("WattHours", float)

T = TypeVar("T")
U = TypeVar("U")


class Phase(StrEnum):
    """A supply line of the site."""

    L1 = "L1"
    L2 = "L2"
    L3 = "L3"

    @property
    def place(self) -> int:
        """0, 1 or 2: the place in a PerPhase."""
        return int(self.value[1]) - 1


PHASES = (Phase.L1, Phase.L2, Phase.L3)


class PerPhase(NamedTuple, Generic[T]):
    """One value for each supply line; `PerPhase[float | None]` where a line may be unknown."""

    l1: T
    l2: T
    l3: T

    def map(self, change: Callable[[T], U]) -> PerPhase[U]:
        """The same shape with each value changed."""
        return PerPhase(change(self.l1), change(self.l2), change(self.l3))

    def of(self, phase: Phase) -> T:
        """The value on one line."""
        return self[phase.place]


def same_on_each(value: T) -> PerPhase[T]:
    """The same value on all three lines."""
    return PerPhase(value, value, value)


def known(values: PerPhase[float | None]) -> PerPhase[float] | None:
    """The values if all three are known, else None."""
    l1, l2, l3 = values
    return None if l1 is None or l2 is None or l3 is None else PerPhase(l1, l2, l3)


def floor_to(value: float, step: float) -> float:
    """`value` rounded down to a multiple of `step`: 6.666 by 0.1 is 6.6; limits never round up.

    A value within 1e-6 below a multiple counts as that multiple, so that 6.6 stays 6.6 in binary floating point.
    """
    return round(math.floor(value / step + 1e-6) * step, 6)
