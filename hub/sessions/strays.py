"""Which outlet a stop is about that names no transaction of ours. No clock, no I/O.

A station whose start was never answered has no number for it, and its stop says none (0 or -1), nor the outlet. What it
says is where the register of that outlet stands.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hub.model.charger import Charger
from hub.model.ids import TransactionId
from hub.model.session import TransactionStop
from hub.sessions.energy import Sample, follows
from hub.sessions.open import Idle, Open, most_w


@dataclass(frozen=True, slots=True)
class Outlet:
    """An outlet of the station, what is open there, and where its register is while nothing is."""

    charger: Charger
    open: Open | None
    idle: Idle | None
    is_plugged: bool

    @property
    def running(self) -> TransactionId | None:
        """The transaction that runs there."""
        return None if self.open is None else self.open.session.running

    @property
    def is_untold(self) -> bool:
        """What runs there has a number, and its station does not know it."""
        return self.open is not None and self.open.is_untold

    @property
    def is_at_work(self) -> bool:
        """Something shows that a car was there."""
        return self.open is not None or self.is_plugged or (self.idle is not None and self.idle.moved_at_s is not None)

    def fits(self, stop: TransactionStop) -> bool:
        """Its register can be where the stop says; a stop that says none fits what is open."""
        if stop.meter_wh is None:
            return self.open is not None
        known = self.idle.newest if self.open is None and self.idle is not None else None
        if self.open is not None:
            known = self.open.count.last
        return known is not None and follows(known, Sample(stop.meter_wh, stop.at), most_w(self.charger))


def is_numbered(stop: TransactionStop) -> bool:
    """It names a transaction, whoever gave that number."""
    return stop.transaction > 0


def outlet_of(outlets: Sequence[Outlet], stop: TransactionStop) -> Outlet | None:
    """The outlet that it must be; None where it could be several, or none."""
    if len(outlets) == 1:
        return outlets[0]
    fitting = [one for one in outlets if one.fits(stop) and (one.running is None or not is_numbered(stop))]
    signs: list[Callable[[Outlet], bool]] = [lambda one: one.is_untold, lambda one: one.is_at_work, lambda one: True]
    for sign in signs:
        found = [one for one in fitting if sign(one)]
        if found:
            return found[0] if len(found) == 1 else None
    return None
