"""What each charger wants: status, the car's habits and people's wishes make a demand, or a reason for none. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from hub.balance.allocate import Demand
from hub.balance.track import Track
from hub.model.charger import Status
from hub.model.grant import Limiter, Wish
from hub.model.units import floor_to

REUSE_A = 3.0  # a car that draws less than it may keeps so much above its draw
FULL_S = 60.0  # so long it must have drawn less
AGAIN_A = 1.0  # a draw so near to its limit is a wish for more
AGAIN_S = 10.0


@dataclass(frozen=True, slots=True)
class NoDemand:
    """Why a charger gets 0 A without asking for a share."""

    limiter: Limiter


def wanted(track: Track, wish: Wish, rank: float, reuse: Reuse) -> Demand | NoDemand:
    """The demand of a charger that can be told something, or why it has none."""
    live, charger = track.live, track.charger
    if live is not None and live.status in (Status.FAULTED, Status.UNAVAILABLE):
        return NoDemand(Limiter.FAULT)
    if not wish.allow:
        return NoDemand(Limiter.PAUSED)
    if not track.has_car:
        return NoDemand(Limiter.NO_CAR)
    most_a = charger.max_a if wish.limit_a is None else min(charger.max_a, floor_to(wish.limit_a, track.step_a))
    if most_a < charger.min_a:
        return NoDemand(Limiter.REQUEST)
    if reuse.most_a is not None:
        most_a = max(charger.min_a, min(most_a, reuse.most_a))
    return Demand(
        charger.id,
        least_a=charger.min_a,
        most_a=most_a,
        weight=charger.weight,
        priority=charger.priority,
        rank=rank,
        step_a=track.step_a,
        terminals=track.terminals.used,
    )


@dataclass(slots=True)
class Reuse:
    """A car that draws less than it may is limited to a little above its draw, so that others can use the rest."""

    most_a: float | None = None
    less_since_s: float | None = None
    more_since_s: float | None = None
    status: Status | None = None

    def watch(self, track: Track, now_s: float) -> None:
        """Look at what the charger draws now."""
        status = None if track.live is None else track.live.status
        if status != self.status:
            self.status, self.most_a, self.less_since_s, self.more_since_s = status, None, None, None
        held_a = track.held_a
        if held_a is None or held_a < track.charger.min_a or not track.has_car:
            self.less_since_s = self.more_since_s = None
            return
        draw_a = track.draw_a(now_s)
        self._less(track, draw_a, held_a, now_s)
        self._more(draw_a, now_s)

    def _less(self, track: Track, draw_a: float, held_a: float, now_s: float) -> None:
        if draw_a >= held_a - REUSE_A and self.status is not Status.SUSPENDED_EV:
            self.less_since_s = None
            return
        if self.less_since_s is None:
            self.less_since_s = now_s
        most_a = max(track.charger.min_a, draw_a + REUSE_A)
        lower = self.most_a is None or most_a < self.most_a - AGAIN_A
        if lower and now_s - self.less_since_s >= FULL_S and track.knows_draw(self.less_since_s, now_s):
            self.most_a = most_a

    def _more(self, draw_a: float, now_s: float) -> None:
        if self.most_a is None or draw_a < self.most_a - AGAIN_A:
            self.more_since_s = None
            return
        if self.more_since_s is None:
            self.more_since_s = now_s
        if now_s - self.more_since_s >= AGAIN_S:
            self.most_a = self.less_since_s = self.more_since_s = None
