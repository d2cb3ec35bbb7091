"""OpenEVSE's JSON in the hub's words, as truth tables; documents as in the firmware's api.yml, and as 5.1.2 sends."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.sdk import ChargerReading, Fault, PerPhase, Status
from integrations.openevse import translate
from integrations.openevse.translate import Make

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
SINGLE = Make(least_a=6, most_a=32, three_phase=False, version="v5.1.2", has_override=True)
THREE = Make(least_a=6, most_a=32, three_phase=True, version="v5.1.2", has_override=True)

# The example of GET /status in the firmware's api.yml, firmware 4.
API_YML = json.loads("""{
  "mode": "STA", "wifi_client_connected": 1, "eth_connected": 0, "net_connected": 1, "srssi": -73,
  "ipaddress": "192.168.1.43", "rapi_connected": 1, "amp": 0, "pilot": 32, "temp1": 282, "temp2": -2560, "temp3": -2560,
  "state": 254, "elapsed": 3473, "session_energy": 25034, "total_energy": 998, "total_day": 23, "gfcicount": 0,
  "nogndcount": 0, "stuckcount": 0, "divertmode": 1, "time": "2020-05-12T17:53:48Z", "offset": "+0000"
}""")
# A charging unit, firmware 5.1.2.
CHARGING = json.loads("""{
  "evse_connected": 1, "amp": 15800, "voltage": 231, "power": 3650, "pilot": 16, "max_current": 32, "temp": 315,
  "temp1": false, "temp2": 315, "temp3": false, "temp4": false, "state": 3, "vehicle": 1, "colour": 6, "elapsed": 600,
  "session_energy": 608.3, "total_energy": 1234.5, "manual_override": 1, "override_version": 7, "config_version": 2
}""")
# Firmware 2.9 for the ESP8266: no `vehicle`, other names for the energies, no /override.
OLD = json.loads("""{
  "mode": "STA", "rapi_connected": 1, "amp": 0, "voltage": 240, "pilot": 25, "temp1": 340, "temp2": false, "state": 1,
  "elapsed": 8751, "wattsec": 25212279, "watthour": 1585443
}""")
CONFIG = json.loads("""{
  "buildenv": "openevse_wifi_v1", "version": "v5.1.2", "wifi_serial": "9C9C1FE57B2C", "firmware": "7.1.3",
  "evse_serial": "", "max_current_soft": 48, "min_current_hard": 6, "max_current_hard": 48, "hostname": "openevse-7b2c",
  "is_threephase": false
}""")


def reading(status: Mapping[str, object], unit: Make = SINGLE) -> ChargerReading:
    return translate.reading(status, unit, AT)[0]


def test_a_charging_unit() -> None:
    said, odd = translate.reading(CHARGING, SINGLE, AT)
    assert odd == {}
    assert (said.current_a, said.voltage_v) == (PerPhase(15.8, None, None), PerPhase(231, None, None))
    assert (said.power_w, said.energy_wh, said.session_wh) == (3650, 1_234_500, 608.3)
    assert (said.offered_a, said.temperature_c, said.at) == (16, 31.5, AT)


def test_the_example_of_api_yml() -> None:
    said = reading(API_YML)
    assert (said.energy_wh, said.session_wh, said.temperature_c) == (998_000, 25_034, 28.2)
    assert (said.voltage_v, said.power_w) == (None, None)  # not said: unknown, not 0


@pytest.mark.parametrize(("state", "offered_a"), [(1, 16), (2, 16), (3, 16), (254, 0), (255, 0), (7, 0), (None, 16)])
def test_asleep_it_offers_nothing(state: int | None, offered_a: float) -> None:
    assert reading({"amp": 0, "pilot": 16, "state": state}).offered_a == offered_a


def test_old_firmware_has_other_names() -> None:
    said = reading(OLD)
    assert said.energy_wh == 1_585_443
    assert said.session_wh == pytest.approx(7003.4, abs=0.1)


@pytest.mark.parametrize(("unit", "power_w"), [(SINGLE, 2300), (THREE, 6900)])
def test_power_is_reckoned_as_the_firmware_does(unit: Make, power_w: float) -> None:
    assert reading({"amp": 10_000, "voltage": 230, "pilot": 10}, unit).power_w == power_w


@pytest.mark.parametrize(
    ("sensors", "celsius"),
    [
        ({"temp": 315}, 31.5),
        ({"temp": False, "temp1": False, "temp2": 282}, 28.2),
        ({"temp": 0, "temp4": 560}, 56.0),
        ({"temp": -105}, -10.5),
        ({"temp": -2560}, None),
        ({"temp": False}, None),
        ({"temp": "warm"}, None),
        ({}, None),
    ],
)
def test_temperature(sensors: Mapping[str, object], celsius: float | None) -> None:
    assert reading(sensors).temperature_c == celsius


@pytest.mark.parametrize(
    ("said", "current_a", "odd"),
    [
        ({"amp": 30_000}, 30.0, []),
        ({"amp": 0}, 0.0, []),
        ({}, None, ["amp"]),
        ({"amp": None}, None, ["amp"]),
        ({"amp": "30000"}, None, ["amp"]),
        ({"amp": -1}, None, ["amp"]),
        ({"amp": 10**400}, None, ["amp"]),
        ({"amp": True}, None, ["amp"]),
        ({"amp": [1]}, None, ["amp"]),
    ],
)
def test_a_wrong_current_is_unknown_and_named(
    said: Mapping[str, object], current_a: float | None, odd: list[str]
) -> None:
    got, complaints = translate.reading({"pilot": 6, **said}, SINGLE, AT)
    assert (None if got.current_a is None else got.current_a.l1) == current_a
    assert sorted(complaints) == odd


def test_the_zeros_of_a_unit_that_just_booted_are_no_values() -> None:
    booting = {"evse_connected": 0, "amp": 0, "pilot": 0, "state": 0, "vehicle": 0, "voltage": 240}
    assert reading(booting) == ChargerReading(at=AT)
    assert translate.state(booting, AT)[0].status is None
    assert translate.plugged(booting) is None


@pytest.mark.parametrize(
    ("state", "vehicle", "session_wh", "status", "enabled"),
    [
        (1, 0, 0, Status.AVAILABLE, True),
        (2, 1, 0, Status.PREPARING, True),
        (2, 1, 12.5, Status.SUSPENDED_EV, True),  # it has charged: now the car does not want
        (3, 1, 12.5, Status.CHARGING, True),
        (254, 0, 0, Status.AVAILABLE, False),
        (254, 1, 0, Status.SUSPENDED_EVSE, False),  # with car: the balancer must see it
        (254, 1, 12.5, Status.SUSPENDED_EVSE, False),
        (253, 1, 0, Status.SUSPENDED_EVSE, False),
        (255, 1, 0, Status.SUSPENDED_EVSE, False),
        (255, 0, 0, Status.AVAILABLE, False),
        (255, None, 0, None, False),  # old firmware asleep: nobody knows about the car
        (0, 0, 0, None, None),  # starting
        (42, 0, 0, None, None),
        (None, 0, 0, None, None),
        ("3", 0, 0, None, None),
    ],
)
def test_states(state: object, vehicle: object, session_wh: float, status: Status | None, enabled: bool | None) -> None:
    said, _ = translate.state({"state": state, "vehicle": vehicle, "session_energy": session_wh}, AT)
    assert (said.status, said.enabled, said.fault) == (status, enabled, None)


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (4, "OtherError"),
        (5, "EVCommunicationError"),
        (6, "GroundFailure"),
        (7, "GroundFailure"),
        (8, "PowerSwitchFailure"),
        (9, "GroundFailure"),
        (10, "HighTemperature"),
        (11, "OverCurrentFailure"),
    ],
)
def test_faults(state: int, code: str) -> None:
    said, odd = translate.state({"state": state, "vehicle": 1}, AT)
    assert said.status is Status.FAULTED
    assert isinstance(said.fault, Fault)
    assert (said.fault.code, said.fault.vendor_code, odd) == (code, str(state), {})


@pytest.mark.parametrize(
    ("status", "plugged"),
    [
        ({"state": 1, "vehicle": 0}, False),
        ({"state": 254, "vehicle": 1}, True),
        ({"state": 254, "vehicle": 0}, False),
        ({"state": 8, "vehicle": True}, True),
        ({"state": 2}, True),
        ({"state": 1}, False),
        ({"state": 254}, None),
        ({}, None),
        ({"vehicle": "yes"}, None),
    ],
)
def test_whether_a_car_is_there(status: Mapping[str, object], plugged: bool | None) -> None:
    assert translate.plugged(status) is plugged


@pytest.mark.parametrize(
    ("limit_a", "state", "amps"),
    [
        (16.0, "active", 16),
        (15.99, "active", 15),  # rounded down
        (6.0, "active", 6),
        (5.99, "disabled", 6),
        (0.0, "disabled", 6),
        (-1.0, "disabled", 6),
        (float("nan"), "disabled", 6),
        (32.0, "active", 32),
        (100.0, "active", 32),  # its owner's maximum
        (float("inf"), "active", 32),
    ],
)
def test_a_limit_as_an_override(limit_a: float, state: str, amps: int) -> None:
    wanted = translate.override_for(limit_a, SINGLE)
    assert wanted == {"state": state, "charge_current": amps, "auto_release": False}


@pytest.mark.parametrize(
    ("override", "held_a"),
    [
        (None, 32),  # 404
        ({}, 32),
        ({"state": "active", "charge_current": 16, "auto_release": False}, 16),
        ({"state": "active", "auto_release": True}, 32),
        ({"state": "active", "charge_current": 40}, 32),
        ({"state": "active", "charge_current": 20, "max_current": 10}, 10),
        ({"state": "active", "charge_current": 0}, 6),  # 0 A does not pause it
        ({"charge_current": 10}, 10),
        ({"state": "disabled"}, 0),
        ({"state": "disabled", "charge_current": 6}, 0),
        ({"state": 7, "charge_current": "16"}, 32),
    ],
)
def test_what_an_override_holds(override: Mapping[str, object] | None, held_a: float) -> None:
    assert translate.held_a(override, SINGLE) == held_a


def test_without_a_known_maximum_nothing_is_claimed_to_be_held() -> None:
    unit = translate.make({"version": "v5.1.2"})
    assert translate.held_a({}, unit) is None
    assert translate.held_a({"charge_current": 13}, unit) == 13


@pytest.mark.parametrize(
    ("status", "limit_a", "obeys"),
    [
        ({"state": 3, "pilot": 16}, 16, True),
        ({"state": 3, "pilot": 10}, 16, True),
        ({"state": 3, "pilot": 32}, 16, False),
        ({"state": 3, "pilot": 6}, 0, False),
        ({"state": 2, "pilot": 6}, 0, False),
        ({"state": 1, "pilot": 6}, 0, True),
        ({"state": 254, "pilot": 32}, 0, True),
        ({"state": 8}, 0, True),
        ({"evse_connected": 0, "state": 0, "pilot": 0}, 0, False),  # it cannot know
    ],
)
def test_whether_it_follows(status: Mapping[str, object], limit_a: float, obeys: bool) -> None:
    assert translate.obeys(status, limit_a) is obeys


@pytest.mark.parametrize(
    ("config", "unit"),
    [
        (CONFIG, Make(least_a=6, most_a=48, three_phase=False, version="v5.1.2", has_override=True)),
        (
            {"version": "4.1.0.dev", "max_current_hard": 32, "min_current_hard": 10, "is_threephase": True},
            Make(least_a=10, most_a=32, three_phase=True, version="4.1.0.dev", has_override=True),
        ),
        ({"version": "2.9.1"}, Make(least_a=6, most_a=None, three_phase=False, version="2.9.1", has_override=False)),
        ({"version": "v3.3.1"}, Make(least_a=6, most_a=None, three_phase=False, version="v3.3.1", has_override=False)),
        ({"version": "master_abc"}, Make(6, None, False, "master_abc", True)),
        ({"min_current_hard": "x", "max_current_soft": 0}, Make(6, None, False, None, True)),
    ],
)
def test_the_unit(config: Mapping[str, object], unit: Make) -> None:
    assert translate.make(config) == unit


def test_identity() -> None:
    who = translate.identity(CONFIG)
    assert (who.vendor, who.model, who.serial) == ("OpenEVSE", "openevse_wifi_v1", "9C9C1FE57B2C")
    assert who.firmware == "v5.1.2, controller 7.1.3"


@pytest.mark.parametrize(
    ("station", "same"),
    [
        ("9C9C1FE57B2C", True),
        ("9c9c1fe57b2c", True),
        ("openevse-7b2c", True),
        ("192.168.1.43:80", True),
        ("9C9C1FE57B2D", False),
        ("garage", False),
    ],
)
def test_whether_it_is_the_station(station: str, same: bool) -> None:
    assert translate.is_station(CONFIG, station) is same


def test_a_unit_without_serial_may_be_any_station() -> None:
    assert translate.is_station({"hostname": "openevse"}, "garage")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(sorted({*API_YML, *CHARGING, *OLD, *CONFIG, "charge_current", "max_current"}))


@given(said=st.dictionaries(KEYS, JSON), limit_a=st.floats())
def test_garbage_never_raises(said: dict[str, object], limit_a: float) -> None:
    unit = translate.make(said)
    translate.identity(said)
    translate.is_station(said, "x")
    got, _ = translate.reading(said, unit, AT)
    translate.state(said, AT)
    translate.plugged(said)
    translate.obeys(said, limit_a)
    held_a = translate.held_a(translate.override_for(limit_a, unit), unit)
    assert held_a is not None
    assert not held_a > max(limit_a, 0)  # never more than was allowed
    assert got.power_w is None or got.power_w >= 0
