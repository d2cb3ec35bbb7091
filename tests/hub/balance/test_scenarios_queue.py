"""Too little for everybody: who charges, who waits for how long, and that nobody is switched on and off for nothing."""

from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from hub.balance.queue import Turns
from hub.model.charger import Charger
from hub.model.grant import Limiter
from hub.model.ids import ChargerId
from hub.model.units import same_on_each
from tests.hub.balance.closed_loop import START, Loop, one_phase, step_at
from tests.hub.balance.drawings import L1, L2, charger, circuit, one_fuse, site

pytestmark = pytest.mark.scenario

QUARTER_S = 900.0


def chargers(n: int, **more) -> list[Charger]:
    return [charger(f"c{i}", **more) for i in range(n)]


def spells(loop: Loop, seconds: float) -> dict[str, list[float]]:
    """How long each car was on in a row, in minutes; a spell that goes on at the end is left out."""
    found, since_s = defaultdict(list), dict[str, float]()
    end_s = loop.t + seconds
    while loop.t < end_s:
        for id, offer in zip(loop.drawn.chargers, loop.run(10).offers(), strict=True):
            if offer > 0:
                since_s.setdefault(id, loop.t)
            elif id in since_s:
                found[id].append((loop.t - since_s.pop(id)) / 60)
    return found


@pytest.mark.parametrize("meter", [None, "main"])
def test_scenario_04_ten_cars_on_twenty_amps(meter):
    loop = Loop(one_fuse(20, *chargers(10), meter=meter), margin_a=0.2, dt_s=0.5)
    for id in loop.drawn.chargers:
        loop.plug(id)
    loop.run(60)
    assert sorted(loop.amps()) == pytest.approx([0.0] * 7 + [6.67] * 3, abs=0.3)
    grants = loop.decision.grants
    waiting = sorted((g for g in grants.values() if g.limiter is Limiter.QUEUE), key=lambda g: g.queue_position)
    assert [g.charger for g in waiting] == [f"c{i}" for i in range(3, 10)]
    assert [g.queue_position for g in waiting] == list(range(1, 8))
    assert [g.queue_until for g in waiting] == [START + timedelta(seconds=QUARTER_S * n) for n in range(1, 8)]
    assert waiting[1].text.endswith("; number 2 in the queue")
    found = spells(loop, 150 * 60 + 600)
    assert found.keys() == set(loop.drawn.chargers)
    full = [minutes for id in loop.drawn.chargers for minutes in found[id][(id in ("c0", "c1", "c2")) :]]
    assert len(full) >= 6
    assert all(30 <= minutes <= 60 for minutes in full)
    assert all(minutes <= 60 for of_one in found.values() for minutes in of_one)
    assert loop.worst_over_a() == 0


def test_scenario_04_one_car_a_quarter_of_an_hour():
    loop = Loop(one_fuse(20, *chargers(10)), dt_s=0.5)
    for id in loop.drawn.chargers:
        loop.plug(id)
    loop.run(60)
    for quarter in range(1, 6):
        before = {id for id, a in zip(loop.drawn.chargers, loop.offers(), strict=True) if a > 0}
        loop.run(QUARTER_S * quarter - 5 - loop.t)
        assert {id for id, a in zip(loop.drawn.chargers, loop.offers(), strict=True) if a > 0} == before
        loop.run(65)
        after = {id for id, a in zip(loop.drawn.chargers, loop.offers(), strict=True) if a > 0}
        assert (len(after), len(after - before)) == (3, 1)


def test_scenario_04_only_on_the_blocked_line():
    """Three on L1 where two fit; the one on L2 has nobody to make room for."""
    drawn = one_fuse(14, *chargers(3, phases=(L1,)), charger("c3", phases=(L2,)))
    loop = Loop(drawn)
    for id in drawn.chargers:
        loop.plug(id, one_phase())
    loop.run(60)
    assert loop.offers() == [7, 7, 0, 14]
    loop.run(QUARTER_S)
    assert loop.offers() == [0, 7, 7, 14]
    assert loop.commands_to("c3", 60) == []


def test_scenario_04_in_one_circuit_nobody_makes_room_for_another():
    circuits = [circuit("grid", 63), circuit("garage", 14), circuit("carport", 14)]
    here, there = chargers(3), [charger(f"d{i}", "carport") for i in range(2)]
    drawn = site(circuits, [*(replace(c, circuit="garage") for c in here), *there])
    loop = Loop(drawn)
    for id in drawn.chargers:
        loop.plug(id)
    loop.run(QUARTER_S + 60)
    assert loop.offers() == [0, 7, 7, 7, 7]
    assert loop.commands_to("d0", 60) == loop.commands_to("d1", 60) == []


def test_scenario_04_who_has_priority_makes_room_for_nobody():
    drawn = one_fuse(14, charger("c0", priority=1), charger("c1"), charger("c2"), charger("c3"))
    loop = Loop(drawn)
    for id in drawn.chargers:
        loop.plug(id)
    loop.run(60)
    seen = [loop.run(QUARTER_S).offers() for _ in range(3)]
    assert seen == [[8, 0, 6, 0], [8, 0, 0, 6], [8, 6, 0, 0]]


def test_scenario_41_a_leap_of_the_clock_makes_one_turn():
    loop = Loop(one_fuse(14, *chargers(3)))
    for id in loop.drawn.chargers:
        loop.plug(id)
    loop.run(600)
    loop.wall_ahead_s += 3600 + 420  # it was an hour and seven minutes slow
    loop.run(1500)
    stops = [at_s for at_s, _, limit_a in loop.sent if limit_a == 0 and at_s > 60]
    assert len(stops) == 2  # at 15:00 as it was promised, and once in the 19 minutes after that
    assert all(later - one > 450 for one, later in pairwise(stops))


@pytest.mark.parametrize("meter", [None, "main"])
def test_scenario_05_the_limit_falls_and_one_makes_room(meter):
    """14 A, two cars at 7; 11 A are left: one pauses, the other has 11 once nothing flows in the first."""
    loop = Loop(one_fuse(14, *chargers(2), meter=meter), margin_a=0.1)
    loop.plug("c0")
    loop.plug("c1")
    assert loop.run(60).amps() == pytest.approx([7, 7], abs=0.3)
    loop.redraw(one_fuse(11, *chargers(2), meter=meter))
    changed_s = loop.t
    while loop.offers()[0] <= 7:
        assert loop.t < changed_s + 30
        loop.run(0.1)
    assert loop.amps("c1") == [0]  # before that nothing was raised
    assert loop.run(30).amps() == pytest.approx([11, 0], abs=0.3)
    loop.redraw(one_fuse(14, *chargers(2), meter=meter))
    loop.run(200)
    assert loop.offers("c1") == [0]  # it rests
    loop.run(100)
    assert loop.amps() == pytest.approx([7, 7], abs=0.3)
    for _ in range(4):  # nobody stops twice in five minutes, however often the limit changes
        loop.redraw(one_fuse(11, *chargers(2), meter=meter)).run(40)
        loop.redraw(one_fuse(14, *chargers(2), meter=meter)).run(40)
    assert [limit_a == 0 for limit_a in loop.commands_to("c1", changed_s)].count(True) == 2
    assert 0 not in loop.commands_to("c0", changed_s)


def test_scenario_29_headroom_swings_about_the_minimum():
    """5.5 and 6.5 A by turns every ten seconds: one stop, and no second one in five minutes."""
    house = lambda t: (18.4, 3.0, 3.0) if t < 60 or t % 20 < 10 else (19.4, 3.0, 3.0)  # noqa: E731
    loop = Loop(one_fuse(25, charger("c0"), meter="main"), house, margin_a=0.1)
    loop.plug("c0")
    assert loop.run(60).amps() == pytest.approx([6.5], abs=0.3)
    loop.run(1800)
    assert loop.commands_to("c0", 60).count(0) <= 1


def test_scenario_29_a_start_leaves_a_margin_for_what_the_last_hour_brought():
    """6.5 A were left for five minutes, and 4.5 A half an hour ago: not enough to start. Without that hour it is."""
    house = lambda t: (20.4 if 100 < t < 200 else 18.4, 3.0, 3.0)  # noqa: E731
    loop = Loop(one_fuse(25, charger("c0"), meter="main"), house, margin_a=0.1).run(1900)
    loop.plug("c0")
    assert loop.run(60).offers() == [0]
    calm = Loop(one_fuse(25, charger("c0"), meter="main"), step_at(0, (18.4,) * 3, (18.4,) * 3), margin_a=0.1).run(1900)
    calm.plug("c0")
    assert calm.run(60).amps() == pytest.approx([6.5], abs=0.3)


def test_turns_are_a_setting():
    loop = Loop(one_fuse(14, *chargers(3)), dt_s=0.5, turns=Turns(turn_s=0))
    for id in loop.drawn.chargers:
        loop.plug(id)
    loop.run(3600)
    assert loop.offers() == [7, 7, 0]
    grant = loop.decision.grants[ChargerId("c2")]
    assert (grant.queue_position, grant.queue_until) == (1, None)
    assert loop.drawn.grid.limit_a == same_on_each(14.0)
