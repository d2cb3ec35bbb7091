"""What a Shelly Pro 3EM measures at one moment, in the keys, units and roundings of its EM and EMData components. Pure.

Currents are unsigned; the direction is in the sign of the active power (positive: from the grid).
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from simulator.world.evse import Three

Status = dict[str, object]

PHASES = ("a", "b", "c")
CURRENT_ERROR = 0.0025  # together with the voltage's: 0.3 % of power
VOLTAGE_ERROR = 0.0005


@dataclass(frozen=True, slots=True)
class Flow:
    """True signed amps and volts on the three phases, all of the same instant."""

    current_a: Three
    voltage_v: Three


@dataclass(frozen=True, slots=True)
class Registers:
    """True energy of each phase: taken from the grid, and returned to it, in Wh."""

    import_wh: Three
    export_wh: Three


def em_status(flow: Flow, noise: Random) -> Status:
    """The status of `em:0`: 0.001 A, 0.1 V, 0.1 W, each with the meter's error."""
    phases = [_phase(a, v, noise) for a, v in zip(flow.current_a, flow.voltage_v, strict=True)]
    measured = [
        {f"{name}_{key}": value for key, value in phase.items()} for name, phase in zip(PHASES, phases, strict=True)
    ]
    return {
        "id": 0,
        **measured[0],
        **measured[1],
        **measured[2],
        "n_current": None,
        "total_current": round(sum(phase["current"] for phase in phases), 3),
        "total_act_power": round(sum(phase["act_power"] for phase in phases), 3),
        "total_aprt_power": round(sum(phase["aprt_power"] for phase in phases), 3),
        "user_calibrated_phase": [],
    }


def emdata_status(registers: Registers) -> Status:
    """The status of `emdata:0`: Wh by phase and in all."""
    rows: Status = {"id": 0}
    for name, taken, returned in zip(PHASES, registers.import_wh, registers.export_wh, strict=True):
        rows[f"{name}_total_act_energy"] = round(taken, 2)
        rows[f"{name}_total_act_ret_energy"] = round(returned, 2)
    rows["total_act"] = round(sum(registers.import_wh), 2)
    rows["total_act_ret"] = round(sum(registers.export_wh), 2)
    return rows


def _phase(true_a: float, true_v: float, noise: Random) -> dict[str, float]:
    amps = abs(true_a) * (1 + noise.uniform(-CURRENT_ERROR, CURRENT_ERROR))
    volts = true_v * (1 + noise.uniform(-VOLTAGE_ERROR, VOLTAGE_ERROR))
    apparent_va = amps * volts
    return {
        "current": round(amps, 3),
        "voltage": round(volts, 1),
        "act_power": round(-apparent_va if true_a < 0 else apparent_va, 1),
        "aprt_power": round(apparent_va, 1),
        "pf": 0.0 if amps < 0.0005 else (-1.0 if true_a < 0 else 1.0),
        "freq": 50.0,
    }
