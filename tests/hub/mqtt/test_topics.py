"""Names and payloads, compared with what a person writes down by hand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from hub.core import shown
from hub.core.shown import Json
from hub.core.state import LiveBalancing
from hub.model.charger import Connection, Status
from hub.model.facts import CircuitOverLimit, DeviceFound, StatusChanged
from hub.model.grant import Wish
from hub.model.ids import GRID, ChargerId, CircuitId, StationId
from hub.model.reading import Fault
from hub.model.units import PerPhase
from hub.mqtt import topics as t
from tests.hub.mqtt.example import BAY_1, BAY_2, GARAGE, MAIN, NOW, candidate, picture, session_ended

NOTHING = {"l1": None, "l2": None, "l3": None}


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("bay-1", "bay-1"),
        ("CP/1", "CP%2F1"),
        ("a+b#c", "a%2Bb%23c"),
        ("100%", "100%25"),  # so that two names never meet in one topic
        ("Straße 1", "Straße 1"),
        ("a\x00b\n", "a%00b%0A"),
        ("\ud800", "%3F"),
    ],
)
def test_a_name_becomes_one_level(name: str, level: str) -> None:
    assert t.safe(name) == level


def test_names() -> None:
    topics = t.Topics("house/ev")
    assert topics.status == "house/ev/status"
    assert topics.site == "house/ev/site/state"
    assert topics.circuit(CircuitId("garage")) == "house/ev/circuit/garage/state"
    assert topics.meter(MAIN) == "house/ev/meter/main/state"
    assert topics.charger(ChargerId("a/b")) == "house/ev/charger/a%2Fb/state"
    assert topics.availability(BAY_1) == "house/ev/charger/bay-1/availability"
    assert topics.candidate(StationId("CP/9")) == "house/ev/discovery/CP%2F9"
    assert topics.event("session_ended") == "house/ev/event/session_ended"
    assert topics.order("+") == "house/ev/order/+"
    assert topics.reply("a1") == "house/ev/reply/a1"
    assert topics.setting("+", "+") == "house/ev/charger/+/set/+"


def test_a_charging_charger() -> None:
    assert shown.charger_state(picture(), BAY_1, NOW) == {
        "ts": "2026-01-31T15:04:05.123Z",
        "name": "Bay 1",
        "status": "charging",
        "fault": None,
        "enabled": True,
        "measured_at": "2026-01-31T15:04:04.000Z",
        "power_w": 4602.3,
        "current_a": {"l1": 0.0, "l2": 10.04, "l3": 9.98},
        "voltage_v": {"l1": 230.0, "l2": 231.0, "l3": 230.0},  # terminals 1, 2, 3 hang on L2, L3, L1
        "energy_wh": 1204567,
        "offered_a": 10.6,
        "limit_a": 10.6,  # of 10.666: a limit never rounds up
        "held_a": 10.6,
        "limit_reason": "circuit",
        "limit_circuit": "garage",
        "limit_text": "Garage, L2, is shared by two cars",
        "queue_position": None,
        "queue_until": None,
        "safe_a": 8.0,
        "lease_until": "2026-01-31T15:04:50.123Z",
        "lease_text": None,
        "requested_a": None,
        "allowed": True,
        "session": {
            "id": "019c1491dce8a1b2c3d4e5f60718293a",
            "transaction": 7,
            "started_at": "2026-01-31T15:04:04.000Z",
            "energy_wh": 1200,
            "token": "04A2B3C4",
        },
        "circuit": "garage",
        "station": "CP/1",
        "vendor": "Acme",
        "model": "One",
        "firmware": "1.2.3",
        "drawn": {"phases": ["L2", "L3", "L1"], "min_a": 6.0, "max_a": 32.0, "fallback_a": None},
        "can": [],
    }


def test_a_charger_that_nobody_heard_of_knows_nothing() -> None:
    state = dict(shown.charger_state(picture(), BAY_2, NOW))
    drawn: dict[str, object] = {"name": "bay-2", "circuit": "garage", "station": "oe-77", "allowed": True}
    drawn["drawn"] = {"phases": None, "min_a": 6.0, "max_a": 32.0, "fallback_a": None}
    known = {"ts": "2026-01-31T15:04:05.123Z", "can": [], **drawn}
    lines = {"current_a": NOTHING, "voltage_v": NOTHING}
    assert {name: value for name, value in state.items() if name not in known | lines} == dict.fromkeys(
        state.keys() - known.keys() - lines.keys()
    )
    assert state == state | known | lines


def test_volts_between_two_lines_belong_to_neither() -> None:
    seen = picture()
    seen.site = replace(seen.site, chargers={BAY_1: replace(seen.site.chargers[BAY_1], connection=Connection.LL)})
    assert shown.charger_state(seen, BAY_1, NOW)["voltage_v"] == NOTHING


def test_a_fault_in_words() -> None:
    seen = picture()
    seen.chargers[BAY_1].fault = Fault(code="GroundFailure", vendor_code="E7")
    assert shown.charger_state(seen, BAY_1, NOW)["fault"] == {
        "code": "GroundFailure",
        "vendor_code": "E7",
        "text": None,
    }


def test_a_place_in_the_queue() -> None:
    seen = picture()
    seen.grants[BAY_1] = replace(seen.grants[BAY_1], queue_position=2, queue_until=NOW)
    state = shown.charger_state(seen, BAY_1, NOW)
    assert (state["queue_position"], state["queue_until"]) == (2, "2026-01-31T15:04:05.123Z")


@pytest.mark.parametrize(("online", "word"), [(True, "online"), (False, "offline"), (None, "offline")])
def test_availability(online: bool | None, word: str) -> None:
    seen = picture()
    seen.chargers[BAY_1].online = online
    assert t.availability(seen, BAY_1) == word


def test_a_circuit() -> None:
    assert shown.circuit_state(picture(), GARAGE, NOW) == {
        "ts": "2026-01-31T15:04:04.000Z",
        "name": "Garage",
        "parent": "grid",
        "current_a": {"l1": 0.0, "l2": 10.04, "l3": None},
        "limit_a": {"l1": 32.0, "l2": 32.0, "l3": None},  # no limit on L3
        "power_w": 4602.3,
        "headroom_a": {"l1": 32.0, "l2": 21.96, "l3": None},
        "binding": True,
        "measured": False,
        "over": False,
    }


def test_a_circuit_that_the_balancer_has_not_looked_at() -> None:
    seen = picture()
    del seen.circuits[GRID]
    state = shown.circuit_state(seen, GRID, NOW)
    assert (state["ts"], state["limit_a"]) == ("2026-01-31T15:04:05.123Z", {"l1": 63.0, "l2": 63.0, "l3": 63.0})
    assert [state[name] for name in ("current_a", "headroom_a")] == [NOTHING, NOTHING]
    assert [state[name] for name in ("power_w", "binding", "measured", "over")] == [None] * 4


def test_a_meter() -> None:
    assert shown.meter_state(picture(), MAIN, NOW) == {
        "ts": "2026-01-31T15:04:05.123Z",
        "measured_at": "2026-01-31T15:04:04.000Z",
        "name": "Main meter",
        "online": True,
        "power_w": 2103.0,
        "current_a": {"l1": 12.35, "l2": -3.2, "l3": None},
        "voltage_v": {"l1": 230.0, "l2": 230.0, "l3": 230.0},
        "phase_power_w": {"l1": 2839.0, "l2": -736.0, "l3": None},
        "import_wh": 88124,
        "export_wh": None,
    }


def test_the_site_counts_its_chargers() -> None:
    seen = picture()
    assert shown.site_state(seen, NOW) == {
        "ts": "2026-01-31T15:04:05.123Z",
        "name": "Riverside 12",
        "power_w": 12502.9,
        "current_a": {"l1": 12.3, "l2": 24.06, "l3": 18.0},
        "chargers": {"total": 2, "online": 1, "charging": 1},
        "balancing": {"state": "starting", "since": "2026-01-31T15:04:04.000Z", "waits_for": ["bay-2"]},
        "safe_plan": {"state": "partly", "chargers": ["bay-2"]},
        "alarms": [],
    }
    seen.balancing = LiveBalancing(NOW)
    running = {"state": "running", "since": "2026-01-31T15:04:05.123Z", "waits_for": []}
    assert shown.site_state(seen, NOW)["balancing"] == running
    seen.balancing = None
    assert shown.site_state(seen, NOW)["balancing"] is None
    seen.circuits.clear()
    assert (shown.site_state(seen, NOW)["power_w"], shown.site_state(seen, NOW)["current_a"]) == (None, NOTHING)


def test_an_alarm_is_there_as_long_as_its_cause() -> None:
    seen = picture()
    seen.circuits[GARAGE] = replace(seen.circuits[GARAGE], over=True)
    said = {"code": "circuit_over_limit", "text": "Garage carries more than its limit", "since": None}
    assert shown.site_state(seen, NOW)["alarms"] == [said]
    seen.circuits[GARAGE] = replace(seen.circuits[GARAGE], over=False)
    assert shown.site_state(seen, NOW)["alarms"] == []


def test_what_somebody_asked_of_a_charger() -> None:
    seen = picture()
    seen.wishes[BAY_1] = Wish(limit_a=8.0, allow=False)
    state = shown.charger_state(seen, BAY_1, NOW)
    assert (state["requested_a"], state["allowed"]) == (8.0, False)
    assert shown.charger_state(seen, BAY_2, NOW)["allowed"] is True


def test_events_in_json() -> None:
    assert t.event_payload(session_ended()) == {
        "ts": "2026-01-31T15:04:05.123Z",
        "charger": "bay-1",
        "session": "019c1491dce8a1b2c3d4e5f60718293a",
        "transaction": 7,
        "started_at": "2026-01-31T15:04:04.000Z",
        "ended_at": "2026-01-31T15:04:05.123Z",
        "energy_wh": 11250.0,
        "reason": "EVDisconnected",
        "flags": ["gap"],
    }
    changed = StatusChanged(at=NOW, charger=BAY_1, before=None, after=Status.FAULTED, fault=Fault(code="OverVoltage"))
    assert t.event_payload(changed) == {
        "ts": "2026-01-31T15:04:05.123Z",
        "charger": "bay-1",
        "before": None,
        "after": "faulted",
        "fault": {"code": "OverVoltage", "vendor_code": None, "text": None},
    }
    over = CircuitOverLimit(at=NOW, circuit=GARAGE, over_a=PerPhase(0.0, 1.23456, 0.0))
    assert t.event_payload(over)["over_a"] == {"l1": 0.0, "l2": 1.235, "l3": 0.0}
    found = t.event_payload(DeviceFound(at=NOW, candidate=candidate()))
    assert found["candidate"] == {
        "seen_at": "2026-01-31T15:04:04.000Z",
        **_without_ts(shown.candidate_state(candidate())),
    }


def _without_ts(state: Json) -> dict[str, object]:
    return {name: value for name, value in state.items() if name != "ts"}


def test_a_candidate() -> None:
    assert shown.candidate_state(candidate()) == {
        "ts": "2026-01-31T15:04:04.000Z",
        "integration": "openevse",
        "kind": "charger",
        "station": "openevse-a1b2",
        "address": {"host": "192.168.1.40", "port": 80},
        "confidence": "sure",
        "model": "openevse_wifi_v1",
        "source": "zeroconf",
        "connectors": None,
    }


@pytest.mark.parametrize(
    ("station", "outlets", "adopted"),
    [
        ("openevse-a1b2", None, False),
        ("CP/1", None, True),  # bay 1
        ("CP/1", 1, True),
        ("CP/1", 2, False),  # its second outlet is not drawn yet
        ("shellypro3em-1", None, True),  # the meter
    ],
)
def test_when_a_candidate_is_adopted(station: str, outlets: int | None, adopted: bool) -> None:
    assert t.is_adopted(picture(), replace(candidate(station), connectors=outlets)) is adopted


@pytest.mark.parametrize(
    ("value", "places", "expected"),
    [
        (None, 1, None),
        (float("nan"), 1, None),
        (float("inf"), 0, None),
        (1.26, 1, 1.3),
        (2.5001, 0, 3),
        (-0.26, 1, -0.3),
    ],
)
def test_rounding(value: float | None, places: int, expected: float | None) -> None:
    assert shown.rounded(value, places) == expected


def test_whole_numbers_are_whole() -> None:
    assert isinstance(shown.rounded(12.4, 0), int)


@pytest.mark.parametrize(
    ("limit_a", "expected"), [(6.666, 6.6), (6.6, 6.6), (0.0, 0.0), (None, None), (float("inf"), None)]
)
def test_limits_round_down(limit_a: float | None, expected: float | None) -> None:
    assert shown.amps_down(limit_a) == expected


def test_times_are_utc() -> None:
    local = datetime(2026, 1, 31, 16, 4, 5, tzinfo=timezone(timedelta(hours=1)))
    assert shown.iso(local) == shown.iso(datetime(2026, 1, 31, 15, 4, 5, tzinfo=UTC)) == "2026-01-31T15:04:05.000Z"


@pytest.mark.parametrize(
    ("name", "value", "hurries"),
    [
        ("power_w", 1.0, False),
        ("current_a", None, False),
        ("limit_text", "other words", False),
        ("status", "finishing", True),
        ("limit_a", 6.0, True),
        ("session", None, True),
        ("session", {"id": "another"}, True),
        ("session", {"id": "019c1491dce8a1b2c3d4e5f60718293a", "energy_wh": 1}, False),
    ],
)
def test_what_must_not_wait(name: str, value: object, hurries: bool) -> None:
    state = shown.charger_state(picture(), BAY_1, NOW)
    changed = t.urgent({**state, name: value}, t.CHARGER_SLOW) != t.urgent(state, t.CHARGER_SLOW)
    assert changed is hurries


def test_slow_fields_exist() -> None:
    seen = picture()
    assert shown.charger_state(seen, BAY_1, NOW).keys() >= t.CHARGER_SLOW
    assert shown.meter_state(seen, MAIN, NOW).keys() >= t.METER_SLOW
    assert shown.circuit_state(seen, GARAGE, NOW).keys() >= t.CIRCUIT_SLOW
    assert shown.site_state(seen, NOW).keys() >= t.SITE_SLOW
