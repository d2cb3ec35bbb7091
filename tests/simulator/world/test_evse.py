"""The electrical side of an outlet: pilot, contactor, wiring, registers, faults."""

from __future__ import annotations

import pytest

from simulator.world.car import Car, CarModel
from simulator.world.evse import Evse, Outlet

CAR = CarModel("car", phases=3, max_a=16, reaction_s=1)


def outlet(*wiring: str, car: CarModel | None = CAR, need_wh: float = 50_000) -> Evse:
    evse = Evse(Outlet("bay", wiring or ("L1", "L2", "L3"), 32, 0.5))
    if car is not None:
        evse.plug(Car(car, need_wh))
    return evse


def run(evse: Evse, seconds: float) -> None:
    for _ in range(round(seconds * 10)):
        evse.step(0.1)


@pytest.mark.parametrize(("asked_a", "offered_a"), [(10, 10), (40, 32), (6, 6), (5.9, 0), (0, 0)])
def test_the_pilot_says_0_or_6_to_its_maximum_after_its_delay(asked_a: float, offered_a: float) -> None:
    evse = outlet()
    evse.set_pilot(16)
    run(evse, 1)
    evse.set_pilot(asked_a)
    run(evse, 0.3)
    assert evse.offered_a == 16
    run(evse, 0.4)
    assert evse.offered_a == offered_a


@pytest.mark.parametrize(
    ("wiring", "phases", "terminals", "lines"),
    [
        (("L1", "L2", "L3"), 3, (9.8, 9.8, 9.8), (9.8, 9.8, 9.8)),
        (("L2", "L3", "L1"), 1, (9.8, 0, 0), (0, 9.8, 0)),
        (("L2", "L3", "L1"), 2, (9.8, 9.8, 0), (0, 9.8, 9.8)),
        (("L3", "L1", "L2"), 2, (9.8, 9.8, 0), (9.8, 0, 9.8)),
        (("L3",), 3, (9.8, 0, 0), (0, 0, 9.8)),
    ],
)
def test_current_reaches_the_supply_through_the_wiring(
    wiring: tuple[str, ...], phases: int, terminals: tuple[float, ...], lines: tuple[float, ...]
) -> None:
    evse = outlet(*wiring, car=CarModel("car", phases, 16, reaction_s=1))
    evse.set_pilot(10)
    run(evse, 3)
    assert evse.current_a == pytest.approx(terminals)
    assert evse.line_current_a == pytest.approx(lines)
    assert evse.power_w == pytest.approx(sum(terminals) * 230)


def test_states_from_plug_to_full_to_unplug() -> None:
    evse = outlet(car=None)
    seen: list[str] = []
    evse.on_change(lambda: seen.append(evse.iec_state))
    evse.set_pilot(16)
    run(evse, 1)
    evse.plug(Car(CAR, need_wh=20))
    run(evse, 30)
    evse.unplug()
    assert list(dict.fromkeys(seen)) == ["A", "B", "C"]
    assert seen[-3:] == ["C", "B", "A"]


def test_registers_count_the_visit_and_the_lifetime() -> None:
    evse = outlet(need_wh=20)
    evse.set_pilot(16)
    run(evse, 60)
    evse.unplug()
    evse.plug(Car(CAR, need_wh=10))
    run(evse, 60)
    assert evse.session_energy_wh == pytest.approx(10, abs=0.5)
    assert evse.energy_wh == pytest.approx(30, abs=1)


def test_disabled_it_energises_nothing_and_comes_back() -> None:
    evse = outlet()
    evse.set_pilot(16)
    run(evse, 3)
    evse.enable(False)
    run(evse, 2)
    assert (evse.offered_a, evse.power_w, evse.iec_state) == (0, 0, "B")
    evse.enable(True)
    run(evse, 2)
    assert evse.current_a[0] > 15


def test_the_contactor_opens_after_six_seconds_whatever_the_car_does() -> None:
    evse = outlet(car=CarModel("deaf", 3, 16, reaction_s=60))
    evse.set_pilot(16)
    run(evse, 80)
    assert evse.current_a[0] > 15
    evse.set_pilot(0)
    run(evse, 6.3)
    assert evse.current_a[0] > 15
    run(evse, 0.5)
    assert evse.current_a[0] == 0


def test_a_fault_opens_at_once_and_passes() -> None:
    evse = outlet()
    evse.set_pilot(16)
    run(evse, 3)
    evse.trip("GroundFailure")
    assert (evse.iec_state, evse.current_a, evse.offered_a) == ("F", (0, 0, 0), 0)
    run(evse, 5)
    assert evse.power_w == 0
    evse.clear_fault()
    run(evse, 3)
    assert evse.iec_state == "C"
    assert evse.current_a[0] > 15


def test_ignoring_limits_keeps_the_offer_and_obeys_afterwards() -> None:
    evse = outlet()
    evse.set_pilot(16)
    run(evse, 3)
    evse.ignore_limits(True)
    evse.set_pilot(8)
    evse.enable(False)
    evse.enable(True)
    run(evse, 10)
    assert evse.offered_a == 16
    evse.ignore_limits(False)
    run(evse, 2)
    assert evse.offered_a == 8


def test_a_slow_charger_takes_nine_seconds_more() -> None:
    evse = outlet()
    evse.slow_by(9)
    evse.set_pilot(16)
    run(evse, 9.3)
    assert evse.offered_a == 0
    run(evse, 0.4)
    assert evse.offered_a == 16


def test_each_stay_is_known_by_the_register() -> None:
    evse = Evse(Outlet("bay"), energy_wh=100.0)
    evse.set_pilot(16)
    for _ in range(2):
        evse.plug(Car(CarModel("sedan", 3, 16.0), 20_000.0))
        for _ in range(600):
            evse.step(0.1)
        assert evse.stays[-1].to_wh is None
        evse.unplug()
    first, second = evse.stays
    assert (first.from_wh, first.to_wh, second.to_wh) == (100.0, second.from_wh, evse.energy_wh)
    assert second.to_wh > second.from_wh > 200
