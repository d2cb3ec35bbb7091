"""A go-e Charger's status in the hub's words, as truth tables; documents as in the vendor's lists of API keys."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.sdk import ChargerReading, PerPhase, Status
from integrations.go_e import translate
from integrations.go_e.translate import Setting

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)

# Three phases at 16 A; `nrg` as a user posted it.
CHARGING = json.loads("""{
  "car": 2, "err": 0, "amp": 16, "ama": 16, "frc": 0, "alw": true, "acu": 16, "trx": 0, "modelStatus": 15,
  "nrg": [235, 236, 235, 0, 16.2, 16.1, 16.3, 3800, 3900, 3900, 0, 11730, 100, 100, 100, 0],
  "eto": 1234567, "wh": 2445.202, "tma": [31, 26.5, 37.25]
}""")
WHO = {"sse": "062145", "typ": "go-eCharger_V4", "fwv": "59.4", "fna": "Carport"}


def reading(**changes: object) -> ChargerReading:
    return translate.reading({**CHARGING, **changes}, AT)[0]


def test_a_charging_unit() -> None:
    said, odd = translate.reading(CHARGING, AT)
    assert odd == {}
    assert (said.current_a, said.voltage_v) == (PerPhase(16.2, 16.1, 16.3), PerPhase(235, 236, 235))
    assert (said.power_w, said.energy_wh, said.session_wh) == (11_730, 1_234_567, 2445.202)
    assert (said.offered_a, said.temperature_c, said.at) == (16, 37.25, AT)


@pytest.mark.parametrize(
    ("nrg", "current_a", "power_w", "odd"),
    [
        ([230, 230, 230, 0, 10, 0, 0, 2300, 0, 0, 0, 2300], PerPhase(10, 0, 0), 2300, []),  # one-phase car
        (["230", "230", "230", "0", "10.5", "0", "0"], PerPhase(10.5, 0, 0), None, []),  # numbers as text, short
        ([230, 230, 230, 0, None, 9.5], PerPhase(None, 9.5, None), None, []),
        ([230, 230, 230], None, None, []),
        ([230, 0, 0, 0, True, "much", [1], 0, 0, 0, 0, 1e400], None, None, []),
        ([0] * 16, None, None, ["nrg"]),  # a meter that does not measure, while a car charges
        ([], None, None, ["nrg"]),
        (None, None, None, ["nrg"]),
        ("230", None, None, ["nrg"]),
    ],
)
def test_the_list_of_measured_values(
    nrg: object, current_a: PerPhase[float | None] | None, power_w: float | None, odd: list[str]
) -> None:
    said, complaints = translate.reading({**CHARGING, "nrg": nrg}, AT)
    assert (said.current_a, said.power_w, sorted(complaints)) == (current_a, power_w, odd)


def test_a_silent_meter_without_a_charging_car_is_nothing_to_complain_of() -> None:
    assert translate.reading({"car": 1, "nrg": [0] * 16}, AT)[1] == {}


@pytest.mark.parametrize(
    ("said", "energy_wh", "odd"),
    [
        ({"eto": 5}, 5, []),
        ({"eto": "5.5"}, 5.5, []),
        ({"eto": None}, None, []),
        ({}, None, []),
        ({"eto": -1}, None, ["eto"]),
        ({"eto": "lots"}, None, ["eto"]),
        ({"eto": 10**400}, None, ["eto"]),
        ({"eto": True}, None, ["eto"]),
    ],
)
def test_a_wrong_number_is_unknown_and_named(
    said: Mapping[str, object], energy_wh: float | None, odd: list[str]
) -> None:
    got, complaints = translate.reading({"nrg": [230], **said}, AT)
    assert (got.energy_wh, sorted(complaints)) == (energy_wh, odd)


@pytest.mark.parametrize(
    ("alw", "acu", "offered_a"),
    [(True, 16, 16), (False, 16, 0), (False, None, 0), (True, None, None), (None, 16, 16), ("false", 16, 0)],
)
def test_what_it_offers(alw: object, acu: object, offered_a: float | None) -> None:
    assert reading(alw=alw, acu=acu).offered_a == offered_a


@pytest.mark.parametrize(
    ("tma", "celsius"),
    [([31, 26.5], 31), (["31"], 31), ([None, 20], 20), ([999], None), ([], None), (31, None), (None, None)],
)
def test_temperature_is_that_of_the_hottest_sensor(tma: object, celsius: float | None) -> None:
    assert reading(tma=tma).temperature_c == celsius


NOTHING = [230, 230, 230, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"car": 1, "alw": True}, Status.AVAILABLE),
        ({"car": 1, "alw": False}, Status.AVAILABLE),
        ({"car": 2, "alw": True, "nrg": NOTHING}, Status.CHARGING),
        ({"car": 2, "alw": False, "nrg": [230, 230, 230, 0, 16, 0, 0]}, Status.CHARGING),  # the pause has just begun
        ({"car": 2, "alw": False, "nrg": NOTHING}, Status.SUSPENDED_EVSE),  # some firmware says so for ever
        ({"car": 2, "alw": False}, Status.CHARGING),  # nothing measured: who knows
        ({"car": 3, "alw": True, "wh": 0}, Status.PREPARING),
        ({"car": 3, "alw": True, "wh": 12.5}, Status.SUSPENDED_EV),
        ({"car": 3, "alw": False, "wh": 0}, Status.SUSPENDED_EVSE),  # with car: the balancer must see it
        ({"car": 3, "alw": False, "modelStatus": 2, "trx": None}, Status.PREPARING),  # waits for a card
        ({"car": 3, "alw": False, "modelStatus": 2, "trx": 1}, Status.SUSPENDED_EVSE),
        ({"car": 3}, Status.PREPARING),
        ({"car": 4, "alw": True, "wh": 0}, Status.SUSPENDED_EV),
        ({"car": 4, "alw": False, "wh": 900}, Status.SUSPENDED_EVSE),  # "complete" is said of a pause too
        ({"car": "2", "alw": True}, Status.CHARGING),
        ({"car": 0}, None),
        ({"car": 6}, None),  # initialising
        ({"car": None}, None),
        ({}, None),
    ],
)
def test_states(said: Mapping[str, object], status: Status | None) -> None:
    got, odd = translate.state(said, AT)
    assert (got.status, got.fault, odd) == (status, None, {})


@pytest.mark.parametrize(("car", "odd"), [(7, ["car"]), ("full", ["car"]), (-1, ["car"]), ([2], ["car"])])
def test_an_unknown_state_is_unknown_and_named(car: object, odd: list[str]) -> None:
    got, complaints = translate.state({"car": car, "alw": True}, AT)
    assert (got.status, got.enabled, sorted(complaints)) == (None, True, odd)


@pytest.mark.parametrize(("car", "status"), [(3, "finishing"), (4, "finishing"), (1, "available"), (2, "charging")])
def test_a_stopped_charge_is_finishing_while_its_car_is_there(car: int, status: str) -> None:
    assert translate.state({"car": car, "alw": car == 2}, AT, stopped=True)[0].status == status


@pytest.mark.parametrize(
    ("err", "code"),
    [
        (1, "GroundFailure"),
        (2, "GroundFailure"),
        (3, "OtherError"),
        (4, "OverVoltage"),
        (5, "OverCurrentFailure"),
        (6, "EVCommunicationError"),
        (7, "OtherError"),
        (8, "GroundFailure"),
        (9, "PowerSwitchFailure"),
        (10, "PowerSwitchFailure"),
        (12, "ConnectorLockFailure"),
        (13, "ConnectorLockFailure"),
        (14, "GroundFailure"),
        (15, "InternalError"),
        (16, "HighTemperature"),
        (17, "InternalError"),
        (18, "EVCommunicationError"),
        (23, "GroundFailure"),
    ],
)
def test_faults(err: int, code: str) -> None:
    got, odd = translate.state({"car": 5, "err": err}, AT)
    assert got.fault is not None
    assert (got.status, got.fault.code, got.fault.vendor_code, odd) == (Status.FAULTED, code, str(err), {})


def test_a_fault_that_is_not_known_is_one() -> None:
    got, odd = translate.state({"car": 5, "err": 77}, AT)
    assert got.fault is not None
    assert (got.status, got.fault.code, got.fault.vendor_code, list(odd)) == ("faulted", "OtherError", "77", ["err"])


def test_an_error_without_number() -> None:
    got, _ = translate.state({"car": 5, "err": None}, AT)
    assert got.fault is not None
    assert (got.status, got.fault.vendor_code) == (Status.FAULTED, "car 5")


def test_a_car_that_charges_beside_an_error_is_still_counted() -> None:
    got, _ = translate.state({**CHARGING, "err": 13}, AT)
    assert got.fault is not None
    assert (got.status, got.fault.code) == (Status.CHARGING, "ConnectorLockFailure")


@pytest.mark.parametrize(
    ("car", "plugged"), [(1, False), (2, True), (3, True), (4, True), (5, None), (0, None), (None, None), ("x", None)]
)
def test_whether_a_car_is_there(car: object, plugged: bool | None) -> None:
    assert translate.plugged({"car": car}) is plugged


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"car": 3, "alw": False, "modelStatus": 5}, "its scheduler"),
        ({"car": 3, "alw": False, "modelStatus": 99}, None),
        ({"car": 3, "alw": True, "modelStatus": 15}, None),
        ({"car": 1, "alw": False, "modelStatus": 5}, None),  # no car waits
        ({"car": 3, "alw": False, "modelStatus": 4, "frc": 1}, None),  # we did it
        ({"car": 3, "alw": False}, None),
    ],
)
def test_why_a_car_waits(said: Mapping[str, object], why: str | None) -> None:
    assert translate.withholds(said) == why


@pytest.mark.parametrize(
    ("limit_a", "setting"),
    [
        (16.0, Setting(16, off=False)),
        (15.99, Setting(15, off=False)),  # rounded down
        (6.0, Setting(6, off=False)),
        (5.99, Setting(6, off=True)),
        (0.0, Setting(6, off=True)),
        (-1.0, Setting(6, off=True)),
        (float("nan"), Setting(6, off=True)),
        (32.0, Setting(20, off=False)),  # its owner's maximum
        (float("inf"), Setting(20, off=False)),
    ],
)
def test_a_limit_as_a_setting(limit_a: float, setting: Setting) -> None:
    assert translate.setting_for(limit_a, {"ama": 20}, stopped=False) == setting


def test_a_stopped_unit_stays_off_whatever_its_limit() -> None:
    assert translate.setting_for(16.0, {}, stopped=True) == Setting(16, off=True)


@pytest.mark.parametrize(
    ("amp", "frc", "wanted", "changes"),
    [
        (16, 0, Setting(16, off=False), {}),
        (32, 0, Setting(16, off=False), {"amp": 16}),
        (16, 1, Setting(16, off=False), {"frc": 0}),
        (16, 2, Setting(16, off=False), {}),  # somebody forced it on: that is no more than allowed
        (16, 0, Setting(6, off=True), {"amp": 6, "frc": 1}),
        (16, 2, Setting(6, off=True), {"amp": 6, "frc": 1}),
        (6, 1, Setting(6, off=True), {}),
        (None, None, Setting(10, off=False), {"amp": 10, "frc": 0}),
        ("16", "0", Setting(16, off=False), {}),
    ],
)
def test_only_what_differs_is_set(amp: object, frc: object, wanted: Setting, changes: dict[str, int]) -> None:
    assert translate.changes(wanted, {"amp": amp, "frc": frc}) == changes


@pytest.mark.parametrize(
    ("said", "held_a"),
    [
        ({"amp": 16, "ama": 32, "frc": 0}, 16),
        ({"amp": 32, "ama": 16, "frc": 0}, 16),  # it takes more than its owner allows, and does not give it
        ({"amp": 16, "frc": 1}, 0),
        ({"amp": 16, "frc": 2}, 16),
        ({"amp": 16, "frc": 0, "alw": False}, 16),  # its scheduler may let it go at any time
        ({"amp": 16}, 16),
        ({"frc": 1}, 0),
        ({"amp": None, "frc": 0}, None),
        ({}, None),
    ],
)
def test_what_it_holds(said: Mapping[str, object], held_a: float | None) -> None:
    assert translate.held_a(said) == held_a


@pytest.mark.parametrize(
    ("said", "wanted", "obeys"),
    [
        ({"amp": 10, "frc": 0, "acu": 10, "alw": True}, Setting(10, off=False), True),
        ({"amp": 10, "frc": 0, "acu": 16, "alw": True}, Setting(10, off=False), False),  # set, not followed yet
        ({"amp": 16, "frc": 0, "acu": 16, "alw": True}, Setting(10, off=False), False),
        ({"amp": 10, "frc": 0, "acu": None, "alw": False}, Setting(10, off=False), True),
        ({"amp": 10, "frc": 0, "acu": 8}, Setting(10, off=False), True),  # its cable bears less
        ({"amp": 6, "frc": 1, "alw": True}, Setting(6, off=True), False),
        ({"amp": 6, "frc": 1, "alw": False}, Setting(6, off=True), True),
        ({"amp": 6, "frc": 1}, Setting(6, off=True), True),
    ],
)
def test_whether_it_follows(said: Mapping[str, object], wanted: Setting, obeys: bool) -> None:
    assert translate.obeys(wanted, said) is obeys


def test_identity() -> None:
    who = translate.identity(WHO)
    assert (who.vendor, who.model, who.serial, who.firmware) == ("go-e", "go-eCharger_V4", "062145", "59.4")


@pytest.mark.parametrize(
    ("station", "same"),
    [
        ("062145", True),
        ("Carport", True),  # the name that it announces
        ("carport", True),
        ("go-eCharger_062145", True),
        ("192.168.1.44:80", True),
        ("062146", False),
        ("garage", False),
    ],
)
def test_whether_it_is_the_station(station: str, same: bool) -> None:
    assert translate.is_station(WHO, station) is same


def test_a_unit_without_serial_may_be_any_station() -> None:
    assert translate.is_station({"fwv": "59.4"}, "garage")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=12) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=14,
)


@given(said=st.dictionaries(st.sampled_from((*translate.LIVE, *translate.WHO)), JSON), limit_a=st.floats())
def test_garbage_never_raises(said: dict[str, object], limit_a: float) -> None:
    translate.identity(said)
    translate.is_station(said, "x")
    got, _ = translate.reading(said, AT)
    translate.state(said, AT)
    translate.plugged(said)
    translate.held_a(said)
    translate.withholds(said)
    wanted = translate.setting_for(limit_a, said, stopped=False)
    translate.obeys(wanted, said)
    assert wanted.off or wanted.amp <= limit_a  # never more than was allowed
    assert got.energy_wh is None or got.energy_wh >= 0
