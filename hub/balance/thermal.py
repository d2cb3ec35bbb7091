"""How warm a protective device may be: a state that follows the current, and a line that it stays under. Pure.

A device with a heater is a body that warms with the square of the current. Standards say what any device of a kind
bears for ever, and how soon the fastest of them may trip; both together give its time constant, and that of the
fastest is taken. It warms so and cools four times as slowly, because nobody knows which one of its kind is built in.

The budget is for steps of the house that nobody can plan: whether an inrush may pass, or must be answered at once. No
grant plans to use it. And evhub protects nothing: the device does.

Sources: IEC 60898-1 table 7 (B, C, D), IEC 60269-1 tables 2 and 3 (gG from 16 A), IEC 60947-2 8.3 (MCCB), DIN VDE
0641-21 (SLS-E). Where a standard has no figure for the fastest (MCCB, SLS-E) that of IEC 60898-1 is taken.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.model.site import Circuit, Device

COOLING = 4.0  # it cools so many times more slowly than it warms
PEAK = 0.8  # of the current from which it may trip at once
SHARE = 0.5  # of what is between warm from its limit and tripping may be used


@dataclass(frozen=True, slots=True)
class Curve:
    """A kind of device in times its rating: what it `holds` for ever, and the soonest trip of a cold one."""

    holds: float
    fast: float  # at so much…
    fast_s: float  # …none trips sooner than this
    at_once: float  # lowest magnetic threshold; of a fuse, what melts it in 0.1 s

    @property
    def tau_s(self) -> float:
        """Time constant of the fastest: warmed by `fast` from cold it reaches what `holds` leaves it at in `fast_s`."""
        heat = (self.fast / self.holds) ** 2
        return self.fast_s / math.log(heat / (heat - 1.0))


CURVES: Mapping[Device, Curve] = {
    Device.B: Curve(1.13, 2.55, 1.0, 3.0),
    Device.C: Curve(1.13, 2.55, 1.0, 5.0),
    Device.D: Curve(1.13, 2.55, 1.0, 10.0),
    Device.GG: Curve(1.25, 2.06, 10.0, 5.0),
    Device.SLS_E: Curve(1.05, 2.55, 1.0, 5.0),
    Device.MCCB: Curve(1.05, 2.55, 1.0, 4.0),
}


@dataclass(slots=True)
class Warmth:
    """One line of a device. `heat` 1 is where the fastest may trip; `hot` is how warm its limit makes it in time."""

    curve: Curve
    rating_a: float
    hot: float
    heat: float
    last_a: float = 0.0
    at_s: float | None = None

    @classmethod
    def of(cls, curve: Curve, rating_a: float, limit_a: float) -> Warmth:
        """A device of which nothing is known yet: as warm as its limit makes it."""
        hot = min((limit_a / (curve.holds * rating_a)) ** 2, 1.0)
        return cls(curve, rating_a, hot, hot)

    @property
    def line(self) -> float:
        """So warm may it become: half of the way from its limit's warmth to tripping."""
        return self.hot + SHARE * (1.0 - self.hot)

    def take(self, amps: float, at_s: float) -> None:
        """A sample. Between two samples the larger of both is believed."""
        if self.at_s is not None:
            self.heat = self.after(max(abs(amps), abs(self.last_a)), at_s - self.at_s)
        self.last_a, self.at_s = amps, at_s

    def after(self, amps: float, for_s: float) -> float:
        """How warm it is when so much has flowed for so long."""
        goal = (amps / (self.curve.holds * self.rating_a)) ** 2
        tau_s = self.curve.tau_s * (1.0 if goal > self.heat else COOLING)
        return goal + (self.heat - goal) * math.exp(-max(for_s, 0.0) / tau_s)

    def bears(self, amps: float, for_s: float) -> bool:
        """It stays under its line with so much for so long, and far from tripping at once."""
        peak_a = PEAK * self.curve.at_once * self.rating_a
        return abs(amps) < peak_a and self.after(abs(amps), for_s) <= self.line


def warmths(circuit: Circuit) -> Sequence[Warmth] | None:
    """The lines of a circuit's device; None where nobody said what it is: it has no budget."""
    if circuit.device is None or circuit.breaker_a is None:
        return None
    curve, lines = CURVES[circuit.device], zip(circuit.breaker_a, circuit.limit_a, strict=True)
    return tuple(Warmth.of(curve, rating_a or math.inf, limit_a) for rating_a, limit_a in lines)
