"""Who asks for what: by status, by wish, and by what the car has been drawing."""

import pytest

from hub.balance.demand import AGAIN_S, FULL_S, NoDemand, Reuse, wanted
from hub.balance.track import Track
from hub.core.state import LiveCharger
from hub.model.charger import Status
from hub.model.grant import Limiter, Wish
from hub.model.units import same_on_each
from tests.hub.balance.drawings import charger


def heard(status=Status.CHARGING, held_a=16.0, **drawn) -> Track:
    track = Track(charger("c0", **drawn), since_s=0.0)
    track.hear(LiveCharger("c0", "S", online=True, status=status, held_a=held_a), 0.0)
    return track


@pytest.mark.parametrize(
    ("status", "asks"),
    [
        (Status.PREPARING, (6, 32)),
        (Status.CHARGING, (6, 32)),
        (Status.SUSPENDED_EV, (6, 32)),
        (Status.SUSPENDED_EVSE, (6, 32)),
        (None, (6, 32)),  # online, and does not say: as with a car
        (Status.AVAILABLE, Limiter.NO_CAR),
        (Status.FINISHING, Limiter.NO_CAR),
        (Status.RESERVED, Limiter.NO_CAR),
        (Status.UNAVAILABLE, Limiter.FAULT),
        (Status.FAULTED, Limiter.FAULT),
    ],
)
def test_status(status, asks):
    found = wanted(heard(status), Wish(), 0, Reuse())
    assert (found.limiter if isinstance(found, NoDemand) else (found.least_a, found.most_a)) == asks


@pytest.mark.parametrize(
    ("wish", "asks"),
    [
        (Wish(limit_a=10.0), (6, 10)),
        (Wish(limit_a=10.19), (6, 10.1)),  # rounded down
        (Wish(limit_a=40.0), (6, 32)),  # it only ever lowers
        (Wish(limit_a=5.9), Limiter.REQUEST),
        (Wish(limit_a=0.0), Limiter.REQUEST),
        (Wish(allow=False), Limiter.PAUSED),
        (Wish(limit_a=10.0, allow=False), Limiter.PAUSED),
    ],
)
def test_wishes(wish, asks):
    found = wanted(heard(), wish, 0, Reuse())
    assert (found.limiter if isinstance(found, NoDemand) else (found.least_a, found.most_a)) == asks


def test_a_demand_carries_what_is_drawn():
    track = heard(min_a=8.0, max_a=20.0, priority=2, weight=0.5)
    track.step_a = 1.0
    found = wanted(track, Wish(), 7, Reuse())
    assert (found.least_a, found.most_a, found.priority, found.weight, found.rank, found.step_a) == (
        8,
        20,
        2,
        0.5,
        7,
        1,
    )


def draws(
    track: Track, reuse: Reuse, a: float, from_s: int, to_s: int, status: Status = Status.CHARGING
) -> float | None:
    """The car draws so much for a while, measured every second; answers the limit of reuse then."""
    for second in range(from_s, to_s + 1):
        track.live.line_a, track.live.reading_at_s, track.live.status = same_on_each(a), float(second), status
        track.hear(track.live, float(second))
        reuse.watch(track, float(second))
    return reuse.most_a


def test_a_car_that_draws_less_keeps_three_amps_above_its_draw():
    track, reuse = heard(held_a=16.0), Reuse()
    assert draws(track, reuse, 6.2, 1, int(FULL_S)) is None
    assert draws(track, reuse, 6.2, 61, 61) == pytest.approx(9.2)
    assert wanted(track, Wish(), 0, reuse).most_a == pytest.approx(9.2)


@pytest.mark.parametrize(
    ("draw_a", "most_a"),
    [
        (13.0, None),  # 3 A below its offer: that is nothing
        (12.9, 15.9),
        (2.0, 6.0),  # never below the minimum
        (0.0, 6.0),
    ],
)
def test_how_much_is_kept(draw_a, most_a):
    assert draws(heard(held_a=16.0), Reuse(), draw_a, 1, 90) == (None if most_a is None else pytest.approx(most_a))


def test_a_draw_near_its_limit_is_a_wish_for_more():
    track, reuse = heard(held_a=16.0), Reuse()
    draws(track, reuse, 6.2, 1, 61)
    track.live.held_a = 9.2
    assert draws(track, reuse, 7.9, 62, 90) == pytest.approx(9.2)
    assert draws(track, reuse, 8.5, 91, 90 + int(AGAIN_S)) == pytest.approx(9.2)
    assert draws(track, reuse, 8.5, 101, 101) is None


def test_a_car_that_pauses_itself_keeps_its_minimum_until_its_status_changes():
    track, reuse = heard(Status.SUSPENDED_EV, held_a=16.0), Reuse()
    assert draws(track, reuse, 0.0, 1, 61, Status.SUSPENDED_EV) == 6
    assert draws(track, reuse, 0.0, 62, 62, Status.CHARGING) is None


def test_a_short_dip_changes_nothing():
    track, reuse = heard(held_a=16.0), Reuse()
    draws(track, reuse, 6.0, 1, 50)
    draws(track, reuse, 15.8, 51, 52)
    assert draws(track, reuse, 6.0, 53, 100) is None


def test_without_a_new_measurement_nothing_is_concluded():
    track, reuse = heard(held_a=16.0), Reuse()
    draws(track, reuse, 6.0, 1, 1)
    for second in range(2, 200):
        reuse.watch(track, float(second))
    assert reuse.most_a is None


def test_while_nothing_is_offered_nothing_is_concluded():
    assert draws(heard(Status.SUSPENDED_EVSE, held_a=0.0), Reuse(), 0.0, 1, 200, Status.SUSPENDED_EVSE) is None
