"""The whole physical site: outlets, circuits, house, sun and visiting cars, stepped together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from simulator.world.arrivals import Visit, schedules
from simulator.world.car import Car, CarModel
from simulator.world.evse import Evse, Three
from simulator.world.house import DAY_S, House
from simulator.world.plan import SitePlan
from simulator.world.site import NONE, Site, add
from simulator.world.sun import Sun


class Occupied(Exception):
    """A car stands there already."""


@dataclass
class _Bay:
    """The next or present visit of a bay, and the car that it brought."""

    visit: Visit | None
    car: Car | None = None


class World:
    """The physics of one site. `speed` shrinks the world only: visits, needs, sun and house pass so much faster."""

    def __init__(self, plan: SitePlan, seed: int = 7, speed: float = 1.0, start: str = "07:00") -> None:
        self.plan = plan
        self.seed = seed
        self.speed = speed
        self.elapsed_s = 0.0  # real seconds since the start
        self.extra_a: Three = NONE  # house load added on command
        self._start_s = seconds_of_day(start)
        self._house = House(plan.house, seed, speed)
        self._sun = Sun(plan.sun, seed, speed)
        self._visits = schedules(plan, seed, self._start_s)
        self._bays = {name: _Bay(next(visits, None)) for name, visits in self._visits.items()}
        outlets = plan.outlets()
        self.evses: Mapping[str, Evse] = {name: Evse(outlet, plan.supply_v) for name, outlet in outlets.items()}
        self.site = Site(plan.circuit_plans(), self._placed(), plan.supply_v)
        self._traffic()

    @property
    def world_s(self) -> float:
        """Seconds of the world since its first midnight."""
        return self._start_s + self.elapsed_s * self.speed

    @property
    def time_of_day(self) -> str:
        """The world's clock, as in "day 1 07:00"."""
        day, second = divmod(self.world_s, DAY_S)
        return f"day {int(day) + 1} {int(second // 3600):02d}:{int(second % 3600 // 60):02d}"

    @property
    def house_a(self) -> Three:
        """What the house draws now, with what was added on command."""
        return add(self._house.current_a(self.world_s), self.extra_a)

    @property
    def sun_a(self) -> Three:
        """What the sun feeds in now."""
        return self._sun.current_a(self.world_s)

    def step(self, dt_s: float) -> None:
        """Let `dt_s` real seconds pass."""
        self.elapsed_s += dt_s
        self._traffic()
        for evse in self.evses.values():
            evse.step(dt_s)
        self.site.step(dt_s, self.house_a, self.sun_a)

    def plug(self, bay: str, model: CarModel, need_wh: float) -> None:
        """A car out of turn arrives now and stays until `unplug`; its need is not shrunk. Raises Occupied."""
        if self.evses[bay].plugged:
            raise Occupied(f"a car stands in {bay} already; unplug it first")
        self.evses[bay].plug(Car(model, need_wh))

    def unplug(self, bay: str) -> bool:
        """Whatever car stands there leaves now; False if there was none."""
        return self.evses[bay].unplug() is not None

    def _placed(self) -> dict[str, tuple[Evse, ...]]:
        return {
            circuit: tuple(self.evses[name] for name, bay in self.plan.bays.items() if bay.circuit == circuit)
            for circuit in self.plan.circuits
        }

    def _traffic(self) -> None:
        for name, bay in self._bays.items():
            visit = bay.visit
            if visit is not None and bay.car is None and visit.arrives_s <= self.world_s:
                bay.car = self._arrive(name, visit)
            if visit is not None and visit.leaves_s <= self.world_s:
                self._leave(name, bay)

    def _arrive(self, name: str, visit: Visit) -> Car:
        car = Car(visit.model, visit.need_wh / self.speed)
        if not self.evses[name].plugged:
            self.evses[name].plug(car)
        return car

    def _leave(self, name: str, bay: _Bay) -> None:
        if self.evses[name].car is bay.car:
            self.evses[name].unplug()
        bay.car, bay.visit = None, next(self._visits[name], None)


def seconds_of_day(text: str) -> float:
    """ "07:30" as seconds since midnight. Raises ValueError."""
    hour, _, minute = text.partition(":")
    if not (hour.isdigit() and minute.isdigit() and int(hour) < 24 and int(minute) < 60):
        raise ValueError(f"'{text}' is no time of day; write it as 07:00")
    return int(hour) * 3600.0 + int(minute) * 60.0
