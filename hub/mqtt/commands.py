"""What people and programs send to the hub by MQTT, read strictly. Pure.

Every refusal is an error of hub.model.errors, whose text says what to do next.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import orjson

from hub.model.errors import Expired, Invalid, NotFound
from hub.mqtt.topics import SETTINGS

LONGEST_PAYLOAD = 16_384
SAFE_ID = re.compile(r"[A-Za-z0-9_.:@=-]{1,64}")
NUMBER = re.compile(r"[+-]?\d{1,6}(\.\d{1,6})?")
BUTTONS = {"restart": "charger.reset", "unlock": "charger.unlock"}
SWITCH = {"true": True, "on": True, "1": True, "false": False, "off": False, "0": False}


def refuse_stored(topic: str, *, retained: bool) -> None:
    """Refuse what the broker had stored: nobody knows whether it is still meant."""
    if retained:
        raise Expired(
            "the broker had stored this message (sent with the retain flag), so nobody knows whether it is still meant",
            f"send it without the retain flag, and clear the stored one: mosquitto_pub -t '{topic}' -r -n",
        )


def order_document(payload: bytes) -> object:
    """The JSON of an order."""
    if len(payload) > LONGEST_PAYLOAD:
        raise Invalid(f"the payload has {len(payload)} bytes", f"an order has {LONGEST_PAYLOAD} at most")
    try:
        return orjson.loads(payload)
    except orjson.JSONDecodeError as wrong:
        raise Invalid(f"the payload is not JSON: {wrong}", 'send {"id": "a1", "args": {…}}') from None


def reply_id(document: object) -> str:
    """The order's id, which also names the topic of its reply."""
    given = document.get("id") if isinstance(document, Mapping) else None
    if given is None:
        raise Invalid("the order has no id", 'send {"id": "a1", "args": {…}}; its reply comes on reply/a1')
    if not isinstance(given, str) or not SAFE_ID.fullmatch(given):
        raise Invalid("the id cannot be part of a topic", "use 1 to 64 of the characters A-Z a-z 0-9 _ . : @ = -")
    return given


def setting(charger: str, field: str, payload: bytes) -> tuple[str, Mapping[str, object]]:
    """The order behind `charger/<id>/set/<field>`: its name and its arguments."""
    if field not in SETTINGS:
        raise NotFound(f"a charger has no field '{field}' that can be set", f"the fields are: {', '.join(SETTINGS)}")
    if len(payload) > 100:
        raise Invalid(f"the payload has {len(payload)} bytes", "send one number or one word")
    text = payload.decode("utf-8", "replace").strip()
    if field in BUTTONS:
        _pressed(text)
        return BUTTONS[field], {"charger": charger}
    if field == "allow":
        return "charger.allow", {"charger": charger, "allow": _switch(text)}
    return "charger.set_limit", {"charger": charger, "limit_a": _amps(text)}


def _pressed(text: str) -> None:
    if text.lower() != "press":
        raise Invalid(f"'{text}' does not press the button", "send PRESS")


def _switch(text: str) -> bool:
    allowed = SWITCH.get(text.lower())
    if allowed is None:
        raise Invalid(f"'{text}' is neither yes nor no", "send true or false (or ON, OFF, 1, 0)")
    return allowed


def _amps(text: str) -> float | None:
    if text in ("", "null"):
        return None
    if not NUMBER.fullmatch(text):
        raise Invalid(f"'{text}' is not a number of amps", "send for example 10 or 6.5, or null to remove the limit")
    return float(text)
