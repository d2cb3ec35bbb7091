"""A charging profile as it comes off the wire, made into our own value."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from simulator.devices.profiles import Period, Profile, Purpose, Schedule

Payload = Mapping[str, object]


def profile_of(connector: int, payload: Payload) -> Profile:
    """A csChargingProfiles with the package's snake_case keys. Raises ValueError where it makes no sense."""
    return Profile(
        id=_int(payload["charging_profile_id"]),
        connector=connector,
        stack=_int(payload["stack_level"]),
        purpose=Purpose(str(payload["charging_profile_purpose"])),
        kind=str(payload["charging_profile_kind"]),
        schedule=_schedule(_mapping(payload["charging_schedule"])),
        recurrency=_text(payload.get("recurrency_kind")),
        valid_from=_moment(payload.get("valid_from")),
        valid_to=_moment(payload.get("valid_to")),
        transaction=None if payload.get("transaction_id") is None else _int(payload["transaction_id"]),
    )


def _schedule(payload: Payload) -> Schedule:
    periods = payload["charging_schedule_period"]
    if not isinstance(periods, list) or not periods:
        raise ValueError("a schedule needs at least one period")
    duration = payload.get("duration")
    schedule = Schedule(
        unit=str(payload["charging_rate_unit"]),
        periods=tuple(_period(_mapping(period)) for period in periods),
        start=_moment(payload.get("start_schedule")),
        duration_s=None if duration is None else float(_int(duration)),
    )
    starts = [period.start_s for period in schedule.periods]
    if starts[0] != 0 or starts != sorted(set(starts)):
        raise ValueError("the first period begins at 0 and each later one after the one before")
    return schedule


def _period(payload: Payload) -> Period:
    phases = payload.get("number_phases")
    limit = float(str(payload["limit"]))
    if limit < 0:
        raise ValueError("a limit is not negative")
    return Period(float(_int(payload["start_period"])), limit, None if phases is None else _int(phases))


def _moment(value: object) -> datetime | None:
    if value is None:
        return None
    moment = datetime.fromisoformat(str(value))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _mapping(value: object) -> Payload:
    if not isinstance(value, dict):
        raise ValueError(f"not an object: {value!r}")
    return value


def _int(value: object) -> int:
    return int(str(value))


def _text(value: object) -> str | None:
    return None if value is None else str(value)
