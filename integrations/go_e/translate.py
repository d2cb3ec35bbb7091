"""From a go-e Charger's status to the hub's words and back. Pure.

Keys and units are those of the vendor's HTTP API v2 (apikeys of firmware 51 to 60): V, A, W, Wh; currents are set in
whole amps. `nrg` lists U of L1 L2 L3 N, I of L1 L2 L3, P of L1 L2 L3 N and in all. Anything may be null, missing or a
number in a string; what is odd is None, and named in `Odd` for one line in the log.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from hub.sdk import ChargerReading, ChargerStatus, Fault, Identity, PerPhase, Status, floor_to

Json = Mapping[str, object]
Odd = Mapping[str, str]  # by key: what is wrong with it

WHO = ("sse", "typ", "fwv", "fna")
LIVE = ("car", "err", "amp", "ama", "frc", "alw", "acu", "nrg", "eto", "wh", "modelStatus", "trx", "tma")

LEAST_A = 6.0  # IEC 61851-1: no duty cycle stands for less
MOST_A = 32.0  # of the largest model
NEUTRAL, OFF = 0, 1  # frc
IDLE, CHARGING, WAITING, COMPLETE, ERROR = 1, 2, 3, 4, 5  # car
UNKNOWN_YET = frozenset({0, 6})  # unknown or an internal error, and initialising
WAITS_FOR_CARD, FORCED_OFF = 2, 4  # modelStatus
FLOWS_A = 1.0  # a car whose pause has begun may draw for a few seconds; some firmware says "charging" for ever

FAULTS: Mapping[int, tuple[str, str]] = {  # ChargePointErrorCode of OCPP 1.6
    1: ("GroundFailure", "residual current, AC"),
    2: ("GroundFailure", "residual current, DC"),
    3: ("OtherError", "a phase is missing or wrong"),
    4: ("OverVoltage", "over voltage"),
    5: ("OverCurrentFailure", "the car draws too much"),
    6: ("EVCommunicationError", "diode check failed"),
    7: ("OtherError", "the cable's coding (PP) is invalid"),
    8: ("GroundFailure", "no ground"),
    9: ("PowerSwitchFailure", "stuck contactor"),
    10: ("PowerSwitchFailure", "contactor does not close"),
    # from here on as in the lists for firmware 59 and 60; an older list of the vendor counts 11 to 16 otherwise
    12: ("ConnectorLockFailure", "cable lock stuck open"),
    13: ("ConnectorLockFailure", "cable lock stuck locked"),
    14: ("GroundFailure", "residual current device, unknown"),
    15: ("InternalError", "unknown"),
    16: ("HighTemperature", "over temperature"),
    17: ("InternalError", "no communication with its charge controller"),
    18: ("EVCommunicationError", "the control pilot (CP) is invalid"),
    23: ("GroundFailure", "self-test of the residual current device failed"),
}
REASONS: Mapping[int, str] = {  # modelStatus: why it does not let the car charge, or does not pause
    0: "its charge controller does not answer",
    1: "over temperature",
    WAITS_FOR_CARD: "it waits for a card or the app",
    FORCED_OFF: "it is forced off",
    5: "its scheduler",
    6: "its energy limit is reached",
    16: "its price limit",
    17: "its price limit",
    18: "its trip planner",
    19: "it keeps the car awake",
    20: "charging pauses are not allowed in its app (acp)",
    22: "it simulates unplugging",
    23: "it switches phases",
    24: "its minimum pause",
    26: "an error",
    27: "its own load management",
    28: "its OCPP back end",
    29: "a delay after a reconnection",
    30: "its adapter",
    31: "the grid's frequency is low",
    32: "unbalanced load",
    34: "its grid monitoring",
    35: "its OCPP fallback",
    37: "its OCPP back end made it inoperative",
    38: "the grid's voltage is low",
    39: "a set-point of zero",
    40: "it initialises",
    41: "its failsafe limit",
}


@dataclass(frozen=True, slots=True)
class Setting:
    """What it is told: a current, and whether it is forced off."""

    amp: int
    off: bool


def identity(who: Json) -> Identity:
    """Who it says it is."""
    return Identity(vendor="go-e", model=_text(who, "typ"), serial=_text(who, "sse"), firmware=_text(who, "fwv"))


def is_station(who: Json, station: str) -> bool:
    """Whether this unit may be that station: by serial, or by the name that it announces and that its owner may change.

    A station named host:port may be any, and so may a unit without serial.
    """
    serial, name = _text(who, "sse"), _text(who, "fna")
    names = {text.casefold() for text in (serial, name, f"go-eCharger_{serial}") if text}
    return serial is None or ":" in station or station.casefold() in names


def reading(status: Json, at: datetime) -> tuple[ChargerReading, Odd]:
    """The measured side, per terminal."""
    odd: dict[str, str] = {}
    nrg = _nrg(status, odd)
    return (
        ChargerReading(
            at=at,
            current_a=_per_phase(nrg, 4),
            voltage_v=_per_phase(nrg, 0),
            power_w=nrg.get(11),
            energy_wh=_number(status, "eto", odd, 1e12),
            session_wh=_number(status, "wh", odd, 1e7),
            offered_a=0.0 if _flag(status, "alw") is False else _number(status, "acu", odd, 100.0),
            temperature_c=_temperature_c(status),
        ),
        odd,
    )


def state(status: Json, at: datetime, *, stopped: bool = False) -> tuple[ChargerStatus, Odd]:
    """What it does. `stopped`: somebody ended the charge by order, and the car is still there."""
    odd: dict[str, str] = {}
    code = _number(status, "car", odd, 255.0)
    fault = _fault(status, code, odd)
    if code is None or code in UNKNOWN_YET:
        word = None if fault is None else Status.FAULTED
    elif code == CHARGING and _flows(status):
        word = Status.CHARGING  # also with an error, a lock that sticks: what flows must be counted
    elif fault is not None:
        word = Status.FAULTED
    elif code == IDLE:
        word = Status.AVAILABLE
    elif code in (CHARGING, WAITING, COMPLETE):
        word = Status.FINISHING if stopped else _with_car(status, int(code))
    else:
        word, odd["car"] = None, f"car {code:g} is not known"
    return ChargerStatus(at=at, status=word, fault=fault, enabled=_flag(status, "alw")), odd


def plugged(status: Json) -> bool | None:
    """Whether a car is connected; None when it does not tell, as in an error."""
    return {IDLE: False, CHARGING: True, WAITING: True, COMPLETE: True}.get(int(_number(status, "car", {}, 255.0) or 0))


def waits_for_card(status: Json) -> bool:
    """Whether only the access control keeps the car from charging."""
    return _number(status, "modelStatus", {}, 255.0) == WAITS_FOR_CARD and status.get("trx") is None


def reason(status: Json) -> str | None:
    """Why it does not let the car charge, or does not pause; None where it does not say."""
    code = _number(status, "modelStatus", {}, 255.0)
    return None if code is None else REASONS.get(int(code))


def withholds(status: Json) -> str | None:
    """Why it keeps a connected car from charging, unless it was forced off."""
    forced = _number(status, "frc", {}, 255.0) == OFF
    return reason(status) if plugged(status) and _flag(status, "alw") is False and not forced else None


def setting_for(limit_a: float, status: Json, *, stopped: bool) -> Setting:
    """What to tell it: whole amps, rounded down to what its owner allows; below the least it is forced off.

    Forced off it gets the least as its current, since the force ends when the car leaves and after a restart.
    """
    wanted_a = min(limit_a, _most_a(status))
    if not wanted_a >= LEAST_A:
        return Setting(int(LEAST_A), off=True)
    return Setting(int(floor_to(wanted_a, 1.0)), off=stopped)


def changes(wanted: Setting, status: Json) -> dict[str, int]:
    """The keys to set, and only those: `amp` is stored in flash. Whoever forced it on may have so."""
    found: dict[str, int] = {}
    if _number(status, "amp", {}, 255.0) != wanted.amp:
        found["amp"] = wanted.amp
    force = _number(status, "frc", {}, 255.0)
    if wanted.off and force != OFF:
        found["frc"] = OFF
    elif not wanted.off and force in (None, OFF):
        found["frc"] = NEUTRAL
    return found


def amp(status: Json) -> int | None:
    """The current that it is set to."""
    value = _number(status, "amp", {}, 255.0)
    return None if value is None else int(value)


def forced_off(status: Json) -> bool:
    """Whether it is forced off."""
    return _number(status, "frc", {}, 255.0) == OFF


def held_a(status: Json) -> float | None:
    """The limit that it holds: unless it is forced off, a car may have `amp` at any time, whatever it does now."""
    if forced_off(status):
        return 0.0
    current = amp(status)
    return None if current is None else min(float(current), _most_a(status))


def obeys(wanted: Setting, status: Json) -> bool:
    """Whether setting and logic have followed: the car may not charge, or not with more."""
    if changes(wanted, status):
        return False
    if wanted.off:
        return _flag(status, "alw") is not True
    offered_a = _number(status, "acu", {}, 255.0)
    return offered_a is None or offered_a <= wanted.amp


def _most_a(status: Json) -> float:
    return _number(status, "ama", {}, MOST_A, LEAST_A) or MOST_A


def _fault(status: Json, code: float | None, odd: dict[str, str]) -> Fault | None:
    number = _number(status, "err", odd, 255.0)
    if not number:
        return Fault(code="OtherError", vendor_code="car 5", text="an error without number") if code == ERROR else None
    known = FAULTS.get(int(number))
    if known is None:
        odd["err"] = f"err {number:g} is not known"
    error, text = known or ("OtherError", "an error that is not known")
    return Fault(code=error, vendor_code=f"{number:g}", text=text)


def _flows(status: Json) -> bool:
    """Whether a car that is said to charge does: allowed to, measured to, or not measured at all."""
    amps = [a for place, a in _nrg(status, {}).items() if 4 <= place <= 6]
    return _flag(status, "alw") is not False or not amps or max(amps) >= FLOWS_A


def _with_car(status: Json, code: int) -> Status:
    """A connected car that does not draw: whose turn it is."""
    if waits_for_card(status):
        return Status.PREPARING
    if _flag(status, "alw") is False:
        return Status.SUSPENDED_EVSE
    has_drawn = code == COMPLETE or bool(_number(status, "wh", {}, 1e7))
    return Status.SUSPENDED_EV if has_drawn else Status.PREPARING


def _nrg(status: Json, odd: dict[str, str]) -> dict[int, float]:
    """The known values of `nrg` by place. All zeros, voltages too, are no values: a PRO with firmware 60.4 did that."""
    said = status.get("nrg")
    if not isinstance(said, list):
        odd["nrg"] = f"nrg is {str(said)[:40]!r}"
        return {}
    values = {place: number for place, raw in enumerate(said[:12]) if (number := _as_number(raw)) is not None}
    if any(values.values()):
        return values
    if _number(status, "car", {}, 255.0) == CHARGING:
        odd["nrg"] = "nrg is all zeros while a car charges"
    return {}


def _per_phase(nrg: Mapping[int, float], first: int) -> PerPhase[float | None] | None:
    values = PerPhase(nrg.get(first), nrg.get(first + 1), nrg.get(first + 2))
    return None if values == (None, None, None) else values


def _temperature_c(status: Json) -> float | None:
    """The hottest sensor."""
    said = status.get("tma")
    known = [c for raw in said if (c := _as_number(raw)) is not None] if isinstance(said, list) else []
    return max((c for c in known if -50 <= c <= 150), default=None)


def _number(said: Json, key: str, odd: dict[str, str], most: float, least: float = 0.0) -> float | None:
    """A finite number in its range, else None; what is null or missing is not odd."""
    raw = said.get(key)
    if raw is None:
        return None
    value = _as_number(raw)
    if value is None or not least <= value <= most:
        odd[key] = f"{key} is {str(raw)[:40]!r}"
        return None
    return value


def _as_number(raw: object) -> float | None:
    """A number, or a text that is one."""
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        return None
    try:
        value = float(raw)
    except (ValueError, OverflowError):
        return None
    return value if math.isfinite(value) else None


def _flag(said: Json, key: str) -> bool | None:
    value = said.get(key)
    return True if value in (True, "true", "1") else False if value in (False, "false", "0") else None


def _text(said: Json, key: str) -> str | None:
    value = said.get(key)
    return value if isinstance(value, str) and value else None
