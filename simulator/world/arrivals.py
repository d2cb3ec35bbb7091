"""Who parks where and when: seeded visits to each bay, with a morning and an evening peak."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from simulator.world.car import CarModel
from simulator.world.house import DAY_S
from simulator.world.plan import CarEntry, SitePlan

HOUR_S = 3600.0
# arrivals an hour at a free bay, from each hour on
RATE = ((0, 0.02), (6, 0.25), (7, 0.6), (10, 0.3), (16, 0.5), (20, 0.2), (22, 0.02))
LEAST_GAP_S = 600.0  # world seconds between two cars in a bay


@dataclass(frozen=True, slots=True)
class Visit:
    """One car's stay in a bay, in world seconds; `need_wh` as if the world ran in real time."""

    arrives_s: float
    leaves_s: float
    need_wh: float
    model: CarModel


def schedules(plan: SitePlan, seed: int, start_s: float) -> dict[str, Iterator[Visit]]:
    """For each bay its endless visits in order; the bays occupied at the start have one that begins there."""
    rng = Random(f"{seed}/start")
    count = math.ceil(plan.traffic.occupied_at_start * len(plan.bays))
    occupied = set(rng.sample(sorted(plan.bays), count))
    return {
        bay: visits(plan.cars_for(bay), plan.traffic.busy, Random(f"{seed}/{bay}"), start_s, bay in occupied)
        for bay in plan.bays
    }


def visits(cars: Sequence[CarEntry], busy: float, rng: Random, start_s: float, occupied: bool) -> Iterator[Visit]:
    """The visits to one bay from `start_s` on; `busy` scales the arrivals."""
    free_s = start_s
    if occupied:
        first = _visit(cars, rng, start_s, rng.uniform(2, 9) * HOUR_S)
        free_s = first.leaves_s + LEAST_GAP_S
        yield first
    while busy > 0:
        arrives_s = next_arrival(free_s, busy, rng)
        visit = _visit(cars, rng, arrives_s, stay_s(arrives_s, rng))
        free_s = visit.leaves_s + LEAST_GAP_S
        yield visit


def next_arrival(from_s: float, busy: float, rng: Random) -> float:
    """A moment after `from_s`, by thinning of the busiest rate (Lewis & Shedler 1979)."""
    most = max(rate for _, rate in RATE)
    at_s = from_s
    while True:
        at_s += rng.expovariate(most * busy) * HOUR_S
        if rng.random() * most < rate_at(at_s):
            return at_s


def rate_at(world_s: float) -> float:
    """Arrivals an hour at a free bay at this time of day."""
    hour = world_s % DAY_S / HOUR_S
    return [rate for begins, rate in RATE if begins <= hour][-1]


def stay_s(arrives_s: float, rng: Random) -> float:
    """How long a car stays: over the working day, for an errand, or until next morning."""
    hour = arrives_s % DAY_S / HOUR_S
    if 5 <= hour < 10:
        return min(max(rng.gauss(7.0, 2.0), 1.5), 10.0) * HOUR_S
    if 10 <= hour < 16:
        return min(rng.lognormvariate(0.6, 0.5), 5.0) * HOUR_S
    until_morning = (24 + rng.uniform(6.5, 9.0) - hour) % 24
    return max(until_morning, 1.0) * HOUR_S


def _visit(cars: Sequence[CarEntry], rng: Random, arrives_s: float, stays_s: float) -> Visit:
    car = rng.choice(list(cars))
    return Visit(arrives_s, arrives_s + stays_s, rng.uniform(*car.need_kwh) * 1000, car.model)
