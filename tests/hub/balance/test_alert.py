"""An excess from its first sample on: what may be done about it, with and without a device that bears it."""

import pytest

from hub.balance.alert import Alert, Stance
from hub.balance.thermal import CURVES, Warmth
from hub.model.site import Device
from hub.model.units import PerPhase, same_on_each

LIMIT = same_on_each(35.0)


def alert(device: Device | None = None, rating_a: float = 50.0) -> Alert:
    lines = None if device is None else [Warmth.of(CURVES[device], rating_a, 35.0) for _ in range(3)]
    found = Alert(LIMIT, lines)
    for at_s in (-2.0, -1.0):
        found.see(same_on_each(30.0), at_s)
    return found


def saw(found: Alert, *samples: tuple[float, float]) -> list[Stance]:
    stances = []
    for at_s, amps in samples:
        found.see(PerPhase(20.0, amps, 20.0), at_s)
        stances.append(found.stance(at_s))
    return stances


def test_an_inrush_lowers_where_nobody_knows_the_device_and_waits_where_it_is_borne():
    second = ((0.0, 60.0), (1.0, 30.0))
    assert saw(alert(), *second) == [Stance.LOWERS, Stance.CALM]
    assert saw(alert(Device.GG), *second) == [Stance.WAITS, Stance.CALM]
    assert saw(alert(Device.GG, 35.0), *second) == [Stance.LOWERS, Stance.CALM]  # too small for that
    assert saw(alert(Device.B), (0.0, 150.0)) == [Stance.LOWERS]  # it may trip at once


@pytest.mark.parametrize("device", [None, Device.GG])
def test_what_is_still_there_a_second_later_stops_cars(device):
    assert saw(alert(device), (0.0, 60.0), (0.5, 60.0), (1.0, 60.0))[-1] is Stance.STOPS


def test_without_another_sample_it_counts_as_there():
    found = alert(Device.GG)
    saw(found, (0.0, 60.0))
    assert [found.stance(at_s) for at_s in (1.4, 1.5)] == [Stance.WAITS, Stance.STOPS]


def test_a_slow_meter_cannot_tell_an_inrush_from_a_load():
    assert saw(alert(Device.GG), (9.0, 60.0)) == [Stance.LOWERS]


def test_the_lines_above_the_limit_are_known_and_within_it_nothing_is():
    found = alert()
    assert saw(found, (0.0, 35.0)) == [Stance.CALM]
    saw(found, (1.0, 35.1))
    assert found.over == PerPhase(False, True, False)
