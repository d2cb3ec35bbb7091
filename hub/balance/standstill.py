"""Whether a meter still measures: one that says the same to the last digit while a car below it changed does not. Pure.

A connected meter can freeze: its gateway goes on sending the last value. A car whose charger measured a step of some
amps is proof, for that step must show.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.core.state import Lines
from hub.model.ids import ChargerId
from hub.model.units import PerPhase

STEP_A = 3.0  # a step of the cars that no meter can miss
SHOWS_S = 20.0  # a meter shows it within this

Drawn = Mapping[ChargerId, Lines]


@dataclass(slots=True)
class Standstill:
    """What a meter said, and what the cars drew when it began to say that."""

    said: PerPhase[float] | None = None
    drawn: Drawn = field(default_factory=dict)
    differs_since_s: float | None = None

    def see(self, said: PerPhase[float], drawn: Drawn, at_s: float) -> bool:
        """Look at a sample and at what the chargers measured last; True when the meter stands still."""
        if said != self.said:
            self.said, self.drawn, self.differs_since_s = said, drawn, None
            return False
        if self._step_a(drawn) < STEP_A:
            self.differs_since_s = None
            return False
        if self.differs_since_s is None:
            self.differs_since_s = at_s
        return at_s - self.differs_since_s >= SHOWS_S

    def _step_a(self, drawn: Drawn) -> float:
        """By how much the cars together draw more or less on a line; of those that were measured then and now."""
        both = [(drawn[id], self.drawn[id]) for id in drawn if id in self.drawn]
        steps = (sum((now[line] or 0.0) - (then[line] or 0.0) for now, then in both) for line in range(3))
        return max(abs(step) for step in steps)
