"""How warm a protective device is: steady at what it holds, no sooner tripping than its standard says, and cooling."""

import math

import pytest

from hub.balance.thermal import CURVES, Warmth, warmths
from hub.model.ids import GRID
from hub.model.site import Circuit, Device
from hub.model.units import PerPhase, same_on_each


def cold(device: Device, rating_a: float = 32.0) -> Warmth:
    found = Warmth.of(CURVES[device], rating_a, rating_a)
    found.heat = 0.0
    return found


@pytest.mark.parametrize("device", list(Device))
def test_the_standards_points(device):
    curve, found = CURVES[device], cold(device)
    assert found.after(curve.fast * 32, curve.fast_s) == pytest.approx(1.0)  # the fastest from cold
    assert found.after(curve.holds * 32, 7200.0) <= 1.0 + 1e-9  # held for ever
    assert found.after(curve.holds * 32 * 1.01, 7200.0) > 1.0


@pytest.mark.parametrize(
    ("device", "limit_a", "amps", "for_s", "bears"),
    [
        # gG 35 A, warm from 35 A: 0.64; its line 0.82
        (Device.GG, 35.0, 43.0, 3600.0, False),  # 1.23 times its rating is nearly what it holds
        (Device.GG, 35.0, 46.0, 10.0, True),
        (Device.GG, 35.0, 46.0, 15.0, False),
        (Device.GG, 35.0, 75.0, 1.0, True),
        (Device.GG, 35.0, 75.0, 10.0, False),
        # B 35 A: the standard promises a second at 2.55 times, so next to nothing when it is warm
        (Device.B, 35.0, 46.0, 0.5, True),
        (Device.B, 35.0, 46.0, 2.0, False),
        (Device.B, 25.0, 46.0, 1.5, True),  # warm from 25 A only
        # far above: never, however short; 0.8 of three times its rating is 84 A
        (Device.B, 25.0, 83.0, 0.0, True),
        (Device.B, 25.0, 85.0, 0.0, False),
        (Device.C, 25.0, 85.0, 0.0, True),
        # below its limit: for ever
        (Device.SLS_E, 35.0, 35.0, math.inf, True),
    ],
)
def test_what_a_warm_device_bears(device, limit_a, amps, for_s, bears):
    assert Warmth.of(CURVES[device], 35.0, limit_a).bears(amps, for_s) is bears


def test_it_warms_between_samples_by_the_larger_and_cools_slowly():
    found = Warmth.of(CURVES[Device.GG], 35.0, 35.0)
    for at_s, amps in ((0.0, 35.0), (1.0, 46.0)):
        found.take(amps, at_s)
    warm = found.heat
    assert warm == pytest.approx(found.hot + (1.1055 - 0.64) * (1 - math.exp(-1 / found.curve.tau_s)), abs=1e-3)
    found.take(20.0, 2.0)
    warmer = found.heat
    assert warmer > warm  # up to this sample it may have been 46 A
    found.take(20.0, 5.0)
    assert found.hot < found.heat < warmer
    found.take(20.0, 600.0)
    assert found.heat < found.hot


def test_who_does_not_say_what_protects_the_circuit_has_no_budget():
    bare = Circuit(GRID, None, same_on_each(25.0), breaker_a=same_on_each(35.0))
    assert warmths(bare) is None
    one_phase = Circuit(GRID, None, PerPhase(25.0, 0.0, 0.0), breaker_a=PerPhase(35.0, 0.0, 0.0), device=Device.B)
    found = warmths(one_phase)
    assert found is not None
    assert [line.bears(0.0, 60.0) for line in found] == [True, True, True]
