"""What a go-e Charger says of itself on GET /api/status, in the vendor's keys and units, filtered. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass

from simulator.devices.go_e_settings import OFF, ON, WAIT, Settings
from simulator.world.evse import Evse

Status = dict[str, object]

IDLE, CHARGING, WAIT_CAR, COMPLETE, ERROR = 1, 2, 3, 4, 5  # car
NO_DATA, ACCESS_CONTROL, FORCED_ON, FORCED_OFF, DEFAULT, BY_ERROR = 0, 2, 3, 4, 15, 26  # modelStatus
UNKNOWN_ERROR = 15
ERRORS = {  # errorCode of OCPP 1.6 to the number in `err`; any other is "unknown"
    "GroundFailure": 2,
    "OverVoltage": 4,
    "OverCurrentFailure": 5,
    "EVCommunicationError": 6,
    "PowerSwitchFailure": 9,
    "ConnectorLockFailure": 13,
    "HighTemperature": 16,
}
LEGACY_BEFORE = (51, 4)  # older firmware takes a JSON array only
LEGACY_MOST = 10  # and had no memory for more entries
STRICT_FROM = (60, 0)  # newer firmware answers 400 when it lacks one of the keys, and gives the others all the same
RESTARTS_FROM = (53, 0)  # older firmware has no `rst`


class BadFilter(Exception):
    """The filter cannot be read; the text is the device's."""


@dataclass(frozen=True, slots=True)
class Unit:
    """What is fixed about one unit."""

    serial: str
    name: str
    kind: str  # go-eCharger or go-eCharger_V4
    version: str
    most_a: int
    celsius: float
    lacks: tuple[str, ...] = ()  # keys that this model does not have
    dead_meter: bool = False  # `nrg` is all zeros whatever flows, as firmware 60.4 was reported to do

    @property
    def firmware(self) -> tuple[int, int]:
        """051.3 as (51, 3)."""
        major, _, minor = self.version.partition(".")
        return int(major), int(minor or 0)


def status(unit: Unit, evse: Evse, settings: Settings, known: bool) -> Status:
    """Every key that this emulator has. Until it knows its charge controller, `car` and `err` are null."""
    allowed = known and allows(evse, settings)
    everything: Status = {
        "sse": unit.serial,
        "fna": unit.name,
        "typ": unit.kind,
        "oem": "go-e",
        "fwv": unit.version,
        "car": car(evse, settings) if known else None,
        "err": _error(evse) if known else None,
        "modelStatus": _reason(evse, settings) if known else NO_DATA,
        "alw": allowed,
        "acu": settings.amp if allowed else None,
        "amp": settings.amp,
        "ama": unit.most_a,
        "frc": settings.frc,
        "acs": settings.acs,
        "trx": settings.trx,
        "cbl": 32 if evse.plugged else None,
        "psm": 0,
        "pnp": len(evse.wiring),
        "nrg": [0] * 16 if unit.dead_meter or not known else _energy(evse),
        "eto": round(evse.energy_wh),
        "wh": round(evse.session_energy_wh, 3) if evse.plugged else 0,
        "tma": [unit.celsius, unit.celsius + 2],
    }
    return {key: value for key, value in everything.items() if key not in unit.lacks}


def allows(evse: Evse, settings: Settings) -> bool:
    """Whether its logic lets a car charge."""
    waits = settings.acs == WAIT and settings.trx is None
    return evse.fault is None and settings.frc != OFF and (settings.frc == ON or not waits)


def car(evse: Evse, settings: Settings) -> int:
    """The state of the car. One that has drawn and draws no more is complete, even when it was only paused."""
    if evse.fault is not None:
        return ERROR
    if not evse.plugged:
        return IDLE
    if evse.iec_state == "C":
        return CHARGING
    return COMPLETE if evse.session_energy_wh > 0 else WAIT_CAR


def filtered(unit: Unit, everything: Status, text: str | None) -> tuple[Status, int]:
    """What is asked for, and the HTTP status. Raises BadFilter."""
    if text is None:
        return everything, 200
    keys = _legacy_keys(text) if unit.firmware < LEGACY_BEFORE else text.split(",")
    found = {key: everything[key] for key in keys if key in everything}
    lacks = len(found) < len(keys) and unit.firmware >= STRICT_FROM
    return found, 400 if lacks else 200


def _legacy_keys(text: str) -> list[str]:
    try:
        keys = json.loads(text)
    except ValueError:
        raise BadFilter("filter: invalid json InvalidInput") from None
    if not isinstance(keys, list) or len(keys) > LEGACY_MOST:
        raise BadFilter("filter: invalid json NoMemory")
    return [str(key) for key in keys]


def _error(evse: Evse) -> int:
    return 0 if evse.fault is None else ERRORS.get(evse.fault, UNKNOWN_ERROR)


def _reason(evse: Evse, settings: Settings) -> int:
    if evse.fault is not None:
        return BY_ERROR
    if settings.frc in (OFF, ON):
        return FORCED_OFF if settings.frc == OFF else FORCED_ON
    return DEFAULT if allows(evse, settings) else ACCESS_CONTROL


def _energy(evse: Evse) -> list[float]:
    """U of L1 L2 L3 N, I of L1 L2 L3, P of L1 L2 L3 N and in all, power factors: 16 numbers."""
    volts = [round(v, 1) for v in evse.voltage_v]
    amps = [round(a, 2) for a in evse.current_a]
    watts = [round(a * v) for a, v in zip(amps, volts, strict=True)]
    return [*volts, 0, *amps, *watts, 0, round(evse.power_w), 0, 0, 0, 0]
