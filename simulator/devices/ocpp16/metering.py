"""What the meter in an outlet says, as OCPP 1.6 sampled values. Phases are the charger's terminals."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from simulator.world.evse import Evse

Sampled = dict[str, str]


def now_text(moment: datetime | None = None) -> str:
    """A moment as OCPP writes it, in UTC with milliseconds."""
    at = moment or datetime.now(UTC)
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def register_wh(evse: Evse) -> int:
    """The lifetime register in whole Wh."""
    return int(evse.energy_wh)


def meter_value(evse: Evse, measurands: Iterable[str], context: str = "Sample.Periodic") -> dict[str, object]:
    """One MeterValue of OCPP: the time and the asked measurands."""
    sampled = [sample | {"context": context} for name in measurands for sample in SAMPLERS[name](evse)]
    return {"timestamp": now_text(), "sampled_value": sampled}


def _one(measurand: str, value: float, unit: str, phase: str | None = None) -> Sampled:
    sample = {"measurand": measurand, "value": f"{value:.2f}", "unit": unit, "location": "Outlet"}
    return sample if phase is None else sample | {"phase": phase}


def _current(evse: Evse) -> list[Sampled]:
    return [_one("Current.Import", evse.current_a[n], "A", f"L{n + 1}") for n in range(len(evse.wiring))]


def _voltage(evse: Evse) -> list[Sampled]:
    return [_one("Voltage", evse.voltage_v[n], "V", f"L{n + 1}-N") for n in range(len(evse.wiring))]


SAMPLERS: dict[str, Callable[[Evse], list[Sampled]]] = {
    "Current.Import": _current,
    "Voltage": _voltage,
    "Power.Active.Import": lambda evse: [_one("Power.Active.Import", evse.power_w, "W")],
    "Energy.Active.Import.Register": lambda evse: [
        _one("Energy.Active.Import.Register", register_wh(evse), "Wh"),
    ],
    "Current.Offered": lambda evse: [_one("Current.Offered", evse.offered_a, "A")],
    "Temperature": lambda _: [_one("Temperature", 31.0, "Celsius")],
}
