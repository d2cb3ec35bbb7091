"""Meter minus cars, by hand: what is background when samples are old, cars are on their way, or the meter is over."""

import pytest

from hub.balance.background import ZERO, Span, estimate, least, span, together
from hub.balance.track import Track
from hub.core.state import LiveCharger
from hub.model.charger import Status
from hub.model.units import PerPhase, same_on_each
from tests.hub.balance.drawings import L1, L2, L3, charger

LIMIT = same_on_each(32.0)
NOW_S = 1000.0


def cars(low, high=None, seen=None, guessed=0.0) -> Span:
    high = low if high is None else high
    seen = low if seen is None else seen
    return Span(*(same_on_each(float(a)) for a in (low, high, seen, guessed)))


@pytest.mark.parametrize(
    ("meter_a", "span", "before_a", "background_a"),
    [
        (20, cars(12), None, 8),  # measured at the same moment: plainly the difference
        (20, cars(12), 3, 8),  # whatever it was before
        (5, cars(12), 3, -7),  # the site feeds in
        (20, cars(6, 16), 8, 8),  # the car is on its way up: 12 is between 6 and 16
        (26, cars(6, 16), 8, 10),  # even 16 does not explain 26
        (13, cars(6, 16), 8, 7),  # even 6 is too much for 8
        (20, cars(6, 16), None, 4),  # nothing known before: the car has all
        (3, cars(6, 16), None, -3),  # at least 6 A are the car's
        (10, cars(0, 32), None, 0),  # doubt about a car never claims that the site feeds in
        (10, cars(12, guessed=12), None, 0),  # nor does a guess
        (20, cars(12, guessed=12), 3, 8),
        (40, cars(6, 16, seen=12), 8, 28),  # over 32: all but the measured 12 is background, the cars lose 8
        (40, cars(6, 16, seen=12), 30, 30),
    ],
)
def test_estimate(meter_a, span, before_a, background_a):
    before = None if before_a is None else same_on_each(float(before_a))
    assert estimate(same_on_each(float(meter_a)), span, before, LIMIT) == same_on_each(float(background_a))


def test_the_budget_of_the_cars_is_what_they_draw_minus_the_excess():
    excess, drawn = 8.0, 24.0
    background = estimate(same_on_each(32 + excess), cars(drawn), same_on_each(2.0), LIMIT)
    assert 32 - background.l1 == drawn - excess


def test_the_least_is_what_all_the_cars_might_leave():
    assert least(same_on_each(20.0), cars(6, 16)) == same_on_each(4.0)
    assert least(same_on_each(20.0), cars(0, 32)) == ZERO


def test_spans_add_up_in_phase():
    assert together([(1.0, cars(6, 16)), (0.5, cars(4))]).high_a == same_on_each(18.0)
    assert together([]) == Span()


def heard(line_a=None, at_s=NOW_S - 0.5, *, phases=(L1, L2, L3), changed_s=0.0, **live) -> Track:
    """A charger that holds 16 A and said its currents at some time."""
    state = LiveCharger("c0", "S", online=True, status=Status.CHARGING, held_a=16.0)
    for name, value in live.items():
        setattr(state, name, value)
    state.line_a, state.reading_at_s = line_a, at_s
    track = Track(charger("c0", phases=phases), since_s=0.0)
    track.hear(state, at_s)
    track.changed_s = changed_s
    return track


TEN = PerPhase(10.0, 10.0, 10.0)
SIXTEEN = same_on_each(16.0)


@pytest.mark.parametrize(
    ("track", "low", "high", "seen", "guessed"),
    [
        # fresh and steady: exactly that
        (heard(TEN), TEN, TEN, TEN, ZERO),
        # an old sample: it may be anything up to what it holds by now
        (heard(TEN, NOW_S - 9), TEN, SIXTEEN, TEN, ZERO),
        # fresh, but it was told more just before
        (heard(TEN, changed_s=NOW_S - 1), TEN, SIXTEEN, TEN, ZERO),
        # told less just before: on its way down from 20
        (heard(same_on_each(20.0), changed_s=NOW_S - 1), SIXTEEN, same_on_each(20.0), same_on_each(20.0), ZERO),
        # long told less, and the sample is from before: it is down by now
        (heard(same_on_each(20.0), NOW_S - 9, changed_s=NOW_S - 8), SIXTEEN, SIXTEEN, SIXTEEN, ZERO),
        # a one-phase car at a three-phase charger stays on its line
        (heard(PerPhase(10.0, 0.0, 0.0), NOW_S - 9), PerPhase(10, 0, 0), PerPhase(16, 0, 0), PerPhase(10, 0, 0), ZERO),
        # never measured: what it holds, as a guess
        (heard(None), SIXTEEN, SIXTEEN, SIXTEEN, SIXTEEN),
        (heard(None, phases=(L2,)), *[PerPhase(0, 16, 0)] * 4),
        (heard(None, held_a=None), *[same_on_each(32.0)] * 4),
        # one line not measured
        (heard(PerPhase(10.0, None, 10.0)), *[PerPhase(10, 16, 10)] * 3, PerPhase(0, 16, 0)),
        # unknown wiring: on which line is not known
        (heard(TEN, phases=None), ZERO, TEN, TEN, ZERO),
        # no car, or one that is suspended: nothing flows, whatever was measured before
        (heard(TEN, NOW_S - 9, status=Status.AVAILABLE), ZERO, ZERO, ZERO, ZERO),
        (heard(None, status=Status.SUSPENDED_EV), ZERO, ZERO, ZERO, ZERO),
        # not reachable: anything up to what is kept free for it
        (heard(TEN, online=False), ZERO, same_on_each(32.0), same_on_each(32.0), ZERO),
    ],
)
def test_span(track, low, high, seen, guessed):
    assert span(track, NOW_S) == Span(low, high, seen, guessed)


def test_the_sample_nearest_to_the_meter_s_moment_counts():
    track = heard(TEN, NOW_S - 5)
    for at_s, a in ((NOW_S - 3, 11.0), (NOW_S - 1, 12.0), (NOW_S + 1.5, 14.0)):
        track.live.line_a, track.live.reading_at_s = same_on_each(a), at_s
        track.hear(track.live, at_s)
    assert span(track, NOW_S).seen_a == same_on_each(12.0)
    assert span(track, NOW_S - 3.2).seen_a == same_on_each(11.0)


def test_a_sample_that_is_much_newer_than_the_meter_is_not_exact():
    track = heard(TEN, NOW_S + 8)
    track.changed_s = 0.0
    assert span(track, NOW_S).high_a == SIXTEEN


def test_a_car_that_moves_is_not_exact_either():
    track = heard(same_on_each(0.0), NOW_S - 2)
    track.live.line_a, track.live.reading_at_s = same_on_each(5.0), NOW_S - 1
    track.hear(track.live, NOW_S - 1)
    assert span(track, NOW_S) == Span(same_on_each(5.0), SIXTEEN, same_on_each(5.0), ZERO)


def test_just_after_a_status_change_current_may_still_flow():
    track = heard(TEN, NOW_S - 0.5, status=Status.SUSPENDED_EV, changed_s=NOW_S - 1)
    assert span(track, NOW_S).seen_a == TEN
