"""The electrical side of one outlet: pilot, contactor, wiring, meter and the car that hangs on it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from simulator.world.car import Car

LINES = ("L1", "L2", "L3")
LEAST_PILOT_A = 6.0  # IEC 61851-1: no duty cycle stands for less
PILOT_OFF_S = 6.0  # the contactor opens so long after the duty cycle ended, whatever the car does

Three = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Outlet:
    """What is fixed about an outlet: its name, the supply lines behind its terminals, its maximum, its delay."""

    id: str
    wiring: tuple[str, ...] = LINES
    max_a: float = 32.0
    reaction_s: float = 0.5


@dataclass(slots=True)
class Stay:
    """One car's time on the outlet by its lifetime register: what a session must come to. `to_wh` None: it is here."""

    from_wh: float
    to_wh: float | None = None


class Evse:
    """One outlet, stepped by the world. A device emulator sets the pilot and reads the meter.

    `current_a`, `voltage_v` are by outlet terminal (0 where there is none); `line_current_a` is on supply L1, L2, L3.
    """

    def __init__(self, outlet: Outlet, supply_v: Three = (230.0, 230.0, 230.0), energy_wh: float = 0.0) -> None:
        self.id = outlet.id
        self.wiring = outlet.wiring
        self.max_a = outlet.max_a
        self.reaction_s = outlet.reaction_s
        self.voltage_v: Three = _three(supply_v[LINES.index(line)] for line in outlet.wiring)
        self.enabled = True
        self.offered_a = 0.0
        self.iec_state = "A"
        self.current_a: Three = (0.0, 0.0, 0.0)
        self.energy_wh = energy_wh
        self.session_energy_wh = 0.0
        self.car: Car | None = None
        self.stays: list[Stay] = []
        self.fault: str | None = None  # an errorCode of OCPP 1.6, e.g. "GroundFailure"
        self._ignores_limits = False
        self._slower_s = 0.0
        self._pilot_a = 0.0
        self._on_the_way: deque[tuple[float, float]] = deque()  # (due at age, offer)
        self._age_s = 0.0
        self._off_since_s = -PILOT_OFF_S
        self._callbacks: list[Callable[[], None]] = []
        self._changed = False

    @property
    def plugged(self) -> bool:
        """A car hangs on the outlet."""
        return self.car is not None

    @property
    def line_current_a(self) -> Three:
        """Amps on supply L1, L2, L3: the terminals' currents through the wiring."""
        on = dict(zip(self.wiring, self.current_a, strict=False))
        return (on.get("L1", 0.0), on.get("L2", 0.0), on.get("L3", 0.0))

    @property
    def power_w(self) -> float:
        """Active power at the outlet."""
        return sum(a * v for a, v in zip(self.current_a, self.voltage_v, strict=True))

    def set_pilot(self, amps: float) -> None:
        """Offer `amps` after the reaction time; below 6 A there is no duty cycle (0), above the maximum the maximum."""
        self._pilot_a = 0.0 if amps < LEAST_PILOT_A else min(amps, self.max_a)
        self._command()

    def enable(self, on: bool) -> None:
        """Allow or forbid energising, as a vendor's "disabled" does."""
        self.enabled = on
        self._command()

    def on_change(self, callback: Callable[[], None]) -> None:
        """Call back after plug, unplug, a change of state or of the offer, and fault."""
        self._callbacks.append(callback)

    def plug(self, car: Car) -> None:
        """A car arrives. The session register starts again."""
        self.car = car
        self.session_energy_wh = 0.0
        self.stays.append(Stay(self.energy_wh))
        self._settle()
        self._tell()

    def unplug(self) -> Car | None:
        """The car leaves; returns it."""
        car, self.car = self.car, None
        if car is not None:
            self.stays[-1].to_wh = self.energy_wh
        self.current_a = (0.0, 0.0, 0.0)
        self._settle()
        self._tell()
        return car

    def trip(self, fault: str) -> None:
        """Fail with an errorCode of OCPP 1.6: the contactor opens at once."""
        self.fault = fault
        self._settle()
        self._tell()

    def clear_fault(self) -> None:
        """Work again; the offer comes back after the reaction time."""
        self.fault = None
        self._command()
        self._settle()
        self._tell()

    def slow_by(self, extra_s: float) -> None:
        """Take so much longer for each new offer; 0 is as quick as ever."""
        self._slower_s = extra_s

    def ignore_limits(self, on: bool) -> None:
        """Keep offering what is offered now, whatever is commanded, until switched off again."""
        self._ignores_limits = on
        self._command()

    def step(self, dt_s: float) -> None:
        """Let `dt_s` seconds pass."""
        self._age_s += dt_s
        while self._on_the_way and self._on_the_way[0][0] <= self._age_s:
            self._offer(self._on_the_way.popleft()[1])
        if self.car is not None:
            self._charge(self.car, dt_s)
        self._settle()
        if self._changed:
            self._tell()

    def _command(self) -> None:
        if not self._ignores_limits:
            wanted = self._pilot_a if self.enabled and self.fault is None else 0.0
            self._on_the_way.append((self._age_s + self.reaction_s + self._slower_s, wanted))

    def _offer(self, amps: float) -> None:
        if self._ignores_limits or amps == self.offered_a:
            return
        if amps == 0:
            self._off_since_s = self._age_s
        self.offered_a = amps
        self._changed = True

    def _charge(self, car: Car, dt_s: float) -> None:
        allowed = self.offered_a > 0 or self._age_s - self._off_since_s < PILOT_OFF_S
        closed = allowed and self.fault is None
        terminals = self.voltage_v[: len(self.wiring)]
        drawn = car.step(dt_s, self.offered_a, terminals, closed)
        used = min(car.model.phases, len(self.wiring))
        self.current_a = _three(drawn for _ in range(used))
        energy_wh = self.power_w * dt_s / 3600
        self.energy_wh += energy_wh
        self.session_energy_wh += energy_wh

    def _settle(self) -> None:
        state = self._state()
        self._changed = self._changed or state != self.iec_state
        self.iec_state = state
        if self.fault is not None:
            self.offered_a = 0.0
            self.current_a = (0.0, 0.0, 0.0)

    def _state(self) -> str:
        if self.fault is not None:
            return "F"
        if self.car is None:
            return "A"
        return "C" if self.car.asks else "B"

    def _tell(self) -> None:
        self._changed = False
        for callback in self._callbacks:
            callback()


def _three(values: Iterable[float]) -> Three:
    padded = [*values, 0.0, 0.0, 0.0]
    return (padded[0], padded[1], padded[2])
