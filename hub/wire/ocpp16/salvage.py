"""The slow path for messages that are not what the schema says: keep what can be read, and tell what was odd.

`salvage` makes a lenient struct of anything: the unusable field becomes None, the unusable list item is dropped.
`violations` lists what a strict reader would object to. Both are pure, and neither is run for a clean message.
"""

from __future__ import annotations

import json
import math
import re
import reprlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, TypeGuard, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec import Raw

from hub.wire.ocpp16.errors import Undecodable
from hub.wire.ocpp16.frames import UNREADABLE, repair

MAX_ODDITIES = 50
StructT = TypeVar("StructT", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Oddity:
    """One thing that is not as the standard wants it; `value` is a short picture of what came."""

    path: str  # $.meterValue[0].timestamp
    value: str
    why: str

    @property
    def kind(self) -> str:
        """The same for every occurrence, so that each can be logged once."""
        return f"{re.sub('[0-9]+', '', self.path)}: {self.why}"


class Notes(list[Oddity]):
    """Oddities as they are found; a hostile message cannot make it long."""

    def add(self, path: str, value: object, why: str) -> None:
        """Note one, unless there are many already."""
        if len(self) < MAX_ODDITIES:
            self.append(Oddity(path, reprlib.repr(value), why))


def salvage(cls: type[StructT], raw: bytes | Raw, notes: Notes) -> StructT:
    """The message with every field that can be read. Raises Undecodable when it is no JSON object at all."""
    value = _tolerant_value(raw, notes)
    if value is None or value == []:
        notes.add("$", value, "an empty object is expected")
        value = {}
    if not isinstance(value, dict):
        raise Undecodable(f"the payload is no object but {reprlib.repr(value)}")
    return _struct(cls, value, "$", notes)


def violations(cls: type[msgspec.Struct], raw: bytes | Raw) -> list[Oddity]:
    """Every reason for which the strict class refuses the message: none when it is perfect."""
    try:
        msgspec.json.decode(raw, type=cls)
    except UNREADABLE as refused:
        notes = Notes()
        value = _tolerant_value(raw, notes)
        for path, part, why in _faults(cls, value, "$"):
            notes.add(path, part, why)
        return notes or [Oddity("$", reprlib.repr(value), str(refused))]
    return []


def _tolerant_value(raw: bytes | Raw, notes: Notes) -> object:
    try:
        value: object = msgspec.json.decode(raw)
    except UNREADABLE as broken:
        notes.add("$", str(broken), "not quite JSON")
        value = _repaired_value(bytes(raw))
    return value


def _repaired_value(raw: bytes) -> object:
    try:
        value: object = msgspec.json.decode(repair(raw))
    except (ValueError, *UNREADABLE) as broken:
        raise Undecodable(f"the payload is no JSON: {broken}") from broken
    return value


def _struct(cls: type[StructT], value: dict[str, object], path: str, notes: Notes) -> StructT:
    present = [field for field in _fields(cls) if field.encode_name in value]
    return cls(
        **{
            field.name: _usable(field.type, value[field.encode_name], f"{path}.{field.encode_name}", notes)
            for field in present
        }
    )


def _usable(wanted: object, value: object, path: str, notes: Notes) -> object:
    """The value as the wanted type: whole when it is sound, else its parts, or None. Null is as good as absent."""
    if value is None:
        return None
    try:
        return _converted(wanted, value)
    except msgspec.ValidationError as refused:
        why = str(refused)
    kind = _bare(wanted)
    if get_origin(kind) is list:
        return _items(get_args(kind)[0], value, path, notes)
    if _is_struct(kind):
        return _part(kind, value, path, notes)
    read = _fitting(wanted, _READERS.get(kind, _nothing)(value))
    notes.add(path, value, why if read is None else f"{type(value).__name__} read as {type(read).__name__}")
    return read


def _part(kind: type[StructT], value: object, path: str, notes: Notes) -> StructT | None:
    if isinstance(value, dict):
        return _struct(kind, value, path, notes)
    notes.add(path, value, "an object is expected")
    return None


def _items(wanted: object, value: object, path: str, notes: Notes) -> list[object] | None:
    if isinstance(value, dict) and _is_struct(wanted):
        notes.add(path, value, "one object instead of a list")
        value = [value]
    if not isinstance(value, list):
        notes.add(path, value, "a list is expected")
        return None
    return [item for item in _usable_items(wanted, value, path, notes) if item is not None]


def _usable_items(wanted: object, values: list[object], path: str, notes: Notes) -> Iterator[object]:
    for index, value in enumerate(values):
        if value is None:
            notes.add(f"{path}[{index}]", value, "null in a list")
        yield _usable(wanted, value, f"{path}[{index}]", notes)


def _converted(wanted: object, value: object) -> object:
    result: object = msgspec.convert(value, wanted, strict=False)
    return result


def _fitting(wanted: object, value: object) -> object:
    """The value, or None when it is out of the type's range."""
    try:
        return _converted(wanted, value)
    except msgspec.ValidationError:
        return None


def _nothing(_: object) -> None:
    """For types that are what they are."""


def _as_text(value: object) -> str | None:
    return json.dumps(value) if isinstance(value, int | float) else None


def _as_number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value.strip().replace(",", ".") if isinstance(value, str) else value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _as_whole(value: object) -> int | None:
    number = _as_number(value)
    return None if number is None else math.floor(number)


_READERS: dict[object, Callable[[object], object]] = {str: _as_text, float: _as_number, int: _as_whole}


@cache
def _fields(cls: type[msgspec.Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    """Cached, because a charger with one quirk has it in every message, and resolving types is dear."""
    return msgspec.structs.fields(cls)


@cache
def _bare(wanted: object) -> object:
    """The type without `| None`, `| UnsetType` and annotations."""
    if get_origin(wanted) in (Union, UnionType):
        return _bare(next(part for part in get_args(wanted) if part not in (NoneType, msgspec.UnsetType)))
    return get_args(wanted)[0] if get_origin(wanted) is Annotated else wanted


def _is_struct(kind: object) -> TypeGuard[type[msgspec.Struct]]:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _faults(wanted: object, value: object, path: str) -> Iterator[tuple[str, object, str]]:
    """Walk a message beside its strict class; path, value and reason of each difference."""
    kind = _bare(wanted)
    if isinstance(value, dict) and _is_struct(kind):
        yield from _struct_faults(kind, value, path)
    elif isinstance(value, list) and value and get_origin(kind) is list:
        for index, item in enumerate(value):
            yield from _faults(get_args(kind)[0], item, f"{path}[{index}]")
    else:
        yield from _leaf_faults(wanted, value, path)


def _struct_faults(cls: type[msgspec.Struct], value: dict[str, object], path: str) -> Iterator[tuple[str, object, str]]:
    fields = {field.encode_name: field for field in _fields(cls)}
    for key, part in value.items():
        if key in fields:
            yield from _faults(fields[key].type, part, f"{path}.{key}")
        else:
            yield f"{path}.{key}", part, "not in the schema"
    for key, field in fields.items():
        if field.required and key not in value:
            yield f"{path}.{key}", None, "missing"


def _leaf_faults(wanted: object, value: object, path: str) -> Iterator[tuple[str, object, str]]:
    try:
        msgspec.convert(value, wanted)
    except msgspec.ValidationError as refused:
        yield path, value, str(refused)
