"""Made-up sites, cars and houses: with a quiet house never over a limit, with any house soon back under it."""

import random
from itertools import pairwise

import pytest

from hub.model.site import Site
from simulator.world.car import CarModel
from tests.hub.balance.closed_loop import House, Loop, Wire
from tests.hub.balance.drawings import L1, L2, L3, charger, circuit, site

pytestmark = pytest.mark.scenario

WIRINGS = [(L1,), (L2,), (L3,), (L1, L2, L3), (L2, L3, L1), (L3, L1, L2), None]
STAY_S = 300.0
DEADLINE_S = 10.0


def made_up_site(dice: random.Random) -> Site:
    circuits = [circuit("grid", dice.choice([25, 32, 40, 63]), meter="main")]
    if dice.random() < 0.6:
        circuits.append(circuit("garage", dice.choice([20, 32, 40]), meter=dice.choice([None, "sub"])))
    chargers = [
        charger(f"c{n}", dice.choice(circuits).id, dice.choice(WIRINGS), max_a=dice.choice([16.0, 32.0]))
        for n in range(dice.randint(1, 7))
    ]
    return site(circuits, chargers)


def made_up_house(dice: random.Random, most_a: float, *, quiet: bool) -> House:
    """Steps that the fuse can carry without cars; some feed in."""
    at_s = [0.0]
    while not quiet and at_s[-1] < STAY_S:
        at_s.append(at_s[-1] + dice.choice([3, 15, 40, 120]))
    loads = [tuple(dice.uniform(-8, most_a * 0.7) for _ in range(3)) for _ in at_s]
    spans = [*pairwise(at_s), (at_s[-1], float("inf"))]
    return lambda t: next(load for (since, until), load in zip(spans, loads, strict=True) if since <= t < until)


def made_up_loop(seed: int, *, quiet: bool) -> Loop:
    dice = random.Random(seed)
    drawn = made_up_site(dice)
    wires = {
        id: Wire(dice.uniform(0.05, 1.5), dice.choice([1, 2, 5, 10, 15]), whole_amps=dice.random() < 0.3)
        for id in drawn.chargers
    }
    house = made_up_house(dice, drawn.grid.limit_a.l1, quiet=quiet)
    loop = Loop(drawn, house, wires=wires, slow_s=dice.choice([0.2, 0.5, 2.0]), seed=seed)
    while loop.t < STAY_S:
        for id, evse in loop.evses.items():
            if evse.car is None and dice.random() < 0.15:
                phases = dice.randint(1, len(drawn.chargers[id].phases or (L1, L2, L3)))
                reaction_s, most_a = dice.uniform(0.3, 5.0), dice.choice([10.0, 16.0, 32.0])
                loop.plug(id, CarModel("any", phases, most_a, reaction_s=reaction_s), dice.choice([200, 1000, 5000]))
            elif evse.car is not None and dice.random() < 0.03:
                loop.unplug(id)
        loop.run(10)
        assert all(a == 0 or a >= 6 for a in loop.offers())
    return loop


@pytest.mark.parametrize("seed", range(12))
def test_with_a_quiet_house_never_over_a_limit(seed):
    assert made_up_loop(seed, quiet=True).worst_over_a() == 0.0


@pytest.mark.parametrize("seed", range(100, 112))
def test_with_any_house_soon_back_under_the_limit(seed):
    assert made_up_loop(seed, quiet=False).longest_over_s() <= DEADLINE_S
