"""What the rest of the site draws: a base, a share that follows the hour, appliances that switch on and off."""

from __future__ import annotations

import math
from random import Random

from simulator.world.evse import Three
from simulator.world.plan import ApplianceEntry, HouseEntry
from simulator.world.site import NONE, add

DAY_S = 86_400.0
BEAT_S = 20.0  # real seconds between two changes: a hub gets one step at a time, however fast the world passes
# share of `daily_a` at each full hour: quiet night, breakfast, a long plateau, dinner
SHARE = (2, 1, 1, 1, 1, 2, 4, 6, 6, 5, 5, 5, 6, 6, 5, 5, 6, 8, 10, 10, 9, 7, 5, 3)


class House:
    """The uncontrolled load. It changes only on the beat, by at most one appliance at a time."""

    def __init__(self, entry: HouseEntry, seed: int, speed: float) -> None:
        self._entry = entry
        self._seed = seed
        self._beat_s = BEAT_S * speed  # in world seconds
        self._held_s = -1.0
        self._held_a: Three = NONE
        self._days: dict[int, list[tuple[float, float, Three]]] = {}

    def current_a(self, world_s: float) -> Three:
        """Amps on L1, L2, L3 at a moment of the world."""
        held_s = on_beat(world_s, self._beat_s)
        if held_s != self._held_s:
            self._held_s, self._held_a = held_s, self._at(held_s)
        return self._held_a

    def _at(self, held_s: float) -> Three:
        share = daily_share(held_s)
        total = add(self._entry.base_a, (a * share for a in self._entry.daily_a))
        for begins_s, ends_s, amps in self._day(int(held_s // DAY_S)):
            if begins_s <= held_s < ends_s:
                total = add(total, amps)
        return total

    def _day(self, day: int) -> list[tuple[float, float, Three]]:
        if day not in self._days:
            rng = Random(f"{self._seed}/house/{day}")
            self._days = {day: runs_of_day(self._entry.appliances, day, self._beat_s, rng)}
        return self._days[day]


def on_beat(world_s: float, beat_s: float) -> float:
    """The last beat at or before this moment."""
    return math.floor(world_s / beat_s + 1e-9) * beat_s


def daily_share(world_s: float) -> float:
    """0 to 1: how much of the day's share flows at this hour, linear between full hours."""
    hour = world_s % DAY_S / 3600
    before, after = SHARE[int(hour) % 24], SHARE[(int(hour) + 1) % 24]
    return (before + (after - before) * (hour % 1)) / max(SHARE)


def runs_of_day(
    appliances: tuple[ApplianceEntry, ...], day: int, beat_s: float, rng: Random
) -> list[tuple[float, float, Three]]:
    """When each appliance runs on a day: (begin, end, amps). No two of them switch in the same beat."""
    taken: set[int] = set()
    runs: list[tuple[float, float, Three]] = []
    for appliance in appliances:
        for _ in range(appliance.per_day):
            run = _place(appliance, day, beat_s, rng)
            if run is not None and not taken & {run[0], run[1]}:
                taken |= {run[0], run[1]}
                runs.append((run[0] * beat_s, run[1] * beat_s, appliance.amps))
    return runs


def _place(appliance: ApplianceEntry, day: int, beat_s: float, rng: Random) -> tuple[int, int] | None:
    begins_s = day * DAY_S + rng.uniform(*appliance.hours) * 3600
    first = math.ceil(begins_s / beat_s)
    last = first + max(1, round(appliance.minutes * 60 / beat_s))
    return (first, last) if last * beat_s < (day + 1) * DAY_S else None
