"""Every message of OCPP 1.6 goes in and comes out the same, and the strict decoder agrees with the oracle."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.wire.ocpp16 import Undecodable, codec
from tests.hub.wire.ocpp16.official import NAMES, TEXT, full, oracle_accepts, schema, valid

SAMPLE = [  # every construct of the schemas: nesting, lists, least lengths, tenths, words, text lengths, booleans
    "BootNotification",
    "ChangeAvailability",
    "GetCompositeScheduleResponse",
    "GetConfigurationResponse",
    "GetInstalledCertificateIdsResponse",
    "MeterValues",
    "RemoteStartTransaction",
    "SendLocalList",
    "SetChargingProfile",
    "SignedUpdateFirmware",
    "StartTransactionResponse",
    "StopTransaction",
]
ODD_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**9), 10**9),
    st.floats(-1e6, 1e6, allow_nan=False).map(lambda number: round(number, 3)),
    st.sampled_from([0.0, 1.0, 10.6, 10.65, 0.1, 0.3, "Wh", "A", "", "x" * 51]),
    TEXT,
    st.lists(TEXT, max_size=2),
    st.dictionaries(TEXT, st.integers(), max_size=2),
)


def strict_message(name: str, raw: bytes) -> Any:
    decode = codec.decode_response if name.endswith("Response") else codec.decode
    return decode(name.removesuffix("Response"), raw, strict=True)


def lenient_message(name: str, raw: bytes) -> Any:
    decode = codec.decode_response if name.endswith("Response") else codec.decode
    return decode(name.removesuffix("Response"), raw)


def strict_accepts(name: str, payload: Any) -> bool:
    try:
        strict_message(name, json.dumps(payload).encode())
    except Undecodable:
        return False
    return True


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=5, deadline=None)
@given(data=st.data())
def test_a_message_survives_decoding_and_encoding(name: str, data: st.DataObject) -> None:
    payload = data.draw(full(name) | valid(name))
    raw = json.dumps(payload).encode()
    assert oracle_accepts(name, payload)
    assert json.loads(codec.encode(strict_message(name, raw))) == payload
    assert json.loads(codec.encode(lenient_message(name, raw))) == payload


def containers(value: Any) -> list[Any]:
    """The value itself and everything in it that has parts of its own."""
    if not isinstance(value, dict | list):
        return []
    parts = value.values() if isinstance(value, dict) else value
    return [value, *(inner for part in parts for inner in containers(part))]


@st.composite
def mutated(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """A valid payload after one to three wounds: a part lost, replaced, or added."""
    payload = draw(full(name) | valid(name))
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.sampled_from(containers(payload)))
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        wound = draw(st.sampled_from(["lose", "replace", "add"] if keys else ["add"]))
        if wound == "lose":
            del place[draw(st.sampled_from(keys))]
        elif wound == "replace":
            place[draw(st.sampled_from(keys))] = draw(ODD_VALUES)
        elif isinstance(place, list):
            place.append(draw(ODD_VALUES))
        else:
            place[draw(TEXT)] = draw(ODD_VALUES)
    return payload


@pytest.mark.parametrize("name", SAMPLE)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_strict_agrees_with_the_oracle(name: str, data: st.DataObject) -> None:
    payload = data.draw(mutated(name))
    verdict = oracle_accepts(name, payload)
    assert strict_accepts(name, payload) is verdict
    found = codec.violations(name.removesuffix("Response"), json.dumps(payload).encode(), name.endswith("Response"))
    assert (found == []) is verdict


def bounded(shape: dict[str, Any], value: Any, definitions: dict[str, Any]) -> Iterator[tuple[Any, Any, int]]:
    """Each place in the payload that holds a text of limited length: container, key and the limit."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, part in list(items):
        inner = shape["properties"][key] if isinstance(value, dict) else shape["items"]
        inner = definitions[inner["$ref"].rpartition("/")[2]] if "$ref" in inner else inner
        if isinstance(part, dict | list):
            yield from bounded(inner, part, definitions)
        elif "maxLength" in inner:
            yield value, key, inner["maxLength"]


@pytest.mark.parametrize("name", [name for name in NAMES if '"maxLength"' in json.dumps(schema(name))])
@settings(max_examples=1, deadline=None)
@given(data=st.data())
def test_a_text_may_be_as_long_as_the_schema_says_and_no_longer(name: str, data: st.DataObject) -> None:
    payload = data.draw(full(name))
    places = list(bounded(schema(name), payload, schema(name).get("definitions", {})))
    assert places
    for container, key, limit in places:
        container[key] = "ü" * limit  # characters, not bytes
        assert strict_accepts(name, payload)
        assert oracle_accepts(name, payload)
        container[key] += "ü"
        assert not strict_accepts(name, payload)
        assert not oracle_accepts(name, payload)
        container[key] = ""


@pytest.mark.parametrize("name", SAMPLE)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_lenient_takes_every_wound(name: str, data: st.DataObject) -> None:
    payload = data.draw(mutated(name))
    message = lenient_message(name, json.dumps(payload).encode())
    codec.encode(message)


@pytest.mark.parametrize(
    ("limit", "ok"),
    [(10.6, True), (16, True), (0.1, True), (0.3, True), (6.0, True), (10.65, False), (0.05, False), (-1.5, True)],
)
def test_a_limit_has_one_decimal(limit: float, ok: bool) -> None:
    period = {"startPeriod": 0, "limit": limit}
    payload = {
        "status": "Accepted",
        "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": [period]},
    }
    assert oracle_accepts("GetCompositeScheduleResponse", payload) is ok
    assert strict_accepts("GetCompositeScheduleResponse", payload) is ok
