"""What an OpenEVSE says about itself on GET /status and GET /config, in the keys and units of its firmware. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from simulator.devices.openevse_claims import MANUAL, Claims
from simulator.world.evse import Evse

Status = dict[str, object]

BUILD = "openevse_wifi_v1"
STARTING, NO_GROUND, SLEEPING, DISABLED = 0, 7, 254, 255
STATES = {"A": 1, "B": 2, "C": 3, "D": 4}  # IEC 61851-1 to the firmware's number
FAULTS = {  # errorCode of OCPP 1.6 to the firmware's number; any other is "no ground"
    "EVCommunicationError": 5,  # diode check failed
    "GroundFailure": 6,
    "PowerSwitchFailure": 8,  # stuck relay
    "HighTemperature": 10,
    "OverCurrentFailure": 11,
}
COLOURS = {1: 2, 2: 3, 3: 6, SLEEPING: 5, DISABLED: 5}  # of the LCD; red (1) for the rest
CHECKS = ("diode_check", "gfci_check", "ground_check", "relay_check", "vent_check", "temp_check")


@dataclass(frozen=True, slots=True)
class Unit:
    """What is fixed about one unit."""

    serial: str  # the long chip id
    hostname: str
    version: str
    celsius: float | None = None  # None: no sensor fitted, which the firmware shows as false
    pause_uses_disabled: bool = False


@dataclass(frozen=True, slots=True)
class Moment:
    """What the gateway knows just now besides its outlet."""

    host: str
    known: bool  # it has found its controller, which takes a while after a restart
    session_s: float
    now: datetime


def status(unit: Unit, evse: Evse, claims: Claims, moment: Moment) -> Status:
    """The answer to GET /status. After a restart the controller's numbers are 0 or missing for a while."""
    known = int(moment.known)
    return {
        "mode": "STA",
        "wifi_client_connected": 1,
        "eth_connected": 0,
        "net_connected": 1,
        "ipaddress": moment.host,
        "macaddress": ":".join(unit.serial[i : i + 2] for i in range(0, 12, 2)),
        "mqtt_connected": 0,
        "ocpp_connected": 0,
        "ohm_hour": "NotConnected",
        "free_heap": 203_000,
        "rapi_connected": known,
        "evse_connected": known,
        **(_live(unit, evse, claims) if known else _nothing_live()),
        "status": claims.target().state,  # what the claims want, not what the EVSE does
        "manual_override": int(MANUAL in claims),
        **_temperatures(unit.celsius if known else None),
        "freeram": 203_000,
        "divertmode": 1,
        "srssi": -61,
        "time": moment.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "offset": "+0000",
        "elapsed": round(moment.session_s),
        **(_registers(evse) if known else {}),
        **_services(),
        "config_version": known,
        "claims_version": claims.version,
        "override_version": claims.override_version,
        "schedule_version": 0,
        "limit_version": 0,
    }


def config(unit: Unit, evse: Evse, claims: Claims, known: bool) -> Status:
    """The answer to GET /config. The controller's part is missing until the gateway knows its controller."""
    return {
        "mqtt_supported_protocols": ["mqtt", "mqtts"],
        "http_supported_protocols": ["http"],
        "buildenv": BUILD,
        "version": unit.version,
        "wifi_serial": unit.serial,
        "protocol": "-",
        "espinfo": "ESP32r1 2 core WiFi BLE BT",
        "espflash": 4_194_304,
        **(_controller(evse, claims) if known else {}),
        "ssid": "site",
        "hostname": unit.hostname,
        "time_zone": "Etc/UTC|UTC0",
        "www_username": "",
        "www_password": "",
        "mqtt_enabled": False,
        "ocpp_enabled": False,
        "divert_enabled": False,
        "current_shaper_enabled": False,
        "pause_uses_disabled": unit.pause_uses_disabled,
        "is_threephase": len(evse.wiring) == 3,
        "default_state": True,
        "charge_mode": "fast",
    }


def _live(unit: Unit, evse: Evse, claims: Claims) -> Status:
    """mA, V, W and A. One conductor is measured, and taken for all."""
    amp_ma = round(evse.current_a[0] * 100) * 10
    voltage_v = round(evse.voltage_v[0])
    state = _state(unit, evse)
    return {
        "amp": amp_ma,
        "voltage": voltage_v,
        "power": round(amp_ma / 1000 * voltage_v * (3 if len(evse.wiring) == 3 else 1)),
        "pilot": claims.target().pilot_a,
        "max_current": claims.limits.most_a,
        "state": state,
        "flags": 0,
        "vehicle": int(evse.plugged),
        "colour": COLOURS.get(state, 1),
    }


def _nothing_live() -> Status:
    return {"amp": 0, "voltage": 240, "pilot": 0, "state": STARTING, "vehicle": 0, "colour": 0}


def _state(unit: Unit, evse: Evse) -> int:
    if evse.fault is not None:
        return FAULTS.get(evse.fault, NO_GROUND)
    if not evse.enabled:
        return DISABLED if unit.pause_uses_disabled else SLEEPING
    return STATES[evse.iec_state]


def _temperatures(celsius: float | None) -> Status:
    """Tenths of a degree, or false where there is no sensor."""
    temp = False if celsius is None else round(celsius * 10)
    return {"temp": temp, "temp_max": temp, "temp1": False, "temp2": temp, "temp3": False, "temp4": False}


def _registers(evse: Evse) -> Status:
    """The session in Wh (gone with the car), totals in kWh."""
    total_kwh = round(evse.energy_wh / 1000, 3)
    return {
        "session_energy": round(evse.session_energy_wh, 2) if evse.plugged else 0,
        "total_energy": total_kwh,
        **dict.fromkeys(("total_day", "total_week", "total_month", "total_year"), total_kwh),
    }


def _services() -> Status:
    return {
        "gfcicount": 0,
        "nogndcount": 0,
        "stuckcount": 0,
        "solar": 0,
        "grid_ie": 0,
        "charge_rate": 0,
        "divert_active": False,
        "shaper": 0,
        "shaper_live_pwr": 0,
        "service_level": 2,
        "limit": False,
        "ota_update": 0,
    }


def _controller(evse: Evse, claims: Claims) -> Status:
    return {
        "firmware": "8.2.1",
        "evse_serial": "",
        **dict.fromkeys(CHECKS, True),
        "max_current_soft": claims.limits.most_a,
        "service": 2,
        "service_level": 2,
        "scale": 220,
        "offset": 0,
        "min_current_hard": claims.limits.least_a,
        "max_current_hard": int(evse.max_a),
    }
