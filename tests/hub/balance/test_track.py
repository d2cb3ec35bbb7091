"""One charger over time: what it may draw at worst, and what is known of the limit that it was told."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from hub.balance.lease import held
from hub.balance.track import ANSWER_S, FOLLOW_S, LOST_S, RETRY_S, Track
from hub.core.state import LiveCharger
from hub.model.charger import Status
from hub.model.lease import Leasing
from hub.model.units import same_on_each
from tests.hub.balance.drawings import charger

AT = datetime(2026, 1, 1, tzinfo=UTC)
CHARGER = charger("c0", max_a=32.0, fallback_a=10.0)


def track(now_s: float = 100.0, *, line_a: float | None = None, **said) -> Track:
    """A charger that was heard at 100 s and charges, unless said otherwise."""
    found = Track(CHARGER, since_s=0.0)
    state = {"online": True, "status": Status.CHARGING, "held_a": 16.0, **said}
    live = LiveCharger("c0", "S", **state)
    if line_a is not None:
        live.line_a, live.reading_at_s = same_on_each(line_a), now_s
    found.hear(live, now_s)
    return found


@pytest.mark.parametrize(
    ("said", "might_a"),
    [
        ({"held_a": 16.0}, 16),
        ({"held_a": 16.0, "asked_a": 20.0}, 20),  # a raise counts from the moment it is sent
        ({"held_a": 16.0, "asked_a": 6.0}, 16),  # a reduction when it is confirmed
        ({"held_a": 16.0, "line_a": 25.0}, 25),  # what it draws counts whatever it was told
        ({"held_a": 16.0, "line_a": 5.0}, 16),
        ({"held_a": None}, 32),  # it has not said: its maximum
        ({"held_a": 0.0, "status": Status.AVAILABLE}, 0),
        ({"held_a": 16.0, "status": Status.AVAILABLE}, 16),  # a car that plugs in would get it
    ],
)
def test_might_draw(said, might_a):
    assert track(**said).might_draw_a(100.0) == might_a


def test_who_was_never_heard_may_draw_its_maximum():
    silent = Track(CHARGER, since_s=0.0)
    assert silent.might_draw_a(1.0) == 32
    assert silent.awaited(ANSWER_S - 0.1)
    assert not silent.silent(ANSWER_S - 0.1)
    assert not silent.awaited(ANSWER_S)
    assert silent.silent(ANSWER_S)
    assert not silent.has_car


def test_who_is_lost_keeps_its_limit_a_little_then_falls_back():
    lost = track(held_a=16.0)
    lost.live.online = False
    assert lost.hear(lost.live, 110.0)
    assert not lost.reachable
    assert lost.might_draw_a(110.0 + LOST_S - 0.1) == 16
    assert lost.might_draw_a(110.0 + LOST_S) == 10


def test_who_comes_back_is_not_believed_before_it_says_what_it_holds():
    lost = track(held_a=16.0)
    lost.live.online, lost.live.held_a = False, None  # as the devices room does it
    lost.hear(lost.live, 110.0)
    assert lost.might_draw_a(114.0) == 16.0  # it cannot have restarted so soon
    lost.live.online = True
    assert lost.hear(lost.live, 120.0)
    assert (lost.held_a, lost.command_a(), lost.might_draw_a(120.0)) == (None, None, 32)
    lost.live.held_a = 12.0
    lost.hear(lost.live, 121.0)
    assert (lost.held_a, lost.command_a()) == (12, 12)


def test_a_command_from_sending_to_confirmation():
    found = track(held_a=16.0)
    found.send(20.0)
    assert (found.command_a(), found.might_draw_a(100.0), found.may_be_told(100.0)) == (20, 20, False)
    found.live.held_a = 20.0
    found.confirmed(20.0, 20.0, 100.0)
    assert (found.command_a(), found.may_be_told(100.0)) == (20, True)
    found.live.held_a = 12.0  # somebody else lowered it
    assert found.command_a() == 12


@pytest.mark.parametrize(
    ("lowered_s", "sample", "might_a"),
    [
        (103.0, None, 16),  # it was on its way up: it may come down from anything below its last limit
        (103.0, (104.0, 15.0), 16),  # and is on its way down
        (103.0, (104.0, 8.0), 8),  # and has followed
        (103.0 - FOLLOW_S, None, 8),  # and has had its time
        (120.0, (119.0, 12.0), 12),  # a draw that was measured under a limit that it followed
    ],
)
def test_a_car_comes_down_from_what_it_may_have_drawn(lowered_s, sample, might_a):
    found = track(now_s=min(100.0, lowered_s - 1), held_a=16.0)
    found.live.status = Status.CHARGING
    if sample is not None and sample[0] < lowered_s:
        found.live.line_a, found.live.reading_at_s = same_on_each(sample[1]), sample[0]
        found.hear(found.live, sample[0])
    found.live.held_a = 8.0
    found.confirmed(8.0, 8.0, lowered_s)
    if sample is not None and sample[0] > lowered_s:
        found.live.line_a, found.live.reading_at_s = same_on_each(sample[1]), sample[0]
    now_s = max(103.0, lowered_s) + 1
    found.hear(found.live, now_s)
    assert found.might_draw_a(now_s) == might_a


def test_a_charger_of_whole_amps_shows_itself():
    found = track(held_a=16.0)
    found.send(11.6)
    found.live.held_a = 11.0
    found.confirmed(11.6, 11.0, 100.0)
    assert (found.step_a, found.command_a()) == (1.0, 11)
    found.live.held_a = 10.5
    found.confirmed(10.5, 10.5, 100.0)
    assert found.step_a == 0.1


def test_a_charger_that_gives_less_than_asked_is_not_told_again_and_again():
    found = track(held_a=10.0)
    found.send(20.0)
    found.live.held_a = 16.0  # its cable takes no more
    found.confirmed(20.0, 16.0, 100.0)
    assert (found.step_a, found.command_a(), found.might_draw_a(100.0)) == (0.1, 20, 16)


@pytest.mark.parametrize(("held_a", "sent_a", "might_a"), [(16.0, 6.0, 16), (6.0, 16.0, 16)])
def test_a_command_that_failed_keeps_the_larger_value_and_comes_again(held_a, sent_a, might_a):
    found = track(held_a=held_a)
    found.send(sent_a)
    found.failed(sent_a, 100.0, refused=True)
    assert found.might_draw_a(100.0) == might_a
    assert found.command_a() is None
    assert found.disobeys(100.0 + RETRY_S - 0.1)
    assert not found.may_be_told(100.0 + RETRY_S - 0.1)
    assert found.may_be_told(100.0 + RETRY_S)
    found.live.held_a = 8.0  # it says something new by itself
    found.hear(found.live, 101.0)
    assert (found.failure, found.command_a()) == (None, 8)


def test_an_old_sample_counts_until_the_car_had_to_follow():
    found = track(line_a=16.0, held_a=16.0)
    found.live.held_a = 8.0
    found.hear(found.live, 105.0)
    assert found.might_draw_a(105.0 + FOLLOW_S - 0.1) == 16
    assert found.might_draw_a(105.0 + FOLLOW_S) == 8


def test_what_asks_for_a_decision():
    found = Track(CHARGER, since_s=0.0)
    live = LiveCharger("c0", "S")
    asked = []
    for change in (
        {},
        {"online": True},
        {"status": Status.PREPARING},
        {"held_a": 6.0},
        {"asked_a": 8.0},
        {"line_a": same_on_each(5.0), "reading_at_s": 1.0},
        {"online": False},
    ):
        for name, value in change.items():
            setattr(live, name, value)
        asked.append(found.hear(live, 1.0))
    assert asked == [False, True, True, True, False, False, True]


def test_a_car_arrives_and_leaves():
    found = track(status=Status.AVAILABLE)
    assert found.arrived_s is None
    for status, at_s, arrived_s in (
        (Status.PREPARING, 110.0, 110.0),
        (Status.CHARGING, 120.0, 110.0),
        (None, 130.0, 110.0),
    ):
        found.live.status = status
        found.hear(found.live, at_s)
        assert found.arrived_s == arrived_s
    found.live.status = Status.FINISHING
    found.hear(found.live, 140.0)
    assert found.arrived_s is None


def lent(limit_a: float, floor_a: float, now_s: float = 100.0) -> Track:
    """One that holds leases and has just confirmed this one."""
    found = track(now_s, held_a=limit_a, leasing=Leasing(at=AT, lease_s=45.0))
    found.send(limit_a, held(limit_a, floor_a, 45.0, 45.0, now_s))
    found.confirmed(limit_a, limit_a, now_s)
    return found


def test_the_same_limit_with_a_new_end_is_no_change():
    found = track(held_a=16.0)
    before_s = found.changed_s
    assert not found.hear(replace(found.live, asked_a=16.0), 120.0)
    assert not found.hear(replace(found.live, asked_a=None), 120.5)
    assert found.changed_s == before_s
    found.hear(replace(found.live, asked_a=20.0), 130.0)
    assert found.changed_s == 130.0


def test_a_lease_below_its_floor_that_nobody_renews_counts_as_its_floor_in_time():
    found = lent(0.0, 8.0)
    assert found.might_draw_a(140.0) == 0
    assert not found.wants_renewal(8.0, 133.0)
    assert found.wants_renewal(8.0, 134.0)
    assert found.wants_renewal(6.0, 101.0)  # above another floor
    assert found.in_doubt(149.0)
    assert found.might_draw_a(149.0) == 8


def test_one_that_is_lost_keeps_what_its_lease_gives_until_that_has_surely_ended():
    found = lent(16.0, 8.0)
    found.live.online = False
    found.hear(found.live, 110.0)
    assert found.may_hold_a(110.0 + LOST_S) == 16
    assert found.may_hold_a(100.0 + 45.0 + 15.9) == 16  # 10 s of clock, 6 s of its car
    assert found.may_hold_a(100.0 + 45.0 + 16.0) == 10  # its fallback


def test_after_a_command_without_an_answer_the_higher_floor_counts():
    found = lent(16.0, 8.0)
    found.send(10.0, held(10.0, 9.0, 45.0, 45.0, 110.0))
    found.failed(10.0, 111.0, refused=False)
    assert found.lease is not None
    assert found.lease.floor_a == 9


def test_one_that_can_hold_leases_no_more_has_none():
    found = lent(16.0, 8.0)
    assert found.hear(replace(found.live, leasing=Leasing(at=AT, lease_s=None, why="its clock is off")), 120.0)
    assert (found.leases, found.lease, found.wants_renewal(8.0, 200.0)) == (False, None, False)
