"""The hub dies: what every charger may draw from then on fits every circuit, at every moment. Simulated time."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.balance.lease import FALL_S, SKEW_S, held, overlap_s
from hub.model.ids import GRID, ChargerId
from hub.model.units import PerPhase
from simulator.world.car import CarModel
from tests.hub.balance.closed_loop import LEASE_S, Loop, Wire
from tests.hub.balance.drawings import L1, L2, L3, charger, circuit, site, worst_currents

WIRINGS = [(L1,), (L2,), (L3,), (L1, L2, L3), (L3, L1, L2), None]
ROUNDING_A = 0.05
MARGIN_A = 0.5


# how long leases are


@pytest.mark.parametrize(
    ("limit_a", "floor_a", "lasts_s", "renewed_after_s"),
    [(16.0, 8.0, 45, 20), (8.0, 8.0, 120, 34), (0.0, 8.0, 120, 34), (6.0, 0.0, 45, 20), (0.0, 0.0, 120, 34)],
)
def test_the_two_classes(limit_a, floor_a, lasts_s, renewed_after_s):
    lease = held(limit_a, floor_a, LEASE_S, LEASE_S, now_s=100.0)
    assert (lease.until_s - 100, lease.renew_s - 100) == (lasts_s, renewed_after_s)


def test_one_below_its_floor_outlasts_all_above_that_are_told_while_it_is_not_in_doubt():
    below, above = held(0.0, 8.0, 45, 300, now_s=0.0), held(16.0, 8.0, 300, 300, now_s=0.0)
    assert below.doubt_s + (above.until_s + SKEW_S + FALL_S) <= below.until_s - SKEW_S + 1e-9
    assert above.doubt_s == math.inf
    assert overlap_s(45) == 71


# the death of the hub


@dataclass
class Bereaved:
    """A site at the moment at which its hub has died."""

    loop: Loop
    died_s: float
    unmanaged_a: PerPhase[float]
    few_phases: bool  # there are cars that use fewer than their charger has

    def may_draw_a(self, at_s: float) -> dict[ChargerId, float]:
        """The most that each charger may draw then, whatever of what was on the wire arrived."""
        return {id: max(amps) for id in self.loop.drawn.chargers if (amps := list(self._may(id, at_s)))}

    def _may(self, id: ChargerId, at_s: float) -> Iterator[float]:
        live, own_a = self.loop.picture.chargers[id], self.loop.drawn.chargers[id].fallback_a
        if not self.loop.wires[id].leases and own_a is not None and at_s >= self.all_down_s():
            yield own_a
        states = [(live.held_a or 0.0, self.loop.leases.get(id))]
        states += [(flight.limit_a, flight.lease) for flight in self.loop.flights if flight.charger == id]
        for limit_a, lease in states:
            if lease is None:
                yield limit_a
                continue
            ends_s = lease.until_s - self.loop.wires[id].ahead_s
            if at_s < ends_s + (FALL_S if limit_a > lease.floor_a else 0.0):
                yield limit_a
            if at_s >= ends_s:
                yield lease.floor_a

    def moments(self) -> list[float]:
        """Whenever something may change. With cars that use few phases only from when all are down: until then others
        have what those phases leave, and another car may come."""
        leases = [*self.loop.leases.items(), *((f.charger, f.lease) for f in self.loop.flights if f.lease)]
        ends = [lease.until_s - self.loop.wires[id].ahead_s for id, lease in leases]
        since_s = self.all_down_s() if self.few_phases else self.died_s
        return sorted(
            at
            for at in {
                self.died_s,
                self.all_down_s(),
                *(at + later for at in ends for later in (-0.1, 0.0, FALL_S, FALL_S + 0.1)),
            }
            if at >= since_s
        )

    def all_down_s(self) -> float:
        """From then on no lease above its floor is left, on any clock that is allowed."""
        return self.died_s + LEASE_S + SKEW_S + FALL_S

    def too_much(self, at_s: float) -> list[str]:
        """Circuits that what may be drawn then does not fit."""
        worst = at_s >= self.all_down_s()
        house = self.unmanaged_a if worst else PerPhase(*self.loop.house(self.died_s))
        slack_a = ROUNDING_A if worst else MARGIN_A
        found = worst_currents(self.loop.drawn, self.may_draw_a(at_s), {GRID: house})
        given = worst_currents(self.loop.drawn, self.given_a(), {GRID: house})
        return [row for row, (amps, limit_a, _) in found.items() if amps > max(limit_a, given[row][0]) + slack_a]

    def given_a(self) -> dict[ChargerId, float]:
        """What chargers give by themselves that hold no leases, as their owner declared it: no hub can help that."""
        drawn = self.loop.drawn.chargers.values()
        return {c.id: c.fallback_a or 0.0 for c in drawn if not self.loop.wires[c.id].leases}


def bereaved(seed: int) -> Bereaved:
    """A made-up site that was balanced for a while, with a quiet house, until its hub died."""
    dice = random.Random(seed)
    circuits = [circuit("grid", dice.choice([20, 25, 40, 63]), meter=dice.choice(["main", None]))]
    for n in range(dice.randint(0, 2)):
        circuits.append(circuit(f"k{n}", dice.choice([16, 20, 32]), dice.choice([c.id for c in circuits])))
    chargers = [
        charger(
            f"c{n}",
            dice.choice(circuits).id,
            dice.choice(WIRINGS),
            max_a=dice.choice([16.0, 32.0]),
            fallback_a=dice.choice([None, None, None, 0.0, 6.0]),
            priority=dice.choice([0, 0, 1]),
        )
        for n in range(dice.randint(1, 7))
    ]
    drawn = site(circuits, chargers)
    unmanaged_a = PerPhase(*(dice.uniform(0, 14) for _ in range(3)))
    quiet = tuple(dice.uniform(0, 1) * a for a in unmanaged_a) if circuits[0].meter else tuple(unmanaged_a)
    ahead_s = {c.id: dice.uniform(-30, 30) for c in chargers}
    wires = {
        id: Wire(dice.uniform(0.05, 1.5), dice.choice([1.0, 5.0]), leases=abs(s) <= SKEW_S, ahead_s=s)
        for id, s in ahead_s.items()
    }
    loop = Loop(drawn, lambda t: quiet, MARGIN_A, wires, seed=seed, unmanaged_a={GRID: unmanaged_a})  # type: ignore[arg-type, return-value]
    live_s, few_phases = dice.uniform(20, 260), dice.random() < 0.3
    while loop.t < live_s:
        for id, evse in loop.evses.items():
            if evse.car is None and dice.random() < 0.2:
                phases = dice.randint(1, 3) if few_phases else 3
                loop.plug(id, CarModel("any", phases, dice.choice([10.0, 32.0]), reaction_s=2.0))
            elif evse.car is not None and dice.random() < 0.04:
                loop.unplug(id)
        loop.run(min(dice.uniform(0.3, 10), live_s - loop.t))
    return Bereaved(loop, loop.t, unmanaged_a, few_phases)


@given(st.integers(0, 10**9))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whenever_the_hub_dies_the_sum_fits_every_circuit_at_every_moment_after(seed):
    site_of_the_dead = bereaved(seed)
    for at_s in site_of_the_dead.moments():
        assert site_of_the_dead.too_much(at_s) == [], at_s - site_of_the_dead.died_s
