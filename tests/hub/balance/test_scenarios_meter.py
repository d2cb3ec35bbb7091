"""A meter that says nothing, or always the same: charging goes on with what is safe, and nothing is raised."""

import pytest

from tests.hub.balance.closed_loop import House, Loop
from tests.hub.balance.drawings import charger, circuit, one_fuse, site

pytestmark = pytest.mark.scenario

HOUSE: House = lambda t: (4.0, 4.0, 4.0)  # noqa: E731
SILENT = ("meter_silent", "meter main says nothing; nobody in Grid connection is raised")
FROZEN = ("meter_frozen", "meter main always says the same; nobody in Grid connection is raised")


def two_cars(loop: Loop) -> Loop:
    loop.plug("c0")
    loop.plug("c1")
    return loop.run(60)


def test_scenario_17_hold_for_ten_seconds_then_nothing_is_raised_and_charging_goes_on():
    loop = two_cars(Loop(one_fuse(32, charger("c0"), charger("c1"), charger("c2"), meter="main"), HOUSE))
    held = loop.offers("c0", "c1")
    loop.meters_down, down_s = True, loop.t
    assert loop.run(9).offers("c0", "c1") == pytest.approx(held, abs=0.2)
    assert loop.alarms() == []
    loop.run(15)
    assert loop.alarms() == [SILENT]
    assert loop.offers("c0", "c1") == [9.3, 9.3]  # 32 less 4 for the house, for three
    assert loop.text("c0") == "9.3 A, its safe share, while meter main is silent"
    loop.unplug("c1")
    loop.run(60)
    assert loop.offers("c0")[0] <= held[0]
    assert max(loop.commands_to("c0", down_s)) <= held[0]
    assert loop.worst_over_a() == 0


def test_scenario_17_who_has_no_share_in_the_safe_plan_pauses():
    """20 A, a house of 4: the plan has room for two minimums, those of the first in the drawing."""
    loop = Loop(one_fuse(20, *(charger(f"c{i}") for i in range(4)), meter="main"), HOUSE)
    loop.plug("c0")
    loop.plug("c3")
    assert loop.run(60).amps("c0", "c3") == pytest.approx([7.7, 7.7], abs=0.5)
    loop.meters_down = True
    assert loop.run(40).offers() == [pytest.approx(7.7, abs=0.2), 0, 0, 0]
    loop.meters_down = False
    loop.run(320)
    assert loop.amps("c0", "c3") == pytest.approx([7.7, 7.7], abs=0.5)


def test_scenario_17_it_is_believed_again_with_its_third_sample():
    loop = two_cars(Loop(one_fuse(32, charger("c0"), charger("c1"), meter="main"), HOUSE, meter_s=5.0))
    loop.meters_down = True
    loop.run(20)
    loop.unplug("c1")
    loop.run(30)
    offer = loop.offers("c0")
    loop.meters_down, loop.next_meter_s = False, loop.t
    assert loop.run(9.5).offers("c0") == offer  # two samples
    assert loop.alarms() == [SILENT]
    loop.run(1.0)
    assert loop.alarms() == []
    assert loop.run(70).amps("c0")[0] == pytest.approx(27.5, abs=0.5)


def test_scenario_17_only_what_is_below_that_meter():
    circuits = [circuit("grid", 63), circuit("garage", 32, meter="main"), circuit("carport", 32)]
    loop = Loop(site(circuits, [charger("c0", "garage"), charger("c1", "carport")])).run(15)
    loop.meters_down = True
    loop.run(20)
    loop.plug("c0")
    loop.plug("c1")
    loop.run(40)
    assert loop.offers() == [0, pytest.approx(31.5, abs=0.5)]


def test_scenario_18_a_frozen_meter_is_found_by_a_car_that_does_not_show():
    chargers = [charger("c0", max_a=16.0), charger("c1", max_a=16.0)]
    loop = two_cars(Loop(one_fuse(32, *chargers, meter="main"), HOUSE))
    loop.meters_frozen = True
    loop.run(30)
    assert loop.alarms() == []  # nothing that it could have shown
    loop.unplug("c1")
    gone_s = loop.t
    while not loop.alarms():
        loop.run(1)
        assert loop.t <= gone_s + 60
    assert loop.alarms() == [FROZEN]
    loop.plug("c1")
    assert loop.run(30).offers("c1") == [0]  # nobody is raised
    loop.meters_frozen = False
    loop.run(70)
    assert loop.alarms() == []
    assert loop.amps() == pytest.approx([13.6, 13.6], abs=0.5)
    assert loop.worst_over_a() == 0
