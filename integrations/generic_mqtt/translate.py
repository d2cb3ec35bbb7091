"""From a device's messages to the hub's readings and status, and from a limit to messages. Pure.

Devices are read leniently: numbers may be texts, lists may be short, and `nan`, `unavailable` or an empty message mean
that nothing is known. What is missing or odd is None, and named in `Odd` for one line in the log.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import datetime

from hub.sdk import ChargerReading, ChargerStatus, Fault, MeterReading, PerPhase, Status, floor_to, known
from integrations.generic_mqtt.config import (
    PLACEHOLDER,
    Availability,
    ChargerConfig,
    DeviceConfig,
    Limit,
    MeterConfig,
    Place,
    Say,
    Value,
)
from integrations.generic_mqtt.path import at

Documents = Mapping[str, object]  # by topic: its latest message, decoded
Odd = dict[str, str]  # by key: what is wrong with it
Lines = PerPhase[float | None]

LONGEST = 64 * 1024
MOST: Mapping[str, float] = {"a": 1000.0, "v": 1000.0, "w": 1e6, "wh": 1e12, "c": 200.0}  # by the end of the key
WITH_CAR = frozenset({Status.PREPARING, Status.CHARGING, Status.SUSPENDED_EV, Status.SUSPENDED_EVSE})
WITHOUT_CAR = frozenset({Status.AVAILABLE, Status.RESERVED})


def decoded(payload: bytes) -> object:
    """A message as JSON, NaN and Infinity included; what is none as its text; None for an empty or a monstrous one."""
    if not payload.strip() or len(payload) > LONGEST:
        return None
    text = payload.decode(errors="replace").strip()
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def word(found: object) -> str | None:
    """A state as a text: true, 3 and on are words like any other."""
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, int | float):
        return f"{found:.15g}"
    return found.strip() if isinstance(found, str) and found.strip() else None


# readings


def meter_reading(config: MeterConfig, fresh: Documents, totals: Documents, when: datetime) -> tuple[MeterReading, Odd]:
    """A meter at one moment; `totals` may be older, as energies move slowly."""
    odd: Odd = {}
    power_w = _lines(config, "power_w", config.power_w, fresh, odd)
    current_a = _lines(config, "current_a", config.current_a, fresh, odd)
    if config.unsigned_current:
        current_a = None if current_a is None or power_w is None else _directed(current_a, power_w)
    total_w = _total(config, "total_w", config.total_w, fresh, odd)
    all_w = None if power_w is None else known(power_w)
    return (
        MeterReading(
            at=when,
            current_a=current_a,
            voltage_v=_lines(config, "voltage_v", config.voltage_v, fresh, odd),
            power_w=power_w,
            total_w=math.fsum(all_w) if total_w is None and all_w is not None else total_w,
            import_wh=_total(config, "import_wh", config.import_wh, totals, odd),
            export_wh=_total(config, "export_wh", config.export_wh, totals, odd),
        ),
        odd,
    )


def charger_reading(
    config: ChargerConfig, fresh: Documents, totals: Documents, when: datetime
) -> tuple[ChargerReading, Odd]:
    """A charger's measured side at one moment."""
    odd: Odd = {}
    return (
        ChargerReading(
            at=when,
            current_a=_lines(config, "current_a", config.current_a, fresh, odd),
            voltage_v=_lines(config, "voltage_v", config.voltage_v, fresh, odd),
            power_w=_total(config, "power_w", config.power_w, fresh, odd),
            energy_wh=_total(config, "energy_wh", config.energy_wh, totals, odd),
            session_wh=_total(config, "session_wh", config.session_wh, totals, odd),
            offered_a=_total(config, "offered_a", config.offered_a, fresh, odd),
            temperature_c=_total(config, "temperature_c", config.temperature_c, fresh, odd),
        ),
        odd,
    )


def core(config: MeterConfig | ChargerConfig) -> tuple[tuple[str, Value], ...]:
    """The values that make a sample: the currents where there are any, and what their direction is taken from."""
    if isinstance(config, MeterConfig):
        directions = config.power_w if config.unsigned_current or not config.current_a else ()
        if lines := [("current_a", v) for v in config.current_a] + [("power_w", v) for v in directions]:
            return tuple(lines)
        return () if config.total_w is None else (("total_w", config.total_w),)
    if config.current_a:
        return tuple(("current_a", value) for value in config.current_a)
    singly = ("power_w", "energy_wh", "session_wh", "offered_a", "temperature_c")
    return tuple((name, value) for name in singly if (value := getattr(config, name)) is not None)[:1]


def is_sample(places: Sequence[tuple[str, Value]], document: object) -> tuple[bool, Odd]:
    """Whether a message has a number at any of these places: one with `nan` at all of them measures nothing."""
    odd: Odd = {}
    for name, value in places:
        found = at(document, value.path)
        for each in found if isinstance(found, list) else [found]:
            if _number(name, value, each, odd) is not None:
                return True, odd
    return False, odd


# states


def status(config: ChargerConfig, documents: Documents, when: datetime) -> tuple[ChargerStatus | None, Odd]:
    """What the charger does; None while it has said nothing. A word that nobody explained is an unknown status."""
    place = config.status
    said = None if place is None else word(_found(config, place, documents))
    if place is None or said is None:
        return None, {}
    meanings = {theirs.casefold(): ours for theirs, ours in place.words.items()}
    meaning = meanings.get(said.casefold())
    if meaning is None:
        return ChargerStatus(at=when, status=None), {"status": f"status {said[:40]!r} is not among its words"}
    fault = Fault(code="OtherError", vendor_code=said[:40]) if meaning is Status.FAULTED else None
    return ChargerStatus(at=when, status=meaning, fault=fault), {}


def plugged(now: Status | None) -> bool | None:
    """Whether a car is connected; None where the status does not tell, and in `finishing`, where it is about to go."""
    return True if now in WITH_CAR else False if now in WITHOUT_CAR else None


def held_a(config: ChargerConfig, documents: Documents) -> float | None:
    """The limit that the charger says it holds: 0 while it is paused; None when it has not said."""
    limit = config.limit
    if limit is None:
        return None
    if limit.paused is not None:
        said = word(_found(config, limit.paused, documents))
        if said is not None and said.casefold() == limit.paused.word.casefold():
            return 0.0
    if limit.held is None:
        return None
    return _number("limit.held_a", limit.held, _found(config, limit.held, documents), {})


def is_there(place: Availability, document: object) -> tuple[bool | None, Odd]:
    """What the availability topic says; None for another word."""
    said = word(at(document, place.path))
    meanings = {place.online.casefold(): True, place.offline.casefold(): False}
    if said is None or said.casefold() in meanings:
        return (None if said is None else meanings[said.casefold()]), {}
    return None, {"availability": f"availability {said[:40]!r} is neither {place.online!r} nor {place.offline!r}"}


# orders


def told_a(limit: Limit, limit_a: float, least_a: float) -> float:
    """The limit as the device takes it: rounded down to its step, 0 below what a car can charge with."""
    stepped_a = floor_to(limit_a, limit.step_a)
    return stepped_a if stepped_a >= least_a else 0.0


def messages(limit: Limit, amps: float) -> list[Say]:
    """What to say for a limit, in order: the limit before the end of a pause, so that it wakes with the new one."""
    if amps == 0 and limit.pause is not None:
        return [limit.pause]
    number = f"{round(amps * limit.scale, 6):.15g}"
    spoken = Say(topic=limit.topic, payload=limit.payload.replace(PLACEHOLDER, number))
    return [spoken] if limit.resume is None else [spoken, limit.resume]


# one value


def _found(config: DeviceConfig, place: Place, documents: Documents) -> object:
    return at(documents.get(config.topic_of(place)), place.path)


def _lines(config: DeviceConfig, name: str, values: tuple[Value, ...], documents: Documents, odd: Odd) -> Lines | None:
    """One list of up to three, or a value for each line; None where nothing is configured or nothing was said."""
    numbers: list[float | None] = []
    for value in values:
        found = _found(config, value, documents)
        if config.topic_of(value) not in documents:
            numbers.append(None)
        elif isinstance(found, list) and len(values) == 1:
            numbers = [_number(name, value, each, odd) for each in found[:3]]
        else:
            numbers.append(_number(name, value, found, odd))
    return None if all(n is None for n in numbers) else PerPhase(*(numbers + [None] * 3)[:3])


def _total(config: DeviceConfig, name: str, value: Value | None, documents: Documents, odd: Odd) -> float | None:
    """One number; of a list the sum, when all of it is known."""
    if value is None or config.topic_of(value) not in documents:
        return None
    found = _found(config, value, documents)
    if not isinstance(found, list):
        return _number(name, value, found, odd)
    numbers = [_number(name, value, each, odd) for each in found]
    return None if not numbers or None in numbers else math.fsum(n for n in numbers if n is not None)


def _directed(amps: Lines, power_w: Lines) -> Lines:
    """Import positive, export negative. A current whose direction is not known is not known."""
    return PerPhase(
        *(None if a is None or w is None else math.copysign(a, w) for a, w in zip(amps, power_w, strict=True))
    )


def _number(name: str, value: Place, found: object, odd: Odd) -> float | None:
    """A finite number in its range, scaled, else None."""
    if found is None:
        odd[name] = f"{name}: nothing at '{value.path}'" if value.path else f"{name}: an empty message"
        return None
    number = _as_float(found)
    scaled = number * (value.scale if isinstance(value, Value) else 1.0)
    if not abs(scaled) <= MOST[name.rpartition("_")[2]]:  # nan is not either
        odd[name] = f"{name}: {str(found)[:40]!r} is no number that can be"
        return None
    return scaled


def _as_float(found: object) -> float:
    """nan for what is no number."""
    if isinstance(found, bool) or not isinstance(found, int | float | str):
        return math.nan
    try:
        return float(found)
    except (ValueError, OverflowError):
        return math.nan
