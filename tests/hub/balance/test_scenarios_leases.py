"""Scenarios of lost links and dead hubs, in simulated time: what chargers do alone, and what others get meanwhile."""

from __future__ import annotations

import pytest

from hub.balance.queue import Turns
from hub.core.state import LiveSafePlan, PlanState
from hub.model.grant import Limiter
from hub.model.ids import GRID, ChargerId
from hub.model.units import same_on_each
from tests.hub.balance.closed_loop import Loop, Wire, keeping, step_at
from tests.hub.balance.drawings import L1, charger, circuit, one_fuse, site
from tests.hub.balance.test_scenarios import CLASS_05, near, never_over

pytestmark = pytest.mark.scenario

FALLS_BACK_S = 45 + 10 + 6  # a lease, a clock that is 10 s behind, and a car that follows


def garage_of_four(**more) -> Loop:
    """32 A, 8 A of everything else at most (now 2 A), three cars; a fourth charger waits for one."""
    drawn = one_fuse(32, *(charger(f"c{i}") for i in range(4)), meter="main")
    house = step_at(150, (2.0, 2.0, 2.0), (8.0, 8.0, 8.0))
    loop = Loop(drawn, house, CLASS_05, unmanaged_a={GRID: same_on_each(8.0)}, **more)
    for id in ("c0", "c1", "c2"):
        loop.plug(id)
    return loop.run(80)


def plan(loop: Loop) -> list[float]:
    return [loop.decision.grants[id].safe_a for id in loop.drawn.chargers]


def test_scenario_25_a_charger_offline_is_reserved_at_its_fallback_and_nobody_else_is_affected():
    drawn = one_fuse(40, charger("c0"), charger("c1", fallback_a=10.0), charger("c2"), meter="main")
    loop = Loop(drawn, margin_a=CLASS_05)
    for id in drawn.chargers:
        loop.plug(id)
    assert loop.run(60).amps() == near(13.3, 13.3, 13.3)
    loop.lose("c1")
    loop.wires["c1"].silent = True
    loop.run(FALLS_BACK_S + 40)
    assert loop.offers("c1") == [10.0]  # alone
    assert loop.amps() == near(15, 10, 15)
    assert loop.text("c1") == "does not answer; 10 A are kept free for it"
    loop.wires["c1"].silent = False
    loop.find("c1")
    assert loop.run(90).amps() == near(13.3, 13.3, 13.3)
    assert never_over(loop)


@pytest.mark.parametrize("ahead_s", [-10.0, 0.0, 10.0])
def test_scenario_27_the_hub_dies_and_every_charger_is_at_its_share_within_its_lease(ahead_s):
    loop = garage_of_four(wires={f"c{i}": Wire(ahead_s=ahead_s) for i in range(4)})
    assert loop.amps() == near(9.9, 9.9, 9.9, 0)
    assert plan(loop) == [6, 6, 6, 6]
    loop.kill_hub()
    loop.run(15)
    assert loop.amps() == near(9.9, 9.9, 9.9, 0)  # nobody notices at first
    loop.run(FALLS_BACK_S - 15)
    assert loop.amps() == near(6, 6, 6, 0)
    assert loop.offers("c3") == [0.0]  # what it held was below its share: it waits until all others are surely down
    loop.run(60)
    loop.plug("c3")
    loop.run(60)  # and the house draws the most that was declared
    assert loop.amps() == near(6, 6, 6, 6)
    assert loop.house(loop.t) == (8.0, 8.0, 8.0)
    assert never_over(loop)


def test_scenario_27_a_charger_that_cannot_fall_back_has_no_more_than_fits_without_a_hub():
    loop = garage_of_four(wires=keeping("c0"))
    assert loop.amps() == near(6, 11.8, 11.8, 0)  # the shares of the others, and 8 A: there is room for its own only
    grant = loop.decision.grants[ChargerId("c0")]
    assert (grant.limiter, grant.safe_a) == (Limiter.SAFE_PLAN, 6)
    assert grant.text == "6 A because it keeps its limit if the hub stops, and Grid connection L1 would be full (32 A)"
    loop.kill_hub()
    loop.run(FALLS_BACK_S + 60)
    loop.plug("c3")
    assert loop.run(30).amps() == near(6, 6, 6, 6)
    assert never_over(loop)


def test_an_owner_may_confirm_that_a_charger_keeps_its_limit_whatever_it_is():
    drawn = one_fuse(32, charger("c0", keeps_limit=True), charger("c1"), meter="main")
    loop = Loop(drawn, margin_a=CLASS_05, wires=keeping("c0"), unmanaged_a={GRID: same_on_each(20.0)})
    loop.plug("c0")
    assert loop.run(60).amps("c0") == near(31.8)
    assert loop.decision.safe_plan == LiveSafePlan(PlanState.PARTLY, (ChargerId("c0"),))


def test_scenario_27_it_has_what_the_others_cannot_use_anyway():
    drawn = site(
        [circuit("grid", 32), circuit("yard", 10)],
        [charger("c0"), charger("y0", "yard", [L1]), charger("y1", "yard", [L1])],
    )
    loop = Loop(drawn, wires=keeping("c0"))
    loop.plug("c0")
    assert loop.run(60).amps("c0") == near(22)  # not its fair share of 16: the yard's own fuse lets no more through


def test_scenario_27_several_that_keep_their_limits_share_what_those_without_a_car_leave():
    drawn = one_fuse(32, *(charger(f"c{i}") for i in range(4)))
    loop = Loop(drawn, wires=keeping(*drawn.chargers))
    loop.plug("c0")
    assert loop.run(60).amps() == near(32, 0, 0, 0)
    loop.plug("c1")
    assert loop.run(60).amps() == near(16, 16, 0, 0)
    loop.kill_hub()
    loop.plug("c2")  # nobody is there who could let it charge
    assert loop.run(300).amps() == near(16, 16, 0, 0)
    assert never_over(loop)


def test_scenario_04_those_that_keep_their_limits_take_turns_where_only_the_safe_plan_is_full():
    drawn = one_fuse(24, *(charger(f"c{i}") for i in range(3)), meter="main")
    turns = Turns(turn_s=120.0, least_on_s=30.0, least_off_s=30.0)
    loop = Loop(drawn, wires=keeping(*drawn.chargers), unmanaged_a={GRID: same_on_each(10.0)}, turns=turns)
    for id in drawn.chargers:
        loop.plug(id)
    loop.run(60)
    assert loop.amps() == near(7, 7, 0)  # 24 A are free now, 14 without a hub on a bad day
    grant = loop.decision.grants[ChargerId("c2")]
    assert (grant.limiter, grant.queue_position) == (Limiter.SAFE_PLAN, 1)
    assert "6 A would be too much for Grid connection L1; number 1 in the queue" in grant.text
    assert loop.run(120).amps() == near(0, 7, 7)
    assert loop.run(120).amps() == near(7, 0, 7)
    assert never_over(loop)


def test_scenario_27_a_hub_that_comes_back_finds_leases_and_goes_on():
    loop = garage_of_four()
    loop.kill_hub()
    loop.run(10)
    loop.restart_hub()
    loop.run(30)
    assert loop.amps() == near(9.9, 9.9, 9.9, 0)
    assert loop.commands_to("c0", loop.t - 30) == []  # it was told the same, with a new end
    assert never_over(loop)


def test_scenario_28_without_a_broker_those_that_speak_through_it_keep_their_limits_and_others_go_on():
    drawn = one_fuse(32, charger("c0", fallback_a=8.0), charger("c1"), meter="main")
    loop = Loop(drawn, margin_a=CLASS_05, wires=keeping("c0"))  # c0 speaks MQTT
    loop.plug("c0", at_a=8.0)
    loop.plug("c1")
    loop.run(60)
    before = loop.amps()
    loop.lose("c0")
    loop.wires["c0"].silent = True
    loop.run(120)
    assert loop.amps("c0") == before[:1]
    assert loop.amps("c1") == near(max(before[1], 32 - max(before[0], 8.0)))
    assert loop.text("c0").startswith("does not answer")
    assert never_over(loop)


def test_a_new_plan_lowers_floors_before_it_raises_any():
    drawn = one_fuse(40, charger("c0"), charger("c1"))
    loop = Loop(drawn)
    loop.run(40)
    assert [loop.leases[ChargerId(id)].floor_a for id in drawn.chargers] == [20, 20]
    loop.memory.redraw(one_fuse(40, charger("c0", priority=1, max_a=8.0), charger("c1")), loop.t)
    seen = set()
    for _ in range(100):
        loop.run(0.1)
        floors = tuple(loop.leases[ChargerId(id)].floor_a for id in drawn.chargers)
        assert sum(floors) <= 40
        seen.add(floors)
    assert (8.0, 32.0) in seen
    assert seen <= {(20.0, 20.0), (8.0, 20.0), (8.0, 32.0)}
