"""What a meter says, over time: the worst of a while, silence, and how the background climbs the tree."""

from datetime import UTC, datetime

import pytest

from hub.balance.background import ZERO
from hub.balance.metered import FORGET_S, HOUR_S, MINUTE_S, NOW_S, Backgrounds, Besides, Past, measured, power
from hub.balance.track import Track
from hub.balance.tree import Tree
from hub.core.state import LiveCharger, LiveMeter
from hub.model.charger import Status
from hub.model.ids import GRID, CircuitId, MeterId
from hub.model.reading import MeterReading
from hub.model.units import PerPhase, same_on_each
from tests.hub.balance.drawings import GARAGE, charger, circuit, site

AT = datetime(2026, 1, 1, tzinfo=UTC)
ALL = same_on_each(32.0)


def reading(**said) -> MeterReading:
    return MeterReading(at=AT, **said)


@pytest.mark.parametrize(
    ("said", "limit_a", "amps"),
    [
        ({"current_a": PerPhase(1.0, -2.0, 3.0)}, ALL, (1, -2, 3)),
        # no current: power over voltage, signed
        ({"power_w": PerPhase(2300.0, -1150.0, 0.0)}, ALL, (10, -5, 0)),
        ({"power_w": same_on_each(2400.0), "voltage_v": same_on_each(240.0)}, ALL, (10, 10, 10)),
        # a current that is not complete, but power is
        ({"current_a": PerPhase(1.0, None, 3.0), "power_w": same_on_each(230.0)}, ALL, (1, 1, 1)),
        # a single-phase site has no L2 and L3
        ({"current_a": PerPhase(9.0, None, None)}, PerPhase(25.0, 0.0, 0.0), (9, 0, 0)),
        # a line in use is unknown: unknown, never 0
        ({"current_a": PerPhase(9.0, None, None)}, ALL, None),
        ({"total_w": 5000.0}, ALL, None),
        ({}, ALL, None),
    ],
)
def test_measured(said, limit_a, amps):
    assert measured(reading(**said), 230.0, limit_a) == (None if amps is None else pytest.approx(PerPhase(*amps)))


@pytest.mark.parametrize(
    ("said", "watts"),
    [
        ({"total_w": 5.0, "power_w": same_on_each(9.0)}, 5),
        ({"power_w": PerPhase(1.0, 2.0, None)}, 3),
        ({"power_w": PerPhase(None, None, None)}, None),
        ({}, None),
    ],
)
def test_power(said, watts):
    assert power(reading(**said)) == watts


def test_the_worst_of_a_while_by_line():
    past = Past()
    for at_s, a in ((0.0, 30.0), (100.0, 5.0), (130.0, 9.0), (131.0, 8.0), (158.0, 2.0)):
        past.add(PerPhase(a, -a, 0.0), at_s)
    assert past.worst(160.0, MINUTE_S) == PerPhase(9.0, -2.0, 0.0)
    assert past.worst(160.0, HOUR_S) == PerPhase(30.0, -2.0, 0.0)
    assert past.worst(5000.0, MINUTE_S) is None
    assert Past().worst(0.0, HOUR_S) is None


def site_with(*circuits, chargers=()):
    drawn = site(circuits, chargers)
    tracks = {c.id: Track(c, 0.0) for c in chargers}
    return drawn, tracks


def backgrounds(drawn, tracks, **besides) -> Backgrounds:
    return Backgrounds(drawn, Tree.of(drawn), tracks, Besides(**besides))


def say(found: Backgrounds, meter: str, a: float, at_s: float) -> bool:
    live = LiveMeter(MeterId(meter), reading=reading(current_a=same_on_each(a)), reading_at_s=at_s)
    return found.hear(live, at_s)


def test_the_margin_is_kept_free_on_metered_circuits_only():
    found = backgrounds(*site_with(circuit("grid", 32, meter="m"), circuit("garage", 20)), margin_a=0.5)
    say(found, "m", 7.0, 1.0)
    assert found.lines_a(1.0, NOW_S) == {GRID: same_on_each(7.5), GARAGE: ZERO}


def test_a_sample_above_the_limit_is_noticed_once():
    found = backgrounds(*site_with(circuit("grid", 32, meter="m")))
    assert [say(found, "m", a, at_s) for a, at_s in ((31.0, 1.0), (32.5, 2.0), (32.5, 2.0))] == [False, True, False]


def test_an_unmetered_parent_carries_what_its_children_measure():
    found = backgrounds(
        *site_with(circuit("grid", 63), circuit("garage", 32, meter="g"), circuit("shop", 32, meter="s")), margin_a=0.0
    )
    say(found, "g", 7.0, 1.0)
    say(found, "s", 5.0, 1.0)
    assert found.lines_a(1.0, NOW_S)[GRID] == same_on_each(12.0)


def test_what_is_declared_counts_where_no_meter_speaks():
    drawn, tracks = site_with(circuit("grid", 63, meter="m"), circuit("garage", 32))
    declared = {GRID: same_on_each(20.0), CircuitId("garage"): same_on_each(3.0)}
    found = backgrounds(drawn, tracks, margin_a=0.0, unmanaged_a=declared)
    assert found.lines_a(0.0, NOW_S) == {GRID: same_on_each(20.0), GARAGE: same_on_each(3.0)}
    say(found, "m", 7.0, 1.0)
    assert found.lines_a(1.0, NOW_S)[GRID] == same_on_each(7.0)
    assert found.lines_a(12.0, NOW_S)[GRID] == same_on_each(20.0)


def test_a_silent_meter_leaves_the_worst_of_the_last_hour():
    found = backgrounds(*site_with(circuit("grid", 32, meter="m")), margin_a=0.0)
    assert found.silent(0.0) == {GRID}
    for at_s, a in ((0.0, 20.0), (1000.0, 4.0), (1000.5, 4.0), (1001.0, 6.0)):
        say(found, "m", a, at_s)
    assert found.silent(1011.0) == set()
    assert found.lines_a(1011.0, NOW_S)[GRID] == same_on_each(6.0)
    assert found.lines_a(1011.0, MINUTE_S)[GRID] == same_on_each(6.0)
    assert found.silent(1011.1) == {GRID}
    assert found.lines_a(1011.1, NOW_S)[GRID] == same_on_each(20.0)
    assert found.lines_a(1012.0 + HOUR_S, NOW_S)[GRID] == ZERO  # nothing known: nobody is raised anyway


def test_a_meter_that_was_silent_is_believed_with_its_third_sample():
    found = backgrounds(*site_with(circuit("grid", 32, meter="m")), margin_a=0.0)
    say(found, "m", 5.0, 1.0)
    assert found.silent(1.0) == set()
    asked = [say(found, "m", 6.0, at_s) for at_s in (20.0, 21.0, 22.0)]
    assert asked == [True, False, True]  # lost, and back
    assert found.silent(22.0) == set()
    say(found, "m", 6.0, 33.9)  # eleven seconds: silent for a moment, and one sample is enough
    assert found.silent(33.9) == set()


def test_an_excess_in_the_last_sample_before_silence_counts_and_one_that_passed_does_not():
    found = backgrounds(*site_with(circuit("grid", 32, meter="m")), margin_a=0.0)
    for at_s, a in ((0.0, 5.0), (1.0, 40.0), (2.0, 5.0), (3.0, 36.0)):
        say(found, "m", a, at_s)
    assert found.lines_a(3.5, MINUTE_S)[GRID] == same_on_each(5.0)  # 40 A was a motor that started
    assert found.lines_a(14.0, NOW_S)[GRID] == same_on_each(36.0)


def test_who_starts_needs_room_for_the_worst_of_four_minutes_and_a_margin_for_that_of_the_hour():
    found = backgrounds(*site_with(circuit("grid", 32, meter="m")), margin_a=0.0)
    for second in range(0, 1000, 5):
        say(found, "m", 9.0 if second < 100 else 4.0 if second < 900 else 2.0, float(second))
    assert found.lines_a(999.0, NOW_S)[GRID] == same_on_each(2.0)
    assert found.lines_a(999.0, MINUTE_S)[GRID] == same_on_each(2.0)
    assert found.lines_a(999.0, HOUR_S)[GRID] == same_on_each(7.0)  # 4, and half of a minimum; not the hour's 9


def test_what_only_doubt_keeps_up_is_forgotten_in_time():
    """A charger that cannot be reached may draw up to 16 A. House: 4 A, once 14 A more."""
    drawn, tracks = site_with(circuit("grid", 63, meter="m"), chargers=[charger("c0", max_a=16.0)])
    found = backgrounds(drawn, tracks, margin_a=0.0)
    tracks["c0"].hear(LiveCharger("c0", "S", online=False, status=Status.CHARGING), 0.0)
    for second in range(60, 70):
        say(found, "m", 20.0 + (14.0 if second == 65 else 0.0), float(second))
    assert found.watches[GRID].now_a == same_on_each(18.0)  # 34 - 16, and 20 does not contradict it
    say(found, "m", 20.0, 70.0 + FORGET_S)
    assert found.watches[GRID].now_a == same_on_each(4.0)
