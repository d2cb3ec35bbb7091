"""From an OpenEVSE's JSON to the hub's words and back. Pure.

Keys and units are those of the ESP32 Wi-Fi firmware 4.x and 5.x (its api.yml and models/Status.yaml): `amp` in mA,
`pilot` in A, `session_energy` in Wh, `total_energy` in kWh, temperatures in 0.1 °C or false. One current is measured
for all phases. What is missing or odd is None, and named in `Odd` for one line in the log.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from hub.sdk import ChargerReading, ChargerStatus, Fault, Identity, PerPhase, Status, floor_to

Json = Mapping[str, object]
Odd = Mapping[str, str]  # by key: what is wrong with it

LEAST_A = 6.0  # IEC 61851-1: no duty cycle stands for less
MOST_A = 80.0  # the controller's own ceiling
AVAILABLE, CONNECTED, CHARGING, VENTILATION = 1, 2, 3, 4
ASLEEP = frozenset({253, 254, 255})  # 253 and 254 sleeping, 255 disabled: the pilot is off
FAULTS: Mapping[int, tuple[str, str]] = {  # ChargePointErrorCode of OCPP 1.6
    VENTILATION: ("OtherError", "the car asks for ventilation"),
    5: ("EVCommunicationError", "diode check failed"),
    6: ("GroundFailure", "residual current (GFCI) tripped"),
    7: ("GroundFailure", "no ground"),
    8: ("PowerSwitchFailure", "stuck relay"),
    9: ("GroundFailure", "self-test of the residual current device failed"),
    10: ("HighTemperature", "over temperature"),
    11: ("OverCurrentFailure", "over current"),
}
STEERING = ("manual_override", "override_version", "claims_version")  # move when somebody takes or gives a claim


@dataclass(frozen=True, slots=True)
class Make:
    """What /config says of one unit. `most_a` is its owner's maximum; None while the controller has not told it."""

    least_a: float
    most_a: float | None
    three_phase: bool
    version: str | None
    has_override: bool


def make(config: Json) -> Make:
    """From GET /config. Firmware before 4 has no /override; a version that cannot be read counts as newer."""
    odd: dict[str, str] = {}
    version = _text(config, "version")
    major = re.match(r"[vV]?(\d{1,3})\.", version or "")
    return Make(
        least_a=math.ceil(max(LEAST_A, _number(config, "min_current_hard", odd, MOST_A) or 0.0)),
        most_a=_number(config, "max_current_soft", odd, MOST_A, 1.0)
        or _number(config, "max_current_hard", odd, MOST_A, 1.0),
        three_phase=config.get("is_threephase") is True,
        version=version,
        has_override=major is None or int(major[1]) >= 4,
    )


def identity(config: Json) -> Identity:
    """Who it says it is. The serial is the long chip id, which DNS-SD announces as `id`."""
    wifi, controller = _text(config, "version"), _text(config, "firmware")
    return Identity(
        vendor="OpenEVSE",
        model=_text(config, "buildenv"),
        serial=_text(config, "wifi_serial"),
        firmware=f"{wifi}, controller {controller}" if wifi and controller else wifi,
    )


def is_station(config: Json, station: str) -> bool:
    """Whether this unit may be that station. A station named host:port may be any, and so may a unit without serial."""
    serial = _text(config, "wifi_serial")
    names = {name.casefold() for name in (serial, _text(config, "hostname")) if name}
    return serial is None or ":" in station or station.casefold() in names


def knows_controller(status: Json) -> bool:
    """False while the Wi-Fi module does not reach the controller behind it: then its numbers are zeros, not values."""
    return status.get("evse_connected") not in (0, False)


def reading(status: Json, unit: Make, at: datetime) -> tuple[ChargerReading, Odd]:
    """The measured side. Old firmware has `wattsec` and `watthour` for the energies and no `power`."""
    if not knows_controller(status):
        return ChargerReading(at=at), {}
    odd: dict[str, str] = {}
    current_ma = _number(status, "amp", odd, 200_000.0, needed=True)
    current_a = None if current_ma is None else current_ma / 1000
    voltage_v = _number(status, "voltage", odd, 1000.0)
    power_w = _number(status, "power", odd, 100_000.0)
    if power_w is None and current_a is not None and voltage_v is not None:
        power_w = current_a * voltage_v * (3 if unit.three_phase else 1)  # as the firmware reckons
    return (
        ChargerReading(
            at=at,
            current_a=None if current_a is None else PerPhase(current_a, None, None),
            voltage_v=None if voltage_v is None else PerPhase(voltage_v, None, None),
            power_w=power_w,
            energy_wh=_energy_wh(status, odd),
            session_wh=_session_wh(status, odd),
            offered_a=_offered_a(status, odd),
            temperature_c=_temperature_c(status),
        ),
        odd,
    )


def state(status: Json, at: datetime) -> tuple[ChargerStatus, Odd]:
    """What it does. A car that waits because we (or a timer) put the unit to sleep is `suspended_evse`: it is with car.

    A connected car that does not draw is `preparing` until it has taken something, then `suspended_ev`.
    """
    odd: dict[str, str] = {}
    number = _number(status, "state", odd, 255.0, needed=True)
    if number is None or number == 0 or not knows_controller(status):  # 0: starting
        return ChargerStatus(at=at, status=None), odd
    code = int(number)
    if code in FAULTS:
        error, text = FAULTS[code]
        fault = Fault(code=error, vendor_code=str(code), text=text)
        return ChargerStatus(at=at, status=Status.FAULTED, fault=fault), odd
    if code in ASLEEP:
        return ChargerStatus(at=at, status=_asleep(plugged(status)), enabled=False), odd
    word = {AVAILABLE: Status.AVAILABLE, CONNECTED: _waiting(status), CHARGING: Status.CHARGING}.get(code)
    if word is None:
        odd["state"] = f"state {code} is not known"
    return ChargerStatus(at=at, status=word, enabled=None if word is None else True), odd


def plugged(status: Json) -> bool | None:
    """Whether a car is connected: by `vehicle`, else by the state; None when neither tells."""
    if not knows_controller(status):
        return None
    vehicle = status.get("vehicle")
    if isinstance(vehicle, int):
        return vehicle != 0
    code = status.get("state")
    return {AVAILABLE: False, CONNECTED: True, CHARGING: True}.get(code) if isinstance(code, int) else None


def override_for(limit_a: float, unit: Make) -> Json:
    """The body of POST /override. Whole amps, rounded down; below the least it is put to sleep.

    `auto_release` must be false, or the override is gone with the car. A sleeping unit keeps the least as its current,
    so that it does not wake with the full one.
    """
    wanted_a = min(limit_a, unit.most_a or MOST_A)
    if not wanted_a >= unit.least_a:
        return {"state": "disabled", "charge_current": int(unit.least_a), "auto_release": False}
    return {"state": "active", "charge_current": int(floor_to(wanted_a, 1.0)), "auto_release": False}


def held_a(override: Json | None, unit: Make) -> float | None:
    """The limit that it holds. Without an override it may give its owner's maximum at any time, whatever it does."""
    claim = override or {}
    if claim.get("state") == "disabled":
        return 0.0
    caps = [_number(claim, key, {}, 1e6) for key in ("charge_current", "max_current")]
    known = [cap for cap in (*caps, unit.most_a) if cap is not None]
    return max(unit.least_a, min(known)) if known else None


def pilot_a(status: Json) -> float | None:
    """What the pilot is set to, also while it is off: the limit itself where there is no override."""
    return _number(status, "pilot", {}, 200.0) if knows_controller(status) else None


def obeys(status: Json, limit_a: float) -> bool:
    """Whether the controller has followed: it sleeps or has no car (0), or its pilot is not above the limit."""
    if not knows_controller(status):
        return False
    if limit_a == 0:
        return status.get("state") not in (CONNECTED, CHARGING)
    pilot = pilot_a(status)
    return pilot is None or pilot <= limit_a


def steered(before: Json, after: Json) -> bool:
    """Whether somebody took or gave back a claim in between."""
    return any(key in before and before[key] != after.get(key) for key in STEERING)


def reconfigured(before: Json, after: Json) -> bool:
    """Whether its settings changed in between."""
    return "config_version" in before and before["config_version"] != after.get("config_version")


def _offered_a(status: Json, odd: dict[str, str]) -> float | None:
    """Asleep and in a fault there is no duty cycle, whatever `pilot` is set to."""
    pilot = _number(status, "pilot", odd, 200.0, needed=True)
    code = status.get("state")
    return 0.0 if isinstance(code, int) and (code in ASLEEP or code in FAULTS) else pilot


def _asleep(has_car: bool | None) -> Status | None:
    return None if has_car is None else Status.SUSPENDED_EVSE if has_car else Status.AVAILABLE


def _waiting(status: Json) -> Status:
    return Status.SUSPENDED_EV if _session_wh(status, {}) else Status.PREPARING


def _energy_wh(status: Json, odd: dict[str, str]) -> float | None:
    total_kwh = _number(status, "total_energy", odd, 1e9)
    return _number(status, "watthour", odd, 1e12) if total_kwh is None else total_kwh * 1000


def _session_wh(status: Json, odd: dict[str, str]) -> float | None:
    session_wh = _number(status, "session_energy", odd, 1e7)
    if session_wh is not None:
        return session_wh
    session_ws = _number(status, "wattsec", odd, 1e11)
    return None if session_ws is None else session_ws / 3600


def _temperature_c(status: Json) -> float | None:
    """The first sensor that is fitted: one that is not says false, 0 or -2560."""
    for key in ("temp", "temp1", "temp2", "temp3", "temp4"):
        tenths = _number(status, key, {}, 1500.0, -500.0)
        if tenths:
            return tenths / 10
    return None


def _number(  # noqa: PLR0913 - a key, its range and where to complain
    said: Json, key: str, odd: dict[str, str], most: float, least: float = 0.0, *, needed: bool = False
) -> float | None:
    """A finite number in its range, else None. False is how the firmware says "not fitted"."""
    value = said.get(key)
    if value is None or value is False:
        if needed:
            odd[key] = f"{key} is missing"
        return None
    if not isinstance(value, int | float) or isinstance(value, bool) or not least <= value <= most:
        odd[key] = f"{key} is {str(value)[:40]!r}"
        return None
    return float(value)


def _text(said: Json, key: str) -> str | None:
    value = said.get(key)
    return value if isinstance(value, str) and value else None
