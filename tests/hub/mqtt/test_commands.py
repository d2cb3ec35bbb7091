"""What comes in by MQTT, good and bad."""

import pytest

from hub.model.errors import EvhubError, Expired, Invalid, NotFound
from hub.mqtt import commands


@pytest.mark.parametrize(
    ("field", "payload", "order"),
    [
        ("limit_a", b"10", ("charger.set_limit", {"charger": "bay-1", "limit_a": 10.0})),
        ("limit_a", b" 6.5\n", ("charger.set_limit", {"charger": "bay-1", "limit_a": 6.5})),
        ("limit_a", b"0", ("charger.set_limit", {"charger": "bay-1", "limit_a": 0.0})),
        ("limit_a", b"-1", ("charger.set_limit", {"charger": "bay-1", "limit_a": -1.0})),  # the order's owner refuses
        ("limit_a", b"null", ("charger.set_limit", {"charger": "bay-1", "limit_a": None})),
        ("limit_a", b"", ("charger.set_limit", {"charger": "bay-1", "limit_a": None})),
        ("allow", b"true", ("charger.allow", {"charger": "bay-1", "allow": True})),
        ("allow", b"ON", ("charger.allow", {"charger": "bay-1", "allow": True})),
        ("allow", b"1", ("charger.allow", {"charger": "bay-1", "allow": True})),
        ("allow", b"false", ("charger.allow", {"charger": "bay-1", "allow": False})),
        ("allow", b"Off", ("charger.allow", {"charger": "bay-1", "allow": False})),
        ("allow", b"0", ("charger.allow", {"charger": "bay-1", "allow": False})),
        ("restart", b"PRESS", ("charger.reset", {"charger": "bay-1"})),
        ("unlock", b"press", ("charger.unlock", {"charger": "bay-1"})),
    ],
)
def test_a_setting_is_an_order(field: str, payload: bytes, order: tuple[str, dict[str, object]]) -> None:
    assert commands.setting("bay-1", field, payload) == order


@pytest.mark.parametrize(
    ("field", "payload", "error", "words"),
    [
        ("limit_a", b"10 A", Invalid, "'10 A' is not a number of amps"),
        ("limit_a", b"6,5", Invalid, "not a number"),
        ("limit_a", b"nan", Invalid, "not a number"),
        ("limit_a", b"1e1", Invalid, "not a number"),
        ("limit_a", b"1_0", Invalid, "not a number"),
        ("limit_a", b"\xff\xfe", Invalid, "not a number"),
        ("limit_a", b" " * 101, Invalid, "101 bytes"),
        ("allow", b"", Invalid, "neither yes nor no"),
        ("allow", b"yes", Invalid, "'yes' is neither"),
        ("restart", b"", Invalid, "does not press the button"),
        ("unlock", b"true", Invalid, "'true' does not press"),
        ("colour", b"red", NotFound, "no field 'colour'"),
    ],
)
def test_a_wrong_setting_is_refused(field: str, payload: bytes, error: type[EvhubError], words: str) -> None:
    with pytest.raises(error, match=words) as refused:
        commands.setting("bay-1", field, payload)
    assert refused.value.next


@pytest.mark.parametrize("order_id", ["a1", "A.b_c:d@e=f-9", "x" * 64])
def test_a_usable_id(order_id: str) -> None:
    assert commands.reply_id({"id": order_id}) == order_id


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({}, "no id"),
        ([], "no id"),
        ("a1", "no id"),
        ({"id": None}, "no id"),
        ({"id": 7}, "cannot be part of a topic"),
        ({"id": ""}, "cannot be part of a topic"),
        ({"id": "a/b"}, "cannot be part of a topic"),
        ({"id": "a+"}, "cannot be part of a topic"),
        ({"id": "a\n"}, "cannot be part of a topic"),
        ({"id": "x" * 65}, "cannot be part of a topic"),
    ],
)
def test_an_unusable_id(document: object, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        commands.reply_id(document)


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (b"limit 10", "not JSON"),
        (b"", "not JSON"),
        (b"\xff", "not JSON"),
        (b'{"id": NaN}', "not JSON"),
        (b"[" * 10_000, "not JSON"),
        (b" " * 16_385, "16385 bytes"),
    ],
)
def test_what_is_not_an_order(payload: bytes, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        commands.order_document(payload)


def test_stored_messages_are_refused_with_the_way_out() -> None:
    commands.refuse_stored("evhub/order/a.b", retained=False)
    with pytest.raises(Expired) as refused:
        commands.refuse_stored("evhub/order/a.b", retained=True)
    assert "mosquitto_pub -t 'evhub/order/a.b' -r -n" in refused.value.next
