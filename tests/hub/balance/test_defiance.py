"""What is not as it was believed: chargers that go their own way, meters never heard, clocks that leap."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.core.state import LiveMeter
from hub.model.grant import Wish
from hub.model.ids import ChargerId, MeterId
from hub.model.lease import Leasing
from tests.hub.balance.closed_loop import START, Loop, step_at
from tests.hub.balance.drawings import charger, one_fuse

pytestmark = pytest.mark.scenario

TIME_TO_SEE_S = 20.0  # 10 s to apply a set-point, 5 s until it says what it draws, and the others follow


@pytest.mark.parametrize("meter", [None, "m"])
def test_scenario_20_others_make_room_for_one_that_draws_more_than_it_was_told(meter):
    loop = Loop(one_fuse(32.0, charger("a"), charger("b"), charger("c"), meter=meter), dt_s=0.2)
    loop.plug("a")
    loop.plug("b")
    loop.run(60)
    loop.evses["a"].ignore_limits(True)
    loop.plug("c")
    loop.run(180)
    assert loop.amps()[0] > 15  # it goes on as before
    assert sum(loop.amps()) <= 32.5
    assert loop.longest_over_s() <= TIME_TO_SEE_S


def test_scenario_20_the_guard_too_reckons_with_what_flows():
    loop = Loop(
        one_fuse(32.0, charger("a"), charger("b"), meter="m"), step_at(100, (0, 0, 0), (14.0, 14.0, 14.0)), dt_s=0.2
    )
    loop.plug("a")
    loop.plug("b")
    loop.run(60)
    loop.evses["a"].ignore_limits(True)
    loop.run(200)
    assert loop.amps()[0] > 15
    assert loop.longest_over_s() <= TIME_TO_SEE_S


def test_no_floor_counts_on_a_house_that_nobody_has_seen():
    loop = Loop(one_fuse(32.0, charger("a"), charger("b"), meter="m"), lambda t: (12.0, 12.0, 12.0), dt_s=0.2)
    loop.plug("a")
    loop.plug("b")
    loop.run(200)
    loop.picture.meters[MeterId("m2")] = LiveMeter(MeterId("m2"))
    loop.meters_down = True
    loop.redraw(one_fuse(32.0, charger("a"), charger("b"), meter="m2"))  # another meter, and it never speaks
    loop.run(100)
    loop.kill_hub()
    loop.run(150)
    assert loop.longest_over_s() <= 5


@pytest.mark.parametrize("offset_s", [3, 15, 33])
def test_one_with_longer_leases_waits_for_those_that_end_before_it(offset_s):
    loop = Loop(one_fuse(32.0, charger("a"), charger("b")), dt_s=0.2)
    loop.memory.wishes[ChargerId("a")] = Wish(0.0, allow=True)
    loop.plug("a")
    loop.run(100 + offset_s)
    loop.plug("b")
    loop.picture.chargers[ChargerId("b")].leasing = Leasing(at=START, lease_s=300.0)
    loop.memory.hear_charger(loop.picture.chargers[ChargerId("b")], loop.t)
    loop.run(3)
    loop.kill_hub()
    loop.run(400)
    assert loop.longest_over_s() == 0


def test_after_a_leap_of_the_clock_every_lease_is_in_doubt_and_told_again():
    loop = Loop(one_fuse(32.0, charger("a"), charger("b")), dt_s=0.2)
    loop.plug("a")
    loop.plug("b")
    loop.run(100)
    loop.memory.clock_leapt(loop.t)
    tracks = loop.memory.tracks.values()
    assert all(track.lease is not None and track.lease.doubt_s == track.lease.renew_s == loop.t for track in tracks)
    loop.run(5)
    assert not any(track.in_doubt(loop.t) for track in tracks)


def test_an_answer_that_was_lost_may_have_made_the_lease_longer():
    loop = Loop(one_fuse(40.0, charger("a"), charger("b")), dt_s=0.2)
    loop.plug("a")
    loop.run(61)
    track = loop.memory.tracks[ChargerId("a")]
    assert track.lease is not None
    track.sent_a, track.sent_lease = 16.0, replace(track.lease, until_s=track.lease.until_s + 25)
    until_s = track.lease.until_s
    track.failed(16.0, loop.t, refused=False)
    assert track.lease.until_s == until_s + 25
