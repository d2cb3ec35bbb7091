"""Lenient decoding of what real chargers send (Q16, Q17, Q21, Q22), and what a strict reader says about it."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.wire.ocpp16 import ACTIONS, OcppError, Oddity, Undecodable, UnknownAction, codec, lenient, strict
from hub.wire.ocpp16.salvage import MAX_ODDITIES

BOOT = {"chargePointVendor": "V", "chargePointModel": "M"}
START = {"connectorId": 1, "idTag": "AB", "meterStart": 0, "timestamp": "2026-01-01T00:00:00Z"}


def decoded(action: str, payload: object) -> tuple[Any, list[Oddity]]:
    oddities: list[Oddity] = []
    return codec.decode(action, json.dumps(payload).encode(), oddities=oddities), oddities


@pytest.mark.parametrize(
    ("action", "payload", "attribute", "value"),
    [  # kept, without a word from the lenient decoder
        ("BootNotification", BOOT | {"chargePointVendor": "x" * 500}, "charge_point_vendor", "x" * 500),
        ("BootNotification", BOOT | {"chargeBoxSerialNumber": None}, "charge_box_serial_number", None),
        ("BootNotification", BOOT | {"vendorExtra": {"deep": [1]}}, "charge_point_model", "M"),
        ("BootNotification", {}, "charge_point_vendor", None),
        ("StatusNotification", {"status": "Sleeping"}, "status", "Sleeping"),
        ("StatusNotification", {"connectorId": "2"}, "connector_id", 2),
        ("StatusNotification", {"timestamp": "1970-01-01 00:00:00"}, "timestamp", "1970-01-01 00:00:00"),
        ("StartTransaction", START | {"meterStart": "1234"}, "meter_start", 1234),
        ("StartTransaction", START | {"meterStart": 1234.0}, "meter_start", 1234),
        ("StopTransaction", {"transactionId": 0}, "transaction_id", 0),
        ("StopTransaction", {"transactionId": -1}, "transaction_id", -1),
        ("StopTransaction", {"transactionId": "42"}, "transaction_id", 42),
        ("StopTransaction", {"transactionId": 2**40}, "transaction_id", 2**40),
        ("SetChargingProfile", {"connectorId": 1, "csChargingProfiles": None}, "cs_charging_profiles", None),
    ],
)
def test_a_quirk_is_taken_as_it_is(action: str, payload: dict[str, Any], attribute: str, value: object) -> None:
    message, oddities = decoded(action, payload)
    assert getattr(message, attribute) == value
    assert oddities == []


@pytest.mark.parametrize(
    ("action", "payload", "attribute", "value"),
    [  # salvaged, and noted
        ("StartTransaction", START | {"meterStart": "abc"}, "meter_start", None),
        ("StartTransaction", START | {"meterStart": 1234.7}, "meter_start", 1234),
        ("StartTransaction", START | {"meterStart": " 1234,7 "}, "meter_start", 1234),
        ("StartTransaction", START | {"meterStart": "inf"}, "meter_start", None),
        ("StartTransaction", START | {"meterStart": True}, "meter_start", None),
        ("StartTransaction", START | {"meterStart": 10**30}, "meter_start", None),
        ("StartTransaction", START | {"idTag": 4711}, "id_tag", "4711"),
        ("StartTransaction", START | {"idTag": {"id": "AB"}}, "id_tag", None),
        ("StartTransaction", START | {"connectorId": []}, "connector_id", None),
        ("StopTransaction", {"transactionId": "c0ffee-1"}, "transaction_id", None),
        ("StopTransaction", {"transactionData": "none"}, "transaction_data", None),
        ("GetConfiguration", {"key": ["a", None, 5, {}]}, "key", ["a", "5"]),
        ("SetChargingProfile", {"csChargingProfiles": 5}, "cs_charging_profiles", None),
    ],
)
def test_an_unusable_field_costs_nothing_else(
    action: str, payload: dict[str, Any], attribute: str, value: object
) -> None:
    message, oddities = decoded(action, payload)
    assert getattr(message, attribute) == value
    assert {oddity.path.partition("[")[0] for oddity in oddities} == {f"$.{_camel(attribute)}"}
    others = {key for key in payload if key != _camel(attribute)}
    assert others <= json.loads(codec.encode(message)).keys()


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


def meter_values(*samples: object) -> dict[str, object]:
    return {"connectorId": 1, "meterValue": [{"timestamp": "2026-01-01T00:00:00Z", "sampledValue": list(samples)}]}


@pytest.mark.parametrize(
    ("samples", "kept", "noted"),
    [
        ([{"value": "1.5", "unit": "Wh"}], [lenient.SampledValue(value="1.5", unit="Wh")], []),
        ([{"value": "7"}], [lenient.SampledValue(value="7")], []),  # no unit, no measurand
        ([{"value": "7"}, {"value": "7"}], [lenient.SampledValue(value="7")] * 2, []),
        (
            [{"value": "230", "measurand": "Voltage", "phase": "L1-N"}, {"value": "3", "phase": "L9"}],
            [
                lenient.SampledValue(value="230", measurand="Voltage", phase="L1-N"),
                lenient.SampledValue(value="3", phase="L9"),
            ],
            [],
        ),
        ([{"value": 16.1}], [lenient.SampledValue(value="16.1")], ["$.meterValue[0].sampledValue[0].value"]),
        ([{"value": None, "unit": "A"}], [lenient.SampledValue(unit="A")], []),
        (
            ["junk", {"value": "5"}, None],
            [lenient.SampledValue(value="5")],
            ["$.meterValue[0].sampledValue[0]", "$.meterValue[0].sampledValue[2]"],
        ),
        (
            [{"value": [], "unit": 5, "context": "Trigger"}],
            [lenient.SampledValue(unit="5", context="Trigger")],
            ["$.meterValue[0].sampledValue[0].value", "$.meterValue[0].sampledValue[0].unit"],
        ),
    ],
)
def test_sampled_values(samples: list[object], kept: list[lenient.SampledValue], noted: list[str]) -> None:
    message, oddities = decoded("MeterValues", meter_values(*samples))
    assert message.connector_id == 1
    assert message.meter_value[0].sampled_value == kept
    assert sorted(oddity.path for oddity in oddities) == sorted(noted)


def test_one_object_where_a_list_is_expected_is_a_list_of_one() -> None:
    payload = {"connectorId": 1, "meterValue": {"timestamp": "t", "sampledValue": {"value": "5"}}}
    message, oddities = decoded("MeterValues", payload)
    assert message.meter_value == [
        lenient.MeterValue(timestamp="t", sampled_value=[lenient.SampledValue(value="5")]),
    ]
    assert [oddity.why for oddity in oddities] == ["one object instead of a list"] * 2


def test_meter_values_of_a_stop_are_the_same_lenient_class() -> None:
    value = {"timestamp": "t", "sampledValue": [{"value": "5"}]}
    stop, _ = decoded("StopTransaction", {"transactionData": [value]})
    live, _ = decoded("MeterValues", {"meterValue": [value]})
    assert stop.transaction_data == live.meter_value


@pytest.mark.parametrize("text", ["null", "[]"])
def test_an_empty_payload_may_be_written_in_many_ways(text: str) -> None:
    oddities: list[Oddity] = []
    assert codec.decode("Heartbeat", text.encode(), oddities=oddities) == lenient.Heartbeat()
    assert [oddity.path for oddity in oddities] == ["$"]


@pytest.mark.parametrize(
    ("raw", "info"),
    [
        (b'{"connectorId":1,"info":"\xe4rger"}', "\ufffdrger"),  # Latin-1
        (b'{"connectorId":1,"info":"\\ud800"}', "?"),  # half a surrogate pair
        (b'{"connectorId":1,"info":"a\nb"}', "a\nb"),
        (b'{"connectorId":1,"info":NaN}', None),
        (b'{"connectorId":1,"info":1e999}', None),
    ],
)
def test_a_payload_that_is_nearly_json(raw: bytes, info: str | None) -> None:
    oddities: list[Oddity] = []
    message = codec.decode("StatusNotification", raw, oddities=oddities)
    assert message == lenient.StatusNotification(connector_id=1, info=info)
    assert "not quite JSON" in [oddity.why for oddity in oddities]


@pytest.mark.parametrize("raw", [b"5", b'"x"', b"[1]", b"true", b"{", b"", b'{"x":' + b"[" * 100_000])
def test_what_is_no_object_is_undecodable(raw: bytes) -> None:
    for decode in (codec.decode, codec.decode_response):
        with pytest.raises(Undecodable) as refused:
            decode("Heartbeat", raw)
        assert refused.value.code == "FormationViolation"


def test_an_unknown_action_is_not_implemented() -> None:
    for read in (codec.decode, codec.decode_response, codec.violations):
        with pytest.raises(UnknownAction) as refused:
            read("MakeCoffee" * 1000, b"{}")
        assert refused.value.code == "NotImplemented"
        assert len(str(refused.value)) < 200


def test_a_hostile_message_makes_no_endless_list() -> None:
    _, oddities = decoded("GetConfiguration", {"key": [None] * 10_000})
    assert len(oddities) == MAX_ODDITIES


def test_an_oddity_is_of_one_kind_wherever_it_stands() -> None:
    one, other = decoded("MeterValues", meter_values({"value": 1.5}, {"value": 2.5}))[1]
    assert one.path != other.path
    assert one.kind == other.kind


def test_strict_says_where() -> None:
    with pytest.raises(Undecodable, match=r"meterStart"):
        codec.decode("StartTransaction", json.dumps(START | {"meterStart": "1"}).encode(), strict=True)


@pytest.mark.parametrize(
    ("action", "payload", "found"),
    [
        ("BootNotification", BOOT, []),
        ("BootNotification", BOOT | {"chargePointVendor": "x" * 21}, ["$.chargePointVendor"]),
        ("BootNotification", BOOT | {"extra": 1, "meterType": None}, ["$.extra", "$.meterType"]),
        ("BootNotification", {}, ["$.chargePointModel", "$.chargePointVendor"]),
        (
            "MeterValues",
            meter_values({"value": "1", "unit": "watts"}, {"value": 1, "phase": "L9"}),
            [
                "$.meterValue[0].sampledValue[0].unit",
                "$.meterValue[0].sampledValue[1].phase",
                "$.meterValue[0].sampledValue[1].value",
            ],
        ),
        ("MeterValues", meter_values(), ["$.meterValue[0].sampledValue"]),
        ("MeterValues", [], ["$"]),
    ],
)
def test_all_violations_are_found(action: str, payload: object, found: list[str]) -> None:
    assert sorted(oddity.path for oddity in codec.violations(action, json.dumps(payload).encode())) == found


def test_a_second_decimal_is_a_violation() -> None:
    schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6.66}]}
    payload = {"status": "Accepted", "chargingSchedule": schedule}
    (oddity,) = codec.violations("GetCompositeSchedule", json.dumps(payload).encode(), response=True)
    assert "one decimal" in oddity.why


def test_what_is_absent_is_not_written() -> None:
    assert codec.encode(lenient.Reset(type="Hard")) == b'{"type":"Hard"}'
    assert codec.encode(lenient.StatusNotification(connector_id=0)) == b'{"connectorId":0}'
    assert codec.encode(strict.GetConfiguration()) == b"{}"


def test_a_request_knows_its_action() -> None:
    assert codec.action_of(lenient.Reset(type="Hard")) == "Reset"
    assert codec.action_of(strict.Reset(type="Hard")) == "Reset"
    with pytest.raises(TypeError, match="ResetResponse"):
        codec.action_of(lenient.ResetResponse())


@pytest.mark.parametrize(
    ("raw", "details"),
    [
        (b'{"a":1}', {"a": 1}),
        (b'"why"', {"details": "why"}),
        (b"null", {}),
        (b'""', {}),
        (b"{", {}),
        (b"[" * 100_000, {}),
    ],
)
def test_details_of_an_error(raw: bytes, details: dict[str, object]) -> None:
    assert codec.decode_details(raw) == details


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@st.composite
def near_payloads(draw: st.DrawFn, action: str) -> bytes:
    """An object with the right keys and anything in them."""
    keys = ACTIONS[action][0].__struct_encode_fields__
    fields = draw(st.dictionaries(st.sampled_from(keys), JSON)) if keys else {}
    return json.dumps(fields).encode()


@pytest.mark.parametrize("action", ["MeterValues", "StopTransaction", "SetChargingProfile", "SendLocalList"])
@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_no_object_is_dropped(action: str, data: st.DataObject) -> None:
    raw = data.draw(near_payloads(action))
    codec.encode(codec.decode(action, raw))
    codec.violations(action, raw)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(ACTIONS)), st.binary() | st.text().map(str.encode) | JSON.map(json.dumps).map(str.encode))
def test_nothing_untyped_is_raised(action: str, raw: bytes) -> None:
    for read in (codec.decode, codec.decode_response, codec.violations):
        with suppress(OcppError):
            read(action, raw)
