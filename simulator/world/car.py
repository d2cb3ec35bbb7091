"""A car at an outlet: what it draws from what it is offered, until it is full."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

TAPER_SHARE = 0.2  # the last fifth of the need is charged ever more slowly
TAPER_FLOOR = 0.2  # share of the maximum that is drawn just before full
DEAD_SHARE = 0.4  # share of the reaction time that passes before the current begins to move


@dataclass(frozen=True, slots=True)
class CarModel:
    """What a kind of car can do. It follows a new duty cycle within `reaction_s` (IEC 61851-1 allows 5 s)."""

    name: str
    phases: int
    max_a: float
    min_a: float = 6.0  # offered less, it stops
    reaction_s: float = 2.0
    short_a: float = 0.2  # it draws so much less than it is offered


class Car:
    """One car on a visit. `need_wh` is what it still takes from the outlet; amps are per phase."""

    def __init__(self, model: CarModel, need_wh: float) -> None:
        self.model = model
        self.need_wh = need_wh
        self.taken_wh = 0.0
        self.draw_a = 0.0
        self._last_offer_a = 0.0
        self._seen_offer_a = 0.0
        self._on_the_way: deque[tuple[float, float]] = deque()  # (due at age, offer)
        self._age_s = 0.0

    @property
    def full(self) -> bool:
        """It has what it came for."""
        return self.taken_wh >= self.need_wh

    @property
    def asks(self) -> bool:
        """It closes S2 (state C): it wants energy and can use what it sees, or has not yet stopped drawing."""
        return self.draw_a > 0 or self._target_a() > 0

    def step(self, dt_s: float, offered_a: float, volts: tuple[float, ...], closed: bool) -> float:
        """Follow the pilot for `dt_s` and return the amps drawn on each used phase; `closed` is the contactor."""
        self._age_s += dt_s
        self._watch(offered_a)
        self._ramp(dt_s)
        if not closed:
            self.draw_a = 0.0
        self._take(self.draw_a * sum(volts[: self.model.phases]) * dt_s / 3600)
        return self.draw_a

    def _watch(self, offered_a: float) -> None:
        if offered_a != self._last_offer_a:
            self._last_offer_a = offered_a
            self._on_the_way.append((self._age_s + DEAD_SHARE * self.model.reaction_s, offered_a))
        while self._on_the_way and self._on_the_way[0][0] <= self._age_s:
            self._seen_offer_a = self._on_the_way.popleft()[1]

    def _ramp(self, dt_s: float) -> None:
        ramp_s = max((1 - DEAD_SHARE) * self.model.reaction_s, 1e-6)
        most = self.model.max_a / ramp_s * dt_s
        self.draw_a += min(max(self._target_a() - self.draw_a, -most), most)

    def _target_a(self) -> float:
        if self.full or self._seen_offer_a < self.model.min_a:
            return 0.0
        left = 1 - self.taken_wh / self.need_wh
        taper = min(1.0, TAPER_FLOOR + (1 - TAPER_FLOOR) * left / TAPER_SHARE)
        return min(self._seen_offer_a - self.model.short_a, self.model.max_a * taper)

    def _take(self, energy_wh: float) -> None:
        self.taken_wh += energy_wh
        if self.full:
            self.draw_a = 0.0
