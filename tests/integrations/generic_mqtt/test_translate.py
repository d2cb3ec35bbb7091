"""The words of a device and the hub's, in tables that can be checked by hand."""

import json
import math
from datetime import UTC, datetime

import pytest

from hub.sdk import PerPhase, Status
from integrations.generic_mqtt import translate
from integrations.generic_mqtt.config import Availability, ChargerConfig, Limit, MeterConfig, Value

AT = datetime(2026, 1, 1, tzinfo=UTC)
TASMOTA = MeterConfig.model_validate(
    {
        "topic": "SENSOR",
        "current_a": [{"path": "ENERGY.Current"}],
        "power_w": [{"path": "ENERGY.Power"}],
        "voltage_v": [{"path": "ENERGY.Voltage"}],
        "unsigned_current": True,
        "import_wh": {"path": "ENERGY.Total", "scale": 1000},
    }
)


def energy(**values: object) -> dict[str, object]:
    return {"SENSOR": translate.decoded(json.dumps({"ENERGY": values}).encode())}


@pytest.mark.parametrize(
    ("payload", "document"),
    [
        (b"", None),
        (b"  ", None),
        (b"12.5", 12.5),
        (b" [1, null] ", [1, None]),
        (b"unavailable", "unavailable"),
        (b'{"a": tru', '{"a": tru'),
        (b"\xff", "�"),
        (b"[" * 5000, "[" * 5000),
        (b"1" * 70_000, None),
    ],
)
def test_a_message(payload: bytes, document: object) -> None:
    assert translate.decoded(payload) == document


def test_python_and_javascript_write_nan() -> None:
    found = translate.decoded(b'{"a": NaN, "b": 1}')
    assert isinstance(found, dict)
    assert math.isnan(found["a"])


@pytest.mark.parametrize(
    ("values", "current_a", "total_w", "odd"),
    [
        ({"Current": [1, 2, 3], "Power": [230, -460, 690]}, (1, -2, 3), 460, set()),
        ({"Current": ["1.5", 2, 3], "Power": ["345", 460, 690]}, (1.5, 2, 3), 1495, set()),
        ({"Current": 4.2, "Power": -900}, (-4.2, None, None), None, set()),
        ({"Current": [1, 2], "Power": [230, 460]}, (1, 2, None), None, set()),
        ({"Current": [1, 2, 3, 4], "Power": [230, 460, 690, 0]}, (1, 2, 3), 1380, set()),
        ({"Current": [1, None, 3], "Power": [230, 460, 690]}, (1, None, 3), 1380, {"current_a"}),
        ({"Current": [1, float("nan"), 3], "Power": [230, 460, 690]}, (1, None, 3), 1380, {"current_a"}),
        ({"Current": [1, 2, 3], "Power": [230, 1e9, 690]}, (1, None, 3), None, {"power_w"}),
        ({"Current": "unavailable", "Power": [1, 2, 3]}, None, 6, {"current_a"}),
        ({"Current": True, "Power": "1,5"}, None, None, {"current_a", "power_w"}),
        ({}, None, None, {"current_a", "power_w"}),
    ],
)
def test_a_tasmota(
    values: dict[str, object], current_a: tuple[object, ...] | None, total_w: float | None, odd: set[str]
) -> None:
    fresh = energy(Voltage=[230, 230, 230], Total=1.5, **values)
    reading, said = translate.meter_reading(TASMOTA, fresh, fresh, AT)
    assert reading.current_a == current_a
    assert reading.total_w == total_w
    assert (reading.voltage_v, reading.import_wh) == ((230, 230, 230), 1500)
    assert said.keys() == odd


LINES = MeterConfig.model_validate(
    {
        "current_a": [{"topic": "l1", "scale": 0.001}, {"topic": "l2", "scale": -0.001}, {"topic": "l3"}],
        "total_w": {"topic": "kw", "scale": 1000},
        "export_wh": {"topic": "out"},
    }
)


@pytest.mark.parametrize(
    ("documents", "current_a", "total_w"),
    [
        ({"l1": 1500, "l2": 2500, "l3": 3, "kw": 1.5}, (1.5, -2.5, 3), 1500),
        ({"l1": 1500, "l3": "3.0", "kw": [0.5, 0.25]}, (1.5, None, 3), 750),
        ({"l2": 1000, "kw": [0.5, None]}, (None, -1, None), None),
        ({"kw": []}, None, None),
    ],
)
def test_each_line_on_its_own_topic(
    documents: dict[str, object], current_a: tuple[object, ...] | None, total_w: float | None
) -> None:
    reading, _ = translate.meter_reading(LINES, documents, {"out": 12}, AT)
    assert (reading.current_a, reading.total_w, reading.export_wh) == (current_a, total_w, 12)


@pytest.mark.parametrize(
    ("config", "names"),
    [
        (TASMOTA, ["current_a", "power_w"]),
        (LINES, ["current_a", "current_a", "current_a"]),
        (MeterConfig.model_validate({"topic": "t", "power_w": [{}], "total_w": {}}), ["power_w"]),
        (MeterConfig.model_validate({"total_w": {"topic": "t"}}), ["total_w"]),
        (ChargerConfig.model_validate({"topic": "t", "current_a": [{}], "power_w": {}}), ["current_a"]),
        (ChargerConfig.model_validate({"topic": "t", "energy_wh": {}, "temperature_c": {}}), ["energy_wh"]),
        (ChargerConfig.model_validate({"status": {"topic": "s", "words": {"A": "available"}}}), []),
    ],
)
def test_what_makes_a_sample(config: MeterConfig | ChargerConfig, names: list[str]) -> None:
    assert [name for name, _ in translate.core(config)] == names


@pytest.mark.parametrize(
    ("document", "is_one"),
    [({"a": 1}, True), ({"a": [float("nan"), 2]}, True), ({"a": "nan"}, False), ({"a": []}, False), (None, False)],
)
def test_a_message_without_a_number_is_no_sample(document: object, is_one: bool) -> None:
    assert translate.is_sample([("current_a", Value(path="a"))], document)[0] is is_one


CHARGER = ChargerConfig.model_validate(
    {
        "topic": "s",
        "availability": {"topic": "lwt", "online": "Online"},
        "status": {"path": "st", "words": {"A": "available", "3": "charging", "true": "preparing", "err": "faulted"}},
        "current_a": [{"path": "a"}],
        "power_w": {"path": "w"},
        "temperature_c": {"path": "t"},
        "limit": {
            "topic": "set",
            "held": {"path": "ma", "scale": 0.001},
            "pause": {"topic": "relay", "payload": "OFF"},
            "resume": {"topic": "relay", "payload": "ON"},
            "paused": {"path": "relay", "word": "OFF"},
        },
    }
)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("A", Status.AVAILABLE),
        (" a ", Status.AVAILABLE),
        (3, Status.CHARGING),
        (3.0, Status.CHARGING),
        ("3", Status.CHARGING),
        (True, Status.PREPARING),
        ("ERR", Status.FAULTED),
        ("other", None),
    ],
)
def test_a_status(said: object, status: Status | None) -> None:
    found, odd = translate.status(CHARGER, {"s": {"st": said}}, AT)
    assert found is not None
    assert found.status is status
    assert (found.fault is not None) is (status is Status.FAULTED)
    assert bool(odd) is (status is None)


@pytest.mark.parametrize("documents", [{}, {"s": {}}, {"s": {"st": ""}}, {"s": {"st": [1]}}])
def test_no_status(documents: dict[str, object]) -> None:
    assert translate.status(CHARGER, documents, AT) == (None, {})


@pytest.mark.parametrize(
    ("status", "plugged"),
    [
        (Status.AVAILABLE, False),
        (Status.RESERVED, False),
        (Status.PREPARING, True),
        (Status.SUSPENDED_EVSE, True),
        (Status.FINISHING, None),
        (Status.FAULTED, None),
        (None, None),
    ],
)
def test_whether_a_car_is_there(status: Status | None, plugged: bool | None) -> None:
    assert translate.plugged(status) is plugged


@pytest.mark.parametrize(
    ("document", "held_a"),
    [
        ({"ma": 10000}, 10),
        ({"ma": "6000", "relay": "ON"}, 6),
        ({"ma": 6000, "relay": "off"}, 0),
        ({"relay": "ON"}, None),
        ({"ma": "nan"}, None),
        (None, None),
    ],
)
def test_what_it_holds(document: object, held_a: float | None) -> None:
    assert translate.held_a(CHARGER, {"s": document}) == held_a


def test_a_charger_measures() -> None:
    fresh: dict[str, object] = {"s": {"a": [9.9, 9.8], "w": 4500, "t": 300}}
    reading, odd = translate.charger_reading(CHARGER, fresh, {}, AT)
    assert (reading.current_a, reading.power_w) == (PerPhase(9.9, 9.8, None), 4500)
    assert (reading.temperature_c, reading.energy_wh) == (None, None)
    assert odd.keys() == {"temperature_c"}


@pytest.mark.parametrize(
    ("word", "there"), [("online", True), ("Online", True), ("OFFLINE", False), ("maybe", None), ("", None)]
)
def test_its_last_will(word: str, there: bool | None) -> None:
    place = Availability(online="Online")
    found, odd = translate.is_there(place, translate.decoded(word.encode()))
    assert found is there
    assert bool(odd) is (word == "maybe")


@pytest.mark.parametrize(
    ("limit", "asked_a", "payloads"),
    [
        ({}, 10.9, ["10"]),
        ({}, 5.9, ["0"]),
        ({"step_a": 0.1}, 6.6666, ["6.6"]),
        ({"step_a": 0.1, "scale": 1000, "payload": '{"c": {limit_a}}'}, 16, ['{"c": 16000}']),
        ({"step_a": 0.1, "scale": 10}, 31.96, ["319"]),
        ({"pause": "OFF"}, 0, ["OFF"]),
        ({"pause": "OFF"}, 8, ["8", "ON"]),
    ],
)
def test_a_limit_in_messages(limit: dict[str, object], asked_a: float, payloads: list[str]) -> None:
    if "pause" in limit:
        limit = {k: {"topic": "relay", "payload": p} for k, p in (("pause", "OFF"), ("resume", "ON"))}
    made = Limit.model_validate({"topic": "set", **limit})
    said = translate.messages(made, translate.told_a(made, asked_a, 6.0))
    assert [one.payload for one in said] == payloads
