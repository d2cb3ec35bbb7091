"""A day of the demo site at speed 60, in virtual time: a balancer that reacts well can hold the fuses."""

from __future__ import annotations

import math
import statistics

import pytest

from simulator.site_file import load_site
from simulator.world.evse import LINES, Evse
from simulator.world.site import ROOT
from simulator.world.world import World

MARGIN_A = 1.0


class Balancer:
    """Once a second: equal shares of what the house leaves, on each line of each circuit; who comes late waits."""

    def __init__(self, world: World) -> None:
        self._world = world

    def sample(self) -> None:
        cars = [e for e in self._world.evses.values() if e.car is not None and not e.car.full]
        shares = self._shares(cars)
        while cars and min(shares) < 6:
            cars.pop()
            shares = self._shares(cars)
        on = {evse.id: amps for evse, amps in zip(cars, shares, strict=True)}
        for evse in self._world.evses.values():
            evse.set_pilot(math.floor(on.get(evse.id, 0) * 10) / 10)

    def _shares(self, cars: list[Evse]) -> list[float]:
        return [min(self._share(line, circuit, cars) for line, circuit in self._places(evse)) for evse in cars]

    def _places(self, evse: Evse) -> list[tuple[str, str]]:
        circuit = self._world.plan.bays[evse.id].circuit
        assert evse.car is not None
        return [(line, c) for line in evse.wiring[: evse.car.model.phases] for c in (circuit, ROOT)]

    def _share(self, line: str, circuit: str, cars: list[Evse]) -> float:
        sharers = sum((line, circuit) in self._places(evse) for evse in cars)
        state = self._world.site.circuit(circuit)
        here = LINES.index(line)
        drawn = sum(e.line_current_a[here] for e in self._world.evses.values() if self._below(e, circuit))
        return (state.limit_a[here] - MARGIN_A - (state.current_a[here] - drawn)) / sharers

    def _below(self, evse: Evse, circuit: str) -> bool:
        return circuit in (ROOT, self._world.plan.bays[evse.id].circuit)


@pytest.mark.parametrize("seed", [3, 7])
def test_a_good_balancer_holds_every_fuse_for_a_day(seed: int) -> None:
    world = World(load_site("demo"), seed, speed=60)
    balancer = Balancer(world)
    busy: list[int] = []
    for second in range(24 * 60):
        balancer.sample()
        for _ in range(10):
            world.step(0.1)
        if second % 30 == 0:
            busy.append(sum(evse.plugged for evse in world.evses.values()))
    assert {name: c.longest_s for name, c in world.site.circuits.items() if c.longest_s > 10} == {}
    assert 5 <= statistics.mean(busy) <= 11
    assert len(set(busy)) >= 5  # it goes up and down over the day
    charged_wh = sum(evse.energy_wh for evse in world.evses.values())
    assert charged_wh * 60 > 150_000  # in the world's hours: at least eight visits' worth
    assert world.world_s == pytest.approx((24 + 7) * 3600)


def test_without_a_balancer_the_fuse_suffers() -> None:
    world = World(load_site("two"), 7)
    for evse in world.evses.values():
        evse.set_pilot(32)
    for _ in range(200):
        world.step(0.1)
    grid = world.site.circuit(ROOT)
    assert grid.worst_a == pytest.approx(2 * 31.8 - 32, abs=0.1)
    assert grid.longest_s > 10
