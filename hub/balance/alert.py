"""A metered circuit above its limit: since when, on which lines, and what may be done about it by now. Pure.

A motor that starts draws many times its current for a second. No car follows so quickly, so nobody is stopped for it:
at first they only go down, to their minimum at most, and who has to stop does so when the excess is still there a
second later. Where the protective device is known and bears it (thermal.py), that second passes without anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from hub.balance.thermal import Warmth
from hub.model.units import PerPhase, same_on_each

SURE_S = 0.9  # samples so far apart that are both above the limit: no inrush
UNSEEN_S = 1.5  # without another sample it counts as there after so long
QUICK_S = 2.0  # a meter that speaks more seldom cannot tell an inrush from a load
BORNE_S = 10.0  # so long it takes at most until cars have followed (IEC 61851-1: 5 s, and their charger)
NO_LINE = same_on_each(False)


class Stance(IntEnum):
    """How far reductions may go for the sake of a circuit; of several the highest counts."""

    CALM = 0  # it is within its limit
    WAITS = 1  # above it, and its device bears that for the moment: nobody is raised
    LOWERS = 2  # down, to the minimum at most
    STOPS = 3  # down, and whoever does not fit any more stops


@dataclass(slots=True)
class Alert:
    """What one meter says about its circuit's limit. `warmth` by line; None: no budget."""

    limit_a: PerPhase[float]
    warmth: Sequence[Warmth] | None = None
    over: PerPhase[bool] = NO_LINE  # the lines that the last sample showed above the limit
    since_s: float | None = None  # of the first sample of this excess
    seen_s: float = float("-inf")  # of the last sample
    quick: bool = False  # its samples come close together
    borne: bool = False

    def see(self, amps: PerPhase[float], at_s: float) -> None:
        """A fresh sample."""
        self.quick, self.seen_s = at_s - self.seen_s <= QUICK_S, at_s
        for line, a in zip(self.warmth or (), amps, strict=False):
            line.take(a, at_s)
        self.over = PerPhase(*(a > limit for a, limit in zip(amps, self.limit_a, strict=True)))
        if not any(self.over):
            self.since_s = None
        elif self.since_s is None:
            self.since_s, self.borne = at_s, self.quick and self._bears(amps)
        else:
            self.borne = self.borne and self._bears(amps)

    def may_pass(self, now_s: float) -> bool:
        """The excess may be an inrush, and the next sample will tell soon."""
        return self.quick and self.stance(now_s) in (Stance.WAITS, Stance.LOWERS)

    def _bears(self, amps: PerPhase[float]) -> bool:
        lines = self.warmth
        return lines is not None and all(line.bears(a, BORNE_S) for line, a in zip(lines, amps, strict=True))

    def stance(self, now_s: float) -> Stance:
        """What may be done now."""
        if self.since_s is None:
            return Stance.CALM
        if self.seen_s - self.since_s >= SURE_S or now_s - self.since_s >= UNSEEN_S:
            return Stance.STOPS
        return Stance.WAITS if self.borne else Stance.LOWERS
