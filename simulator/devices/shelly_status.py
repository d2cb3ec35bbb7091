"""What a Shelly Pro 3EM says about itself besides its measurements, in the keys of its firmware."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from simulator.devices.shelly_sample import Status

APP, MODEL, VERSION = "Pro3EM", "SPEM-003CEBEU", "1.4.4"
FIRMWARE = f"20241011-114449/{VERSION}-g6d2a586"
CONFIG_REVISION = 29


@dataclass(frozen=True, slots=True)
class Unit:
    """One device: the name that its owner gave it, and its MAC in lower case."""

    name: str
    mac: str

    @property
    def id(self) -> str:
        """Its id and instance name."""
        return f"shellypro3em-{self.mac}"


def info(unit: Unit) -> Status:
    """The answer to Shelly.GetDeviceInfo and GET /shelly."""
    return {
        "name": unit.name,
        "id": unit.id,
        "mac": unit.mac.upper(),
        "slot": 0,
        "model": MODEL,
        "gen": 2,
        "fw_id": FIRMWARE,
        "ver": VERSION,
        "app": APP,
        "auth_en": False,
        "auth_domain": None,
        "profile": "triphase",
    }


def around(host: str) -> Status:
    """The status of what does not measure, but for the system."""
    return {
        "ble": {},
        "cloud": {"connected": False},
        "eth": {"ip": host},
        "modbus": {},
        "mqtt": {"connected": False},
        "temperature:0": {"id": 0, "tC": 41.2, "tF": 106.2},
        "wifi": {"sta_ip": None, "status": "disconnected", "ssid": None, "rssi": 0},
        "ws": {"connected": False},
    }


def system(unit: Unit, uptime_s: float) -> Status:
    """The status of the system."""
    now = time.time()
    return {
        "mac": unit.mac.upper(),
        "restart_required": False,
        "time": time.strftime("%H:%M", time.localtime(now)),
        "unixtime": int(now),
        "uptime": int(uptime_s),
        "ram_size": 241_568,
        "ram_free": 125_084,
        "fs_size": 524_288,
        "fs_free": 184_320,
        "cfg_rev": CONFIG_REVISION,
        "kvs_rev": 0,
        "schedule_rev": 0,
        "webhook_rev": 0,
        "available_updates": {},
        "reset_reason": 3,
    }


def config(unit: Unit) -> Status:
    """The answer to Shelly.GetConfig."""
    return {
        "ble": {"enable": False, "rpc": {"enable": False}, "observer": {"enable": False}},
        "cloud": {"enable": False, "server": None},
        "em:0": em_config(),
        "emdata:0": {},
        "eth": {"enable": True, "ipv4mode": "dhcp", "ip": None, "netmask": None, "gw": None, "nameserver": None},
        "modbus": {"enable": False},
        "mqtt": {"enable": False, "server": None, "client_id": unit.id, "topic_prefix": unit.id},
        "sys": {
            "device": {
                "name": unit.name,
                "mac": unit.mac.upper(),
                "fw_id": FIRMWARE,
                "discoverable": True,
                "eco_mode": False,
                "profile": "triphase",
                "addon_type": None,
            },
            "location": {"tz": "Europe/Amsterdam", "lat": None, "lon": None},
            "cfg_rev": CONFIG_REVISION,
        },
        "temperature:0": {"id": 0, "name": None, "report_thr_C": 5.0, "offset_C": 0.0},
        "wifi": {"sta": {"ssid": None, "enable": False}},
        "ws": {"enable": False, "server": None, "ssl_ca": "ca.pem"},
    }


def em_config() -> Status:
    """The answer to EM.GetConfig."""
    return {
        "id": 0,
        "name": None,
        "blink_mode_selector": "active_energy",
        "phase_selector": "all",
        "monitor_phase_sequence": False,
        "reverse": {},
        "ct_type": "120A",
    }


def components(status: Mapping[str, object], config: Mapping[str, object]) -> Status:
    """The answer to Shelly.GetComponents, in one page."""
    rows = [{"key": key, "status": status[key], "config": config[key]} for key in sorted(status)]
    return {"components": rows, "cfg_rev": CONFIG_REVISION, "offset": 0, "total": len(rows)}
