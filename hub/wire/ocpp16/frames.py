"""The envelope of OCPP-J: `[2, id, action, payload]`, `[3, id, payload]`, `[4, id, code, description, details]`.

A frame is taken apart once; its payload stays raw bytes until `codec` decodes it or a relay passes it on. Whatever
comes in, `decode_frame` returns a frame or raises BadFrame. Source: OCPP-J 1.6, section 4.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping

import msgspec
from msgspec import Raw

from hub.wire.ocpp16.errors import BadFrame, Id

MAX_BYTES = 1 << 20
MAX_DESCRIPTION = 255
UNREADABLE = (msgspec.DecodeError, RecursionError, UnicodeError)
"""What msgspec raises for text that it cannot read, or that nests too deep."""

_EMPTY = Raw(b"{}")
_TYPE_AND_ID = re.compile(r'\s*\[\s*"?([0-9])"?\s*,\s*("(?:[^"\\]|\\.){0,255}"|-?[0-9]{1,20})')
_LONGEST_INT = 25  # longer ones fit no field, and Python refuses to read 4300 digits

_envelope = msgspec.json.Decoder(list[Raw])
_message_type = msgspec.json.Decoder(int, strict=False)
_unique_id: msgspec.json.Decoder[Id] = msgspec.json.Decoder(str | int)
_text = msgspec.json.Decoder(str)
_encode = msgspec.json.Encoder().encode


class Call(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=2):
    """A request; `repaired` when the frame was JSON only by goodwill."""

    id: Id
    action: str
    payload: Raw
    repaired: bool = False


class Result(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=3):
    """The answer to a call."""

    id: Id
    payload: Raw
    repaired: bool = False


class Error(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=4):
    """The refusal of a call. Peers leave out elements and invent codes: all are texts, maybe empty."""

    id: Id
    code: str
    description: str
    details: Raw


Frame = Call | Result | Error
_clean: msgspec.json.Decoder[Frame] = msgspec.json.Decoder(Frame)


def decode_frame(data: str | bytes) -> Frame:
    """Take a frame apart, its payload not looked at. Raises BadFrame, and nothing else, whatever `data` is."""
    if len(data) > MAX_BYTES or (isinstance(data, str) and _is_long(data)):
        raise _bad(f"longer than {MAX_BYTES} bytes", data)
    try:
        return _clean.decode(data)
    except UNREADABLE:
        return _by_hand(data)


def _by_hand(data: str | bytes) -> Frame:
    """A frame that is not quite as the standard has it: elements are missing, too many or of another type."""
    try:
        return _frame(_envelope.decode(data), repaired=False)
    except UNREADABLE:
        return _frame(_repaired_parts(data), repaired=True)


def encode_call(unique_id: Id, action: str, payload: msgspec.Struct | Raw) -> bytes:
    """The frame of a request."""
    return _encode((2, unique_id, action, payload))


def encode_result(unique_id: Id, payload: msgspec.Struct | Raw) -> bytes:
    """The frame of an answer."""
    return _encode((3, unique_id, payload))


def encode_error(unique_id: Id, code: str, description: str = "", details: Mapping[str, object] | None = None) -> bytes:
    """The frame of a refusal; the description is cut to the 255 characters that the standard allows."""
    clean = description.encode("utf-8", "replace").decode()[:MAX_DESCRIPTION]
    return _encode((4, unique_id, code, clean, details or {}))


def repair(data: str | bytes) -> bytes:
    """JSON made of what only nearly is: raw control characters, NaN, broken UTF-8, half surrogates, a stray NUL.

    Numbers that no field could hold become null. Raises ValueError or RecursionError when that does not help.
    """
    text = data.decode("utf-8", "replace") if isinstance(data, bytes) else data
    value: object = _tolerant.decode(text.strip("\ufeff\0 \t\r\n"))
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")


def _is_long(text: str) -> bool:
    return not text.isascii() and len(text.encode("utf-8", "replace")) > MAX_BYTES


def _repaired_parts(data: str | bytes) -> list[Raw]:
    try:
        return _envelope.decode(repair(data))
    except (ValueError, *UNREADABLE) as broken:
        raise _bad(f"not a JSON array: {broken}", data) from broken


def _no_number(_: str) -> None:
    """For NaN and Infinity."""


def _int_or_none(digits: str) -> int | None:
    return int(digits) if len(digits) <= _LONGEST_INT else None


def _float_or_none(digits: str) -> float | None:
    return number if math.isfinite(number := float(digits)) else None


_tolerant = json.JSONDecoder(
    strict=False, parse_constant=_no_number, parse_int=_int_or_none, parse_float=_float_or_none
)


def _bad(why: str, data: str | bytes) -> BadFrame:
    """Look for the type and the id in the first characters of what could not be read as a whole."""
    head = data[:400].decode("utf-8", "replace") if isinstance(data, bytes) else data[:400]
    found = _TYPE_AND_ID.match(head)
    if found is None:
        return BadFrame(why)
    return BadFrame(why, int(found[1]), _id_or_none(found[2].encode("utf-8", "replace")))


def _id_or_none(raw: bytes | Raw) -> Id | None:
    try:
        return _unique_id.decode(raw)
    except UNREADABLE:
        return None


def _frame(parts: list[Raw], repaired: bool) -> Frame:
    message_type = _type_or_none(parts)
    unique_id = _id_or_none(parts[1]) if len(parts) > 1 else None
    build = _BUILDERS.get(message_type or 0)
    if build is None or unique_id is None:
        raise BadFrame("no message type 2, 3 or 4 with an id", message_type, unique_id)
    return build(unique_id, parts, repaired)


def _type_or_none(parts: list[Raw]) -> int | None:
    try:
        return _message_type.decode(parts[0])
    except (IndexError, *UNREADABLE):
        return None


def _call(unique_id: Id, parts: list[Raw], repaired: bool) -> Call:
    try:
        return Call(unique_id, _text.decode(parts[2]), _payload(parts, 3), repaired)
    except (IndexError, *UNREADABLE) as broken:
        raise BadFrame("the action is missing or no text", 2, unique_id) from broken


def _result(unique_id: Id, parts: list[Raw], repaired: bool) -> Result:
    return Result(unique_id, _payload(parts, 2), repaired)


def _error(unique_id: Id, parts: list[Raw], _: bool) -> Error:
    return Error(unique_id, _text_at(parts, 2), _text_at(parts, 3), _payload(parts, 4))


def _payload(parts: list[Raw], index: int) -> Raw:
    return parts[index] if len(parts) > index else _EMPTY


def _text_at(parts: list[Raw], index: int) -> str:
    """An element of a CALLERROR; one that is no text is shown as it came."""
    if len(parts) <= index:
        return ""
    try:
        return _text.decode(parts[index])
    except UNREADABLE:
        return bytes(parts[index]).decode("utf-8", "replace")


_BUILDERS: dict[int, Callable[[Id, list[Raw], bool], Frame]] = {2: _call, 3: _result, 4: _error}
