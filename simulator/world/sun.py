"""Solar generation: a clear-sky bell over the day, dimmed by seeded clouds."""

from __future__ import annotations

import math
from random import Random

from simulator.world.evse import Three
from simulator.world.house import BEAT_S, DAY_S, on_beat
from simulator.world.plan import SunEntry
from simulator.world.site import NONE

SUNRISE_H, SUNSET_H = 6.0, 20.0
CLEAR = 0.6  # share of the time without a cloud
CLOUD_BEATS = 4  # a cloud stays for so many beats


class Sun:
    """Amps fed in on each line, equal on all three. It changes on the beat of the house."""

    def __init__(self, entry: SunEntry, seed: int, speed: float) -> None:
        self._entry = entry
        self._seed = seed
        self._beat_s = BEAT_S * speed
        self._held_s = -1.0
        self._held_a: Three = NONE

    def current_a(self, world_s: float) -> Three:
        """Amps fed in on L1, L2, L3 at a moment of the world; 0 at night."""
        held_s = on_beat(world_s, self._beat_s)
        if held_s != self._held_s:
            self._held_s, self._held_a = held_s, self._at(held_s)
        return self._held_a

    def _at(self, held_s: float) -> Three:
        amps = self._entry.peak_a * bell(held_s) * self._clearness(held_s)
        return (amps, amps, amps)

    def _clearness(self, held_s: float) -> float:
        at = held_s / (CLOUD_BEATS * self._beat_s)
        before, after = self._cloud(math.floor(at)), self._cloud(math.floor(at) + 1)
        return 1 - self._entry.cloud_share * (before + (after - before) * (at % 1))

    def _cloud(self, number: int) -> float:
        rng = Random(f"{self._seed}/cloud/{number}")
        return 0.0 if rng.random() < CLEAR else rng.random()


def bell(world_s: float) -> float:
    """0 to 1: the clear sky at this time of day."""
    hour = world_s % DAY_S / 3600
    if not SUNRISE_H < hour < SUNSET_H:
        return 0.0
    return float(math.sin(math.pi * (hour - SUNRISE_H) / (SUNSET_H - SUNRISE_H)) ** 1.3)
