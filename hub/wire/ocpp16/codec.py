"""Payloads to structs and back: one table of the actions of OCPP 1.6, two ways to decode each message.

*Lenient* (for chargers) never drops a message for a field: a clean message is one msgspec decode, any other goes to
`salvage`. *Strict* (for CSMSs above us, and for conformance) takes exactly what the schemas allow.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import msgspec
from msgspec import Raw

from hub.wire.ocpp16 import lenient
from hub.wire.ocpp16 import strict as exact
from hub.wire.ocpp16.errors import Undecodable, UnknownAction
from hub.wire.ocpp16.frames import UNREADABLE
from hub.wire.ocpp16.salvage import Notes, Oddity, salvage
from hub.wire.ocpp16.salvage import violations as _violations

Decoders: TypeAlias = dict[str, msgspec.json.Decoder[msgspec.Struct]]

ACTIONS: Mapping[str, tuple[type[msgspec.Struct], type[msgspec.Struct]]] = lenient.ACTIONS
"""Action -> lenient class of the request and of the response."""

STRICT_ACTIONS: Mapping[str, tuple[type[msgspec.Struct], type[msgspec.Struct]]] = exact.ACTIONS
"""Action -> strict class of the request and of the response."""


def _decoders(strict: bool, side: int) -> Decoders:
    actions = STRICT_ACTIONS if strict else ACTIONS
    return {action: msgspec.json.Decoder(classes[side], strict=strict) for action, classes in actions.items()}


_REQUESTS = {strict: _decoders(strict, 0) for strict in (False, True)}
_RESPONSES = {strict: _decoders(strict, 1) for strict in (False, True)}
_ACTION_OF = {classes[0]: action for actions in (ACTIONS, STRICT_ACTIONS) for action, classes in actions.items()}
_encode = msgspec.json.Encoder().encode


def decode(action: str, raw: bytes | Raw, strict: bool = False, oddities: list[Oddity] | None = None) -> msgspec.Struct:
    """The request that `raw` carries; what had to be salvaged is appended to `oddities`.

    Raises UnknownAction, and Undecodable: lenient only for what is no JSON object, strict for every violation.
    """
    return _decode(_REQUESTS[strict], action, raw, oddities)


def decode_response(
    action: str, raw: bytes | Raw, strict: bool = False, oddities: list[Oddity] | None = None
) -> msgspec.Struct:
    """The response to `action` that `raw` carries; else like `decode`."""
    return _decode(_RESPONSES[strict], action, raw, oddities)


def encode(message: msgspec.Struct) -> bytes:
    """The payload in JSON: what is None (lenient) or UNSET (strict) is left out."""
    return _encode(message)


def decode_details(raw: bytes | Raw) -> dict[str, object]:
    """The details of a CALLERROR; what is no object is found under `details`, what is unreadable is left out."""
    try:
        value: object = msgspec.json.decode(raw)
    except UNREADABLE:
        return {}
    if isinstance(value, dict):
        return value
    return {"details": value} if value else {}


def action_of(request: msgspec.Struct) -> str:
    """The action of a request of either family. Raises TypeError for anything else."""
    action = _ACTION_OF.get(type(request))
    if action is None:
        raise TypeError(f"{type(request).__name__} is no request of OCPP 1.6")
    return action


def violations(action: str, raw: bytes | Raw, response: bool = False) -> list[Oddity]:
    """What the schema of the action objects to: unknown words, long texts, extra and missing fields, wrong types.

    Raises UnknownAction, and Undecodable for what is no JSON.
    """
    classes = STRICT_ACTIONS.get(action)
    if classes is None:
        raise UnknownAction(action)
    return _violations(classes[1 if response else 0], raw)


def _decode(decoders: Decoders, action: str, raw: bytes | Raw, oddities: list[Oddity] | None) -> msgspec.Struct:
    decoder = decoders.get(action)
    if decoder is None:
        raise UnknownAction(action)
    try:
        return decoder.decode(raw)
    except UNREADABLE as refused:
        if decoder.strict:
            raise Undecodable(str(refused)) from refused
        return _salvaged(decoder, raw, oddities)


def _salvaged(
    decoder: msgspec.json.Decoder[msgspec.Struct], raw: bytes | Raw, oddities: list[Oddity] | None
) -> msgspec.Struct:
    notes = Notes()
    message = salvage(decoder.type, raw, notes)
    if oddities is not None:
        oddities += notes
    return message
