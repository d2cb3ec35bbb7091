"""The simulator's own site file, as pydantic models: what is built, who comes to charge, what else draws current."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from simulator.world.car import CarModel
from simulator.world.evse import Outlet, Three
from simulator.world.site import ROOT, CircuitPlan

Line = Literal["L1", "L2", "L3"]
Amps = Annotated[float, Field(ge=0, le=2000)]
Each = Amps | tuple[Amps, Amps, Amps]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=40)]
Hours = tuple[Annotated[float, Field(ge=0, le=24)], Annotated[float, Field(ge=0, le=24)]]


class Strict(BaseModel):
    """Refuses keys that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class CircuitEntry(Strict):
    """A circuit: its parent (none for `grid`) and its limit, one number or one for each line."""

    parent: Name | None = None
    limit_a: Each


class CarEntry(Strict):
    """A kind of car, and how much it comes to fetch."""

    name: Name
    phases: Literal[1, 2, 3]
    max_a: Annotated[float, Field(ge=6, le=80)]
    min_a: Annotated[float, Field(ge=6, le=32)] = 6.0
    reaction_s: Annotated[float, Field(ge=0.3, le=5)] = 2.0
    need_kwh: tuple[Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)]] = (8.0, 35.0)

    @property
    def model(self) -> CarModel:
        """What the physics needs of it."""
        return CarModel(self.name, self.phases, self.max_a, self.min_a, self.reaction_s)


class BayEntry(Strict):
    """A parking place with its outlet; `cars` names the kinds that park here (all kinds if left out)."""

    circuit: Name
    wiring: tuple[Line, ...] = ("L1", "L2", "L3")
    max_a: Annotated[float, Field(ge=6, le=80)] = 32.0
    reaction_s: Annotated[float, Field(ge=0, le=10)] = 0.5
    cars: tuple[Name, ...] = ()

    @model_validator(mode="after")
    def _lines_once(self) -> BayEntry:
        if not self.wiring or len(set(self.wiring)) != len(self.wiring):
            raise ValueError(f"wiring {list(self.wiring)} must name one to three different lines, e.g. [L2, L3, L1]")
        return self


class DeviceEntry(Strict):
    """A charger with its bays in the order of its connectors, or a meter on a circuit. `options` are the emulator's."""

    kind: Literal["generic_mqtt", "go_e", "ocpp", "openevse", "shelly"]
    name: Name
    bays: tuple[Name, ...] = ()
    circuit: Name | None = None
    options: dict[str, bool | float | str] = {}

    @model_validator(mode="after")
    def _bays_or_circuit(self) -> DeviceEntry:
        if bool(self.bays) == bool(self.circuit):
            raise ValueError(f"device '{self.name}' needs either bays (a charger) or a circuit (a meter)")
        return self


class ApplianceEntry(Strict):
    """Something that is switched on several times a day, between two hours, at most 10 A on a line."""

    name: Name
    amps: tuple[Amps, Amps, Amps]
    minutes: Annotated[float, Field(gt=0, le=600)]
    per_day: Annotated[int, Field(ge=1, le=100)]
    hours: Hours = (0.0, 24.0)

    @model_validator(mode="after")
    def _bounded(self) -> ApplianceEntry:
        if max(self.amps) > 10:
            raise ValueError(f"appliance '{self.name}' steps by {max(self.amps)} A; 10 A on a line is the most")
        return self


class HouseEntry(Strict):
    """Everything else behind the main fuse: a steady base, a share that follows the day, appliances."""

    base_a: tuple[Amps, Amps, Amps] = (0.0, 0.0, 0.0)
    daily_a: tuple[Amps, Amps, Amps] = (0.0, 0.0, 0.0)
    appliances: tuple[ApplianceEntry, ...] = ()


class SunEntry(Strict):
    """Solar generation at the root: amps on each line at noon under a clear sky, and how cloudy it may be."""

    peak_a: Amps = 0.0
    cloud_share: Annotated[float, Field(ge=0, le=0.9)] = 0.5  # so much of it a thick cloud takes


class TrafficEntry(Strict):
    """How busy the bays are: the share taken by a hungry car at the start, and the pace of arrivals."""

    occupied_at_start: Annotated[float, Field(ge=0, le=1)] = 0.8
    busy: Annotated[float, Field(ge=0, le=5)] = 1.0  # 0: nobody comes by himself


class SitePlan(Strict):
    """The whole site file."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    voltage_v: Annotated[float, Field(ge=100, le=300)] = 230.0
    circuits: dict[Name, CircuitEntry]
    bays: dict[Name, BayEntry]
    devices: tuple[DeviceEntry, ...]
    cars: tuple[CarEntry, ...]
    house: HouseEntry = HouseEntry()
    sun: SunEntry = SunEntry()
    traffic: TrafficEntry = TrafficEntry()

    @model_validator(mode="after")
    def _fits_together(self) -> SitePlan:
        for complaint in (*_tree(self), *_bays(self), *_devices(self)):
            raise ValueError(complaint)
        return self

    @property
    def supply_v(self) -> Three:
        """Line to neutral voltages."""
        return (self.voltage_v, self.voltage_v, self.voltage_v)

    def circuit_plans(self) -> list[CircuitPlan]:
        """The circuits as the physics takes them."""
        return [CircuitPlan(name, entry.parent, _each(entry.limit_a)) for name, entry in self.circuits.items()]

    def outlets(self) -> dict[str, Outlet]:
        """The outlets by bay."""
        return {n: Outlet(n, b.wiring, b.max_a, b.reaction_s) for n, b in self.bays.items()}

    def cars_for(self, bay: str) -> list[CarEntry]:
        """The kinds of car that park in a bay."""
        names = self.bays[bay].cars
        return [car for car in self.cars if not names or car.name in names]


def _each(limit: Each) -> Three:
    return limit if isinstance(limit, tuple) else (limit, limit, limit)


def _tree(plan: SitePlan) -> list[str]:
    wrong = [] if ROOT in plan.circuits else [f"circuits: one must be called '{ROOT}', the connection to the grid"]
    for name, entry in plan.circuits.items():
        if name != ROOT and not _reaches_root(plan, name):
            wrong.append(f"circuits.{name}: parent '{entry.parent}' does not lead to '{ROOT}'")
        if name == ROOT and entry.parent is not None:
            wrong.append(f"circuits.{ROOT}: it has no parent; remove '{entry.parent}'")
    return wrong


def _reaches_root(plan: SitePlan, name: str) -> bool:
    here: str | None = name
    for _ in plan.circuits:
        entry = plan.circuits.get(here or "")
        here = entry.parent if entry else None
        if here == ROOT:
            return True
    return False


def _bays(plan: SitePlan) -> list[str]:
    known = {car.name for car in plan.cars}
    wrong = [] if plan.cars else ["cars: name at least one kind"]
    for name, bay in plan.bays.items():
        if bay.circuit not in plan.circuits:
            wrong.append(f"bays.{name}: there is no circuit '{bay.circuit}'; there are {', '.join(plan.circuits)}")
        wrong += [f"bays.{name}: there is no car '{car}'" for car in bay.cars if car not in known]
    return wrong


def _devices(plan: SitePlan) -> list[str]:
    wrong: list[str] = []
    served = [bay for device in plan.devices for bay in device.bays]
    names = [device.name for device in plan.devices]
    wrong += [f"devices: there is no bay '{bay}'" for bay in served if bay not in plan.bays]
    wrong += [
        f"bays.{bay}: {served.count(bay)} devices serve it; it needs one" for bay in plan.bays if served.count(bay) != 1
    ]
    wrong += [f"devices: '{name}' is there twice" for name in sorted(set(names)) if names.count(name) > 1]
    for device in plan.devices:
        if device.circuit is not None and device.circuit not in plan.circuits:
            wrong.append(f"devices.{device.name}: there is no circuit '{device.circuit}'")
    return wrong
