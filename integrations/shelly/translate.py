"""From a Shelly's components to the hub's readings. Pure.

Sources: the vendor's API documentation, pages EM, EMData, EM1, EM1Data and Notifications. Profile *triphase* has one
component `em:0` with the phases a, b, c; profile *monophase* has `em1:0` to `em1:2`. Currents are unsigned: their
direction is that of the active power. What is missing or odd is None, and named in `Odd` for one line in the log.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from hub.sdk import Identity, MeterReading, PerPhase, known

Json = Mapping[str, object]
Odd = Mapping[str, str]  # by key: what is wrong with it
Lines = PerPhase[float | None]

TRIPHASE, MONOPHASE = "triphase", "monophase"
PHASES = PerPhase("a_", "b_", "c_")
CHANNELS = PerPhase("0", "1", "2")
MOST_A, MOST_V, MOST_W, MOST_WH = 1000.0, 1000.0, 1e6, 1e12
CLOCK_ERROR = timedelta(seconds=2)  # a device whose clock is further off than this has no idea of the time


def identity(info: Json) -> Identity:
    """From Shelly.GetDeviceInfo. The serial is the MAC."""
    return Identity(
        vendor="Shelly",
        model=_text(info, "model") or _text(info, "app"),
        serial=_text(info, "mac"),
        firmware=_text(info, "ver"),
    )


def is_station(info: Json, station: str) -> bool:
    """Whether this device (by `mac` or `id`) may be that station. A station named host:port may be any."""
    mac, name = _text(info, "mac"), _text(info, "id")
    names = {mac, name, name.rpartition("-")[2] if name else None}
    return ":" in station or station.casefold() in {n.casefold() for n in names if n}


def wants_password(info: Json) -> bool:
    """Whether everything but this answer is closed to those who do not log in."""
    return info.get("auth_en") is True


def profile(info: Json) -> str:
    """`monophase` or `triphase`; older firmware has only the latter and does not say so."""
    return MONOPHASE if info.get("profile") == MONOPHASE else TRIPHASE


def components(frame: Json) -> Mapping[str, Json]:
    """The objects of a status by component: `em:0`, `emdata:0`, `em1:0`. Everything else is left out."""
    return {
        key: dict(value)
        for key, value in frame.items()
        if isinstance(value, dict) and key.partition(":")[0] in ("em", "emdata", "em1", "em1data")
    }


def overlay(known_before: Mapping[str, Json], news: Mapping[str, Json]) -> Mapping[str, Json]:
    """The status with a notification laid over it: what it does not name has not changed."""
    fresh = {key: {**known_before.get(key, {}), **change} for key, change in news.items()}
    return {**known_before, **fresh}


def moment(ts: object, now: datetime) -> datetime:
    """The device's time of a sample where its clock is right, else ours. Never in the future."""
    if not isinstance(ts, int | float) or isinstance(ts, bool) or not 0 < ts < 1e11:
        return now
    said = datetime.fromtimestamp(float(ts), UTC)
    return min(said, now) if abs(said - now) <= CLOCK_ERROR else now


def reading(status: Mapping[str, Json], at: datetime) -> tuple[MeterReading, Odd]:
    """All lines of one moment: from `em:0` where there is one, else from `em1:0` to `em1:2`."""
    odd: dict[str, str] = {}
    if "em:0" in status:
        return _triphase(status["em:0"], status.get("emdata:0", {}), at, odd), odd
    return _monophase(status, at, odd), odd


def _triphase(em: Json, totals: Json, at: datetime, odd: dict[str, str]) -> MeterReading:
    power_w = PHASES.map(lambda p: _number(em, f"{p}act_power", odd, MOST_W, -MOST_W))
    amps = PHASES.map(lambda p: _number(em, f"{p}current", odd, MOST_A, -MOST_A))
    total_w = _number(em, "total_act_power", {}, MOST_W, -MOST_W)
    _note_errors(em, odd)
    return MeterReading(
        at=at,
        current_a=_signed(amps, power_w),
        voltage_v=PHASES.map(lambda p: _number(em, f"{p}voltage", odd, MOST_V)),
        power_w=power_w,
        total_w=_sum(power_w) if total_w is None else total_w,
        import_wh=_number(totals, "total_act", {}, MOST_WH),
        export_wh=_number(totals, "total_act_ret", {}, MOST_WH),
    )


def _monophase(status: Mapping[str, Json], at: datetime, odd: dict[str, str]) -> MeterReading:
    meters = CHANNELS.map(lambda n: status.get(f"em1:{n}", {}))
    totals = CHANNELS.map(lambda n: status.get(f"em1data:{n}", {}))
    power_w = meters.map(lambda em1: _number(em1, "act_power", odd, MOST_W, -MOST_W))
    amps = meters.map(lambda em1: _number(em1, "current", odd, MOST_A, -MOST_A))
    for em1 in meters:
        _note_errors(em1, odd)
    return MeterReading(
        at=at,
        current_a=_signed(amps, power_w),
        voltage_v=meters.map(lambda em1: _number(em1, "voltage", odd, MOST_V)),
        power_w=power_w,
        total_w=_sum(power_w),
        import_wh=_sum(totals.map(lambda data: _number(data, "total_act_energy", {}, MOST_WH))),
        export_wh=_sum(totals.map(lambda data: _number(data, "total_act_ret_energy", {}, MOST_WH))),
    )


def _signed(amps: Lines, power_w: Lines) -> Lines:
    """Import positive, export negative. A current whose direction is not known is not known."""
    return PerPhase(*(_directed(a, w) for a, w in zip(amps, power_w, strict=True)))


def _directed(amps: float | None, power_w: float | None) -> float | None:
    if amps is None or power_w is None:
        return None
    return -abs(amps) if power_w < 0 else abs(amps)


def _sum(values: Lines) -> float | None:
    all_known = known(values)
    return None if all_known is None else math.fsum(all_known)


def _note_errors(em: Json, odd: dict[str, str]) -> None:
    """What the device complains about itself: `power_meter_failure`, `out_of_range:current`."""
    for key in ("errors", "a_errors", "b_errors", "c_errors"):
        said = em.get(key)
        if isinstance(said, list) and said:
            odd[f"{key} {said}"[:80]] = f"it reports {key}: {', '.join(map(str, said))[:200]}"


def _number(said: Json, key: str, odd: dict[str, str], most: float, least: float = 0.0) -> float | None:
    """A finite number in its range, else None. null is how the firmware says "not measured"."""
    value = said.get(key)
    if value is None:
        odd.setdefault(key, f"{key} is missing")
        return None
    if not isinstance(value, int | float) or isinstance(value, bool) or not least <= value <= most:
        odd[key] = f"{key} is {str(value)[:40]!r}"
        return None
    return float(value)


def _text(said: Json, key: str) -> str | None:
    value = said.get(key)
    return value if isinstance(value, str) and value else None
