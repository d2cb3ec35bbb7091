"""Loads that nobody planned: steps of the house, motors that start, a house that is too much by itself."""

import math

import pytest

from hub.balance.thermal import Warmth, warmths
from hub.model.ids import GRID
from hub.model.site import Device, Site
from tests.hub.balance.closed_loop import House, Loop, Wire, one_phase, sedan, step_at
from tests.hub.balance.drawings import L1, L2, charger, circuit, one_fuse, site

pytestmark = pytest.mark.scenario

GG_35, B_50, UNKNOWN = (Device.GG, 35.0), (Device.B, 50.0), None


def fused(breaker: tuple[Device, float] | None, limit_a: float = 35.0) -> Site:
    chargers = [charger("c0", max_a=12.0), charger("c1", max_a=12.0)]
    return site([circuit("grid", limit_a, meter="main", breaker=breaker)], chargers)


def run_warm(loop: Loop, lines: list[Warmth], seconds: float) -> float:
    """Let time pass and look at the true currents ten times a second; the nearest that a device came to its line."""
    worst = -math.inf
    for _ in range(round(seconds * 10)):
        loop.run(0.1)
        for line, amps in zip(lines, loop.truth.current_a(GRID), strict=True):
            line.take(amps, loop.t)
            worst = max(worst, line.heat - line.line)
    return worst


@pytest.mark.parametrize("breaker", [GG_35, B_50, UNKNOWN])
@pytest.mark.parametrize("sample_s", [1.0, 10.0])
@pytest.mark.parametrize(
    ("reaction_s", "slow_s", "delay_s", "allowed_s"),
    [
        (2.0, 0.5, 0.4, 5),  # quick cars, quick chargers
        (5.0, 2.0, 1.0, 10),  # cars that use their 5 s
    ],
)
def test_scenario_14_a_house_step_comes_down_in_time(reaction_s, slow_s, delay_s, allowed_s, sample_s, breaker):
    """35 A, house 8, two cars of 12; then 14 A more on L2."""
    wires = {f"c{i}": Wire(delay_s=delay_s, sample_s=sample_s) for i in range(2)}
    drawn = fused(breaker)
    loop = Loop(drawn, step_at(63.3, (8.0, 8.0, 8.0), (8.0, 22.0, 8.0)), wires=wires, slow_s=slow_s)
    loop.plug("c0", sedan(reaction_s=reaction_s))
    loop.plug("c1", sedan(reaction_s=reaction_s))
    assert loop.run(60).amps() == pytest.approx([12, 12], abs=0.5)
    device = warmths(drawn.grid)
    if device is None:
        loop.run(60)
    else:
        assert run_warm(loop, list(device), 60) < 0
    assert 0 < loop.longest_over_s() <= allowed_s
    assert loop.amps() == pytest.approx([6.2, 6.2], abs=0.5)
    assert all(limit_a >= 6 for id in ("c0", "c1") for limit_a in loop.commands_to(id, 60))  # no contactor opens


def test_scenario_14_is_written_within_a_second_and_confirmed_within_two():
    wires = {f"c{i}": Wire(delay_s=0.4) for i in range(2)}
    loop = Loop(fused(UNKNOWN), step_at(63.3, (8.0, 8.0, 8.0), (8.0, 22.0, 8.0)), wires=wires)
    loop.plug("c0")
    loop.plug("c1")
    loop.run(63.3)
    while not loop.commands_to("c0", 63.3):
        loop.run(0.1)
        assert loop.t <= 63.3 + loop.meter_s + 0.2  # with the first sample that shows it
    loop.run(2.0)
    assert loop.offers()[0] < 7


def motor(every_s: float, amps: float = 40.0) -> House:
    """It starts again and again, and draws so much for one second."""
    return lambda t: (5.0, 5.0 + (amps if t > 60 and t % every_s < 1.0 else 0.0), 5.0)


@pytest.mark.parametrize("every_s", [1000.3, 97.7])
def test_scenario_15_a_motor_starts_and_nobody_notices(every_s):
    """A fuse of 63 A with a limit of 50 bears it: not a single command."""
    loop = Loop(fused((Device.GG, 63.0), limit_a=50.0), motor(every_s))
    loop.plug("c0")
    loop.plug("c1")
    loop.run(60)
    loop.run(1200)
    assert loop.worst_over_a() > 10
    assert loop.commands_to("c0", 60) == loop.commands_to("c1", 60) == []


@pytest.mark.parametrize("breaker", [GG_35, UNKNOWN])
@pytest.mark.parametrize("every_s", [1000.3, 97.7])
def test_scenario_15_a_motor_starts_and_nobody_stops(breaker, every_s):
    """Where the device does not bear it or is unknown: once down to the minimum, and up when a minute was quiet."""
    loop = Loop(fused(breaker), motor(every_s))
    loop.plug("c0")
    loop.plug("c1")
    loop.run(60)
    loop.run(1200)
    for id in ("c0", "c1"):
        commands = loop.commands_to(id, 60)
        assert min(commands) >= 6
        assert len(commands) <= 2 * (1 + 1200 // every_s)
    assert min(loop.amps()) > 5.5


def test_scenario_15_other_cars_may_still_start():
    """What was borne is no load to reckon with: the next car does not wait for an hour without motors."""
    loop = Loop(fused((Device.GG, 63.0), limit_a=50.0), motor(97.7))
    loop.plug("c0")
    loop.run(600)
    loop.plug("c1")
    assert loop.run(60).amps() == pytest.approx([12, 12], abs=0.5)


def test_scenario_16_the_house_alone_is_too_much():
    """28 A on L1 of 25: cars on L1 stop, the one on L2 goes on, and afterwards all charge again after a while."""
    chargers = [charger("c0", phases=(L1,)), charger("c1"), charger("c2", phases=(L2,), max_a=16.0)]
    house = lambda t: (28.0 if 60 < t < 300 else 4.0, 4.0, 4.0)  # noqa: E731
    loop = Loop(one_fuse(25, *chargers, meter="main"), house)
    for id, model in (("c0", one_phase()), ("c1", sedan()), ("c2", one_phase())):
        loop.plug(id, model)
    before = loop.run(60).amps()
    assert min(before) > 5.5
    assert loop.run(20).amps() == pytest.approx([0, 0, 16], abs=0.5)
    assert loop.run(219).amps() == pytest.approx([0, 0, 16], abs=0.5)
    assert "0 A left on Grid connection L1" in loop.text("c0")
    assert loop.alarms() == [("circuit_over_limit", "Grid connection: L1 over by house load")]
    assert loop.run(120).amps("c0", "c1") == [0, 0]  # a cool-down
    loop.run(300)
    assert min(loop.amps()) > 5.5
    assert loop.alarms() == []
    for id in ("c0", "c1"):
        assert [limit_a == 0 for limit_a in loop.commands_to(id, 60)].count(True) == 1


def test_scenario_16_a_car_that_could_follow_sooner_does_not_stop_for_a_step_that_fits():
    loop = Loop(one_fuse(25, charger("c0"), meter="main"), step_at(60, (4.0, 4.0, 4.0), (18.0, 4.0, 4.0)))
    loop.plug("c0")
    loop.run(100)
    assert loop.amps() == pytest.approx([6.5], abs=0.5)
