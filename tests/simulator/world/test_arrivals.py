"""Arrivals: seeded, with peaks, and enough hungry cars at the start of the demo."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest

from simulator.site_file import load_site
from simulator.world.arrivals import rate_at, visits
from simulator.world.site import ROOT
from simulator.world.world import World

DEMO = load_site("demo")


def hungry(world: World) -> list[str]:
    return [name for name, evse in world.evses.items() if evse.car is not None and not evse.car.full]


@pytest.mark.parametrize("speed", [1, 60])
@pytest.mark.parametrize("seed", range(51))
def test_eight_hungry_cars_within_thirty_seconds_that_the_fuses_can_feed(seed: int, speed: float) -> None:
    world = World(DEMO, seed, speed)
    for _ in range(30):
        world.step(1)
    fed: list[str] = []
    for bay in hungry(world):
        if fits(world, [*fed, bay]):
            fed.append(bay)
    assert len(fed) >= 8


def fits(world: World, bays: list[str]) -> bool:
    """Each of them at its minimum, the house as it is, and 3 A on each line for what may come."""
    need = {name: [0.0, 0.0, 0.0] for name in world.site.circuits}
    need[ROOT] = [amps + 3 for amps in world.house_a]
    for bay in bays:
        evse = world.evses[bay]
        assert evse.car is not None
        here: str | None = world.plan.bays[bay].circuit
        while here is not None:
            for line in evse.wiring[: evse.car.model.phases]:
                need[here][int(line[1]) - 1] += evse.car.model.min_a
            here = world.plan.circuits[here].parent
    circuits = world.site.circuits.values()
    return all(n <= limit for c in circuits for n, limit in zip(need[c.id], c.limit_a, strict=True))


def test_visits_do_not_overlap_and_follow_the_peaks() -> None:
    schedule = visits(DEMO.cars, 1.0, Random("7"), 0.0, occupied=False)
    seen = [next(schedule) for _ in range(400)]
    assert all(a.leaves_s + 600 <= b.arrives_s for a, b in pairwise(seen))
    assert all(5_000 <= v.need_wh <= 40_000 for v in seen)
    hours = [v.arrives_s % 86_400 / 3600 for v in seen]
    night = sum(h < 6 for h in hours)
    assert night < 0.1 * len(seen)
    assert rate_at(8 * 3600) > rate_at(12 * 3600) > rate_at(3 * 3600)


def test_nobody_comes_where_nobody_is_expected() -> None:
    assert list(visits(DEMO.cars, 0.0, Random("7"), 0.0, occupied=False)) == []


def test_a_fast_world_brings_the_same_cars_with_a_share_of_the_need() -> None:
    real, fast = World(DEMO, 7, 1), World(DEMO, 7, 60)
    assert hungry(real) == hungry(fast)
    for bay in hungry(real):
        one, other = real.evses[bay].car, fast.evses[bay].car
        assert one is not None
        assert other is not None
        assert one.model == other.model
        assert one.need_wh == pytest.approx(60 * other.need_wh)
