"""How many of a charger's terminals its car really loads, learnt from what is measured at them. Pure.

A car with one phase on a charger with three would else be counted on all three for ever. A terminal is freed only after
a minute without current while the others carry some, and counts again with the first current that shows on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

USED_A = 1.0  # a terminal that carries more is used
CHARGES_A = 5.0  # so much on the others, or their car may only be asleep
SURE_S = 60.0


@dataclass(slots=True)
class Terminals:
    """`used`: the car loads the first so many terminals; None: it may load all. Cars load them from the first on."""

    used: int | None = None
    _few: int | None = None  # candidate, and since when it was seen without a break
    _since_s: float = 0.0

    def see(self, amps: Sequence[float | None], at_s: float) -> bool:
        """Look at one sample, amps by terminal; True when `used` changed. A sample with a gap says nothing."""
        known = [a for a in amps if a is not None]
        if len(known) < len(amps):
            return False
        loaded = max((place for place, a in enumerate(known, 1) if a > USED_A), default=0)
        if self.used is not None and loaded > self.used:
            self.used = self._few = None
            return True
        if not 0 < loaded < len(known) or min(known[:loaded]) < CHARGES_A:
            self._few = None
            return False
        if loaded != self._few:
            self._few, self._since_s = loaded, at_s
        if loaded == self.used or at_s - self._since_s < SURE_S:
            return False
        self.used = loaded
        return True

    def forget(self) -> bool:
        """Another car may come; True when `used` changed."""
        changed = self.used is not None
        self.used = self._few = None
        return changed
